"""The type `Opt[T]` of optional members of messages.

At run time it is `T`, so that msgspec refuses JSON `null`, as the schemas demand. For type checkers it
is `T | None` (see `_opt.pyi`), so that `None` stands for an absent member.
"""

from typing import Any

__all__ = ["Opt"]


class Opt:
    """The type of an optional member of a message, such as `Opt[int]`; the default `None` means
    that it is absent.
    """

    def __class_getitem__(cls, item: Any) -> Any:
        return item
