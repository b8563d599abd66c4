"""Finds metaphors that were replaced by the field's nouns."""

import re
from collections.abc import Iterator

from .sources import Source

__all__ = ["OLD_TERMS", "old_terms"]

OLD_TERMS = {
    "beating": "Pingable",
    "deaf": "input_closed",
    "deed": "Effect",
    "desk": "Replier",
    "distrust": "TLS events",
    "door": "FastPath, or Admission",
    "doorway": "Admission",
    "dress": "normalise",
    "farewell": "RejectAfterOpen",
    "hitch": "ENCODE_ERRORS, or issue",
    "knock": "CheckedHandshake",
    "lane": "DeliveryQueue",
    "luggage": "the name of the keys",
    "membership": "registration",
    "nameless": "UNKNOWN_ID",
    "office": "SessionContext",
    "pulse": "TimerWheel",
    "seat": "Slot",
    "sweep": "FieldExpression",
    "trouble": "problem",
    "twin": "counterpart",
    "undressable": "NotEncodable",
    "unheard": "unknown",
}
"""The old words in their base form, and what to write instead; see docs/design/words.md."""

_PHRASES = {
    "straight way": "fast path",
    "long way": "slow path",
    "short way": "fast path",
    "good call": "valid CALL",
    "befell": "changed",
    "laid over": "applied to, or added to",
    "lay over": "apply to, or add to",
    "leads nowhere": "refers to nothing",
    "stands twice": "occurs twice",
    "words of our own": "our own texts",
}

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ENDINGS = ("", "s", "es", "ed", "ing", "ted", "ting", "d")
_FORMS = {term + ending: term for term in OLD_TERMS for ending in _ENDINGS}


def old_terms(source: Source) -> Iterator[str]:
    """Yields each old term that a file has, once."""
    words = {word.lower() for word in _WORD.findall(source.text)}
    found = {_FORMS[word] for word in words if word in _FORMS}
    text = " ".join(source.text.lower().replace("#", " ").split())
    found |= {phrase for phrase in _PHRASES if phrase in text}
    yield from sorted(found)
