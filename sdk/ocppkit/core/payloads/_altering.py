"""Applies the alterations of a policy to an encoded payload."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..model._json import is_list, is_object, read, write
from ._policy import Alteration

__all__ = ["altered"]


def altered(data: bytes, alterations: Iterable[Alteration], changes: list[str]) -> bytes:
    """Returns a payload with the alterations applied; the same bytes if none applies.

    Args:
        data: the payload.
        alterations: what to change, where it is found.
        changes: takes what was changed.
    """
    payload: Any = read(data)
    done = [each.change for each in alterations if _apply_alteration(payload, each)]
    changes += done
    return write(payload) if done else data


def _apply_alteration(payload: Any, alteration: Alteration) -> int:
    holder, _, name = alteration.path.removeprefix("$").rpartition(".")
    steps = [step for step in holder.replace("[*]", ".[*]").split(".") if step]
    return sum(_change_member(each, name, alteration) for each in _objects_at(payload, steps))


def _objects_at(value: Any, steps: list[str]) -> Iterator[dict[str, Any]]:
    """Yields the objects at a path."""
    if not steps:
        if is_object(value):
            yield value
    elif steps[0] == "[*]":
        for item in value if is_list(value) else ():
            yield from _objects_at(item, steps[1:])
    elif is_object(value) and steps[0] in value:
        yield from _objects_at(value[steps[0]], steps[1:])


def _change_member(members: dict[str, Any], name: str, alteration: Alteration) -> bool:
    if name not in members:
        return False
    old = members[name]
    if alteration.leave_out:
        del members[name]
        return True
    new = old
    if alteration.as_text and isinstance(old, bool | int | float):
        new = write(old).decode()
    elif alteration.shorten_to is not None and isinstance(old, str):
        new = old[: alteration.shorten_to]
    members[name] = new
    return new is not old
