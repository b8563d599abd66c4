"""`Opt[T]`: the type of an optional member, seen differently at run time and by type checkers.

At run time it is `T` alone, so msgspec refuses JSON `null`, as the schemas demand. A type checker
reads `_opt.pyi`, where it is `T | None`, so users write and read `None` for an absent member.
"""

from typing import Any

__all__ = ["Opt"]


class Opt:
    """An optional member of a message: `Opt[int]` with the default `None`, which means absent."""

    def __class_getitem__(cls, item: Any) -> Any:
        return item
