"""What can be wrong with what a peer sends, and the kinds of messages it can be wrong with."""

from enum import IntEnum, StrEnum

__all__ = ["Failure", "MessageKind"]


class MessageKind(IntEnum):
    """The kinds of messages by their number on the wire."""

    OTHER = 0
    """No kind that the version has, or none that can be read."""

    CALL = 2
    CALL_RESULT = 3
    CALL_ERROR = 4
    CALL_RESULT_ERROR = 5
    SEND = 6


class Failure(StrEnum):
    """Why a frame is not delivered; a payload that breaks its schema fails by a `Rule` instead."""

    FRAME_TOO_BIG = "frame_too_big"
    """More bytes than `Limits.frame_bytes`; nothing of it was read."""

    BINARY = "binary"
    """A binary message; refused in strict mode only."""

    NOT_JSON = "not_json"
    """No JSON or no UTF-8."""

    SALVAGED = "salvaged"
    """No JSON, but the front of it names a message; seen so unless the policy is strict."""

    NOT_AN_ARRAY = "not_an_array"
    UNREADABLE_ID = "unreadable_id"
    """The message id is no text, is empty, or is longer than `Limits.id_read`."""

    UNKNOWN_TYPE = "unknown_type"
    """The message type is no number, or one that the version does not have."""

    MALFORMED = "malformed"
    """A known type with the wrong number or types of elements."""

    ID_TOO_LONG = "id_too_long"
    """A message id beyond `Limits.id_sent` that can be read; refused in strict mode only."""

    TOO_DEEP = "too_deep"
    """Nested deeper than `Limits.nesting`."""

    NUMBER_TOO_LONG = "number_too_long"
    """More digits in a row than `Limits.digits`."""

    TOO_MANY_ELEMENTS = "too_many_elements"
    """More arrays and objects, or more members and elements, than `Limits.elements`."""

    DUPLICATE_ID = "duplicate_id"
    """A call with the message id of a call that is still being handled."""

    UNKNOWN_ACTION = "unknown_action"
    WRONG_DIRECTION = "wrong_direction"
    """An action that this side sends, or a CALL of what must be a SEND, or the reverse."""

    NOT_HANDLED = "not_handled"
    """A known action that nobody handles here."""

    NOT_ACCEPTED = "not_accepted"
    """A call of a station whose boot was not accepted yet."""

    REJECTED = "rejected"
    """A call to a station whose boot was rejected."""

    HANDLER_FAILED = "handler_failed"
    """A handler raised, or returned what cannot be sent."""

    HANDLER_TIMED_OUT = "handler_timed_out"
    """A handler did not return in time."""

    STRAY = "stray"
    """An answer to nothing that waits for one."""
