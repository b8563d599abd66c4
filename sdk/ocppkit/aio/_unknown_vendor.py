"""Answers a DataTransfer that has no handler with UnknownVendorId instead of an error. # DTX-01"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, get_args, get_type_hints

from ocppkit.core import Message, Protocol

__all__ = ["unknown_vendor_handlers"]

_DATA_TRANSFER: Final = "DataTransfer"
_UNKNOWN_VENDOR: Final = "UnknownVendorId"


def unknown_vendor_handlers(
    protocols: Iterable[Protocol],
) -> Mapping[type[Message], Callable[..., Any]]:
    """Returns handlers, by request, that answer a DataTransfer with UnknownVendorId.

    A program without a handler for DataTransfer knows no vendor. The handlers take any arguments, so
    both roles can use them. A version whose DataTransfer has no such status gets no handler.

    Args:
        protocols: the versions.
    """
    handlers: dict[type[Message], Callable[..., Any]] = {}
    for protocol in protocols:
        action = protocol.actions.get(_DATA_TRANSFER)
        if action is not None and action.response is not None:
            handler = _handler(action.response)
            if handler is not None:
                handlers[action.request] = handler
    return handlers


def _handler(response: type[Any]) -> Callable[..., Any] | None:
    hint = get_type_hints(response).get("status")
    for enum in (hint, *get_args(hint)):
        if isinstance(enum, type) and _UNKNOWN_VENDOR in getattr(enum, "_value2member_map_", {}):
            answer = response(status=enum(_UNKNOWN_VENDOR))
            return lambda *_: answer
    return None
