"""Sends the messages of a station at once, or stores them in the journal until they are delivered."""

import asyncio
from collections.abc import Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from ocppkit.aio import Clock, RegistrationStatus
from ocppkit.aio.lowlevel import BOOT, Endpoint, EventStreams, wait_until
from ocppkit.core import (
    Action,
    CallFailed,
    ConnectionClosed,
    LocalProtocolError,
    Offline,
    Protocol,
    Request,
    Response,
    SecurityEvent,
    Send,
    WrongVersion,
)

from ._connect_loop import ConnectLoop
from ._controls import Controls
from ._deliveries import Delivery, DeliveryEvent, MessagesDropped
from ._journal import JournalFull
from ._message_groups import MessageToStore
from ._offline_rules import OfflineRules
from ._outbox import Outbox
from ._queued_message import MessageHold
from ._registration_state import RegistrationState
from ._security_events import SecurityEvents

__all__ = ["OutgoingMessages"]

# At hand, as every call needs it.
_ACCEPTED: Final = RegistrationStatus.ACCEPTED

_DROP: Final = Offline.DROP

_TRIGGER: Final = "Trigger"
"""The trigger reason of a message that TriggerMessage asked for; the same value in every version."""

R = TypeVar("R", bound=Response)


class OutgoingMessages:
    """Sends the messages of one station, in the way that OCPP demands for each action."""

    __slots__ = (
        "_clock", "_connect_loop", "_controls", "_events", "_identity", "_offline_rules", "_outbox",
        "_protocol", "_registration_state", "_security_events",
    )  # fmt: skip

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        controls: Controls,
        clock: Clock | None,
        *,
        offline_rules: OfflineRules,
        registration_state: RegistrationState,
        outbox: Outbox,
        connect_loop: ConnectLoop,
        security_events: SecurityEvents,
        events: EventStreams[Any],
    ) -> None:
        self._identity = identity
        self._protocol = protocol
        self._controls = controls
        self._clock = clock
        self._offline_rules = offline_rules
        self._registration_state = registration_state
        self._outbox = outbox
        self._connect_loop = connect_loop
        self._security_events = security_events
        self._events = events

    def call(
        self, request: Request[R], call_timeout: float | None = None
    ) -> Coroutine[Any, Any, R]:
        """Sends a request and returns its response.

        Args:
            request: the request; it is kept until it is delivered if it is one that must arrive.
            call_timeout: seconds to wait for the response; as the controls say by default.

        Raises:
            ConnectionClosed: there is no connection, or it has ended.
            LocalProtocolError: the CSMS has not accepted the boot yet.
            OcppError: what a call can raise beside that.
        """
        # No coroutine around another: each of them costs twice, when it begins and when it goes on.
        action = self.action_of(request)
        may_be_kept = action.offline is not _DROP or self._controls.queue_all_messages
        if may_be_kept and self._offline_rules.must_arrive(request, action):
            return self._keep(request, call_timeout)
        if self._registration_state.registering_again and action.name != BOOT:
            return self._call_when_registered(request, action, call_timeout)
        again = partial(self._call_again, request, action, call_timeout)
        return self._endpoint_for(action).call(request, call_timeout, again=again)

    async def send(self, message: Send) -> None:
        """Sends a message that is never answered (OCPP 2.1).

        Raises:
            ConnectionClosed: there is no connection, or it has ended.
            LocalProtocolError: the CSMS has not accepted the boot yet.
        """
        self._endpoint_for(self.action_of(message)).send(message)

    async def deliver(self, request: Request[R], note: str | None) -> Delivery[R]:
        """Stores a request in the journal, and returns; it is delivered in the background.

        Args:
            request: the request.
            note: what the program wants to find with it in the journal.

        Raises:
            JournalFull: there is no room, and nothing may be dropped.
        """
        self.action_of(request)
        return await self._store_and_wait(request, note=note)

    async def commit(
        self,
        messages: Sequence[MessageToStore],
        states: Mapping[str, bytes | None],
        hold: MessageHold | None,
    ) -> None:
        """Stores messages and states in one transaction, all or nothing.

        Args:
            messages: messages that must arrive.
            states: what else the journal keeps, by name; `None` removes one.
            hold: keeps the messages from leaving until it is released.
        """
        for each in messages:
            self.action_of(each.request)
        with self._reporting_full_journal():
            await self._outbox.keep_together(
                messages,
                states,
                offline=self._connect_loop.open_endpoint is None,
                triggered=self._is_triggered,
                hold=hold,
            )

    def action_of(self, message: Request[Any] | Send) -> Action:
        """Returns the action of a message.

        Raises:
            WrongVersion: it is a message of another version, or none at all.
        """
        # Untyped code may pass anything.
        action = self._protocol.actions.get(getattr(message, "__ocpp_action__", ""))
        if action is None or not isinstance(message, action.request):
            raise WrongVersion(
                f"{self._identity!r} speaks OCPP {self._protocol.version}, which "
                f"{type(message).__module__}.{type(message).__qualname__} does not belong to"
            )
        return action

    def tell_delivery(self, event: DeliveryEvent) -> None:
        """Tells listeners what happened to a message that must arrive, and reports a full journal
        to the CSMS.
        """
        if isinstance(event, MessagesDropped):
            about = f"journal is full: {len(event.message_ids)} messages dropped"
            self._security_events.add_first_of_streak(SecurityEvent.MEMORY_EXHAUSTION, about)
        self._events.publish(event)

    async def _call_when_registered(
        self, request: Request[R], action: Action, call_timeout: float | None
    ) -> R:
        await self._registered_within(call_timeout)
        return await self._endpoint_for(action).call(request, call_timeout)

    async def _call_again(
        self, request: Request[R], action: Action, call_timeout: float | None, error: CallFailed
    ) -> R:
        # The CSMS has lost our registration: what it refused goes out again after the boot.
        if not self._registration_state.was_refused_unregistered(error):
            raise error
        if not await self._registered_within(call_timeout):
            raise error
        return await self._endpoint_for(action).call(request, call_timeout)

    async def _registered_within(self, seconds: float | None) -> bool:
        state = self._registration_state
        clock = self._clock or asyncio.get_running_loop()
        wait = self._controls.call_timeout if seconds is None else seconds
        deadline = clock.time() + wait
        while state.registering_again and clock.time() < deadline:
            await wait_until(clock, deadline, state.next_change())
        return state.registration.accepted

    async def _keep(self, request: Request[R], call_timeout: float | None) -> R:
        delivery = await self._store_and_wait(request, call_timeout=call_timeout)
        return await delivery.answer()

    async def _store_and_wait(
        self, request: Request[R], *, note: str | None = None, call_timeout: float | None = None
    ) -> Delivery[R]:
        with self._reporting_full_journal():
            return await self._outbox.keep(
                request,
                note=note,
                timeout=call_timeout,
                offline=self._connect_loop.open_endpoint is None,
                triggered=self._is_triggered(request),
            )

    def _is_triggered(self, request: Any) -> bool:
        registration = self._registration_state.registration
        if (
            registration.status is not RegistrationStatus.PENDING
            or self._connect_loop.open_endpoint is None
        ):
            return False
        # BOOT-12. Only 2.x says in the message that it was triggered.
        triggered = getattr(request, "trigger_reason", _TRIGGER) == _TRIGGER
        return triggered and registration.may_send(self.action_of(request))

    @contextmanager
    def _reporting_full_journal(self) -> Generator[None]:
        try:
            yield
        except JournalFull as problem:
            self._security_events.add_first_of_streak(SecurityEvent.MEMORY_EXHAUSTION, str(problem))
            raise

    def _endpoint_for(self, action: Action) -> Endpoint:
        endpoint = self._connect_loop.endpoint
        if endpoint is None:
            raise ConnectionClosed(
                "the station is not connected [wait for `station.wait_accepted()`]",
                by="us",
                delivered="no",
                action=action.name,
            )
        registration = self._registration_state.registration
        if registration.status is not _ACCEPTED and not registration.may_send(action):
            raise LocalProtocolError(
                "the CSMS has not accepted the boot yet [wait for `station.wait_accepted()`]",
                action=action.name,
            )
        return endpoint
