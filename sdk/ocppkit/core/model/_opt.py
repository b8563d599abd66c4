"""`Opt[T]`: the type of an optional member of a message.

At run time it is `T`, so that msgspec refuses JSON `null`, as the schemas demand. For type checkers it
is `T | None` (see `_opt.pyi`), so that `None` stands for an absent member.
"""

from typing import Any

__all__ = ["Opt"]


class Opt:
    """Marks an optional member of a message: `Opt[int]`, with the default `None` for "absent"."""

    def __class_getitem__(cls, item: Any) -> Any:
        return item
