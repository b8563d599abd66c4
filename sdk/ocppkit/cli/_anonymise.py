"""The command `ocppkit anonymise`: writes a log without personal data and secrets."""

import os
import secrets
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Final

from ocppkit.core import OcppError
from ocppkit.tools import (
    Anonymiser,
    InspectedFrame,
    Inspector,
    log_line,
    trace_line,
)

from ._log_options import add_log_options, read_named_logs
from ._tool_output import ShownProgress, check_output, open_output

__all__ = ["DESCRIPTION", "EXAMPLES", "SUMMARY", "add_options", "run"]

SUMMARY = "Writes a log with other words in place of id tags, serial numbers and passwords."

DESCRIPTION = """\
Writes a log again with other words in place of id tags, tokens, serial numbers, certificates,
passwords, and what a DataTransfer carries. The same word always gets the same replacement, which
has its length and its kinds of characters. Lines without a frame, and texts that are not JSON, are
left out: nobody can say what is in them. Messages, times and names of stations stay.

Exit status: 0 it was written, 2 the input cannot be used."""

EXAMPLES = (
    "ocppkit anonymise frames.log --output shared.log",
    "ocppkit anonymise frames.log --stations --format trace --output shared.jsonl",
    "ocppkit anonymise monday.log --key-file secret.key --output monday-shared.log",
)

_KEY_BYTES: Final = 32


def add_options(parser: ArgumentParser) -> None:
    """Adds the options of the command."""
    add_log_options(parser, logs="+")
    parser.add_argument(
        "--key-file", metavar="FILE",
        help="the key of the replacements, for the same ones each time; it is made if it is not there "
        "(default: a fresh key that nobody keeps)",
    )  # fmt: skip
    parser.add_argument("--stations", action="store_true", help="replace names of stations, too")
    parser.add_argument(
        "--format", choices=("log", "trace"), default="log",
        help="lines as ocppkit.frames has them, or Open OCPP Trace",
    )  # fmt: skip
    parser.add_argument("--output", metavar="FILE", help="output file (default: stdout)")


def run(options: Namespace) -> int:
    """Runs the command and returns its exit status.

    Raises:
        OcppError: a log cannot be read, or the key cannot be used.
    """
    check_output(options.output, options.log)
    anonymiser = Anonymiser(_key(options.key_file))
    progress = ShownProgress(quiet=options.output is None)
    left_out: Counter[str] = Counter()

    def count_other(line: str) -> None:
        left_out["without a frame"] += 1

    inspector = Inspector(versions=options.version or ())
    frames = read_named_logs(options, other=count_other, progress=progress)
    written = 0
    try:
        with open_output(options.output) as write:
            for frame in map(inspector.add, frames):
                line = _line(anonymiser, frame, options, left_out)
                if line is not None:
                    write(f"{line}\n")
                    written += 1
    finally:
        progress.clear()
    if left_out.total():
        counts = ", ".join(f"{count:,} {what}" for what, count in left_out.items() if count)
        sys.stderr.write(f"ocppkit: lines that were left out: {counts}\n")
    if not written:
        raise OcppError("no line has a frame [try --field or --line-regex, as of inspect]")
    return 0


def _line(
    anonymiser: Anonymiser, frame: InspectedFrame, options: Namespace, left_out: Counter[str]
) -> str | None:
    """Returns an anonymised line; `None` if the line is left out."""
    done = anonymiser.inspected_frame(frame, stations=options.stations)
    if done is None:
        left_out["whose text is not JSON"] += 1
        return None
    if options.format == "log":
        return log_line(done)
    line = trace_line(done)
    left_out["that a trace cannot have"] += line is None
    return line


def _key(path: str | None) -> bytes | None:
    """Returns the key in a file; creates the file, readable only by its owner, if it does not exist."""
    if path is None:
        return None
    try:
        if not Path(path).exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
                new.write(secrets.token_bytes(_KEY_BYTES))
            sys.stderr.write(
                f"ocppkit: made the key {path}: who has it can find words that he knows\n"
            )
        return Path(path).read_bytes()
    except OSError as error:
        raise OcppError(
            f"{path} cannot be used as a key: {error.strerror} [name a file that you may read and write]"
        ) from error
