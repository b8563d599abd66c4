"""`ocppkit validate` from the outside."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli_outcomes import Cli

BOOT = '[2,"1","BootNotification",{"chargePointModel":"A very long model name here","iccid":null}]'

EXPECTED = """\
BootNotification, CALL of the station, OCPP 1.6
  $.chargePointModel
      'A very long model name here' is longer than 20 characters
      PropertyConstraintViolation; lenient mode keeps it
  $.iccid
      null in place of an absent member
      TypeConstraintViolation; lenient mode leaves it out
  $.chargePointVendor
      required member missing
      OccurenceConstraintViolation; lenient mode refuses it, too
A strict CSMS answers:
  [4,"1","OccurenceConstraintViolation","$.chargePointVendor is required; \
$.iccid must be an absent member, not null; $.chargePointModel must have at most 20 characters",{}]
A lenient CSMS does the same.
"""


def test_the_report_says_all(cli: Cli) -> None:
    done = cli("validate", BOOT, "--version", "1.6")
    assert (done.status, done.out, done.err) == (1, EXPECTED, "")


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ('[2,"1","Heartbeat",{}]', "Heartbeat, CALL of the station"),
        ('CP1 < [2,"1","Heartbeat",{}]', "  valid"),
        ('INFO:ocpp:CP1: receive message [2,"1","Heartbeat",{}]', "  valid"),
    ],
)
def test_a_valid_frame_ends_with_0(frame: str, said: str, cli: Cli) -> None:
    done = cli("validate", frame, "--version", "1.6")
    assert (done.status, done.err) == (0, "")
    assert said in done.out


def test_a_file_has_a_frame_a_payload_or_a_line_of_a_log(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(json.loads(BOOT), indent=2), "utf-8-sig")
    assert cli("validate", path, "--version", "1.6").out == EXPECTED
    path.write_text(f"10:00 CP1 < {BOOT}\n")
    assert cli("validate", path, "--version", "1.6").out == EXPECTED
    path.write_text('{"idTag": 4}')
    done = cli("validate", path, "--action", "Authorize", "--version", "1.6")
    assert 'A lenient CSMS reads it as:\n  {"idTag":"4"}\n' in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (('[3,"1",{}]',), "name with --action what it answers"),
        (
            ('[3,"1",{"status":"X"}]', "--action", "Reset", "--version", "2.1"),
            "CALLRESULTERROR with",
        ),
        (('{"status":"X"}', "--answer", "--action", "Reset"), "CALLRESULT of the station"),
        (('[2,"1","Reset",{"type":"Soft"}]', "--from", "station"), "the other side sends this"),
        (('[2,"1","DataTransfer",{}]', "--version", "1.6"), "A strict peer answers:"),
        (('[4,"1","X"]',), "A lenient peer reads it."),
    ],
)
def test_options_say_what_the_text_does_not(
    arguments: tuple[str, ...], said: str, cli: Cli
) -> None:
    done = cli("validate", *arguments)
    assert done.status == 1
    assert said in done.out


def test_json_is_for_programs(cli: Cli) -> None:
    report = json.loads(cli("validate", BOOT, "--version", "1.6", "--format", "json").out)
    assert report["valid"] is False
    assert report["issues"][1]["path"] == "$.iccid"
    assert report["strict"]["answer"].startswith('[4,"1",')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.json",), "nowhere.json cannot be read"),
        (("x\0",), "cannot be read"),
        (("{}",), "does not tell its action"),
        (("{}", "--action", "Resett"), "has no action 'Resett'"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_cure(
    arguments: tuple[str, ...], said: str, cli: Cli
) -> None:
    assert said in cli("validate", *arguments).problem


def run(data: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "ocppkit", "validate", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=False)


def test_standard_input_is_read_and_rubbish_gives_no_traceback() -> None:
    assert run(BOOT.encode(), "--version", "1.6").stdout == EXPECTED.encode()
    for data in (bytes(range(256)) * 50, b"[" * 100_000, b'[2,"1","\x1b[31m",{}]', b"\xff\xfe"):
        done = run(data)
        assert done.returncode == 1
        assert done.stderr == b""
        assert b"\x1b" not in done.stdout
    assert run(b" \n").returncode == 2
