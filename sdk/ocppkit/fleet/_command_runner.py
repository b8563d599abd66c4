"""The serving side of commands: runs what comes for the stations of this node, each at most once.

Theory of operation: an id that runs is acknowledged, an id that has ended gets the same answer again
for `_KEPT` seconds, and a command that is too old or for another connection is told not to have run.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final

from msgspec import Raw

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import loggable, start_task
from ocppkit.core import (
    OFF,
    Action,
    ConnectionClosed,
    OcppError,
    Role,
    WrongVersion,
    decode_payload,
    encode_payload,
    error_to_value,
)
from ocppkit.csms import StationHandle

from ._bus import Bus, BusDown, BusError, BusMessage
from ._values import (
    FORMAT,
    Acknowledgement,
    Cancellation,
    CloseCommand,
    CommandOutcome,
    NotHere,
    PingCommand,
    RemoteCommand,
    SendCommand,
    StationCommand,
    ValueReader,
    write_value,
)

__all__ = ["CommandRunner"]

logger = logging.getLogger("ocppkit.fleet")

_KEPT: Final = 60.0
"""Seconds for which answers are kept."""

_ACKNOWLEDGED: Final = write_value(Acknowledgement(format=FORMAT))
_NOT_HERE: Final = write_value(NotHere(format=FORMAT))


class CommandRunner:
    """Runs the commands that a node receives."""

    def __init__(
        self,
        bus: Bus,
        reader: ValueReader,
        find: Callable[[str, int], StationHandle | None],
        clock: Callable[[], Clock],
    ) -> None:
        """Begins without commands.

        Args:
            bus: takes the answers.
            reader: reads the commands.
            find: returns the handle of a connection of this node, by identity and number.
            clock: returns the node's clock.
        """
        self._bus = bus
        self._reader = reader
        self._find = find
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ended: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._replies: set[asyncio.Task[None]] = set()
        self._leaving = False

    def received(self, message: BusMessage) -> None:
        """Begins with a command."""
        command = self._reader.read(message.data, StationCommand, message.subject)
        match command:
            case None:
                pass
            case RemoteCommand():
                self._command(command, message.reply)
            case Cancellation():
                running = self._running.get(command.id)
                if running is not None:
                    running.cancel()
            case _:
                station = self._find(command.identity, command.connection)
                if station is not None:
                    self._operate(command, station)

    async def stop(self) -> None:
        """Waits for the answers of what has ended, and cancels the rest: its callers are told."""
        self._leaving = True
        for task in list(self._running.values()):
            task.cancel()
        tasks = {*self._running.values(), *self._replies}
        if tasks:
            await asyncio.wait(tasks)

    def _command(self, command: RemoteCommand, reply: str) -> None:
        self._forget_old()
        if command.id in self._running:
            self._reply(reply, _ACKNOWLEDGED)
            return
        ended = self._ended.get(command.id)
        if ended is not None:
            self._reply(reply, ended[1])
            return
        if self._clock().time() > command.until:
            self._reader.ignore("too old", command.identity, command.action)
            self._reply(reply, _NOT_HERE)
            return
        station = self._find(command.identity, command.connection)
        if station is None or not station.connected or self._leaving:
            self._reply(reply, _NOT_HERE)
            return
        # An eager task may have ended already.
        task = start_task(self._run(command, station, reply))
        if not task.done():
            self._running[command.id] = task
            task.add_done_callback(lambda _: self._running.pop(command.id, None))

    async def _run(self, command: RemoteCommand, station: StationHandle, reply: str) -> None:
        try:
            action = _action(station, command.action, answered=True)
            request: Any = decode_payload(action.request, bytes(command.payload), policy=OFF)
            response = await station.peer.call(request, command.timeout)
            result = Raw(encode_payload(response, policy=OFF))
            answer = CommandOutcome(format=FORMAT, result=result)
        except OcppError as error:
            answer = _failed(error)
        except asyncio.CancelledError:
            # Should it be sent once more, it does not run again.
            if self._leaving:
                left = "the node of the station leaves the fleet"
                await self._answer(command, _failed(ConnectionClosed(left, by="us")), reply)
            else:
                self._keep(command, _failed(OcppError("cancelled", action=command.action)))
            raise
        except Exception as error:
            logger.exception(
                "%s: running a command of another process failed [it is answered with an error]",
                loggable(command.identity),
            )
            answer = _failed(OcppError(f"its node failed: {error!r}", action=command.action))
        await self._answer(command, answer, reply)

    async def _answer(self, command: RemoteCommand, answer: CommandOutcome, reply: str) -> None:
        try:
            await self._bus.publish(reply, self._keep(command, answer))
        except BusDown:
            # The caller asks again when the bus is back.
            pass
        except BusError as error:
            problem = OcppError(f"its answer cannot be sent: {error}", action=command.action)
            self._reply(reply, self._keep(command, _failed(problem)))

    def _keep(self, command: RemoteCommand, answer: CommandOutcome) -> bytes:
        data = write_value(answer)
        self._ended[command.id] = (self._clock().time(), data)
        return data

    def _forget_old(self) -> None:
        oldest = self._clock().time() - _KEPT
        while self._ended and next(iter(self._ended.values()))[0] < oldest:
            self._ended.popitem(last=False)

    def _reply(self, reply: str, data: bytes) -> None:
        self._start(self._publish(reply, data))

    async def _publish(self, reply: str, data: bytes) -> None:
        try:
            await self._bus.publish(reply, data)
        except BusError as error:
            logger.info("a reply was not sent: %s", error)

    def _operate(
        self, command: SendCommand | CloseCommand | PingCommand, station: StationHandle
    ) -> None:
        try:
            match command:
                case SendCommand():
                    self._send(command, station)
                case CloseCommand():
                    station.close(command.code, command.reason)
                case PingCommand():
                    station.set_ping_interval(command.seconds)
        except OcppError as error:
            logger.warning("%s: %s", loggable(command.identity), error)

    def _send(self, command: SendCommand, station: StationHandle) -> None:
        if self._clock().time() > command.until:
            self._reader.ignore("too old", command.identity, command.action)
            return
        action = _action(station, command.action, answered=False)
        message: Any = decode_payload(action.request, bytes(command.payload), policy=OFF)
        station.peer.send(message)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = start_task(work)
        self._replies.add(task)
        task.add_done_callback(self._replies.discard)


def _action(station: StationHandle, name: str, *, answered: bool) -> Action:
    """Returns the action of a command.

    Raises:
        WrongVersion: the station's version has no such action of a CSMS.
    """
    action = station.protocol.actions.get(name)
    if action is None or Role.CSMS not in action.senders or action.answered is not answered:
        raise WrongVersion(
            f"OCPP {station.protocol.version} has no such message of a CSMS", action=name
        )
    return action


def _failed(error: OcppError) -> CommandOutcome:
    return CommandOutcome(format=FORMAT, error=error_to_value(error))
