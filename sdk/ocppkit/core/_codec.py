"""Payloads in and out: strict first, and one repair pass for what strict refuses.

A good payload costs one dictionary look-up more than its msgspec decoder. Decoders, checks and
dresses are compiled when a class is first used. Everything else happens on the way to an error:
see `_repair.py`.

Where strict is not the letter of the schema:

* Date-times with a space for `T`, or with an offset such as `+0100`, are accepted, as msgspec reads
  them. Leap seconds are accepted, as RFC 3339 has them, and become the second after.
* Numbers are judged as the doubles they are read as: `1e-400` is 0, and a fraction that no double
  can tell from none is none. Numbers beyond the doubles and integers of more than 4,300 digits are
  refused, wherever they stand.
* Strings with half a surrogate pair are refused: no UTF-8 can carry them on.
* Of a member that stands twice, the last counts.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ._checks import Check, check_of
from ._errors import InvalidMessage, InvalidOutgoing
from ._issues import Issue
from ._json import REFUSALS, UNWRITABLE, Data, as_bytes, is_object, write
from ._messages import Payload
from ._objects import OpenObject
from ._outgoing import Dress, Undressable, dress_of
from ._policy import STRICT, Mode, Policy
from ._repair import repair
from ._shape import shape_of

__all__ = ["decode_payload", "encode_payload"]

P = TypeVar("P", bound=Payload)


def decode_payload(
    cls: type[P], data: Data, *, policy: Policy = STRICT, issues: list[Issue] | None = None
) -> P:
    """Decodes one payload, without its frame.

    Args:
        cls: the class to build.
        data: JSON as text or bytes.
        policy: how strictly it is read.
        issues: takes what was repaired, if anything was.

    Raises:
        InvalidMessage: the payload breaks its schema beyond what the policy repairs.
    """
    codec = _CODECS[cls]
    try:
        payload: P = codec.decode(data)
        if codec.check is None or codec.check((payload,)):
            return payload
    except REFUSALS:
        pass
    outcome = repair(cls, data, policy)
    if outcome.payload is None:
        raise InvalidMessage(
            issues=outcome.issues, raw=as_bytes(data), value=outcome.value, action=_action(cls)
        )
    if issues is not None:
        issues += outcome.issues
    repaired: P = outcome.payload
    return repaired


def encode_payload(payload: Payload, *, policy: Policy = STRICT) -> bytes:
    """Encodes one payload, without its frame, and decodes the bytes again to check them.

    Date-times leave in UTC, with `Z` and at most milliseconds; the payload itself is not changed.

    Args:
        payload: what to send.
        policy: its overrides count in the check; `OFF` leaves the check out. Nothing outgoing is
            ever repaired.

    Raises:
        InvalidOutgoing: the payload breaks its schema, or holds what JSON has no word for.
    """
    cls = type(payload)
    codec = _CODECS[cls]
    try:
        dressed = payload if codec.dress is None else codec.dress(payload, None)
        data = write(dressed)
    except Undressable as exc:
        raise InvalidOutgoing(issues=[exc.issue], action=_action(cls)) from exc
    except UNWRITABLE as exc:
        raise InvalidOutgoing(f"cannot be written as JSON: {exc}", action=_action(cls)) from exc
    if policy.mode is not Mode.OFF and not _is_accepted(codec, data):
        _check_closely(cls, data, policy)
    return data


def _is_accepted(codec: "_Codec", data: bytes) -> bool:
    try:
        seen = codec.decode(data)
    except REFUSALS:
        return False
    return codec.check is None or codec.check((seen,))


def _check_closely(cls: type[Payload], data: bytes, policy: Policy) -> None:
    strict = msgspec.structs.replace(policy, mode=Mode.STRICT)
    outcome = repair(cls, data, strict)
    if outcome.payload is None:
        raise InvalidOutgoing(issues=outcome.issues, action=_action(cls))


class _Codec(Struct, frozen=True):
    """What is compiled for one class."""

    decode: Callable[[Any], Any]
    check: Check | None
    dress: Dress | None


class _Codecs(dict[type[Struct], _Codec]):
    """The codecs by class, each compiled when it is first asked for."""

    def __missing__(self, cls: type[Struct]) -> _Codec:
        shape = shape_of(cls)
        decoder = msgspec.json.Decoder(cls, dec_hook=_build_open_object)
        codec = self[cls] = _Codec(decoder.decode, check_of(shape), dress_of(shape))
        return codec


_CODECS = _Codecs()


def _build_open_object(cls: type[Any], members: Any) -> Any:
    if not issubclass(cls, OpenObject) or not is_object(members):
        raise msgspec.ValidationError
    known = msgspec.convert(members, cls.__ocpp_known__)
    check = check_of(shape_of(cls.__ocpp_known__))
    if check is not None and not check((known,)):
        raise msgspec.ValidationError
    return cls.from_members(members)


def _action(cls: type[Payload]) -> str:
    return getattr(cls, "__ocpp_action__", cls.__name__)
