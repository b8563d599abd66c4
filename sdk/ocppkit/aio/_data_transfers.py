"""Carries vendors' messages inside DataTransfer: builds requests, reads answers, and finds
handlers. # DTX-01
"""

import inspect
import json
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import cache
from typing import Any, Final, TypeVar, cast, get_args, get_type_hints

from msgspec import UNSET

from ocppkit.core import (
    LocalProtocolError,
    Message,
    Protocol,
    RemoteProtocolError,
    Request,
    Response,
)

from ._frame_log import loggable
from ._vendor_messages import (
    DataTransferRefused,
    VendorRequest,
    VendorResponse,
    from_members,
    to_members,
)

__all__ = ["VendorHandlers", "data_transfer", "vendor_handlers", "vendor_response"]

logger = logging.getLogger("ocppkit.aio")

_DATA_TRANSFER: Final = "DataTransfer"
_ACCEPTED: Final = "Accepted"
_UNKNOWN_MESSAGE: Final = "UnknownMessageId"
_UNKNOWN_VENDOR: Final = "UnknownVendorId"

V = TypeVar("V", bound=VendorResponse)


def data_transfer(protocol: Protocol, message: VendorRequest[Any]) -> Request[Any]:
    """Returns the DataTransfer request that carries a vendor's request.

    Raises:
        LocalProtocolError: the version has no DataTransfer, or the message is not what its class says.
    """
    action = protocol.actions.get(_DATA_TRANSFER)
    if action is None:
        raise LocalProtocolError(
            f"{protocol.package} has no DataTransfer to carry {_message_name(type(message))} "
            "[generate it with DataTransfer among the actions of --only]"
        )
    request: Any = action.request
    try:
        data = _data_of(message, request)
    except ValueError as error:
        raise LocalProtocolError(
            f"{_message_name(type(message))}: {error}", action=_DATA_TRANSFER
        ) from error
    made: Request[Any] = request(
        vendor_id=message.__ocpp_vendor__, message_id=message.__ocpp_message__, **data
    )
    return made


def vendor_response(message: VendorRequest[V], response: Response) -> V:
    """Returns a vendor's response, read from the answer to a DataTransfer.

    Args:
        message: the request.
        response: the answer to the DataTransfer that carried it.

    Raises:
        DataTransferRefused: the peer did not accept it.
        RemoteProtocolError: the data of the answer are not what the class of the answer says.
    """
    answer: Any = response
    if answer.status != _ACCEPTED:
        raise DataTransferRefused(str(answer.status.value), _data_or_none(answer.data))
    try:
        read: V = _from_data(type(message).__ocpp_answer__, answer.data)
    except ValueError as error:
        raise RemoteProtocolError(
            f"the answer to {_message_name(type(message))} is invalid: {error}",
            action=_DATA_TRANSFER,
        ) from error
    return read


class VendorHandlers:
    """Answers the DataTransfer requests of one version by calling the handlers of vendors'
    requests.

    It is a handler itself, of a station or of a CSMS, whose handlers take the station as first argument.

    Args:
        response: the version's answer to DataTransfer.
        status: the enum of that answer's status.
    """

    def __init__(self, response: type[Response], status: type[Any]) -> None:
        self._carrier = response
        self._response: Any = response
        self._status = status
        self._handlers: dict[
            tuple[str, str], tuple[type[VendorRequest[Any]], Callable[..., Any]]
        ] = {}
        self.others: Callable[..., Any] | None = None
        """The program's handler for all other vendors and messages, if it has one."""

    def __bool__(self) -> bool:
        return bool(self._handlers)

    def add(self, request: type[VendorRequest[Any]], handler: Callable[..., Any]) -> None:
        """Adds the handler of a vendor's request.

        Raises:
            LocalProtocolError: the message has a handler already.
        """
        key = _message_key(request.__ocpp_vendor__, request.__ocpp_message__)
        if key in self._handlers:
            raise LocalProtocolError(
                f"{_message_name(request)} has a handler already [remove one of the two]"
            )
        self._handlers[key] = (request, handler)

    def __call__(self, *arguments: Any) -> Any:
        """Answers a DataTransfer request, which is the last argument."""
        *station, transfer = arguments
        found = self._handlers.get(_message_key(transfer.vendor_id, transfer.message_id))
        if found is None:
            return self._answer_unknown(*arguments)
        request, handler = found
        try:
            message = _from_data(request, transfer.data)
        except ValueError as error:
            # P01: Rejected says that the message is known and its data are refused.
            logger.warning(
                "DataTransfer with %s answered with Rejected, as its data are invalid: %s",
                _message_name(request),
                loggable(str(error)),
            )
            return self._response(status=self._status("Rejected"))
        try:
            answer = handler(*station, message)
        except DataTransferRefused as refusal:
            return self._refused_response(refusal)
        if inspect.iscoroutine(answer):
            return self._answer_later(request, answer)
        return self._accepted_response(request, answer)

    def _answer_unknown(self, *arguments: Any) -> Any:
        if self.others is not None:
            return self.others(*arguments)
        vendor, _ = _message_key(arguments[-1].vendor_id, None)
        is_known = any(vendor == known for known, _ in self._handlers)
        return self._response(
            status=self._status(_UNKNOWN_MESSAGE if is_known else _UNKNOWN_VENDOR)
        )

    async def _answer_later(
        self, request: type[VendorRequest[Any]], answer: Coroutine[Any, Any, Any]
    ) -> Any:
        try:
            return self._accepted_response(request, await answer)
        except DataTransferRefused as refusal:
            return self._refused_response(refusal)

    def _accepted_response(self, request: type[VendorRequest[Any]], answer: object) -> Any:
        expected = request.__ocpp_answer__
        if not isinstance(answer, expected):
            raise TypeError(
                f"the handler of {_message_name(request)} returned {type(answer).__name__}, not "
                f"{expected.__name__}"
            )
        return self._response(status=self._status(_ACCEPTED), **_data_of(answer, self._carrier))

    def _refused_response(self, refusal: DataTransferRefused) -> Any:
        data = {} if refusal.data is None else {"data": refusal.data}
        return self._response(status=self._status(refusal.status), **data)


def vendor_handlers(protocols: Iterable[Protocol]) -> Mapping[type[Message], VendorHandlers]:
    """Returns the handlers of DataTransfer for each version, by request.

    Without handlers it answers UnknownVendorId. A version whose DataTransfer has no such status gets none.
    """
    found: dict[type[Message], VendorHandlers] = {}
    for protocol in protocols:
        action = protocol.actions.get(_DATA_TRANSFER)
        if action is not None and action.response is not None:
            hint = get_type_hints(action.response).get("status")
            for enum in (hint, *get_args(hint)):
                if isinstance(enum, type) and _UNKNOWN_VENDOR in getattr(
                    enum, "_value2member_map_", {}
                ):
                    found[action.request] = VendorHandlers(action.response, enum)
    return found


def _message_key(vendor_id: str, message_id: str | None) -> tuple[str, str]:
    # 1.6 §4.3: both are case-insensitive; nobody tells two messages apart by case in 2.x.
    return vendor_id.lower(), (message_id or "").lower()


def _message_name(request: type[VendorRequest[Any]]) -> str:
    return f"{request.__ocpp_vendor__} {request.__ocpp_message__ or '(no messageId)'}"


def _data_of(
    message: VendorRequest[Any] | VendorResponse, carrier: type[Message]
) -> dict[str, Any]:
    """Returns the argument `data` of a DataTransfer as a dict; empty for a message without members.

    Raises:
        ValueError: a member is not what its class says, or a number that JSON cannot hold.
    """
    members = to_members(message)
    if not members:
        return {}
    if not _is_text(carrier):
        return {"data": members}
    return {"data": json.dumps(members, separators=(",", ":"), allow_nan=False)}


def _from_data(cls: Any, data: object) -> Any:
    """Reads a vendor's message from the data of a DataTransfer, which are JSON or a text that
    contains JSON.

    Raises:
        ValueError: they are not what the class says.
    """
    read: Any = _data_or_none(data)
    if isinstance(read, str):
        try:
            read = json.loads(read)
        except RecursionError:
            raise ValueError("the data are nested too deeply") from None
    if read is None:
        read = {}
    if not isinstance(read, Mapping):
        raise ValueError(f"the data must be a JSON object, not {type(read).__name__}")
    return from_members(cls, cast("Mapping[str, Any]", read))


def _data_or_none(data: Any) -> Any:
    """Returns the data of a DataTransfer, or `None` if there are none."""
    return None if data is UNSET else data


@cache
def _is_text(carrier: type[Message]) -> bool:
    """Returns whether the data of this version's DataTransfer are a text."""
    hint = get_type_hints(carrier)["data"]
    return str in (hint, *get_args(hint))
