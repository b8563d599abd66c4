"""Reads the JSON files of a source of schemas: a ZIP of the Open Charge Alliance, or a folder.

Theory of operation: the Open Charge Alliance publishes ZIPs with the schemas in a folder (1.6), or in another
ZIP among the PDFs (2.x, and the security extension of 1.6). So every `*.json` is read, at any depth and in nested ZIPs;
all other files are ignored. A folder with several such ZIPs is one source: OCPP 1.6 has two publications.

The source is not trusted: its size is limited. Nothing is unpacked to the disk, so a path that leads out of the archive
could do no harm. It is an error all the same, because an honest archive has no such path.
"""

import codecs
import hashlib
import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

from .._errors import CodegenError
from ._json_text import Place, read_json, write_json

__all__ = ["SourceFile", "SourceLimits", "read_source"]

_ABSOLUTE = re.compile(r"/|[A-Za-z]:")

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)
"""The exceptions that `zipfile` raises for a damaged archive, or an unknown compression."""


@dataclass(frozen=True)
class SourceLimits:
    """Limits on the size of a source. The official sources stay far below them."""

    entries: int = 10_000
    """The greatest number of files and folders in all archives together."""

    schema_bytes: int = 4 * 2**20
    """The greatest size of a schema file; the largest official one has 60 KB."""

    archive_bytes: int = 256 * 2**20
    """The greatest size of a ZIP."""

    total_bytes: int = 512 * 2**20
    """The greatest size of all files together, uncompressed."""

    depth: int = 3
    """The greatest number of ZIPs inside each other, including the outermost."""


@dataclass(frozen=True)
class SourceFile:
    """One JSON file of a source."""

    path: str
    """Its path in the source, with slashes, such as `schemas/json/Reset.json`."""

    data: bytes
    """Its contents."""

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of its contents, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def read_source(source: Path, limits: SourceLimits | None = None) -> tuple[SourceFile, ...]:
    """Reads every JSON file of a ZIP or a folder.

    Args:
        source: the ZIP or the folder.
        limits: the limits on its size, if not the default ones.

    Returns:
        The files, sorted by path.

    Raises:
        CodegenError: the source cannot be read, has no schemas, exceeds a limit, or has an entry that no
            honest archive has, such as a path that leads out of it.
    """
    reader = _SourceReader(source, limits or SourceLimits())
    files = sorted(reader.read(), key=lambda file: file.path)
    if not files:
        raise CodegenError(
            "the source has no file *.json",
            file=str(source),
            cure="name a ZIP or a folder that has schemas as *.json",
        )
    return tuple(files)


@dataclass
class _SourceReader:
    """Reads one source, and counts its files and bytes to check the limits."""

    source: Path
    limits: SourceLimits
    _entries: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)

    def read(self) -> Iterator[SourceFile]:
        if self.source.is_dir():
            return self._read_folder()
        if self.source.is_file():
            return self._read_disk_file(self.source, "")
        raise CodegenError(
            "there is no such file or folder",
            file=str(self.source),
            cure="name a ZIP or a folder of schemas",
        )

    def _read_folder(self) -> Iterator[SourceFile]:
        for folder, folders, names in os.walk(self.source, onerror=self._refuse_unreadable):
            # In place, which tells os.walk where to go.
            folders[:] = sorted(name for name in folders if not _is_hidden(name))
            for name in sorted(names):
                file = Path(folder, name)
                # A name that is no text would make a lock that is none.
                path = file.relative_to(self.source).as_posix().encode(errors="replace").decode()
                self._count_entry(path)
                if _is_wanted(path):
                    yield from self._read_disk_file(file, path)

    def _read_disk_file(self, file: Path, path: str) -> Iterator[SourceFile]:
        """Reads a file from the disk. A file `*.json` is a schema; any other is read as a ZIP."""
        try:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode):
                raise self._error_at(path, "this is not a regular file", "remove it")
            stream = file.open("rb")
        except OSError as exc:
            raise self._error_at(
                path, f"the file cannot be read: {exc.strerror}", "check its permissions"
            ) from exc
        size = status.st_size
        with stream:
            if file.name.lower().endswith(".json"):
                data = self._read_bounded(stream, size, self.limits.schema_bytes, path)
                yield from _schemas_in(SourceFile(path, data), self.source)
            else:
                self._check_size(size, self.limits.archive_bytes, path)
                yield from self._read_archive(stream, path, 1)

    def _read_archive(self, stream: IO[bytes], path: str, depth: int) -> Iterator[SourceFile]:
        if depth > self.limits.depth:
            raise self._error_at(
                path,
                f"more than {self.limits.depth} ZIPs are inside each other",
                "unpack the source and name the folder",
            )
        try:
            with zipfile.ZipFile(stream) as archive:
                for entry in archive.infolist():
                    yield from self._read_entry(archive, entry, path, depth)
        except _ZIP_ERRORS as exc:
            raise self._error_at(
                path,
                f"the file is not a ZIP, or is damaged: {str(exc) or type(exc).__name__}",
                "download it again from its publisher",
            ) from exc

    def _read_entry(
        self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, above: str, depth: int
    ) -> Iterator[SourceFile]:
        # Not `filename`: zipfile cuts it at a NUL, and replaces backslashes only on Windows.
        name = entry.orig_filename.replace("\\", "/")
        path = f"{above}/{name}" if above else name
        self._count_entry(path)
        self._check_entry(entry, name, path)
        if not _is_wanted(name):
            return
        schema = name.lower().endswith(".json")
        limit = self.limits.schema_bytes if schema else self.limits.archive_bytes
        with archive.open(entry) as stream:
            data = self._read_bounded(stream, entry.file_size, limit, path)
        if schema:
            yield from _schemas_in(SourceFile(path, data), self.source)
        else:
            yield from self._read_archive(io.BytesIO(data), path, depth + 1)

    def _check_entry(self, entry: zipfile.ZipInfo, name: str, path: str) -> None:
        if _ABSOLUTE.match(name) or ".." in name.split("/") or "\0" in name:
            raise self._error_at(
                path, "the path of this entry leads out of the archive", "do not trust this archive"
            )
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise self._error_at(
                path, "this entry is a link or a device, not a file", "do not trust this archive"
            )
        if entry.flag_bits & 1:
            raise self._error_at(
                path, "this entry is encrypted", "unpack the source and name the folder"
            )

    def _read_bounded(self, stream: IO[bytes], declared: int, limit: int, path: str) -> bytes:
        """Reads a whole entry, but never more than the limit, even if its declared size is wrong."""
        self._check_size(declared, limit, path)
        data = stream.read(limit + 1)
        self._check_size(len(data), limit, path)
        self._bytes += len(data)
        self._check_size(self._bytes, self.limits.total_bytes, "")
        return data

    def _check_size(self, size: int, limit: int, path: str) -> None:
        if size > limit:
            raise self._error_at(
                path,
                f"{size} bytes are more than the {limit} allowed",
                "name a folder that has only the schemas",
            )

    def _count_entry(self, path: str) -> None:
        self._entries += 1
        if self._entries > self.limits.entries:
            raise self._error_at(
                path,
                f"the source has more than {self.limits.entries} files",
                "name a folder that has only the schemas",
            )

    def _refuse_unreadable(self, exc: OSError) -> None:
        raise CodegenError(
            f"the folder cannot be read: {exc.strerror}",
            file=str(exc.filename),
            cure="check its permissions",
        ) from exc

    def _error_at(self, path: str, problem: str, cure: str) -> CodegenError:
        file = f"{self.source}/{path}" if path else str(self.source)
        return CodegenError(problem, file=file, cure=cure)


def _schemas_in(file: SourceFile, source: Path) -> Iterator[SourceFile]:
    """Yields the schemas of a file: one, or several if the file is an array of schemas.

    The schemas of an array are named after their `$id`, such as `urn:OCPP:Cp:2:2020:3:ResetRequest`.
    """
    if file.data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] != b"[":
        yield file
        return
    where = Place(f"{source}/{file.path}".rstrip("/"))
    for position, schema in enumerate(where.list(read_json(file.data, where.file))):
        place = where.at(position)
        entry = place.object(schema)
        identifier = entry.get("$id", entry.get("id"))
        name = re.split(r"[:/#]", identifier)[-1] if isinstance(identifier, str) else ""
        if not name:
            raise place.at("$id").error(
                "this schema in an array of schemas has no $id with the name of its message",
                "add $id, such as urn:OCPP:ResetRequest, or write one file per schema",
            )
        path = f"{name.removesuffix('.json')}.json"
        yield SourceFile(f"{file.path}/{path}".lstrip("/"), write_json(entry))


def _is_wanted(path: str) -> bool:
    # The path of a folder ends with a slash, so it is not wanted.
    return path.lower().endswith((".json", ".zip")) and not any(map(_is_hidden, path.split("/")))


def _is_hidden(name: str) -> bool:
    """Tells whether a file or folder is hidden, or was added by macOS."""
    return name.startswith(".") or name == "__MACOSX"
