"""`ocppkit anonymise` from the outside."""

import json
import re
import stat
import sys
from pathlib import Path

import pytest

from support.cli_outcomes import Cli

LOG = """\
2026-01-05 08:00:00,010 INFO app about CP001 and 04E91C5A
2026-01-05 08:00:00,020 DEBUG ocppkit.frames CP001 < [2,"CP001-1","Authorize",{"idTag":"04E91C5A"}]
2026-01-05 08:00:00,030 DEBUG ocppkit.frames CP001 > [3,"CP001-1",{"idTagInfo":{"status":"Accepted"}}]
2026-01-05 08:00:00,040 DEBUG ocppkit.frames CP001 < PING 04E91C5A
2026-01-05 08:00:01,000 DEBUG ocppkit.frames CP001 < [2,"CP001-2","BootNotification",\
{"chargePointVendor":"V","chargePointModel":"M","chargePointSerialNumber":"CP001"}]
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "x.log"
    path.write_text(LOG)
    return path


def test_words_are_replaced_and_lines_of_unknown_content_left_out(log: Path, cli: Cli) -> None:
    done = cli("anonymise", log)
    assert done.status == 0
    assert "04E91C5A" not in done.out
    lines = done.out.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(
        r'2026-01-05 08:00:00\.020 CP001 < \[2,"CP001-1","Authorize",{"idTag":"[0-9A-F]{8}"}\]',
        lines[0],
    )
    assert lines[1].endswith('CP001 > [3,"CP001-1",{"idTagInfo":{"status":"Accepted"}}]')
    assert done.err == (
        "ocppkit: lines that were left out: 1 without a frame, 1 whose text is not JSON\n"
    )


def test_the_result_is_a_log_again(log: Path, cli: Cli) -> None:
    for form in ("log", "trace"):
        output = log.with_name(f"shared.{form}")
        assert cli("anonymise", log, "--format", form, "--output", output).status == 0
        report = json.loads(cli("inspect", output, "--format", "json").out)
        assert (report["frames"], report["findings"]) == (3, [])
        assert report["latencies"][0]["median"] == pytest.approx(0.01)


def test_names_of_stations_are_replaced_on_demand(log: Path, cli: Cli) -> None:
    done = cli("anonymise", log, "--stations")
    assert "CP001" not in done.out
    names = {line.split()[2] for line in done.out.splitlines()}
    assert len(names) == 1
    (name,) = names
    # The same word is the serial number, and part of the message ids.
    assert done.out.count(name) == 3 + 3 + 1


def test_a_key_file_gives_the_same_words_each_time(log: Path, cli: Cli) -> None:
    key = log.with_name("secret.key")
    first, second = cli("anonymise", log, "--key-file", key), cli(
        "anonymise", log, "--key-file", key
    )
    assert first.out == second.out != cli("anonymise", log).out
    assert "made the key" in first.err
    assert "made the key" not in second.err
    assert len(key.read_bytes()) == 32
    if sys.platform != "win32":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_key_that_can_be_guessed_is_refused(content: bytes, log: Path, cli: Cli) -> None:
    key = log.with_name("bad.key")
    key.write_bytes(content)
    assert "can be guessed" in cli("anonymise", log, "--key-file", key).problem


def test_what_cannot_be_used_is_told_with_its_cure(log: Path, cli: Cli) -> None:
    assert "cannot be used as a key" in cli("anonymise", log, "--key-file", log.parent).problem
    assert "cannot be read" in cli("anonymise", "nowhere.log").problem
    assert "cannot be written" in cli("anonymise", log, "--output", log.parent / "no" / "x").problem
    log.write_text("nothing here\n")
    outcome = cli("anonymise", log)
    assert outcome.status == 2
    assert "no line has a frame" in outcome.err


def test_a_log_is_never_overwritten(log: Path, cli: Cli) -> None:
    for command in (("anonymise",), ("inspect",), ("inspect", "--format", "trace")):
        for read, written in (
            (log, log),
            (log.parent, log),
            (log.parent, log.with_name("new.log")),
        ):
            assert "is read as a log" in cli(*command, read, "--output", written).problem
    assert log.read_text() == LOG
    assert not log.with_name("new.log").exists()


def test_a_trace_leaves_out_what_it_cannot_have(log: Path, cli: Cli) -> None:
    log.write_text('[2,"1","DataTransfer",{"vendorId":"x"}]\nCP1 < [2,"2","Heartbeat",{}]\n')
    outcome = cli("anonymise", log, "--format", "trace")
    assert (outcome.status, outcome.out) == (2, "")
    assert "2 that a trace cannot have" in outcome.err
    assert cli("anonymise", log).out == (
        '[2,"1","DataTransfer",{"vendorId":"x"}]\nCP1 < [2,"2","Heartbeat",{}]\n'
    )
