"""The command `ocppkit validate`: lists the issues of one frame or payload, and how peers treat it."""

import sys
import textwrap
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ocppkit.core import OcppError, Role
from ocppkit.tools import (
    VERSIONS,
    LineReader,
    PeerVerdict,
    Validation,
    json_validation,
    printable,
    validate,
)

from ._option_values import version_number
from ._tool_output import terminal_width

__all__ = ["DESCRIPTION", "EXAMPLES", "SUMMARY", "add_options", "run"]

SUMMARY = "Shows all that is wrong with one frame or payload, and how peers answer."

DESCRIPTION = """\
Says of one frame or payload, such as a support ticket has it, all that is wrong with it, and
what a strict and a lenient peer do with it.

Exit status: 0 it is valid, 1 it is not, 2 the input cannot be used."""

EXAMPLES = (
    'ocppkit validate \'[2,"1","Heartbeat",{}]\'',
    "ocppkit validate payload.json --version 1.6 --action BootNotification",
    'ocppkit validate \'[3,"1",{"status":"Accepted"}]\' --action Reset',
)

_MOST: Final = 1 << 22
"""Characters of a file that are read."""

_KINDS: Final = {
    "call": "CALL",
    "call_result": "CALLRESULT",
    "call_error": "CALLERROR",
    "call_result_error": "CALLRESULTERROR",
    "send": "SEND",
    "other": "not a frame of this version",
}

_NAMES: Final = {Role.STATION: "station", Role.CSMS: "CSMS"}


def add_options(parser: ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument(
        "frame", nargs="?", default="-", metavar="FRAME|FILE|-",
        help="a frame, a payload, a line of a log, a file with one of them, or - for standard input",
    )  # fmt: skip
    parser.add_argument(
        "--version", metavar="X", type=version_number,
        help="the OCPP version, 1.6, 2.0.1 or 2.1 (default: the one that fits)",
    )  # fmt: skip
    parser.add_argument(
        "--action",
        metavar="NAME",
        help="the action of a payload, or of the call that a CALLRESULT answers",
    )
    parser.add_argument("--answer", action="store_true", help="the payload belongs to a CALLRESULT")
    parser.add_argument(
        "--from", dest="sender", choices=[str(role) for role in Role],
        help="the sender, for actions that both sides may send",
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json"), default="text", help="output format")


def run(options: Namespace) -> int:
    """Runs the command and returns its exit status.

    Raises:
        OcppError: the input cannot be read, or the action is not known.
    """
    text = _input(options.frame)
    if not text.strip():
        raise OcppError(
            "there is nothing to validate [give a frame, a file, or - for standard input]"
        )
    found = validate(
        text,
        versions=[options.version] if options.version else VERSIONS,
        action=options.action,
        is_answer=options.answer,
        sender=None if options.sender is None else Role(options.sender),
    )
    if options.format == "json":
        sys.stdout.write(json_validation(found))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(found, terminal_width()))
    return 0 if found.is_valid else 1


def _input(given: str) -> str:
    """Returns the frame or payload of an argument: the text itself, or the contents of the file that it names."""
    if given == "-":
        if sys.stdin.isatty():
            raise OcppError("no frame was given [give a frame or a file, or pipe one in]")
        return _frame_in(sys.stdin.buffer.read(_MOST).decode("utf-8", "backslashreplace"))
    if given.lstrip()[:1] in ("[", "{"):
        return given
    try:
        with Path(given).open("rb") as file:
            return _frame_in(file.read(_MOST).decode("utf-8-sig", "backslashreplace"))
    except (OSError, ValueError) as error:
        frame = LineReader("argument").read(given)
        if frame is not None:
            return frame.text
        said = getattr(error, "strerror", None) or error
        raise OcppError(
            f"{given} cannot be read: {said} [give a frame, or the name of a file that has one]"
        ) from error


def _frame_in(text: str) -> str:
    """Returns the frame in a line of a log."""
    text = text.strip()
    if text[:1] in ("[", "{") or "\n" in text:
        return text
    frame = LineReader("input").read(text)
    return text if frame is None else frame.text


def _lines(found: Validation, width: int) -> Iterator[str]:
    because = f" ({found.because})" if found.because else ""
    kind = _KINDS[found.kind]
    name = kind if found.action is None else f"{printable(found.action)}, {kind}"
    sender = "" if found.sender is None else f" of the {_NAMES[found.sender]}"
    yield from textwrap.wrap(f"{name}{sender}, OCPP {found.version}{because}", width)
    if not found.is_judged:
        yield "  its payload cannot be judged: name with --action what it answers"
        return
    if found.is_valid:
        yield "  valid"
        return
    if found.problem:
        yield from _wrapped(f"  {found.problem}", width)
    for issue in found.issues:
        yield f"  {printable(issue.path)}"
        yield from _wrapped(f"      {printable(issue.text)}", width)
        yield from _wrapped(f"      {issue.error_code}; lenient mode {issue.lenient}", width)
    receiver = "peer" if found.sender is None else _NAMES[found.sender.peer]
    yield from _verdict(f"A strict {receiver}", found.strict, width)
    if found.lenient == found.strict:
        yield f"A lenient {receiver} does the same."
    else:
        yield from _verdict(f"A lenient {receiver}", found.lenient, width)


def _verdict(who: str, verdict: PeerVerdict, width: int) -> Iterator[str]:
    """Yields lines about the reaction of a peer; frames are not wrapped, so that they can be copied."""
    if not verdict.reads and verdict.answer.startswith("["):
        yield f"{who} answers:"
        yield f"  {printable(verdict.answer)}"
    elif not verdict.reads:
        yield from _wrapped(f"{who} answers {verdict.answer}", width)
    elif verdict.read_as is None:
        yield f"{who} reads it."
    else:
        yield f"{who} reads it as:"
        yield f"  {printable(verdict.read_as)}"


def _wrapped(text: str, width: int) -> Iterator[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    yield from textwrap.wrap(
        text.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}    ",
        break_on_hyphens=False,
    )
