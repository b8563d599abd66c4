"""Follows a path of attributes, members and positions, such as `meter_value.0.timestamp`."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["at"]


def at(value: Any, path: str) -> Any:
    """Returns the value at a path below another value."""
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value[step]
        elif isinstance(value, Sequence):
            value = value[int(step)]
        else:
            value = getattr(value, step)
    return value
