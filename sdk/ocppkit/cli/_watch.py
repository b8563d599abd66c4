"""`ocppkit schemas watch`: says whether a source has something new, and what to do about it then."""

import shlex
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

if TYPE_CHECKING:
    from ocppkit.codegen import VerifyReport

__all__ = ["MOST_BYTES", "day_of_work", "fetched", "is_url", "news"]

MOST_BYTES: Final = 64 * 1024 * 1024
"""The largest archive that is fetched; those of the Alliance have less than a tenth of it."""

_TIMEOUT: Final = 60
"""Seconds that a server may be silent."""


def is_url(source: str) -> bool:
    """Tells whether a source is fetched from a server, and not read from the disk."""
    return source.startswith(("https://", "http://"))


def fetched(url: str, folder: Path, most: int = MOST_BYTES) -> Path:
    """Fetches an archive and returns its file in a folder, called as in the URL.

    Raises:
        CodegenError: the server cannot be reached or refuses, or the archive is too large.
    """
    from ocppkit.codegen import CodegenError

    try:
        # is_url lets no other scheme through.
        with urlopen(url, timeout=_TIMEOUT) as answer:
            data: bytes = answer.read(most + 1)
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise CodegenError(
            f"cannot be fetched: {getattr(error, 'reason', None) or error}",
            file=url,
            cure="check the URL, or download the archive yourself and name its file",
        ) from error
    if len(data) > most:
        raise CodegenError(
            f"has more than {most} bytes, which no archive of schemas has",
            file=url,
            cure="check the URL, or download the archive yourself and name its file",
        )
    path = folder / _file_name(url)
    path.write_bytes(data)
    return path


def _file_name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name or "schemas.zip"


def news(report: "VerifyReport") -> Iterator[str]:
    """Yields a line for each message that is not as locked, and one for each place where it differs."""
    for row in report.rows:
        if not row.status.ok:
            yield f"{row.message}: {row.status}"
            yield from (f"  {difference}" for difference in row.differences)


def day_of_work(source: str, version: str, edition: str, kept: Path | None = None) -> Iterator[str]:
    """Yields what to do with a new edition: commands to run, and what to review between them.

    Args:
        source: a file, a folder or a URL.
        version: its OCPP version.
        edition: what the edition is called.
        kept: the file where what was fetched from a URL has been kept, if it has.
    """
    from ocppkit.codegen import folder_of

    new = "new"
    fetch: list[str] = []
    if is_url(source):
        fetch = [] if kept else ["curl", "--location", "--remote-name", source]
        source = str(kept) if kept else _file_name(source)
    take_in = ["ocppkit", "schemas", "import", source, "--version", version, "--output", new]
    yield "To take it in:"
    if fetch:
        yield f"  {shlex.join(fetch)}"
    yield f"  {shlex.join([*take_in, '--source-version', edition])}"
    yield f"  {shlex.join(['ocppkit', 'diff', version, new, '--fail-on', 'breaking'])}"
    yield "Review each breaking change: mend the code, or accept it with its reason (--accepted). Then:"
    base = f"{new}/{folder_of(version)}"
    generate = shlex.join(["ocppkit", "generate", "--version", version, "--base", base])
    yield f"  {generate} --package ... --output ..."
    yield "and run your tests."
