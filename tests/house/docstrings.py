"""Finds docstrings in the imperative mood: "Return the text" where "Returns the text" is due."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from .sources import Source

__all__ = ["imperative", "imperative_docstrings"]

_WORDS = {
    kind: frozenset(words)
    for kind, words in tomllib.loads(
        Path(__file__).with_name("verbs.toml").read_text("utf-8")
    ).items()
}


def imperative(docstring: str) -> bool:
    """Tells whether a docstring's first word is an order.

    >>> imperative("Return the text."), imperative("Returns the text."), imperative("List of ids.")
    (True, False, False)
    """
    first, _, rest = docstring.strip().partition(" ")
    if first[-1:] in (",", ":"):
        # A heading, as in "Report: the station has started."
        return False
    word = first.strip(";.").lower()
    if word in _WORDS["verbs_and_nouns"]:
        return rest.partition(" ")[0].lower() in _WORDS["objects"]
    return word in _WORDS["verbs"] and not rest.startswith("of ")


def imperative_docstrings(source: Source) -> Iterator[str]:
    """Yields a finding for each docstring that is an order, named by what it documents."""
    for name, _, text in source.definitions:
        if text and imperative(text):
            yield f"{name or 'the module'}: {text.split()[0]}"
