"""The engine of one OCPP-J connection, without sockets, clock and tasks.

Theory of operation
-------------------

Both ends of an OCPP-J connection call, and both answer. So a `Connection` has two independent parts:
the calls of our side (`Calls`: a slot, a queue and a state table), and the calls of the peer that are
being handled, each of which gets exactly one reply. The parts share no state, so that calls which cross
on the wire cannot block each other (SYN-03).

Input comes by method calls, output is fetched from two queues. `receive_data` turns a text into events
and, if necessary, replies. The `send_*` methods turn messages of ours into texts. `data_to_send` returns
the texts and `next_event` the events. Only the functions that were passed to the constructor are called
back. Time is an argument, and must not decrease: after each step the user asks for `next_deadline`, and
calls `handle_timeout` at that time. Message ids come from a function of the user. So the same inputs
always give the same outputs.

A received frame is checked against the limits (`_limits.py`), read as an array (`_frames.py`), and then
handled by its kind:

* CALL and SEND: if the peer may send the action and a handler exists, the payload is decoded. The event
  is `CallReceived`, and the call is open until `send_result`, `send_error` or `refuse` answers it, or its
  time is over. A call cannot be answered in another way or twice, so it gets exactly one reply.
* CALLRESULT and CALLERROR: if the message id is that of the outstanding call, the call ends, also if the
  answer is invalid, because no other will come. Otherwise the answer is ignored, with an event.
* A frame that cannot be delivered has a `Failure` or breaks a `Rule`. The reply table says what is done
  about it, and `_refusals.refuse` does it.

A mistake of the peer becomes an event and perhaps a reply; `receive_data` never raises because of it. A
mistake of our side raises `LocalProtocolError` at once, and nothing is sent.
"""

from collections.abc import Callable, Mapping
from math import inf
from types import MappingProxyType
from typing import Any, Final, Literal

from ..frames._call_readers import FastCall
from ..frames._envelopes import wrap
from ..frames._frames import CallError, CallResultError
from ..frames._limits import Limits
from ..model._errors import (
    CallTimedOut,
    ConnectionClosed,
    LocalProtocolError,
    WrongVersion,
)
from ..model._failures import Failure, MessageKind
from ..model._fast_path import FastPath
from ..model._issues import Rule
from ..model._messages import Request, Response, Send
from ..model._protocol import Action, ErrorCode, Protocol, Role
from ..payloads._codec import message_class, write_payload
from ..payloads._policy import STRICT, Policies, Policy
from ..payloads._repair import Steps
from ._answer_cache import AnswerCache
from ._calls import LOST, OutgoingCall
from ._events import CallCancelled, CallOverdue, Event, InvalidCallReceived, OpenCall
from ._incoming import receive, receive_prepared
from ._preparing import PreparedData, prepare
from ._refusals import refuse_deferred
from ._replies import UNREADABLE, describe, reply_to
from ._state import NO_DETAILS, ConnectionState, OnInvalid

__all__ = ["Connection"]


# A global, because looking up a member of an enum is slow; see `_calls.py`.
_CALL: Final = MessageKind.CALL


def _handles_all(action: Action) -> bool:
    return True


class Connection:
    """The state machine of one OCPP-J connection, for either end of it.

    Args:
        role: which end this is.
        protocol: the version that is spoken, such as `v201.PROTOCOL`.
        new_id: returns a message id that this side has never used before, on any connection.
        limits: bounds of sizes, times and numbers.
        inbound: how strictly the peer's messages are read.
        outbound: how strictly our own messages are checked.
        handled: says whether an action has a handler; a call without one is answered with NotSupported.
            An action that had a handler once must keep it as long as the fast path is used.
        on_invalid: may answer a call whose content cannot be used, at once or, by returning
            `DEFERRED`, later. A station repeats a transaction message that is refused, some for ever.
        answers: keeps answers, so that a repeated call gets its answer again and no handler runs.
        fast_path: may be shared by connections with the same role, version and handlers.
    """

    __slots__ = ("_new_id", "_session")

    def __init__(
        self,
        role: Role,
        protocol: Protocol,
        *,
        new_id: Callable[[], str],
        limits: Limits = Limits(),  # noqa: B008 (it is frozen)
        inbound: Policy = STRICT,
        outbound: Policy = STRICT,
        handled: Callable[[Action], bool] = _handles_all,
        on_invalid: OnInvalid | None = None,
        answers: AnswerCache | None = None,
        fast_path: FastPath[FastCall] | None = None,
    ) -> None:
        self._new_id = new_id
        self._session = ConnectionState(
            role,
            protocol,
            limits=limits,
            inbound=inbound,
            outbound=outbound,
            handled=handled,
            on_invalid=on_invalid,
            answers=answers,
            fast_path=FastPath() if fast_path is None else fast_path,
        )

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages are decoded and checked, from the next one on."""
        if policies.inbound is not None:
            self._session.read_with(policies.inbound)
        if policies.outbound is not None:
            self._session.write_with(policies.outbound)

    # State.

    @property
    def role(self) -> Role:
        """The end of the connection that this engine is for."""
        return self._session.role

    @property
    def protocol(self) -> Protocol:
        """The version that is spoken."""
        return self._session.protocol

    @property
    def limits(self) -> Limits:
        """The limits on sizes, times and numbers."""
        return self._session.limits

    @property
    def refused(self) -> Mapping[Failure | Rule, int]:
        """The numbers of refused frames of the peer, by failure."""
        return MappingProxyType(self._session.refused)

    @property
    def open_calls(self) -> Mapping[str, OpenCall]:
        """The peer's calls that wait for a reply, by message id, oldest first. The mapping changes
        with the connection.
        """
        # Not a read-only proxy: it would cost memory per connection and time per call.
        return self._session.open

    @property
    def calls_waiting(self) -> int:
        """The number of our calls that have not ended, both the sent one and those in the queue."""
        calls = self._session.calls
        return calls.queued + (calls.current is not None)

    def next_event(self) -> Event | None:
        """Returns the oldest event that was not returned before, or `None`."""
        # A list, because an empty deque takes 600 bytes, and seldom does more than one event wait.
        events = self._session.events
        return events.pop(0) if events else None

    def data_to_send(self) -> list[str]:
        """Returns the frames to write now, in order. Each is returned once."""
        session = self._session
        out = session.out
        if out:
            session.out = []
            session.batch += 1
        return out

    def next_deadline(self) -> float | None:
        """Returns the latest time at which `handle_timeout` must be called, or `None` for never."""
        session = self._session
        deadline = inf
        if session.open:
            # All handlers have the same time, so the oldest call is due first.
            oldest = next(iter(session.open.values()))
            deadline = oldest.received_at + session.limits.handler_timeout
        current = session.calls.current
        if current is not None and current.deadline < deadline:
            deadline = current.deadline
        return None if deadline == inf else deadline

    # Input from the network and the clock.

    def prepare_data(
        self, data: str | bytes, *, binary: bool = False
    ) -> Steps[PreparedData | None]:
        """Decodes a long message in steps of a few milliseconds, before `receive_data` handles it.

        To repair a message of the greatest length may take half a second. Nothing changes in the connection
        meanwhile, so calls can be sent and answered between the steps:

        ```python
        prepared = yield from connection.prepare_data(data)  # or one `next` per turn of an event loop
        connection.receive_data(data, now, prepared=prepared)
        ```

        Args:
            data: one whole WebSocket message, as for `receive_data`.
            binary: as for `receive_data`.
        """
        return prepare(self._session, data, binary)

    def receive_data(
        self,
        data: str | bytes,
        now: float,
        *,
        binary: bool = False,
        prepared: PreparedData | None = None,
    ) -> None:
        """Handles one message of the peer. Get events and data to send afterwards.

        Args:
            data: one whole WebSocket message, as text or as the bytes of one.
            now: the time.
            binary: whether it came as a binary message, which OCPP-J does not use. Beyond strict
                it is read nevertheless.
            prepared: what `prepare_data` returned for the same message, if it was asked.

        Raises:
            LocalProtocolError: the connection was lost before. No data ever makes it raise.
        """
        session = self._session
        if not session.input_closed:
            if prepared is None:
                receive(session, data, now, binary)
            else:
                receive_prepared(session, data, now, binary, prepared.outcome)
        elif session.calls.state is LOST:
            raise LocalProtocolError("receive_data() was called after connection_lost()")

    def handle_timeout(self, now: float) -> None:
        """Ends our call if it was not answered in time, and calls of the peer that were not handled
        in time.
        """
        session = self._session
        expired = session.calls.expire(now)
        if expired is not None:
            session.end(expired, CallTimedOut(f"no answer within {expired.timeout:g} seconds"))
        session.send_next_call(now)
        while session.open:
            message_id, call = next(iter(session.open.items()))
            if now < call.received_at + session.limits.handler_timeout:
                break
            self.refuse(message_id, Failure.HANDLER_TIMED_OUT, now=now)
            session.events.append(CallOverdue(message_id, call.action))

    def connection_lost(
        self,
        now: float,
        *,
        reason: str = "",
        by: Literal["us", "peer", "network"] = "network",
        code: int | None = None,
    ) -> None:
        """Ends our calls with `ConnectionClosed` and forgets those of the peer. Nothing can be sent
        afterwards.

        Args:
            now: the time.
            reason: what the peer or the network said.
            by: who closed first.
            code: the close code of the WebSocket.
        """
        session = self._session
        session.input_closed = True
        for call in session.calls.lose():
            delivered = session.delivered(call)
            error = ConnectionClosed(reason, by=by, code=code, delivered=delivered)
            session.end(call, error)
        session.open.clear()
        session.out.clear()

    # Messages of ours.

    def send_call(self, request: Request[Any], now: float, *, timeout: float | None = None) -> str:
        """Sends a request, or queues it while another call waits for its answer.

        Args:
            request: what to send.
            now: the time.
            timeout: seconds from when it is sent until it counts as unanswered.

        Returns:
            The message id, which the event that ends the call carries.

        Raises:
            InvalidOutgoing: the request breaks its schema.
            QueueFull: too many calls wait already.
            WrongVersion: the request is of another version.
            LocalProtocolError: this side does not send it.
            ConnectionClosed: the connection was lost before.
        """
        session = self._session
        message_id, action, text, changes = self._prepare_to_send(request, _CALL)
        seconds = session.limits.call_timeout if timeout is None else timeout
        call = OutgoingCall(message_id, action, text, seconds)
        if session.calls.ask(call, now):
            session.transmit(call)
        if changes:
            session.note_changes(message_id, action, changes)
        return message_id

    def cancel_call(self, message_id: str) -> None:
        """Cancels a call of ours; has no effect if it has ended.

        A call that was sent is still outstanding for the peer: the next one waits for its answer or
        its timeout, and the answer is ignored.
        """
        session = self._session
        call = session.calls.cancel(message_id)
        if call is not None:
            sent = call is session.calls.current
            session.events.append(CallCancelled(message_id, call.action, sent))

    def send_result(self, message_id: str, response: Response, now: float) -> None:
        """Answers a call of the peer with a response.

        Raises:
            InvalidOutgoing: the response is not the action's, or breaks its schema; the call is
                still open, so answer it with an error.
            LocalProtocolError: there is no such call, or it was answered before.
            ConnectionClosed: the connection was lost before.
        """
        session = self._session
        call = session.open.get(message_id) or session.open_call(message_id)
        text = session.result_text(message_id, call.action, response)
        session.close_call(message_id, text, now)
        if session.answered is not None:
            session.note_result(message_id, call.action)

    def send_error(
        self,
        message_id: str,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] = NO_DETAILS,
        *,
        now: float,
    ) -> None:
        """Answers a call of the peer with an error that the caller chooses.

        Args:
            message_id: the call.
            code: sent in the version's spelling, and as GenericError where the version lacks it.
            description: cut to what the limits allow.
            details: sent as they are.
            now: the time.

        Raises:
            InvalidOutgoing: the details cannot be written as JSON; the call is still open.
            LocalProtocolError: there is no such call, or it was answered before.
            ConnectionClosed: the connection was lost before.
        """
        session = self._session
        session.open_call(message_id)
        text = session.error_text(CallError, message_id, code, description, details)
        session.close_call(message_id, text, now)

    def refuse(
        self, message_id: str, failure: Failure, description: str = "", *, now: float
    ) -> None:
        """Refuses a call of the peer as the reply table says: with an error, or without an answer.

        Raises:
            LocalProtocolError: there is no such call, or it was answered before.
            ConnectionClosed: the connection was lost before.
        """
        session = self._session
        session.open_call(message_id)
        reaction = reply_to(session.protocol, failure, MessageKind.CALL).reaction
        if isinstance(reaction, ErrorCode):
            said = description or describe(failure)
            text = session.error_text(CallError, message_id, reaction, said)
            session.close_call(message_id, text, now)
        else:
            del session.open[message_id]

    def refuse_invalid(self, message_id: str) -> None:
        """Refuses, as the reply table says, an invalid call whose answer `on_invalid` has deferred.

        Raises:
            LocalProtocolError: there is no such call, or it was answered before.
            ConnectionClosed: the connection was lost before.
        """
        session = self._session
        call = session.open_call(message_id)
        if not isinstance(call, InvalidCallReceived):
            raise LocalProtocolError(
                "this call cannot be refused as invalid, because its payload is valid",
                message_id=message_id,
            )
        del session.open[message_id]
        refuse_deferred(session, call)

    def send_result_error(
        self,
        message_id: str,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] = NO_DETAILS,
        *,
        now: float,
    ) -> None:
        """Tells the peer by CALLRESULTERROR that its response cannot be used (OCPP 2.1).

        Results that break their schema are refused without this. # ERR-06

        Args:
            message_id: the call of ours that was answered with the result.
            code: sent in the version's spelling.
            description: cut to what the limits allow.
            details: sent as they are.
            now: the time.

        Raises:
            InvalidOutgoing: code, description or details cannot be sent.
            LocalProtocolError: the version has no CALLRESULTERROR, or no such result was received
                lately, or it was refused before.
            ConnectionClosed: the connection was lost before.
        """
        session = self._session
        session.must_be_open()
        results = session.results
        if results is None:
            version = session.protocol.version
            raise LocalProtocolError(f"OCPP {version} has no CALLRESULTERROR")
        if message_id not in results:
            raise LocalProtocolError(
                "there is no result with this message id to refuse: it was not received lately, "
                "or was refused before",
                message_id=message_id,
            )
        text = session.error_text(CallResultError, message_id, code, description, details)
        del results[message_id]
        session.out.append(text)

    def send(self, message: Send, now: float) -> str:
        """Sends a message that is never answered, even while a call waits for its answer (SYN-05).

        Returns:
            The message id.

        Raises:
            InvalidOutgoing: the message breaks its schema.
            WrongVersion: the message is of another version.
            LocalProtocolError: this side does not send it.
            ConnectionClosed: the connection was lost before.
        """
        message_id, action, text, changes = self._prepare_to_send(message, MessageKind.SEND)
        self._session.out.append(text)
        if changes:
            self._session.note_changes(message_id, action, changes)
        return message_id

    def _prepare_to_send(
        self, message: Request[Any] | Send, kind: MessageKind
    ) -> tuple[str, Action, str, list[str]]:
        """Checks that this side may send a message in this kind of frame; returns its id, action,
        text and alterations.
        """
        session = self._session
        if session.calls.state is LOST:
            session.must_be_open()
        # Untyped code may pass anything.
        name = getattr(message, "__ocpp_action__", None)
        action = session.protocol.actions.get(name or "")
        if action is None or not (
            type(message) is action.request
            or (
                isinstance(message, action.request)
                and message_class(type(message)) is action.request
            )
        ):
            origin = f"{type(message).__module__}.{type(message).__qualname__}"
            version = session.protocol.version
            raise WrongVersion(f"{origin} is not a message of OCPP {version}", action=name)
        if session.role not in action.senders:
            raise LocalProtocolError(f"a {session.role} must not send this message", action=name)
        if (action.response is None) is (kind is _CALL):
            own = MessageKind.SEND if action.response is None else _CALL
            raise LocalProtocolError(
                f"this message is a {own.name} and cannot be sent as a {kind.name}", action=name
            )
        changes: list[str] = []
        payload = write_payload(message, session.outbound, changes)
        message_id = self._create_message_id()
        return message_id, action, wrap(message_id, type(message), payload).decode(), changes

    def _create_message_id(self) -> str:
        # The user's function may return anything.
        message_id: Any = self._new_id()
        # MID-01
        if (
            not isinstance(message_id, str)
            or not 0 < len(message_id) <= self._session.limits.id_sent
            or message_id == UNREADABLE
        ):
            raise LocalProtocolError(
                f"{message_id!r:.80} is not a message id "
                f"[use a text of 1 to {self._session.limits.id_sent} characters]"
            )
        fresh: str = message_id
        if fresh in self._session.calls:
            raise LocalProtocolError(
                "the message id is used by another call already [use a unique one]",
                message_id=fresh,
            )
        return fresh
