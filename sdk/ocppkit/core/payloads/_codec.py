"""Decodes and encodes payloads: strictly first; if that fails, with the repair pass.

A valid payload costs one dictionary look-up more than its msgspec decoder. Decoders, checks and
writers are compiled when a class is first used. Everything else happens on the way to an error:
see `_repair.py`.

Strict reading differs from the schema in these cases:

* Date-times with a space for `T`, or with an offset such as `+0100`, are accepted, as msgspec reads
  them. Leap seconds are accepted, as RFC 3339 has them, and become the second after.
* Numbers are judged as the doubles they are read as: `1e-400` is 0, and a fraction that no double
  can tell from none is none. Numbers beyond the doubles and integers of more than 4,300 digits are
  refused, wherever they stand.
* Strings with half a surrogate pair are refused, because they cannot be encoded as UTF-8.
* If a member occurs twice, the last one counts.

Writing is stricter: see `encode_payload`.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from ..model._errors import InvalidMessage, InvalidOutgoing
from ..model._issues import NO_ISSUES, Issue, IssueList
from ..model._json import REFUSALS, UNWRITABLE, Data, as_bytes, is_object, reason
from ..model._messages import NO_RULES, Payload, PayloadRules
from ..model._objects import OpenObject
from ._altering import altered
from ._checks import Check, check_of
from ._normalise import NotEncodable
from ._policy import STRICT, Mode, Policy
from ._repair import Outcome, Steps, repair, repair_in_steps
from ._shape import shape_of
from ._writing import Write, is_recursive, normalised_writer_of, write_of

__all__ = [
    "ENCODE_ERRORS",
    "READERS",
    "WRITERS",
    "Reader",
    "decode_payload",
    "encode_payload",
    "message_class",
    "payload_of",
    "read_in_steps",
    "read_payload",
    "strict_reader",
    "write_payload",
]

P = TypeVar("P", bound=Payload)

# A member of an enum is looked for at every use; a global is at hand.
_OFF: Final = Mode.OFF

ENCODE_ERRORS: Final = (NotEncodable, AttributeError, *REFUSALS, *UNWRITABLE)
"""All that the writers raise over what they cannot write, or what does not pass their check."""


@cache
def message_class(cls: type[Payload]) -> type[Payload]:
    """Returns the class of the schema for a message class, which may be a program's subclass of it.

    A subclass may have members of its own, and they must not be sent. A datatype is its own.
    """
    for base in reversed(cls.__mro__):
        if "__ocpp_action__" in vars(base) and issubclass(base, Payload):
            return base
    return cls


def decode_payload(
    cls: type[P], data: Data, *, policy: Policy = STRICT, issues: list[Issue] | None = None
) -> P:
    """Decodes one payload, without its frame.

    Args:
        cls: the class to build.
        data: JSON as text or bytes.
        policy: how strictly it is read.
        issues: takes what was repaired, at most 1,000 issues; an `IssueList` counts the others, too.

    Raises:
        InvalidMessage: the payload breaks its schema beyond what the policy repairs.
    """
    return read_payload(cls, data, policy, issues)


def read_payload(cls: type[P], data: Data, policy: Policy, issues: list[Issue] | None) -> P:
    """Decodes a payload like `decode_payload`, with positional arguments, which are faster."""
    try:
        payload: P = READERS[cls](data)
        return payload
    except REFUSALS:
        pass
    return payload_of(repair(cls, data, policy), cls, data, issues)


def read_in_steps(cls: type[P], data: Data, policy: Policy) -> Steps[Outcome]:
    """Decodes a payload like `read_payload`, but in steps if it needs repairs. Pass the outcome to
    `payload_of`.
    """
    try:
        return Outcome(READERS[cls](data), NO_ISSUES, None)
    except REFUSALS:
        pass
    return (yield from repair_in_steps(cls, data, policy))


def payload_of(outcome: Outcome, cls: type[P], data: Data, issues: list[Issue] | None) -> P:
    """Returns the payload of an outcome, and adds its issues to the list.

    Raises:
        InvalidMessage: none was built.
    """
    if outcome.payload is None:
        raise InvalidMessage(
            issues=outcome.issues, raw=as_bytes(data), value=outcome.value, action=_action(cls)
        )
    if issues is not None:
        issues += outcome.issues
        if isinstance(issues, IssueList):
            issues.omitted += outcome.issues.omitted
    repaired: P = outcome.payload
    return repaired


def encode_payload(payload: Payload, *, policy: Policy = STRICT) -> bytes:
    """Encodes one payload without its frame, and decodes the bytes again to check them.

    They are checked against the class of the message's action, so a member that a subclass adds is
    refused. Date-times are sent in UTC, with `Z` and at most milliseconds; a text in place of one must
    be what RFC 3339 writes. Integers are sent without a fraction and, in OCPP 2.x, within 32 bits
    (VAL-02). The payload itself is not changed.

    Args:
        payload: what to send.
        policy: its overrides count in the check; `OFF` leaves the check out. Nothing outgoing is
            ever repaired, but its alterations are applied after the check.

    Raises:
        InvalidOutgoing: the payload breaks its schema, or holds what JSON cannot hold.
    """
    return write_payload(payload, policy)


def write_payload(payload: Payload, policy: Policy, changes: list[str] | None = None) -> bytes:
    """Encodes a payload like `encode_payload`; the list `changes` gets the alterations that were
    applied.
    """
    cls = type(payload)
    if policy.alterations:
        return _write_altered(payload, policy, [] if changes is None else changes)
    try:
        return (_UNCHECKED if policy.mode is _OFF else WRITERS)[cls](payload)
    except Exception:  # noqa: BLE001 - members of the user's raise what they like
        # `_write_slowly` finds out what is wrong, and whether the policy minds.
        pass
    return _write_slowly(message_class(cls), payload, policy)


def _write_altered(payload: Payload, policy: Policy, changes: list[str]) -> bytes:
    data = write_payload(payload, msgspec.structs.replace(policy, alterations=()))
    message = message_class(type(payload))
    alterations = [each for each in policy.alterations if each.message is message]
    return altered(data, alterations, changes) if alterations else data


def _write_slowly(cls: type[Payload], payload: Payload, policy: Policy) -> bytes:
    try:
        data = normalised_writer_of(shape_of(cls), bool, texts=True)(payload)
    except NotEncodable as exc:
        raise InvalidOutgoing(issues=[exc.issue], action=_action(cls)) from exc
    except Exception as exc:
        raise InvalidOutgoing(
            f"the payload cannot be written as JSON: {reason(exc)}", action=_action(cls)
        ) from exc
    if policy.mode is not _OFF:
        _check_written(cls, data, policy)
    return data


def _check_written(cls: type[Struct], data: bytes, policy: Policy) -> None:
    strict = msgspec.structs.replace(policy, mode=Mode.STRICT)
    outcome = repair(cls, data, strict, outgoing=True)
    if outcome.payload is None:
        raise InvalidOutgoing(issues=outcome.issues, action=_action(cls))


Reader: TypeAlias = Callable[[Any], Any]
"""Builds a payload of JSON that follows its schema; raises one of `REFUSALS` over what does not."""


class _Readers(dict[type[Struct], Reader]):
    """The strict readers by class, compiled when first used."""

    def __missing__(self, cls: type[Struct]) -> Reader:
        reader = self[cls] = strict_reader(cls, check_of(shape_of(cls)))
        return reader


class _Writers(dict[type[Payload], Write]):
    """The writers by class, compiled when first used."""

    def __init__(self, *, checked: bool) -> None:
        super().__init__()
        self._checked = checked

    def __missing__(self, cls: type[Payload]) -> Write:
        known = message_class(cls)
        write = self[cls] = _writer_of(known) if self._checked else write_of(shape_of(known), bool)
        return write


def _writer_of(cls: type[Payload]) -> Write:
    shape = shape_of(cls)
    if is_recursive(shape):
        return write_of(shape, lambda data: _check_written(cls, data, STRICT))
    rules: PayloadRules = getattr(cls, "__ocpp_rules__", NO_RULES)
    return write_of(shape, READERS[cls], integer_bits=rules.integer_bits)


READERS: Final = _Readers()
WRITERS: Final = _Writers(checked=True)
_UNCHECKED: Final = _Writers(checked=False)


def strict_reader(kind: Any, check: Check | None) -> Reader:
    """Returns a function that decodes JSON strictly as a type, and runs a check that msgspec lacks."""
    decode = msgspec.json.Decoder(kind, dec_hook=_build_open_object).decode
    if check is None:
        return decode

    def read(data: Any) -> Any:
        value = decode(data)
        if check(value):
            return value
        raise msgspec.ValidationError

    return read


def _build_open_object(cls: type[Any], members: Any) -> Any:
    if not issubclass(cls, OpenObject) or not is_object(members):
        raise msgspec.ValidationError
    known = msgspec.convert(members, cls.__ocpp_known__)
    check = check_of(shape_of(cls.__ocpp_known__))
    if check is not None and not check(known):
        raise msgspec.ValidationError
    return cls.from_members(members)


def _action(cls: type[Struct]) -> str:
    return getattr(cls, "__ocpp_action__", cls.__name__)
