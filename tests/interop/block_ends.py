"""A station and a CSMS with functional blocks as ends of a session, and one charging session with either."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from interop.ends import End
from interop.script import Json, steps
from interop.security import IDENTITY
from ocppkit.blocks import Event, PowerPathChanged
from ocppkit.blocks.remote_control import MessageTrigger, RequestTrigger, StopRemotely
from ocppkit.blocks.transactions import IdToken, SampledValue, TransactionClosed, TransactionOpened
from ocppkit.core import Protocol, decode_payload, utcnow
from ocppkit.csms import Csms, StationHandle
from ocppkit.csms.blocks import CsmsBlocks, ReportReceived
from ocppkit.journals import SqliteJournal
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.transports import websockets

__all__ = [
    "CARD",
    "EventLog",
    "ServedBlocks",
    "charge",
    "charge_at_theirs",
    "full_station",
    "leave",
    "serving_blocks",
    "they_charge_at_ours",
]

E = TypeVar("E")

CARD: Final = IdToken("04E91C5A", "ISO14443")
_ACCEPTED: Final = {"status": "Accepted"}
_NUMBER: Final = 4711


class EventLog:
    """Writes events down, and waits for them."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self._told = asyncio.Event()

    def add(self, event: Any) -> None:
        self.events.append(event)
        self._told.set()

    async def wait(self, kind: type[E], **members: object) -> E:
        """Returns the first event of a kind that has these members, when it has been told."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and all(
                    getattr(event, name) == value for name, value in members.items()
                ):
                    return event
            self._told.clear()
            await self._told.wait()


@asynccontextmanager
async def full_station(
    protocol: Protocol, port: int, path: Path, log: EventLog, *, identity: str = IDENTITY
) -> AsyncGenerator[FullStation, None]:
    """Runs a station with all blocks, and with a journal in a file, that connects to a port."""
    registers = iter(range(1000, 100_000, 100))
    boot: Any = protocol.actions["BootNotification"].request
    with SqliteJournal(path) as journal:
        bare = Station(
            identity,
            protocol,
            decode_payload(boot, json.dumps(steps(protocol)[0].request)),
            insecure=True,
            journal=journal,
            raise_security_events=False,
        )
        station = FullStation(
            bare,
            read_meter=lambda evse_id: [SampledValue(float(next(registers)))],
            maximum=32.0,
        )
        station.on(Event)(log.add)
        async with station, websockets.connect(bare, f"ws://127.0.0.1:{port}/ocpp"):
            await bare.wait_accepted()
            yield station


@dataclass
class ServedBlocks:
    """A CSMS with functional blocks that listens."""

    blocks: CsmsBlocks
    csms: Csms
    port: int
    log: EventLog = field(default_factory=EventLog)

    async def station(self) -> StationHandle:
        """Returns the one station."""
        return await self.csms.stations.wait_connected(IDENTITY)


@asynccontextmanager
async def serving_blocks(protocol: Protocol) -> AsyncGenerator[ServedBlocks, None]:
    """Serves a CSMS with functional blocks that accepts one card."""
    csms = Csms(protocol, insecure=True, any_identity=True)
    blocks = CsmsBlocks(
        csms,
        authorize=lambda question: (
            "Accepted" if question.token.id_token == CARD.id_token else "Invalid"
        ),
    )
    async with websockets.serve(csms, "127.0.0.1") as server:
        served = ServedBlocks(blocks, csms, server.port)
        blocks.on(object)(served.log.add)
        blocks.on(ReportReceived)(lambda event: served.log.add(event.report))
        yield served


async def charge(station: FullStation, log: EventLog) -> None:
    """Plugs in, presents the card, and lets energy flow."""
    station.plugged_in(1)
    station.present(1, CARD)
    await log.wait(PowerPathChanged, closed=True)
    station.energy(1, True)


async def leave(station: FullStation, log: EventLog) -> None:
    """Drives away when the CSMS has stopped the transaction."""
    await log.wait(PowerPathChanged, closed=False)
    station.energy(1, False)
    station.unplugged(1)


async def charge_at_theirs(protocol: Protocol, csms: End, port: int, path: Path) -> None:
    """A station with blocks charges at a CSMS of others, which asks for meter values and stops it."""
    now = utcnow().isoformat(timespec="seconds").replace("+00:00", "Z")
    csms.inbox.responses = {
        "BootNotification": {"currentTime": now, "interval": 300, **_ACCEPTED},
        **_RESPONSES[protocol.version],
    }
    log = EventLog()
    async with full_station(protocol, port, path, log) as station:
        await charge(station, log)
        if protocol.version == "1.6":
            await _stop_by_number(csms)
        else:
            await _stop_by_id(csms)
        await leave(station, log)
        if protocol.version == "1.6":
            begun = await csms.inbox.wait("StartTransaction")
            ended = await csms.inbox.wait("StopTransaction")
            assert ended["transactionId"] == _NUMBER
            assert ended["meterStop"] > begun["meterStart"]
            assert ended["reason"] == "Remote"
        else:
            ended = await csms.inbox.wait("TransactionEvent", eventType="Ended")
            heard = [each for action, each in csms.inbox.heard if action == "TransactionEvent"]
            assert [each["seqNo"] for each in heard] == [*range(len(heard))]
            assert ended["transactionInfo"]["stoppedReason"] == "Remote"
        authorized = await csms.inbox.wait("Authorize")
        assert "04E91C5A" in str(authorized)
        await station.flush()


async def _stop_by_number(csms: End) -> None:
    await csms.inbox.wait("StartTransaction", idTag=CARD.id_token)
    request = {"requestedMessage": "MeterValues", "connectorId": 1}
    assert await csms.say("TriggerMessage", request) == _ACCEPTED
    values = await csms.inbox.wait("MeterValues", connectorId=1)
    assert values["transactionId"] == _NUMBER
    assert await csms.say("RemoteStopTransaction", {"transactionId": _NUMBER}) == _ACCEPTED


async def _stop_by_id(csms: End) -> None:
    begun = await csms.inbox.wait("TransactionEvent", eventType="Started")
    request = {"requestedMessage": "TransactionEvent", "evse": {"id": 1}}
    assert await csms.say("TriggerMessage", request) == _ACCEPTED
    triggered = await csms.inbox.wait("TransactionEvent", triggerReason="Trigger")
    assert triggered["meterValue"]
    stop = {"transactionId": begun["transactionInfo"]["transactionId"]}
    assert await csms.say("RequestStopTransaction", stop) == _ACCEPTED


_BY_ID: Final[dict[str, Json]] = {
    "Authorize": {"idTokenInfo": _ACCEPTED},
    "TransactionEvent": {"idTokenInfo": _ACCEPTED},
}
_RESPONSES: Final[dict[str, dict[str, Json]]] = {
    "1.6": {
        "Authorize": {"idTagInfo": _ACCEPTED},
        "StartTransaction": {"idTagInfo": _ACCEPTED, "transactionId": _NUMBER},
    },
    "2.0.1": _BY_ID,
    "2.1": _BY_ID,
}


async def they_charge_at_ours(protocol: Protocol, station: End, csms: ServedBlocks) -> None:
    """A station of others charges at a CSMS with blocks, which asks for meter values and stops it."""
    station.inbox.response = _ACCEPTED
    boot = steps(protocol)[0].request
    assert (await station.say("BootNotification", boot))["status"] == "Accepted"
    handle = await csms.station()
    begin = _begin_by_number if protocol.version == "1.6" else _begin_by_id
    transaction_id = await begin(station)
    opened = await csms.log.wait(TransactionOpened)
    assert opened.record.transaction_id == transaction_id

    trigger = RequestTrigger(requested_message=MessageTrigger.METER_VALUES, evse_id=1)
    assert (await csms.blocks.call(handle, trigger)).status == "Accepted"
    triggered = await station.inbox.wait("TriggerMessage", requestedMessage="MeterValues")
    assert triggered in ({"connectorId": 1, **_TRIGGER}, {"evse": {"id": 1}, **_TRIGGER})
    stop = StopRemotely(transaction_id=transaction_id)
    assert (await csms.blocks.call(handle, stop)).status == "Accepted"

    end = _end_by_number if protocol.version == "1.6" else _end_by_id
    await end(station, transaction_id)
    closed = (await csms.log.wait(TransactionClosed)).record
    assert closed.id_token is not None
    assert closed.id_token.is_same_as(CARD)
    assert closed.energy == 700.0
    assert closed.stopped_reason == "Remote"
    assert list(csms.blocks.ledger) == []


_TRIGGER: Final = {"requestedMessage": "MeterValues"}


def _values(at: str, register: float | str) -> Json:
    return {"timestamp": at, "sampledValue": [{"value": register}]}


async def _begin_by_number(station: End) -> str:
    authorized = await station.say("Authorize", {"idTag": CARD.id_token})
    assert authorized["idTagInfo"]["status"] == "Accepted"
    refused = await station.say("Authorize", {"idTag": "OTHER"})
    assert refused["idTagInfo"]["status"] == "Invalid"
    begun = await station.say(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": CARD.id_token,
            "meterStart": 1000,
            "timestamp": "2025-01-01T12:00:00Z",
        },
    )
    assert begun["idTagInfo"]["status"] == "Accepted"
    return str(begun["transactionId"])


async def _end_by_number(station: End, transaction_id: str) -> None:
    number = int(transaction_id)
    assert await station.inbox.wait("RemoteStopTransaction") == {"transactionId": number}
    values = [_values("2025-01-01T12:30:00Z", "1500")]
    request = {"connectorId": 1, "transactionId": number, "meterValue": values}
    assert await station.say("MeterValues", request) == {}
    await station.say(
        "StopTransaction",
        {
            "transactionId": number,
            "meterStop": 1700,
            "timestamp": "2025-01-01T13:00:00Z",
            "reason": "Remote",
        },
    )


async def _begin_by_id(station: End) -> str:
    token = {"idToken": CARD.id_token, "type": "ISO14443"}
    authorized = await station.say("Authorize", {"idToken": token})
    assert authorized["idTokenInfo"]["status"] == "Accepted"
    refused = await station.say("Authorize", {"idToken": {"idToken": "OTHER", "type": "ISO14443"}})
    assert refused["idTokenInfo"]["status"] == "Invalid"
    begun = await station.say(
        "TransactionEvent",
        {
            "eventType": "Started",
            "timestamp": "2025-01-01T12:00:00Z",
            "triggerReason": "Authorized",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "T-1", "chargingState": "Charging"},
            "evse": {"id": 1, "connectorId": 1},
            "idToken": token,
            "meterValue": [_values("2025-01-01T12:00:00Z", 1000.0)],
        },
    )
    assert begun["idTokenInfo"]["status"] == "Accepted"
    return "T-1"


async def _end_by_id(station: End, transaction_id: str) -> None:
    stop = await station.inbox.wait("RequestStopTransaction")
    assert stop == {"transactionId": transaction_id}
    for seq_no, (event_type, trigger, at, register) in enumerate(
        (
            ("Updated", "MeterValuePeriodic", "2025-01-01T12:30:00Z", 1500.0),
            ("Ended", "RemoteStop", "2025-01-01T13:00:00Z", 1700.0),
        ),
        start=1,
    ):
        info = {"transactionId": transaction_id, "chargingState": "EVConnected"}
        if event_type == "Ended":
            info["stoppedReason"] = "Remote"
        await station.say(
            "TransactionEvent",
            {
                "eventType": event_type,
                "timestamp": at,
                "triggerReason": trigger,
                "seqNo": seq_no,
                "transactionInfo": info,
                "meterValue": [_values(at, register)],
            },
        )
