"""One connection of a station, from its opening until nothing of it runs any more."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from ocppkit.aio import (
    BOOT,
    Accept,
    AnyHandler,
    Endpoint,
    HandlerTable,
    Registration,
    Settings,
    Wire,
    shown,
)
from ocppkit.core import (
    Action,
    AnswerCache,
    CallReceived,
    ConnectionClosed,
    Failure,
    Protocol,
    Response,
    ResultReceived,
    Role,
)

from ._handle import StationHandle
from ._stations import Stations

__all__ = ["AnswerMemory", "Office", "Session"]

logger = logging.getLogger("ocppkit.csms")

_POLICY_VIOLATION = 1008


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the sessions of one CSMS share."""

    handlers: HandlerTable
    handles: Mapping[str, type[StationHandle]]
    """Classes of handles by subprotocol."""

    stations: Stations
    settings: Settings
    boot_gate: bool
    memory: "AnswerMemory | None"


class AnswerMemory:
    """Answers to each station, kept over its connections."""

    _STATIONS: Final = 4096

    def __init__(self) -> None:
        self._caches: OrderedDict[str, AnswerCache] = OrderedDict()

    def of(self, identity: str) -> AnswerCache:
        """Returns the cache of one station; those not asked for longest are forgotten."""
        cache = self._caches.pop(identity, None) or AnswerCache()
        self._caches[identity] = cache
        if len(self._caches) > self._STATIONS:
            self._caches.popitem(last=False)
        return cache


class Session:
    """One connection of a station. It is what the endpoint works for."""

    def __init__(
        self,
        office: Office,
        accept: Accept,
        wire: Wire,
        protocol: Protocol,
        finished: Callable[[], None],
    ) -> None:
        self.identity = accept.identity
        self.protocol = protocol
        self._office = office
        known = accept.registered or office.stations.is_accepted(accept.identity)
        self._registration = Registration(protocol, accepted=known)
        answers = None if office.memory is None else office.memory.of(accept.identity)
        self._endpoint = Endpoint(Role.CSMS, self, wire, office.settings, answers=answers)
        self._when_finished = finished
        self._handle = office.handles[protocol.subprotocol](
            self.identity, protocol, self._endpoint, self._registration, accept.remote_address
        )
        self._wire = wire

    def begin(self) -> None:
        """Enters the station into the registry, and reads from then on."""
        logger.info(
            "%s: connected from %s, OCPP %s",
            shown(self.identity),
            self._handle.remote_address,
            self.protocol.version,
        )
        replaced = self._office.stations.enter(self._handle)
        if replaced is not None:
            replaced.close(_POLICY_VIOLATION, "replaced by a newer connection")
        self._wire.start(self._endpoint)

    def data_received(self, data: str | bytes) -> None:
        """Takes what was read before this session began."""
        self._endpoint.data_received(data)

    async def drain(self, grace: float) -> None:
        """Shuts the connection down, as `Endpoint.drain` does."""
        await self._endpoint.drain(grace)

    # What the endpoint asks and tells.

    def handler_of(self, action: Action) -> AnyHandler | None:
        """Returns the handler, bound to this station."""
        handler = self._office.handlers.get(action.request)
        return None if handler is None else partial(handler, self._handle)

    def refusal_of(self, action: Action) -> Failure | None:
        """Refuses what a station may not send before its boot was accepted. # ERR-19"""
        if self._office.boot_gate and not self._registration.may_send(action):
            return Failure.NOT_ACCEPTED
        return None

    def call_answered(self, call: CallReceived, response: Response) -> None:
        """Notes how a boot was answered."""
        if call.action.name == BOOT:
            self._registration.boot_answered(response)
            self._office.stations.registered(self._handle)

    def result_received(self, result: ResultReceived) -> None:
        """Needs to note nothing."""

    def disconnected(self, end: ConnectionClosed) -> None:
        """Takes the station out of the registry."""
        self._office.stations.leave(self._handle, end)

    def finished(self) -> None:
        """Passes the word on."""
        self._when_finished()
