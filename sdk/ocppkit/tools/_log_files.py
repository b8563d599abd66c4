"""Reads the files of a log: plain or compressed, whole folders, standard input."""

import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from ocppkit.core import OcppError

from ._log_lines import LineReader
from ._logged_frames import LoggedFrame

__all__ = ["LogFileError", "Progress", "read_logs"]

_LONGEST_LINE: Final = 1 << 22
"""Characters of a line that are read at once; what follows counts as another line."""

_LINES_PER_REPORT: Final = 4096

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the name of a file, the bytes that were read of it, and its size; 0 if that is unknown."""


class LogFileError(OcppError):
    """A log cannot be read."""


def read_logs(
    paths: Iterable[str | Path],
    *,
    field: str = "",
    pattern: str = "",
    other: Callable[[str], None] = lambda line: None,
    progress: Progress = lambda name, done, size: None,
) -> Iterator[LoggedFrame]:
    """Yields the frames of logs, file after file, line after line.

    Args:
        paths: files, folders, and `-` for standard input. Compressed files (gzip) are recognised by
            their content; of a folder all files below it are read, rotated ones from the oldest on.
        field: where JSON lines have the frame, such as `.msg`; see the guide "My log shows ...".
        pattern: a regular expression for lines of another form; see the guide.
        other: called with each line that has no frame.
        progress: called now and then.

    Raises:
        LogFileError: a file is not there, cannot be read, or is damaged.
        LocalProtocolError: the regular expression is invalid.
    """
    for path in _files_of(paths):
        name = "standard input" if path is None else str(path)
        reader = LineReader(name, station=_stem(path), field=field, pattern=pattern)
        try:
            with _opened(path) as file, io.BufferedReader(file, 1 << 16) as content:
                yield from _frames(content, reader, name, other, progress)
        except (OSError, EOFError, zlib.error) as error:
            said = getattr(error, "strerror", None) or error
            raise LogFileError(
                f"{name} cannot be read: {said} [check its name, that it is whole, and that you may "
                "read it]"
            ) from error


def _frames(
    file: "io.BufferedReader[io.FileIO]",
    reader: LineReader,
    name: str,
    other: Callable[[str], None],
    progress: Progress,
) -> Iterator[LoggedFrame]:
    size = os.fstat(file.fileno()).st_size
    lines = 0
    content, start = _unzipped(file)
    with io.TextIOWrapper(content, _encoding(start), "backslashreplace", newline="\n") as text:
        while line := text.readline(_LONGEST_LINE):
            lines += 1
            frame = reader.read(line)
            if frame is not None:
                yield frame
            elif not line.isspace():
                other(line)
            if lines % _LINES_PER_REPORT == 0:
                progress(name, file.raw.tell() if size else 0, size)


def _files_of(paths: Iterable[str | Path]) -> Iterator[Path | None]:
    """Yields the files that paths lead to; `None` for standard input."""
    for path in paths:
        if str(path) == "-":
            yield None
        elif Path(path).is_dir():
            below = [
                Path(folder, name)
                for folder, _, names in os.walk(path)
                for name in names
                if not name.startswith(".") and Path(folder, name).is_file()
            ]
            yield from sorted(below, key=_order)
        else:
            yield Path(path)


def _order(path: Path) -> tuple[str, int]:
    """Returns a sort key that puts rotated files first, the oldest of them at the beginning."""
    stem, number = _rotation(path)
    return str(path.with_name(stem)), -number


def _rotation(path: Path) -> tuple[str, int]:
    """Returns the name of a file without the number that it got when it was rotated, and that number."""
    name = path.name.removesuffix(".gz")
    stem, _, last = name.rpartition(".")
    # A date, as some programs put there, is no number of a few digits.
    return (
        (stem, int(last))
        if stem and last.isascii() and last.isdigit() and len(last) < 4
        else (name, 0)
    )


def _stem(path: Path | None) -> str:
    return "-" if path is None else Path(_rotation(path)[0]).stem or path.name


def _opened(path: Path | None) -> io.FileIO:
    # A copy of the number, as the caller closes what belongs to the process otherwise.
    return io.FileIO(os.dup(sys.stdin.fileno()) if path is None else path)


def _unzipped(
    file: "io.BufferedReader[io.FileIO]",
) -> "tuple[io.BufferedReader[io.FileIO] | gzip.GzipFile, bytes]":
    """Returns what reads the content of a file, decompressed, and how the content begins."""
    start = file.peek(2)[:2]
    if start != b"\x1f\x8b":
        return file, start
    content = gzip.GzipFile(fileobj=file)
    return content, content.peek(2)[:2]


def _encoding(start: bytes) -> str:
    # PowerShell of Windows writes UTF-16 where output goes to a file.
    return "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
