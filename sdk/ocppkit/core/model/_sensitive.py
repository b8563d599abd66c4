"""Decides which values must not appear in logs and errors: secrets, and tokens of drivers.

The members with such values are facts of each version, generated into the bases of its messages.
Unmistakable names (`password`, `simPin`) count everywhere, also in datatypes that are decoded alone.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from ._json import is_list, is_object
from ._messages import Sensitive

__all__ = ["is_sensitive"]

# Not compiled here, because that would slow down every import; `re` compiles it on first use.
_SENSITIVE_NAME: Final = (
    r"(?i)pass(word|phrase)|secret|pin$|id_?tags?$|id_?tokens?$|authorization_?key|private_?key|emaid"
)
"""Names of members that are sensitive in every message."""


def is_sensitive(facts: Sensitive, path: Sequence[str | int], root: Any, value: Any) -> bool:
    """Returns whether a value is sensitive, so that it must not appear in logs.

    Args:
        facts: the sensitive members of the version.
        path: names on the wire and positions, from the root to the value.
        root: the payload as untyped JSON.
        value: the value; a peer may have sent any kind of value.
    """
    names = [step for step in path if isinstance(step, str)]
    if not names:
        return False
    name = names[-1]
    if name in facts.secret or name in facts.personal or re.search(_SENSITIVE_NAME, name):
        return True
    sibling = facts.named_values.get(name)
    if sibling is None or (len(names) > 1 and names[-2] in facts.harmless_in):
        return False
    named = _sibling_value(path, root, sibling.split("."))
    if named is None:
        # The sibling that names it is missing. A number is hardly ever a secret.
        return not isinstance(value, int | float)
    return any(secret.lower() in named.lower() for secret in facts.secret_names)


def _sibling_value(path: Sequence[str | int], root: Any, sibling: list[str]) -> str | None:
    """Returns the value of another member of the same object, or of the object around it."""
    around = [root]
    for step in path[:-1]:
        around.append(_value_at_step(around[-1], step))
    for holder in reversed(around):
        found = holder
        for step in sibling:
            found = _value_at_step(found, step)
        if found is not None:
            return str(found)
    return None


def _value_at_step(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if is_list(value) and step < len(value) else None
    return value.get(step) if is_object(value) else None
