"""Members of messages whose values must not appear in logs and errors: secrets, and what tells who charges.

Which members these are is a fact of each version, generated into the bases of its messages. Names that
speak for themselves (`password`, `simPin`) count in every class, also in datatypes that are decoded
without a message around them.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from ._json import is_list, is_object
from ._messages import Sensitive

__all__ = ["is_sensitive"]

# It stays a text, compiled by `re` when first needed: importing is what everybody does.
_SPEAKING: Final = (
    r"(?i)pass(word|phrase)|secret|pin$|id_?tags?$|id_?tokens?$|authorization_?key|private_?key|emaid"
)
"""Names that say by themselves that the value is a secret or tells who charges."""


def is_sensitive(facts: Sensitive, path: Sequence[str | int], root: Any, value: Any) -> bool:
    """Returns whether a value must not be shown.

    Args:
        facts: those of the version.
        path: names on the wire and positions, from the root to the value.
        root: the payload as untyped JSON.
        value: the value; the peer may have put it in place of an object.
    """
    names = [step for step in path if isinstance(step, str)]
    if not names:
        return False
    name = names[-1]
    if name in facts.secret or name in facts.personal or re.search(_SPEAKING, name):
        return True
    sibling = facts.named_values.get(name)
    if sibling is None or (len(names) > 1 and names[-2] in facts.harmless_in):
        return False
    said = _said_around(path, root, sibling.split("."))
    if said is None:
        # Nobody knows what it is; a number is hardly ever a secret.
        return not isinstance(value, int | float)
    return any(secret.lower() in said.lower() for secret in facts.secret_names)


def _said_around(path: Sequence[str | int], root: Any, sibling: list[str]) -> str | None:
    """Returns what the named sibling says, of the value itself or of an object around it."""
    around = [root]
    for step in path[:-1]:
        around.append(_inside(around[-1], step))
    for holder in reversed(around):
        found = holder
        for step in sibling:
            found = _inside(found, step)
        if found is not None:
            return str(found)
    return None


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if is_list(value) and step < len(value) else None
    return value.get(step) if is_object(value) else None
