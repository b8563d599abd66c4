"""Decodes and encodes untyped JSON, and defines which exceptions msgspec raises."""

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
"""The exceptions that msgspec raises when it decodes."""

UNWRITABLE: Final = (TypeError, ValueError, OverflowError, RecursionError)
"""The exceptions that msgspec raises when it encodes."""

_QUOTED: Final = (*UNWRITABLE, UnicodeEncodeError, UnicodeDecodeError)

_untyped = msgspec.json.Decoder()
_raw = msgspec.json.Decoder(Raw)
_encoder = msgspec.json.Encoder()

write = _encoder.encode


def read(data: Data) -> Any:
    """Decodes JSON to dictionaries, lists and scalars.

    Raises:
        msgspec.ValidationError: a number that cannot be held; there is nothing else to validate.
        Exception: one of `REFUSALS`, for what is no JSON.
    """
    return _untyped.decode(data)


def scan(data: Data) -> str:
    """Returns a JSON text without the white space around it. Does not decode its values.

    Raises:
        Exception: one of `REFUSALS`, for what is no JSON.
    """
    # `decode` checks the UTF-8 in strings, which msgspec skips.
    return bytes(_raw.decode(data)).decode()


def is_json(data: Data) -> bool:
    """Returns whether a text is JSON in UTF-8, whatever numbers it contains."""
    try:
        scan(data)
    except REFUSALS:
        return False
    return True


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Returns whether a decoded value is a JSON object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Returns whether a decoded value is a JSON array."""
    return isinstance(value, list)


def as_bytes(data: Data) -> bytes:
    """Returns received data as bytes."""
    # A text may contain lone surrogates, for which it may just have been refused.
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)


def reason(error: Exception) -> str:
    """Returns the text of an exception that encoding has raised, for an error message.

    Only what msgspec raises is quoted: what objects of the user's raise may hold anything.
    """
    return str(error) if type(error) in _QUOTED else type(error).__name__
