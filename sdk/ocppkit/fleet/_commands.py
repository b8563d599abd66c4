"""The calling side of commands: sends them to the node of a station, and waits for their end.

Theory of operation: a command has an id. It is published to its node, which runs it at most once. If
no answer comes within `_FIRST_ASK` seconds, the same command is sent again: a node that knows the id
says that it runs, or sends the answer that it has kept, so neither a lost message nor a bus that
was away costs the result. Only the node keeps the call's timeout, which begins when the request
leaves its queue. The caller watches that the node lives. What it raises says truthfully whether the
station may have got the request: `delivered` is "no" only if nothing can have begun.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from ocppkit.aio import Clock, Timer
from ocppkit.aio.lowlevel import start_task
from ocppkit.core import ConnectionClosed, OcppError

from ._bus import Bus, BusDown, BusError, BusMessage, BusSubscription
from ._replica import Replica
from ._values import (
    FORMAT,
    Acknowledgement,
    Cancellation,
    CommandOutcome,
    NotHere,
    Presence,
    RemoteCommand,
    StationCommand,
    ValueReader,
    write_value,
)

__all__ = ["VALID_FOR", "Commands", "StationNotHere"]

logger = logging.getLogger("ocppkit.fleet")

VALID_FOR: Final = 6.0
"""Seconds after which a node no longer begins with a command."""

_FIRST_ASK: Final = 1.0
_NEXT_ASK: Final = 2.0
"""Seconds of silence until a node is asked again: at first, and once it has said that it runs."""

_PATIENCE: Final = 6.0
"""Seconds of silence after which a command is given up."""

_GRACE: Final = 1.5
"""Seconds that a node, which had received a command, has to come back to the bus."""

_LOOK: Final = 0.25


class StationNotHere(ConnectionClosed):
    """The node has not this connection; the command did not run."""


class _OpenCommand:
    """A command whose end is waited for."""

    def __init__(self, node: str, command: RemoteCommand, now: float) -> None:
        self.node = node
        self.command = command
        self.data = write_value(command)
        self.end: asyncio.Future[CommandOutcome] = asyncio.get_running_loop().create_future()
        self.asked = now
        self.heard = now
        self.asked_again = False
        self.runs = False
        self.moved = False
        self.nobody_since: float | None = None

    def fail(self, error: OcppError) -> None:
        if not self.end.done():
            self.end.set_exception(error)


class Commands:
    """The open commands of one process."""

    def __init__(
        self, bus: Bus, name: str, replica: Replica, reader: ValueReader, clock: Callable[[], Clock]
    ) -> None:
        self._bus = bus
        self._name = name
        self._replica = replica
        self._reader = reader
        self._clock = clock
        self._inbox = f"{name}.caller.{uuid4().hex[:16]}"
        self._open: dict[str, _OpenCommand] = {}
        self._of_identity: dict[str, set[str]] = {}
        self._timer: Timer | None = None
        self._subscription: BusSubscription | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        replica.when_lost.append(self._node_lost)
        replica.when_connected.append(self._connected)
        bus.listen(self._bus_changed)

    async def start(self) -> None:
        """Begins to receive answers."""
        self._subscription = await self._bus.subscribe(f"{self._inbox}.>", self._received)

    async def stop(self) -> None:
        """Ends all commands."""
        for each in list(self._open.values()):
            each.fail(_unknown("this process leaves the fleet"))
        if self._subscription is not None:
            await self._subscription.stop()

    async def run(self, node: str, command: RemoteCommand) -> CommandOutcome:
        """Runs a command on a node and returns its answer.

        Raises:
            StationNotHere: the node has not this connection (`delivered` is "no").
            ConnectionClosed: the bus is down (`delivered` is "no"), or the node does not answer.
            BusError: the command is too large for the bus, or this process has no right to send it.
        """
        opened = _OpenCommand(node, command, self._clock().time())
        self._open[command.id] = opened
        self._of_identity.setdefault(command.identity, set()).add(command.id)
        try:
            await self._first(opened)
            self._watch()
            return await opened.end
        except asyncio.CancelledError:
            self._later(self._publish(node, Cancellation(format=FORMAT, id=command.id)))
            raise
        finally:
            del self._open[command.id]
            identities = self._of_identity[command.identity]
            identities.discard(command.id)
            if not identities:
                del self._of_identity[command.identity]

    def post(self, node: str, command: StationCommand) -> None:
        """Sends a command that nobody waits for."""
        self._later(self._publish(node, command))

    # Sending.

    async def _first(self, opened: _OpenCommand) -> None:
        try:
            await self._bus.publish(self._subject(opened.node), opened.data, self._reply_to(opened))
        except BusDown as down:
            raise ConnectionClosed(
                f"the bus of the fleet is down: {down.problem}", delivered="no"
            ) from down

    def _ask(self, opened: _OpenCommand) -> None:
        opened.asked = self._clock().time()
        opened.asked_again = True
        self._later(self._ask_again(opened))

    async def _ask_again(self, opened: _OpenCommand) -> None:
        try:
            await self._bus.publish(self._subject(opened.node), opened.data, self._reply_to(opened))
        except BusDown:
            # It is asked as soon as the bus is back.
            pass
        except BusError as error:
            opened.fail(error)

    async def _publish(self, node: str, command: StationCommand) -> None:
        try:
            await self._bus.publish(self._subject(node), write_value(command))
        except BusError as error:
            logger.warning("a %s was not sent: %s", type(command).__name__, error)

    def _later(self, work: Any) -> None:
        task = start_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _subject(self, node: str) -> str:
        return f"{self._name}.node.{node}"

    def _reply_to(self, opened: _OpenCommand) -> str:
        return f"{self._inbox}.{opened.command.id}"

    # Receiving.

    def _received(self, message: BusMessage) -> None:
        opened = self._open.get(message.subject.rpartition(".")[2])
        if opened is None or opened.end.done():
            return
        now = self._clock().time()
        if message.nobody:
            self._nobody(opened, now)
            return
        reply = self._reader.read(
            message.data, Acknowledgement | NotHere | CommandOutcome, message.subject
        )
        if reply is None:
            return
        opened.heard, opened.nobody_since = now, None
        if isinstance(reply, Acknowledgement):
            opened.runs = True
        elif isinstance(reply, CommandOutcome):
            opened.end.set_result(reply)
        elif opened.runs:
            # The node has lost what it knew of the command.
            opened.fail(_unknown("the node no longer knows the command"))
        else:
            opened.fail(StationNotHere("the station is not connected there", delivered="no"))

    def _nobody(self, opened: _OpenCommand, now: float) -> None:
        if not opened.asked_again:
            self._replica.suspect(opened.node)
            opened.fail(StationNotHere("the node of the station is gone", delivered="no"))
        elif opened.moved:
            opened.fail(_unknown("the station has another connection, and its node is gone"))
        elif opened.nobody_since is None:
            # The node may be on its way back to the bus.
            opened.nobody_since = now

    # What time brings.

    def _watch(self) -> None:
        if self._timer is None:
            clock = self._clock()
            self._timer = clock.call_at(clock.time() + _LOOK, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._clock().time()
        for opened in list(self._open.values()):
            if opened.end.done():
                continue
            silent = now - opened.heard
            if opened.nobody_since is not None and now - opened.nobody_since >= _GRACE:
                opened.fail(_unknown("the node of the station is gone"))
            elif silent >= _PATIENCE:
                opened.fail(_unknown("the node of the station does not answer"))
            elif now - max(opened.asked, opened.heard) >= self._ask_after(opened):
                self._ask(opened)
        if self._open:
            self._watch()

    def _ask_after(self, opened: _OpenCommand) -> float:
        if opened.nobody_since is not None:
            return _LOOK
        return _NEXT_ASK if opened.runs else _FIRST_ASK

    def _connected(self, before: Presence | None, now: Presence | None) -> None:
        """Asks the nodes of a station's open commands at once if it has another connection now."""
        if now is None or (before is not None and before.key == now.key):
            return
        for each in list(self._of_identity.get(now.identity, ())):
            opened = self._open[each]
            if (opened.node, opened.command.connection) != now.key:
                opened.moved = True
                self._ask(opened)

    def _node_lost(self, node: str) -> None:
        for opened in list(self._open.values()):
            if opened.node == node and opened.nobody_since is None:
                opened.fail(_unknown("the node of the station is gone"))

    def _bus_changed(self, up: bool) -> None:
        if up:
            for opened in list(self._open.values()):
                self._ask(opened)


def _unknown(reason: str) -> ConnectionClosed:
    return ConnectionClosed(reason, delivered="unknown")
