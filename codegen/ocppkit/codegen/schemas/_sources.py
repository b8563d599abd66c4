"""Where schemas come from: a ZIP of the Open Charge Alliance, or a folder, read with suspicion.

Theory of operation: the Alliance publishes ZIPs that hold the schemas in a folder (1.6), or in a
ZIP of their own between the PDFs (2.x, and the security extension of 1.6). So each `*.json` is read
at any depth, ZIPs inside the source are looked into, and the rest is passed over. A folder that
holds several such ZIPs is one source: that is how the two publications of 1.6 come together.

Nothing is unpacked to disk, so a path that climbs out could do no harm here. It is refused all the
same, because an archive that holds one is not what the user takes it for.
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

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)
"""What `zipfile` raises about an archive that is damaged, or packed in an unknown way."""


@dataclass(frozen=True)
class SourceLimits:
    """How much a source may hold. The official ones stay far below."""

    entries: int = 10_000
    """Files and folders, over all archives."""

    schema_bytes: int = 4 * 2**20
    """One schema file; the largest official one has 60 KB."""

    archive_bytes: int = 256 * 2**20
    """One ZIP."""

    total_bytes: int = 512 * 2**20
    """All that is read, uncompressed."""

    depth: int = 3
    """ZIPs inside one another, the outermost counted."""


@dataclass(frozen=True)
class SourceFile:
    """One JSON file of a source."""

    path: str
    """Where it lies in the source, with slashes: `schemas/json/Reset.json`."""

    data: bytes
    """What it holds."""

    @cached_property
    def sha256(self) -> str:
        """Hash of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


def read_source(source: Path, limits: SourceLimits | None = None) -> tuple[SourceFile, ...]:
    """Reads every JSON file of a ZIP or a folder.

    Args:
        source: the ZIP or the folder.
        limits: how much it may hold, if not the usual.

    Returns:
        The files, sorted by path.

    Raises:
        CodegenError: if it cannot be read, or holds no schemas, too much, or an entry that no
            honest archive has.
    """
    reader = _SourceReader(source, limits or SourceLimits())
    files = sorted(reader.read(), key=lambda file: file.path)
    if not files:
        raise CodegenError(
            "no schemas in it",
            file=str(source),
            cure="name a ZIP or a folder that holds schemas as *.json",
        )
    return tuple(files)


@dataclass
class _SourceReader:
    """Walks one source and keeps count of what it took."""

    source: Path
    limits: SourceLimits
    _entries: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)

    def read(self) -> Iterator[SourceFile]:
        if self.source.is_dir():
            return self._folder()
        if self.source.is_file():
            return self._file(self.source, "")
        raise CodegenError(
            "no such file or folder",
            file=str(self.source),
            cure="name a ZIP or a folder of schemas",
        )

    def _folder(self) -> Iterator[SourceFile]:
        for folder, folders, names in os.walk(self.source, onerror=self._refuse_unreadable):
            # In place, which tells os.walk where to go.
            folders[:] = sorted(name for name in folders if not _is_junk(name))
            for name in sorted(names):
                file = Path(folder, name)
                # A name that is no text would make a lock that is none.
                path = file.relative_to(self.source).as_posix().encode(errors="replace").decode()
                self._count(path)
                if _is_wanted(path):
                    yield from self._file(file, path)

    def _file(self, file: Path, path: str) -> Iterator[SourceFile]:
        """Reads a file of the disk: a schema or a ZIP, of any name if the user gave it."""
        try:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode):
                raise self._error(path, "not a file", "leave it out")
            stream = file.open("rb")
        except OSError as exc:
            raise self._error(path, f"cannot be read: {exc.strerror}", "check its rights") from exc
        size = status.st_size
        with stream:
            if file.name.lower().endswith(".json"):
                data = self._take(stream, size, self.limits.schema_bytes, path)
                yield from _schemas_in(SourceFile(path, data), self.source)
            else:
                self._check_size(size, self.limits.archive_bytes, path)
                yield from self._archive(stream, path, 1)

    def _archive(self, stream: IO[bytes], path: str, depth: int) -> Iterator[SourceFile]:
        if depth > self.limits.depth:
            raise self._error(
                path, "a ZIP in a ZIP in a ZIP, too deep", "unpack it and name the folder"
            )
        try:
            with zipfile.ZipFile(stream) as archive:
                for entry in archive.infolist():
                    yield from self._entry(archive, entry, path, depth)
        except _BROKEN as exc:
            raise self._error(
                path,
                f"not a ZIP, or a damaged one: {str(exc) or type(exc).__name__}",
                "get it again from its publisher",
            ) from exc

    def _entry(
        self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, above: str, depth: int
    ) -> Iterator[SourceFile]:
        # Not `filename`: zipfile cuts it at a NUL and turns backslashes on Windows alone.
        name = entry.orig_filename.replace("\\", "/")
        path = f"{above}/{name}" if above else name
        self._count(path)
        self._check_honest(entry, name, path)
        if not _is_wanted(name):
            return
        schema = name.lower().endswith(".json")
        limit = self.limits.schema_bytes if schema else self.limits.archive_bytes
        with archive.open(entry) as stream:
            data = self._take(stream, entry.file_size, limit, path)
        if schema:
            yield from _schemas_in(SourceFile(path, data), self.source)
        else:
            yield from self._archive(io.BytesIO(data), path, depth + 1)

    def _check_honest(self, entry: zipfile.ZipInfo, name: str, path: str) -> None:
        if _ABSOLUTE.match(name) or ".." in name.split("/") or "\0" in name:
            raise self._error(
                path, "the path leads out of the archive", "do not trust this archive"
            )
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise self._error(path, "a link or a device, not a file", "do not trust this archive")
        if entry.flag_bits & 1:
            raise self._error(path, "encrypted", "unpack it and name the folder")

    def _take(self, stream: IO[bytes], declared: int, limit: int, path: str) -> bytes:
        """Reads a whole entry, and not more than the limit even where it lies about its size."""
        self._check_size(declared, limit, path)
        data = stream.read(limit + 1)
        self._check_size(len(data), limit, path)
        self._bytes += len(data)
        self._check_size(self._bytes, self.limits.total_bytes, "")
        return data

    def _check_size(self, size: int, limit: int, path: str) -> None:
        if size > limit:
            raise self._error(
                path, f"{size} bytes, more than the {limit} allowed", "name the schemas alone"
            )

    def _count(self, path: str) -> None:
        self._entries += 1
        if self._entries > self.limits.entries:
            raise self._error(
                path, f"more than {self.limits.entries} files", "name the schemas alone"
            )

    def _refuse_unreadable(self, exc: OSError) -> None:
        raise CodegenError(
            f"cannot be read: {exc.strerror}", file=str(exc.filename), cure="check its rights"
        ) from exc

    def _error(self, path: str, problem: str, cure: str) -> CodegenError:
        file = f"{self.source}/{path}" if path else str(self.source)
        return CodegenError(problem, file=file, cure=cure)


def _schemas_in(file: SourceFile, source: Path) -> Iterator[SourceFile]:
    """Yields the schemas of a file: itself, or those of an array, as some projects bundle them.

    The schemas of an array are named after their `$id`: `urn:OCPP:Cp:2:2020:3:ResetRequest`.
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
                "a schema in an array of schemas, without a $id that names its message",
                "write $id, such as urn:OCPP:ResetRequest, or a file per schema",
            )
        path = f"{name.removesuffix('.json')}.json"
        yield SourceFile(f"{file.path}/{path}".lstrip("/"), write_json(entry))


def _is_wanted(path: str) -> bool:
    # A folder's path ends in a slash.
    return path.lower().endswith((".json", ".zip")) and not any(map(_is_junk, path.split("/")))


def _is_junk(name: str) -> bool:
    """Tells what an operating system leaves behind from what a publisher puts in."""
    return name.startswith(".") or name == "__MACOSX"
