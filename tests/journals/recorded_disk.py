"""Records what SQLite writes to a folder, and makes of it what a power cut may leave.

Theory of operation: a VFS of SQLite is what it does its input and output with. `recording` registers one
in the very library that Python's `sqlite3` uses. It passes everything on to the one for this system,
and notes each write, truncation, sync and deletion in a folder. What is on the disk after a power cut is
then a matter of arithmetic: all of a file up to its last sync, and any part of what came after.
"""

import _sqlite3
import ctypes
import random
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

__all__ = ["Cut", "Disk", "NoRecording", "Step", "recording"]

OK: Final = 0

Address: TypeAlias = Any
"""A pointer that is passed on."""


class NoRecording(Exception):
    """This Python has SQLite built in, so that no VFS can be registered from outside."""


class IoMethods(ctypes.Structure):
    """`sqlite3_io_methods`, of which three are replaced."""

    _fields_ = (
        ("iVersion", ctypes.c_int),
        ("xClose", ctypes.c_void_p),
        ("xRead", ctypes.c_void_p),
        ("xWrite", ctypes.c_void_p),
        ("xTruncate", ctypes.c_void_p),
        ("xSync", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 13),
    )


class Vfs(ctypes.Structure):
    """`sqlite3_vfs`, of which two are replaced."""

    _fields_ = (
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        ("xOpen", ctypes.c_void_p),
        ("xDelete", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 16),
    )


WRITE: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
)
TRUNCATE: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
SYNC: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
OPEN: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
DELETE: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to a file."""

    kind: str
    """`write`, `truncate`, `sync` or `delete`."""

    name: str
    offset: int = 0
    """Where it was written; or the size that was left."""

    data: bytes = b""

    def apply(self, content: bytearray) -> None:
        """Does to a file's content what was done to the file."""
        if self.kind == "write":
            content.extend(bytes(max(0, self.offset - len(content))))
            content[self.offset : self.offset + len(self.data)] = self.data
        elif self.kind == "truncate":
            del content[self.offset :]
        elif self.kind == "delete":
            content.clear()

    def torn(self, chance: random.Random) -> "Step":
        """Returns a write of which a part is done."""
        return Step(
            self.kind, self.name, self.offset, self.data[: chance.randrange(len(self.data))]
        )


@dataclass
class Disk:
    """What was done to the files of a folder, in order."""

    folder: Path
    steps: list[Step] = field(default_factory=list[Step])

    def cuts(self, before: dict[str, bytes]) -> Iterator["Cut"]:
        """Yields a power cut before the first step, and one after each.

        Args:
            before: the files at the beginning, all of them on the disk.
        """
        synced = {name: bytearray(content) for name, content in before.items()}
        unsynced: dict[str, list[Step]] = {}
        yield Cut(0, synced, unsynced)
        for count, step in enumerate(self.steps, 1):
            waiting = unsynced.setdefault(step.name, [])
            if step.kind == "sync":
                apply(waiting, synced)
                waiting.clear()
            else:
                waiting.append(step)
            yield Cut(count, synced, unsynced)


@dataclass(frozen=True, slots=True)
class Cut:
    """A power cut; look at it before the next one comes."""

    count: int
    """How many steps were done before."""

    synced: dict[str, bytearray]
    unsynced: dict[str, list[Step]]

    def left(self, choose: Callable[[list[Step]], list[Step]]) -> dict[str, bytes]:
        """Returns the files that are left.

        Args:
            choose: chooses those of a file's steps since its last sync that reached the disk.
        """
        contents = {name: bytearray(content) for name, content in self.synced.items()}
        for waiting in self.unsynced.values():
            apply(choose(waiting), contents)
        return {name: bytes(content) for name, content in contents.items() if content}


def apply(steps: list[Step], contents: dict[str, bytearray]) -> None:
    """Does to the contents of files what was done to the files."""
    for step in steps:
        step.apply(contents.setdefault(step.name, bytearray()))


class _Recorder:
    """The VFS; its callbacks live as long as it does."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._library = ctypes.CDLL(_sqlite3.__file__)
        try:
            find = self._library.sqlite3_vfs_find
        except AttributeError as problem:
            raise NoRecording("SQLite is built into this Python") from problem
        find.restype = ctypes.c_void_p
        self._original = find(None)
        below = Vfs.from_address(self._original)
        self._open: Any = OPEN(below.xOpen)
        self._delete: Any = DELETE(below.xDelete)
        self._kept: list[Any] = [OPEN(self._opened), DELETE(self._deleted)]
        self.vfs = Vfs.from_buffer_copy(below)
        self.vfs.zName = b"recording"
        self.vfs.pNext = None
        self.vfs.xOpen, self.vfs.xDelete = (
            ctypes.cast(each, ctypes.c_void_p).value for each in self._kept
        )

    def register(self) -> None:
        self._library.sqlite3_vfs_register(ctypes.byref(self.vfs), 1)

    def unregister(self) -> None:
        self._library.sqlite3_vfs_unregister(ctypes.byref(self.vfs))
        self._library.sqlite3_vfs_register(ctypes.c_void_p(self._original), 1)

    def _name(self, address: Address) -> str | None:
        if not address:
            return None
        path = Path(ctypes.string_at(address).decode())
        return path.name if path.parent == self._disk.folder else None

    def _opened(self, vfs: Address, name: Address, file: Address, flags: int, out: Address) -> int:
        result: int = self._open(self._original, name, file, flags, out)
        known = self._name(name)
        if result == OK and known is not None:
            pointer = ctypes.c_void_p.from_address(file)
            assert pointer.value is not None
            methods = self._recording(known, IoMethods.from_address(pointer.value))
            pointer.value = ctypes.addressof(methods)
        return result

    def _recording(self, name: str, below: IoMethods) -> IoMethods:
        write: Any = WRITE(below.xWrite)
        truncate: Any = TRUNCATE(below.xTruncate)
        sync: Any = SYNC(below.xSync)
        steps = self._disk.steps

        def written(file: Address, data: Address, size: int, offset: int) -> int:
            steps.append(Step("write", name, offset, ctypes.string_at(data, size)))
            result: int = write(file, data, size, offset)
            return result

        def truncated(file: Address, size: int) -> int:
            steps.append(Step("truncate", name, size))
            result: int = truncate(file, size)
            return result

        def synced(file: Address, flags: int) -> int:
            result: int = sync(file, flags)
            steps.append(Step("sync", name))
            return result

        callbacks = WRITE(written), TRUNCATE(truncated), SYNC(synced)
        methods = IoMethods.from_buffer_copy(below)
        methods.xWrite, methods.xTruncate, methods.xSync = (
            ctypes.cast(each, ctypes.c_void_p).value for each in callbacks
        )
        self._kept += [methods, *callbacks]
        return methods

    def _deleted(self, vfs: Address, name: Address, sync: int) -> int:
        known = self._name(name)
        if known is not None:
            self._disk.steps.append(Step("delete", known))
        result: int = self._delete(self._original, name, sync)
        return result


@contextmanager
def recording(folder: Path) -> Generator[Disk, None, None]:
    """Records what connections that are opened within do to the files of a folder.

    Raises:
        NoRecording: this Python does not allow it.
    """
    disk = Disk(folder)
    recorder = _Recorder(disk)
    recorder.register()
    try:
        yield disk
    finally:
        recorder.unregister()
