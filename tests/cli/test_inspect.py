"""`ocppkit inspect` from the outside: forms of output, exit statuses, rubbish, terminals, the base install."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli_outcomes import Cli

GOOD = 'CP1 < [2,"1","Heartbeat",{}]\nCP1 > [3,"1",{"currentTime":"2026-01-05T08:00:00Z"}]\n'
BAD = (
    '08:00:00 CP1 < [2,"1","Heartbeat",{"a":1}]\n'
    '08:10:00 CP2 < [2,"2","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Odd"}]\n'
)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.log"
    path.write_text(BAD)
    return path


def test_the_status_tells_whether_something_is_wrong(tmp_path: Path, bad: Path, cli: Cli) -> None:
    good = tmp_path / "good.log"
    good.write_text(GOOD)
    clean = cli("inspect", good)
    assert (clean.status, clean.err) == (0, "")
    assert "Nothing is wrong." in clean.out
    assert "OCPP 1.6, 2.0.1 and 2.1 would read it, too\n" in clean.out
    found = cli("inspect", bad)
    assert (found.status, found.err) == (1, "")
    assert "Heartbeat $.a: unknown member" in found.out
    (tmp_path / "empty.log").touch()
    assert cli("inspect", tmp_path / "empty.log").status == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--line-regex", "("), "not a regular expression"),
        (("--since", "noon"), "is not a time"),
        (("--since", "08:00", "--line-regex", "(?P<frame>x)"), "has no times"),
        (("--station", "CP9"), "no frame is selected"),
        (("--field", ".a"), "none of 2 lines has a frame"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_cure(
    options: tuple[str, ...], said: str, bad: Path, cli: Cli
) -> None:
    if options[0] == "--field":
        bad.write_text('{"b": 1}\n{"b": 2}\n')
    assert said in cli("inspect", bad, *options).problem


def test_a_missing_file_and_a_wrong_option_are_told(bad: Path, cli: Cli) -> None:
    assert "cannot be read" in cli("inspect", "nowhere.log").problem
    wrong = cli("inspect", bad, "--version", "3")
    assert (wrong.status, wrong.out) == (2, "")
    assert "no OCPP version '3'" in wrong.err
    assert "cannot be written" in cli("inspect", bad, "--output", bad.parent / "no" / "x").problem


def test_a_selection_narrows_the_report(bad: Path, cli: Cli) -> None:
    for option in (("--station", "CP2"), ("--action", "StatusNotification"), ("--since", "08:05")):
        out = cli("inspect", bad, *option).out
        assert out.startswith("1 frame, 1 station"), option
        assert "Heartbeat" not in out
    both = cli("inspect", bad, "--station", "CP1,CP2", "--since", "1970-01-01T08:00").out
    assert both.startswith("2 frames, 2 stations")


def test_frames_are_shown_before_the_report(bad: Path, cli: Cli) -> None:
    out = cli("inspect", bad, "--frames", "--station", "CP1").out
    assert out.startswith('      1 08:00:00 CP1 -> [2,"1","Heartbeat",{"a":1}]\n        ! $.a: ')
    assert "CP2" not in out


def test_every_form_is_written_to_a_file_or_stdout(bad: Path, cli: Cli) -> None:
    for form in ("text", "json", "markdown", "html"):
        options = ("inspect", bad, "--frames", "--latency", "--format", form)
        told = cli(*options)
        path = bad.with_suffix(f".{form}")
        written = cli(*options, "--output", path)
        assert (told.status, written.status, written.out) == (1, 1, "")
        assert "Heartbeat" in path.read_text("utf-8")
        if form != "text":
            assert path.read_text("utf-8") == told.out
    assert len(json.loads(bad.with_suffix(".json").read_text())["selected"]) == 2


def test_a_log_becomes_a_trace_that_is_read_again(bad: Path, cli: Cli) -> None:
    trace = bad.with_suffix(".jsonl")
    bad.write_text(f"{BAD}08:11:00 CP1 < PING ocppkit.frames\n08:11:00 ocppkit.frames CP1 < PING\n")
    done = cli("inspect", bad, "--format", "trace", "--output", trace)
    assert done.status == 0
    assert "1 of 3 frames were left out" in done.err
    records = [json.loads(line) for line in trace.read_text().splitlines()]
    assert [record["chargePointId"] for record in records] == ["CP1", "CP2"]
    assert cli("inspect", bad, "--format", "trace", "--station", "CP2").out == (
        trace.read_text().splitlines(keepends=True)[1]
    )
    first = json.loads(cli("inspect", trace, "--format", "json").out)
    assert [finding["text"] for finding in first["findings"]] == [
        "unknown member",
        "unknown value 'Odd'",
    ]


def run(*arguments: object, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "ocppkit", "inspect", *map(str, arguments)]
    return subprocess.run(command, input=data, capture_output=True, check=False)


@pytest.mark.parametrize("seed", range(3))
def test_rubbish_gives_no_traceback(seed: int) -> None:
    data = bytes((index * index * (seed + 7) + index // 3) % 256 for index in range(100_000))
    done = run("-", data=data + BAD.encode() + data)
    assert b"Traceback" not in done.stderr
    assert done.returncode in (1, 2)


def test_standard_input_is_read_without_a_name(bad: Path) -> None:
    assert run(data=BAD.encode()).stdout == run(bad).stdout.replace(
        str(bad).encode(), b"standard input"
    )


def test_whoever_reads_the_output_may_stop() -> None:
    line = '"$0" -m ocppkit inspect - --frames | head -1'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable],
        input=BAD.encode() * 20_000,
        capture_output=True,
        check=False,
    )
    assert done.stdout.startswith(b"      1 08:00:00 CP1")
    assert done.stderr == b""


def on_terminal(path: Path, **environment: str) -> tuple[str, str]:
    """Runs the command with stdout and stderr on terminals of their own; returns what they show."""
    import pty  # Windows has none

    ends = [pty.openpty(), pty.openpty()]
    process = subprocess.Popen(
        [sys.executable, "-m", "ocppkit", "inspect", str(path)],
        stdout=ends[0][1],
        stderr=ends[1][1],
        env={**os.environ, "TERM": "xterm", **environment},
    )
    for _, end in ends:
        os.close(end)
    shown = ["", ""]
    for number, (end, _) in enumerate(ends):
        with os.fdopen(end, "rb") as file:
            try:
                while data := os.read(file.fileno(), 1 << 16):
                    shown[number] += data.decode()
            except OSError:  # how Linux tells that the other end was closed
                pass
    assert process.wait() == 1
    return shown[0], shown[1]


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals to make")
def test_a_terminal_gets_colour_and_progress(bad: Path) -> None:
    bad.write_text(BAD * 5000)
    out, err = on_terminal(bad)
    assert "\033[1mWhat is wrong\033[0m" in out
    assert "bad.log  4" in err
    assert err.endswith("\r\033[K")
    plain, _ = on_terminal(bad, NO_COLOR="1")
    assert "\033" not in plain
