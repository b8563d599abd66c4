"""Vendors' messages in DataTransfer, in all versions and both roles: sent, handled, refused, unknown."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

import pytest
from msgspec.structs import replace

from ocppkit import v16, v21, v201
from ocppkit.aio import DataTransferRefused, VendorRequest, VendorResponse
from ocppkit.aio._data_transfers import data_transfer, vendor_handlers, vendor_response
from ocppkit.aio.lowlevel import HandlerTable
from ocppkit.core import LocalProtocolError, RemoteProtocolError, Role, encode_payload
from support.live_pair import line

VERSIONS = {"1.6": v16, "2.0.1": v201, "2.1": v21}
BOTH = [Role.STATION, Role.CSMS]


class Pong(VendorResponse):
    """What a ping is answered with."""

    line_voltage: float
    errors: list[str] = field(default_factory=list[str])


class Ping(VendorRequest[Pong], vendor_id="com.acme", message_id="Ping"):
    """Asks whether the meter lives."""

    times: int = 1
    page: str | None = field(default=None, metadata={"name": "pageURL"})


class Reading(VendorRequest, vendor_id="com.acme", message_id="Reading"):
    """Tells what a meter reads."""

    volts: float


class Silent(VendorRequest, vendor_id="com.acme", message_id="Silent"):
    """Has nothing to say and wants no data."""


def table(version: str, role: Role = Role.CSMS) -> HandlerTable:
    return HandlerTable(role, VERSIONS[version].PROTOCOL)


def asked(handlers: HandlerTable, version: str, **members: Any) -> Any:
    """Hands a DataTransfer to its handler, as a CSMS does."""
    request = VERSIONS[version].DataTransferRequest(**members)
    handler = handlers.get(type(request))
    assert handler is not None
    return handler("the station", request)


def _status(version: str, status: str) -> Any:
    package: Any = VERSIONS[version]
    name = "DataTransferStatus" if version == "1.6" else "DataTransferStatusEnumType"
    return getattr(package, name)(status)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("sender", BOTH)
async def test_dtx_01_an_unknown_vendor(version: str, sender: Role) -> None:
    async with line(version, missing="DataTransfer") as both:
        replies: list[Any] = await both.says(sender, '[2,"d","DataTransfer",{"vendorId":"ACME"}]')
    assert replies == [[3, "d", {"status": "UnknownVendorId"}]]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("sender", BOTH)
@pytest.mark.parametrize("later", [False, True])
async def test_dtx_01_both_roles_call_and_handle(version: str, sender: Role, later: bool) -> None:
    async def slow(ping: Ping) -> Pong:
        return Pong(line_voltage=ping.times / 2)

    def fast(ping: Ping) -> Pong:
        return Pong(line_voltage=ping.times / 2)

    handler: Any = slow if later else fast
    caller: Any
    async with line(version, missing="DataTransfer") as both:
        if sender is Role.CSMS:
            caller = both.csms.stations.get("CP001")
            both.station.on(Ping)(handler)
        else:
            caller = both.station
            both.csms.on(Ping)(lambda station, ping: handler(ping))
        answer = await caller.call(Ping(times=3, page="x"))
        with pytest.raises(DataTransferRefused, match="answered with UnknownMessageId") as caught:
            await caller.call(Silent())
        sent = [frame for frame in both.said[sender].frames if frame[0] == 2][-2]
    assert answer == Pong(line_voltage=1.5)
    assert caught.value.status == "UnknownMessageId"
    data = sent[3].pop("data")
    assert sent[3] == {"vendorId": "com.acme", "messageId": "Ping"}
    assert (json.loads(data) if version == "1.6" else data) == {"times": 3, "pageURL": "x"}


@pytest.mark.parametrize("version", VERSIONS)
class TestHandlers:
    """What DataTransfer is answered with."""

    def test_a_known_vendor_without_the_message(self, version: str) -> None:
        handlers = table(version)
        handlers.add(Ping, lambda station, ping: Pong(line_voltage=1))
        for members in ({"message_id": "Pong"}, {}):
            answer = asked(handlers, version, vendor_id="COM.ACME", **members)
            assert answer.status == "UnknownMessageId"
        assert asked(handlers, version, vendor_id="org").status == "UnknownVendorId"

    @pytest.mark.parametrize("first", [False, True])
    def test_the_program_s_own_handler_has_the_rest(self, version: str, first: bool) -> None:
        package: Any = VERSIONS[version]
        handlers = table(version)
        seen: list[Any] = []
        adding: list[Callable[[], None]] = [
            lambda: handlers.add(package.DataTransferRequest, lambda _, each: seen.append(each)),
            lambda: handlers.add(Ping, lambda station, ping: Pong(line_voltage=1)),
            lambda: handlers.add(Silent, lambda station, status: VendorResponse()),
        ]
        for add in adding if first else reversed(adding):
            add()
        assert (
            asked(handlers, version, vendor_id="com.acme", message_id="ping").status == "Accepted"
        )
        assert seen == []
        asked(handlers, version, vendor_id="org.else")
        assert [each.vendor_id for each in seen] == ["org.else"]
        for request in (Ping, package.DataTransferRequest):
            with pytest.raises(LocalProtocolError, match="has a handler already"):
                handlers.add(request, print)

    def test_the_handler_refuses(self, version: str) -> None:
        handlers = table(version)

        def refuse(station: object, ping: object) -> Pong:
            raise DataTransferRefused("Rejected", "busy")

        async def refuse_later(station: object, ping: object) -> Pong:
            raise DataTransferRefused

        handlers.add(Ping, refuse)
        handlers.add(Silent, refuse_later)
        answer = asked(handlers, version, vendor_id="com.acme", message_id="Ping")
        assert (answer.status, answer.data) == ("Rejected", "busy")
        with pytest.raises(StopIteration) as stopped:
            asked(handlers, version, vendor_id="com.acme", message_id="Silent").send(None)
        assert stopped.value.value == VERSIONS[version].DataTransferResponse(
            status=_status(version, "Rejected")
        )

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            ('{"times":"3"}', "Expected `int`, got `str` - at `$.times`"),
            ("[1]", "the data must be a JSON object, not list"),
            ("times", "Expecting value"),
            ("[" * 100_000, "the data are nested too deeply"),
        ],
    )
    def test_data_that_are_not_what_the_class_says(
        self, version: str, data: str, problem: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        handlers = table(version)
        handlers.add(Ping, lambda station, ping: pytest.fail("it was called"))
        answer = asked(handlers, version, vendor_id="com.acme", message_id="Ping", data=data)
        assert answer.status == "Rejected"
        assert (
            f"DataTransfer with com.acme Ping answered with Rejected, as its data are invalid: {problem}"
            in caplog.text
        )

    def test_a_handler_that_returns_something_else(self, version: str) -> None:
        handlers = table(version)
        handlers.add(Ping, lambda station, ping: Silent())
        with pytest.raises(TypeError, match=r"handler of com\.acme Ping returned Silent, not Pong"):
            asked(handlers, version, vendor_id="com.acme", message_id="Ping")

    def test_a_message_without_members_has_no_data(self, version: str) -> None:
        sent = data_transfer(VERSIONS[version].PROTOCOL, Silent())
        assert json.loads(encode_payload(sent)) == {"vendorId": "com.acme", "messageId": "Silent"}

    def test_a_request_that_is_not_what_its_class_says(self, version: str) -> None:
        wrong: Any = "3"
        with pytest.raises(LocalProtocolError, match=r"com.acme Ping: Expected `int`.*times"):
            data_transfer(VERSIONS[version].PROTOCOL, Ping(times=wrong))

    def test_a_request_with_an_object_that_is_no_json(self, version: str) -> None:
        wrong: Any = object()
        with pytest.raises(LocalProtocolError, match=r"com.acme Ping: .*`?object`? is unsupported"):
            data_transfer(VERSIONS[version].PROTOCOL, Ping(times=wrong))

    @pytest.mark.parametrize(
        ("data", "problem"),
        [('{"a":1}', "lineVoltage"), ("[" * 100_000, "the data are nested too deeply")],
    )
    def test_an_answer_that_is_not_what_its_class_says(
        self, version: str, data: str, problem: str
    ) -> None:
        package: Any = VERSIONS[version]
        response = package.DataTransferResponse(status=_status(version, "Accepted"), data=data)
        with pytest.raises(
            RemoteProtocolError, match=rf"answer to com\.acme Ping is invalid: .*{problem}"
        ):
            vendor_response(Ping(), response)

    def test_a_number_that_json_cannot_hold_is_not_sent(self, version: str) -> None:
        with pytest.raises(LocalProtocolError):
            encode_payload(data_transfer(VERSIONS[version].PROTOCOL, Reading(volts=math.nan)))


def test_every_version_has_the_status() -> None:
    handlers = vendor_handlers([each.PROTOCOL for each in VERSIONS.values()])
    assert [request.__ocpp_action__ for request in handlers] == ["DataTransfer"] * 3


def test_a_version_that_cannot_say_so_gets_no_handler() -> None:
    heartbeat = {"DataTransfer": v201.PROTOCOL.actions["Heartbeat"]}
    without: list[Mapping[str, Any]] = [heartbeat, {}]
    selections = [replace(v201.PROTOCOL, actions=actions) for actions in without]
    assert vendor_handlers(selections) == {}
    with pytest.raises(
        LocalProtocolError, match="Ping is carried by DataTransfer, which no version"
    ):
        HandlerTable(Role.CSMS, *selections).add(Ping, print)
    with pytest.raises(LocalProtocolError, match=r"has no DataTransfer to carry com\.acme Ping"):
        data_transfer(selections[1], Ping())


def test_the_answer_is_a_class() -> None:
    with pytest.raises(
        TypeError, match=r"is not a VendorResponse \[define the class of the answer"
    ):

        class Wrong(VendorRequest["Pong"], vendor_id="com.acme"):  # type: ignore[type-var]
            pass
