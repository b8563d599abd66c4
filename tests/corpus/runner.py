"""Puts one instance before the oracle and before the codec, and says where they part."""

import importlib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from corpus.equality import differences
from corpus.nodes import tree
from corpus.oracle import oracle, parse
from corpus.sources import Source
from ocppkit.core import (
    OFF,
    InvalidMessage,
    InvalidOutgoing,
    Payload,
    decode_payload,
    encode_payload,
)

__all__ = ["Finding", "Verdict", "judge", "message_class"]

_BEYOND_32_BITS = re.compile(r"is (above 2147483647|below -2147483648)\b")


class Verdict(StrEnum):
    """How the codec stands to the oracle."""

    AGREES = "agrees"
    ACCEPTS = "accepts"
    """It accepts what the schema refuses."""

    REFUSES = "refuses"
    """It refuses what the schema allows."""

    ALTERS = "alters"
    """Both accept, but what is encoded again does not say the same."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one instance."""

    valid: bool
    """The oracle's word."""

    verdict: Verdict
    detail: str = ""


@cache
def message_class(source: Source) -> type[Payload]:
    """Returns the generated class of a file."""
    version = importlib.import_module(f"ocppkit.{source.version}")
    found: type[Payload] = getattr(version, source.class_name)
    return found


def judge(source: Source, data: bytes) -> Finding:
    """Asks both about one instance, and sends what both accept through a round trip."""
    valid = oracle(source).accepts(data)
    try:
        payload = decode_payload(message_class(source), data)
    except InvalidMessage as refusal:
        verdict = Verdict.REFUSES if valid else Verdict.AGREES
        return Finding(valid, verdict, str(refusal)[:200])
    except Exception as error:
        error.add_note(f"{source}: {data[:500]!r}")
        raise
    if not valid:
        return Finding(valid, Verdict.ACCEPTS, repr(payload)[:200])
    detail = _round_trip(source, data, payload)
    return Finding(valid, Verdict.ALTERS if detail else Verdict.AGREES, detail)


def _encoded(payload: Payload) -> bytes:
    """Encodes a payload that its schema allows."""
    try:
        return encode_payload(payload)
    except InvalidOutgoing as refused:
        # VAL-02: nothing in 2.x leaves with an integer beyond 32 bits, which the schemas allow.
        if not all(_BEYOND_32_BITS.search(issue.message) for issue in refused.issues):
            raise
        return encode_payload(payload, policy=OFF)


def _round_trip(source: Source, data: bytes, payload: Payload) -> str:
    """Returns what a round trip changes, in words; nothing when it changes nothing."""
    try:
        once = _encoded(payload)
        twice = _encoded(decode_payload(type(payload), once))
        lost = [
            *differences(tree(source), parse(data), parse(once)),
            *differences(tree(source), parse(once), parse(twice)),
        ]
    except Exception as error:
        error.add_note(f"{source}: {data[:500]!r}")
        raise
    return "; ".join(lost)
