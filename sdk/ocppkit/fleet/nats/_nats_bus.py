"""`NatsBus`: a bus on NATS.

Theory of operation: one client of nats-py, which reconnects by itself and subscribes again to what it had
subscribed to. What it does not do is done here: it keeps publishes while it is disconnected and sends
them minutes later, so nothing is given to it then; it does not see that a watch of a table has ended
with the server, so watches begin anew (`_nats_watch.py`); and it tells of missing rights by an error
without a caller, so subjects that were refused are noted, and using them again raises.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any, Final, Self

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from ocppkit.aio.lowlevel import start_task

from .._bus import (
    BusDown,
    BusError,
    BusMessage,
    BusNotAllowed,
    BusSubscription,
    BusTable,
)
from .._bus_callbacks import deliver, tell_listeners
from ._nats_table import NatsTable

__all__ = ["NatsBus"]

logger = logging.getLogger("ocppkit.fleet")

_FIRST_WAIT: Final = 2.0
"""Seconds that entering the bus waits for the server."""

_RECONNECT_WAIT: Final = 0.25
_PING_INTERVAL: Final = 1
"""Seconds; a server that does not answer two pings is lost."""

_NO_RESPONDERS: Final = "503"

_CURE: Final = "[see the permissions of this process's NATS account]"

_DENIED: Final = re.compile(r'permissions violation for (publish|subscription) (?:to )?"([^"]+)"')


class NatsBus:
    """A bus on NATS.

    ```python
    bus = NatsBus("nats://nats-1:4222", "nats://nats-2:4222", user_credentials="csms.creds")
    ```
    """

    def __init__(
        self,
        *servers: str,
        replicas: int = 1,
        memory_only: bool = False,
        **options: Any,
    ) -> None:
        """Connects to nothing yet.

        Args:
            servers: URLs of servers of one cluster; `nats://127.0.0.1:4222` by default.
            replicas: on how many servers of the cluster a table is kept, when it is created.
            memory_only: keep tables in the servers' memory, when they are created, and not on a disk.
            options: more for `nats.connect`, such as `tls`, `user_credentials`, `user` and `password`.
        """
        self._servers = list(servers) or ["nats://127.0.0.1:4222"]
        self._replicas = replicas
        self._memory_only = memory_only
        self._options = options
        self._client: Client = Client()
        self._connecting: asyncio.Task[None] | None = None
        self._entered = False
        self._was_up = False
        self._subscriptions: list[_NatsSubscription] = []
        self._tables: list[NatsTable] = []
        self._listeners: list[Callable[[bool], None]] = []
        self._denied: dict[tuple[str, str], str] = {}

    @property
    def up(self) -> bool:
        """Whether the server can be reached, as far as is known."""
        return self._was_up and self._client.is_connected

    def listen(self, listener: Callable[[bool], None]) -> None:
        """Registers a listener, which is told when the bus is lost and when it is back."""
        self._listeners.append(listener)

    async def __aenter__(self) -> Self:
        """Connects; if no server is reached in two seconds, connecting goes on.

        Raises:
            Exception: nats-py cannot use the options.
        """
        self._connecting = start_task(self._connect())
        await asyncio.wait([self._connecting], timeout=_FIRST_WAIT)
        self._entered = True
        if self._connecting.done():
            self._connecting.result()
        else:
            logger.warning(
                "no NATS server answers at %s: this process works without the fleet until one does",
                ", ".join(self._servers),
            )
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Disconnects."""
        self._entered = False
        for table in self._tables:
            await table.stop()
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        self._listeners.clear()
        self._was_up = False
        if not self._client.is_closed:
            await self._client.close()

    async def publish(self, subject: str, data: bytes, reply: str = "") -> None:
        """Sends a message."""
        # The client would keep it and send it after the server's return, a command as well.
        client = self.connected()
        self.check_allowed("publish", subject)
        try:
            await client.publish(subject, data, reply)
        except nats.errors.MaxPayloadError:
            raise BusError(
                f"{len(data)} bytes for {subject}: the server takes {client.max_payload}"
            ) from None
        except nats.errors.Error as error:
            raise BusDown(str(error)) from error

    async def subscribe(
        self, subject: str, deliver: Callable[[BusMessage], None], queue: str = ""
    ) -> BusSubscription:
        """Subscribes to the messages of a subject."""
        subscription = _NatsSubscription(subject, queue, deliver, self._subscriptions)
        self._subscriptions.append(subscription)
        if self.up:
            await subscription.begin(self._client)
            await self._flush()
            self.check_allowed("subscription", subject)
        return subscription

    def table(self, name: str, *, ttl: float = 0.0) -> BusTable:
        """Returns a table, which is a key-value bucket."""
        table = NatsTable(
            self, name, ttl=ttl, replicas=self._replicas, memory_only=self._memory_only
        )
        self._tables.append(table)
        return table

    # What tables call.

    def connected(self) -> Client:
        """Returns the client.

        Raises:
            BusDown: it is not connected.
        """
        if not self.up:
            raise BusDown("no NATS server can be reached")
        return self._client

    def check_allowed(self, what: str, subject: str) -> None:
        """Raises `BusNotAllowed` if the server has refused this before, on this connection."""
        # The client hands on the server's error in lower case.
        text = self._denied.get((what, subject.lower())) if self._denied else None
        if text is not None:
            raise BusNotAllowed(f"{text} {_CURE}")

    async def _connect(self) -> None:
        options: dict[str, Any] = {
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": _RECONNECT_WAIT,
            "ping_interval": _PING_INTERVAL,
            **self._options,
        }
        while True:
            try:
                await self._client.connect(
                    servers=self._servers,
                    **options,
                    error_cb=self._on_nats_error,
                    disconnected_cb=self._disconnected,
                    reconnected_cb=self._reconnected,
                    closed_cb=self._closed,
                )
                await self._subscribe_all()
            except (nats.errors.Error, OSError, TimeoutError) as error:
                logger.warning("connecting to NATS failed: %r", error)
            except Exception:
                if not self._entered:
                    raise
                logger.exception("connecting to NATS failed")
            else:
                self._tell()
                return
            await asyncio.sleep(_RECONNECT_WAIT)

    async def _subscribe_all(self) -> None:
        for subscription in tuple(self._subscriptions):
            await subscription.begin(self._client)
        await self._client.flush()

    async def _flush(self) -> None:
        try:
            # The client writes its ping at once, and what waited to be written after it. So the server
            # has read a subscription when it answers the second ping, not the first.
            await self._client.flush()
            await self._client.flush()
        except nats.errors.Error:
            # The client subscribes again when it has reconnected.
            logger.debug("a subscription is not confirmed yet", exc_info=True)

    async def _on_nats_error(self, error: Exception) -> None:
        found = _DENIED.search(str(error).lower())
        if found is not None:
            denied = (found[1], found[2])
            if denied not in self._denied:
                logger.error("%s %s", error, _CURE)
            self._denied[denied] = str(error)
        else:
            logger.warning("NATS: %r", error)

    async def _disconnected(self) -> None:
        if self._was_up:
            logger.warning("the NATS server is lost")
            self._was_up = False
            tell_listeners(self._listeners, False)

    async def _reconnected(self) -> None:
        self._denied.clear()
        # Those that were made meanwhile; the others, the client has renewed.
        await self._subscribe_all()
        self._tell()

    async def _closed(self) -> None:
        # Servers close a connection for good when they no longer accept its credentials.
        if self._entered and self._connecting is not None and self._connecting.done():
            await self._disconnected()
            self._client = Client()
            for subscription in self._subscriptions:
                subscription.forget()
            self._connecting = start_task(self._connect())

    def _tell(self) -> None:
        logger.info("connected to NATS at %s", self._servers)
        self._was_up = True
        tell_listeners(self._listeners, True)
        for table in self._tables:
            table.restart_watches()


class _NatsSubscription:
    def __init__(
        self,
        subject: str,
        queue: str,
        deliver: Callable[[BusMessage], None],
        all_of_bus: "list[_NatsSubscription]",
    ) -> None:
        self._subject = subject
        self._queue = queue
        self._deliver = deliver
        self._all_of_bus = all_of_bus
        self._subscription: Subscription | None = None

    async def begin(self, client: Client) -> None:
        if self._subscription is None:
            self._subscription = await client.subscribe(  # pyright: ignore[reportUnknownMemberType]
                self._subject, queue=self._queue, cb=self._received
            )

    def forget(self) -> None:
        self._subscription = None

    async def stop(self) -> None:
        if self in self._all_of_bus:
            self._all_of_bus.remove(self)
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            try:
                await subscription.unsubscribe()
            except nats.errors.Error:
                logger.debug("%s: not unsubscribed", self._subject, exc_info=True)

    async def _received(self, message: Msg) -> None:
        # One task of the client awaits this for one message after the other, so it never waits.
        nobody = not message.data and (message.headers or {}).get("Status") == _NO_RESPONDERS
        deliver(self._deliver, BusMessage(message.subject, message.data, message.reply, nobody))
