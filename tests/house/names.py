"""Finds names of modules and classes that stand for two things."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from .sources import Source

__all__ = ["repeated_classes", "repeated_modules"]

_SPECIAL = {"__init__", "__main__", "conftest"}
_HELPERS = ("tests/", "benchmarks/", "examples/")


def repeated_modules(
    sources: Iterable[Source], allowed: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yields path and finding of each module whose name another one has.

    Test modules may repeat each other's names, as their folders mirror the rooms.
    """
    files = defaultdict[str, list[str]](list)
    for source in sources:
        name = source.path.rpartition("/")[2].partition(".")[0]
        if name not in _SPECIAL and not name.startswith("test_") and source.path.endswith(".py"):
            files[name].append(source.path)
    yield from _repeated("module", files, allowed)


def repeated_classes(
    sources: Iterable[Source], allowed: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yields path and finding of each class whose name another one has.

    A helper of a test may repeat another test's name, but none of the library's.
    """
    files = defaultdict[str, list[str]](list)
    for source in sources:
        for each in source.definitions:
            if each.is_class:
                files[each.name].append(source.path)
    library = {
        name: paths
        for name, paths in files.items()
        if any(not path.startswith(_HELPERS) for path in paths)
    }
    yield from _repeated("class", library, allowed)


def _repeated(
    kind: str, files: Mapping[str, list[str]], allowed: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for name, paths in files.items():
        if len(set(paths)) > 1 and name not in allowed:
            for path in sorted(set(paths)):
                yield path, f"{kind} {name}"
