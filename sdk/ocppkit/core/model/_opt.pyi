from typing import TypeAlias, TypeVar

__all__ = ["Opt"]

_T = TypeVar("_T")

Opt: TypeAlias = _T | None
