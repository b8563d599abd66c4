"""JSON as texts and values: what the rule tables yield, and what is parsed from it."""

import json
from decimal import Decimal
from typing import NamedTuple, TypeAlias

__all__ = ["Json", "Literal", "quote"]

Json: TypeAlias = bool | int | Decimal | str | list["Json"] | dict[str, "Json"] | None
"""A parsed value: numbers without fraction and exponent are `int`, all others keep their digits."""


class Literal(NamedTuple):
    """A JSON text for one place of a message."""

    rule: str
    """What it probes; unique among the literals of one place."""

    text: str

    valid: bool | None
    """Whether the schema is meant to allow it: the generator's own word, compared with the
    oracle's. None where the two may differ, with the reason beside the rule."""


def quote(value: str) -> str:
    """Returns the JSON text of a string, with its characters as they are."""
    return json.dumps(value, ensure_ascii=False)
