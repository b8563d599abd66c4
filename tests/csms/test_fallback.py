"""A fallback gets what no other handler answers."""

from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import CallRefused, VendorRequest, VendorResponse, current_call
from ocppkit.core import ErrorCode, LocalProtocolError, Message, Response, utcnow
from ocppkit.csms import Csms, StationHandle

Make = Callable[..., Any]


class Pong(VendorResponse):
    """Says nothing."""


class Ping(VendorRequest[Pong], vendor_id="acme", message_id="Ping"):
    """Asks nothing."""


def echo(seen: list[Any]) -> Callable[[StationHandle, Message], Response]:
    """Returns a fallback that answers DataTransfer and Authorize of every version."""

    def answer(station: StationHandle, request: Message) -> Response:
        seen.append((station.identity, type(request).__name__, current_call().action.name))
        response: Any = station.protocol.actions[request.__ocpp_action__].response
        if "DataTransfer" in response.__name__:
            status = getattr(v16, "DataTransferStatus", None)
            if station.protocol is not v16.PROTOCOL:
                status = v201.DataTransferStatusEnumType
            return response(status=status("Rejected"))  # type: ignore[misc,no-any-return]
        if "Authorize" in response.__name__:
            return response(id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.INVALID))  # type: ignore[no-any-return]
        raise CallRefused(ErrorCode.NOT_SUPPORTED, "not here")

    return answer


AUTHORIZE = [2, "a", "Authorize", {"idTag": "A"}]
TRANSFER = [2, "d", "DataTransfer", {"vendorId": "other"}]
PING = [2, "p", "DataTransfer", {"vendorId": "acme", "messageId": "Ping"}]
HEARTBEAT: list[Any] = [2, "h", "Heartbeat", {}]


@pytest.mark.asyncio
async def test_it_gets_what_has_no_other_handler(make_csms: Make, station: Make) -> None:
    seen: list[Any] = []
    csms: Csms = make_csms(v16.PROTOCOL, unknown="serve")
    handler = echo(seen)
    raw = await station(csms, subprotocol="ocpp1.6")
    assert (await raw.says(AUTHORIZE))[0][2] == "NotSupported"
    # Also on connections that are open already, and before other handlers.
    assert csms.fallback(handler) is handler
    assert await raw.says(AUTHORIZE) == [[3, "a", {"idTagInfo": {"status": "Invalid"}}]]
    assert await raw.says(TRANSFER) == [[3, "d", {"status": "Rejected"}]]
    assert [name for _, name, _ in seen] == ["AuthorizeRequest", "DataTransferRequest"]
    stop = [2, "s", "FirmwareStatusNotification", {"status": "Idle"}]
    assert (await raw.says(stop))[0][:4] == [4, "s", "NotSupported", "not here"]
    seen.pop()
    # A heartbeat is answered with the time, and a handler comes before the fallback.
    assert "currentTime" in (await raw.says(HEARTBEAT))[0][2]

    @csms.on(v16.AuthorizeRequest)
    def authorize(station: object, request: v16.AuthorizeRequest) -> v16.AuthorizeResponse:
        return v16.AuthorizeResponse(
            id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
        )

    assert await raw.says(AUTHORIZE) == [[3, "a", {"idTagInfo": {"status": "Accepted"}}]]
    assert len(seen) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("order", ["fallback first", "vendor's handler first"])
@pytest.mark.parametrize("own", [False, True])
async def test_it_gets_the_messages_of_unknown_vendors(
    order: str, own: bool, make_csms: Make, station: Make
) -> None:
    seen: list[Any] = []
    csms: Csms = make_csms(v16.PROTOCOL, unknown="serve")
    if order == "fallback first":
        csms.fallback(echo(seen))

    @csms.on(Ping)
    def ping(station: StationHandle, request: Ping) -> Pong:
        return Pong()

    if own:
        csms.on(v16.DataTransferRequest)(
            lambda station, request: v16.DataTransferResponse(
                status=v16.DataTransferStatus.UNKNOWN_VENDOR_ID
            )
        )
    if order != "fallback first":
        csms.fallback(echo(seen))
    raw = await station(csms, subprotocol="ocpp1.6")
    assert (await raw.says(PING))[0][2] == {"status": "Accepted"}
    told = "UnknownVendorId" if own else "Rejected"
    assert (await raw.says(TRANSFER))[0][2] == {"status": told}
    assert len(seen) == (0 if own else 1)


@pytest.mark.asyncio
async def test_it_gets_boots_heartbeats_and_messages_without_an_answer(station: Make) -> None:
    seen: list[str] = []
    csms = Csms(v21.PROTOCOL, insecure=True, answer_heartbeats=False)

    @csms.fallback
    async def everything(station: StationHandle, request: Message) -> Response | None:
        seen.append(type(request).__name__)
        if isinstance(request, v21.BootNotificationRequest):
            status = v21.RegistrationStatusEnumType.ACCEPTED
            return v21.BootNotificationResponse(current_time=utcnow(), interval=5, status=status)
        if isinstance(request, v21.HeartbeatRequest):
            return v21.HeartbeatResponse(current_time=utcnow())
        return None

    raw = await station(csms, subprotocol="ocpp2.1")
    boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
    assert (await raw.says([2, "b", "BootNotification", boot]))[0][0] == 3
    assert csms.stations.get("CP001").accepted  # type: ignore[union-attr]
    assert (await raw.says(HEARTBEAT))[0][0] == 3
    event = {
        "id": 1,
        "pending": 0,
        "basetime": "2026-05-01T12:00:00Z",
        "data": [{"t": 0, "v": "1"}],
    }
    assert await raw.says([6, "s", "NotifyPeriodicEventStream", event]) == []
    assert seen == ["BootNotificationRequest", "HeartbeatRequest", "NotifyPeriodicEventStream"]
    # What only a CSMS sends is not for a fallback.
    assert (await raw.says([2, "r", "Reset", {"type": "Immediate"}]))[0][0] == 4
    assert len(seen) == 3


def test_there_is_one_fallback(make_csms: Make) -> None:
    csms = make_csms()
    csms.fallback(echo([]))
    with pytest.raises(LocalProtocolError, match="a fallback handler already"):
        csms.fallback(echo([]))
