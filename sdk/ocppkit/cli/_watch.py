"""Helpers of `ocppkit schemas watch`: downloads an archive, and prints its differences and the next steps."""

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

__all__ = ["MOST_BYTES", "changed_messages", "fetch_archive", "is_url", "next_steps"]

MOST_BYTES: Final = 64 * 1024 * 1024
"""The greatest size of an archive; those of the Open Charge Alliance have less than a tenth of it."""

_TIMEOUT: Final = 60
"""Seconds after which a server that sends nothing counts as unreachable."""


def is_url(source: str) -> bool:
    """Tells whether a source is an HTTP or HTTPS URL, and not a path."""
    return source.startswith(("https://", "http://"))


def fetch_archive(url: str, folder: Path, most: int = MOST_BYTES) -> Path:
    """Downloads an archive to a folder and returns its path; the file has the name in the URL.

    Raises:
        CodegenError: the download fails, or the archive is too large.
    """
    from ocppkit.codegen import CodegenError

    try:
        # `is_url` has checked that the scheme is http or https.
        with urlopen(url, timeout=_TIMEOUT) as answer:
            data: bytes = answer.read(most + 1)
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise CodegenError(
            f"the archive cannot be downloaded: {getattr(error, 'reason', None) or error}",
            file=url,
            cure="check the URL, or download the archive yourself and name the file",
        ) from error
    if len(data) > most:
        raise CodegenError(
            f"the archive has more than the {most} bytes that are allowed",
            file=url,
            cure="check the URL, or download the archive yourself and name the file",
        )
    path = folder / _file_name(url)
    path.write_bytes(data)
    return path


def _file_name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name or "schemas.zip"


def changed_messages(report: "VerifyReport") -> Iterator[str]:
    """Yields a line for each message that differs from the imported schemas, and one for each difference in it."""
    for row in report.rows:
        if not row.status.ok:
            yield f"{row.message}: {row.status}"
            yield from (f"  {difference}" for difference in row.differences)


def next_steps(source: str, version: str, edition: str, kept: Path | None = None) -> Iterator[str]:
    """Yields the steps for adopting a new edition: the commands to run, and what to review between them.

    Args:
        source: the file, folder or URL of the source.
        version: its OCPP version.
        edition: the name of the edition.
        kept: the file that the download was saved to, if it was saved.
    """
    from ocppkit.codegen import folder_of

    new = "new"
    fetch: list[str] = []
    if is_url(source):
        fetch = [] if kept else ["curl", "--location", "--remote-name", source]
        source = str(kept) if kept else _file_name(source)
    take_in = ["ocppkit", "schemas", "import", source, "--version", version, "--output", new]
    yield "To adopt the new edition, run:"
    if fetch:
        yield f"  {shlex.join(fetch)}"
    yield f"  {shlex.join([*take_in, '--source-version', edition])}"
    yield f"  {shlex.join(['ocppkit', 'diff', version, new, '--fail-on', 'breaking'])}"
    yield "Review each breaking change: adapt your code, or accept the change with a reason (--accepted). Then run:"
    base = f"{new}/{folder_of(version)}"
    generate = shlex.join(["ocppkit", "generate", "--version", version, "--base", base])
    yield f"  {generate} --package ... --output ..."
    yield "Finally, run your tests."
