"""JSON itself: the untyped doors of msgspec, and what it may raise at any of its doors."""

from typing import Any, Final, TypeAlias, TypeGuard

import msgspec
from msgspec import MsgspecError, Raw

__all__ = [
    "REFUSALS",
    "UNWRITABLE",
    "Data",
    "as_bytes",
    "is_json",
    "is_list",
    "is_object",
    "read",
    "reason",
    "scan",
    "write",
]

Data: TypeAlias = bytes | bytearray | memoryview | str | Raw
"""JSON as text or bytes."""

REFUSALS: Final = (MsgspecError, UnicodeError, RecursionError)
"""All that msgspec raises over what it reads."""

UNWRITABLE: Final = (TypeError, ValueError, OverflowError, RecursionError)
"""All that msgspec raises over what it cannot write."""

_QUOTED: Final = (*UNWRITABLE, UnicodeEncodeError, UnicodeDecodeError)

_untyped = msgspec.json.Decoder()
_raw = msgspec.json.Decoder(Raw)
_encoder = msgspec.json.Encoder()

write = _encoder.encode


def read(data: Data) -> Any:
    """Returns JSON as dictionaries, lists and scalars.

    Raises:
        msgspec.ValidationError: a number that cannot be held; there is nothing else to validate.
        Exception: one of `REFUSALS`, for what is no JSON.
    """
    return _untyped.decode(data)


def scan(data: Data) -> str:
    """Returns a JSON text without the white space around it, and builds nothing of it.

    Raises:
        Exception: one of `REFUSALS`, for what is no JSON.
    """
    # msgspec passes over strings without looking at their UTF-8.
    return bytes(_raw.decode(data)).decode()


def is_json(data: Data) -> bool:
    """Whether a text is JSON in UTF-8, whatever numbers it holds."""
    try:
        scan(data)
    except REFUSALS:
        return False
    return True


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value that was read is a JSON object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value that was read is a JSON array."""
    return isinstance(value, list)


def as_bytes(data: Data) -> bytes:
    """Returns a copy of what came from the wire."""
    # A text may hold lone surrogates, which may be the very reason why somebody asks.
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)


def reason(error: Exception) -> str:
    """Returns why something could not be encoded, for a message.

    Only what msgspec raises is quoted: what objects of the user's raise may hold anything.
    """
    return str(error) if type(error) in _QUOTED else type(error).__name__
