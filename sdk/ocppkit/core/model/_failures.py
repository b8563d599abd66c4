"""The kinds of messages, and the reasons why a frame of the peer is refused."""

from enum import IntEnum, StrEnum

__all__ = ["Failure", "MessageKind"]


class MessageKind(IntEnum):
    """The kinds of messages. The value is the message type number in the frame."""

    OTHER = 0
    """An unreadable kind, or one that the version does not have."""

    CALL = 2
    CALL_RESULT = 3
    CALL_ERROR = 4
    CALL_RESULT_ERROR = 5
    SEND = 6


class Failure(StrEnum):
    """The reason why a frame of the peer is refused. For a payload that breaks its schema, a `Rule`
    says it.
    """

    FRAME_TOO_BIG = "frame_too_big"
    """More bytes than `Limits.frame_bytes`; nothing of it was read."""

    BINARY = "binary"
    """A binary message; refused in strict mode only."""

    NOT_JSON = "not_json"
    """Not JSON, or not UTF-8."""

    SALVAGED = "salvaged"
    """Not JSON, but message type and id at its beginning can be read; in strict mode: NOT_JSON."""

    NOT_AN_ARRAY = "not_an_array"
    UNREADABLE_ID = "unreadable_id"
    """The message id is not a text, or is empty, or longer than `Limits.id_read`."""

    UNKNOWN_TYPE = "unknown_type"
    """The message type is not a number, or not one of the version."""

    MALFORMED = "malformed"
    """A known message type, but a wrong number of elements, or elements of wrong types."""

    ID_TOO_LONG = "id_too_long"
    """A message id longer than `Limits.id_sent` but readable; refused in strict mode only."""

    TOO_DEEP = "too_deep"
    """Nested deeper than `Limits.nesting`."""

    NUMBER_TOO_LONG = "number_too_long"
    """A number with more than `Limits.digits` digits in a row."""

    TOO_MANY_ELEMENTS = "too_many_elements"
    """More arrays and objects, or more members and elements, than `Limits.elements`."""

    DUPLICATE_ID = "duplicate_id"
    """A call whose message id is that of a call which is still being handled."""

    UNKNOWN_ACTION = "unknown_action"
    WRONG_DIRECTION = "wrong_direction"
    """An action that only this side sends, or a CALL of an action that must be a SEND, or the reverse."""

    NOT_HANDLED = "not_handled"
    """A known action without a handler."""

    NOT_ACCEPTED = "not_accepted"
    """A call of a station whose boot was not accepted yet."""

    REJECTED = "rejected"
    """A call to a station whose boot was rejected."""

    HANDLER_FAILED = "handler_failed"
    """A handler raised an exception, or returned something that cannot be sent."""

    HANDLER_TIMED_OUT = "handler_timed_out"
    """A handler did not return in time."""

    STRAY = "stray"
    """An answer that no call waits for."""
