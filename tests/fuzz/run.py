"""Feeds frames to connections that live on, and looks for what must never happen."""

import json
from dataclasses import dataclass
from itertools import count, product
from random import Random
from typing import Any

from fuzz.frames import FrameMaker
from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    CallCancelled,
    CallEnded,
    CallReceived,
    Connection,
    Event,
    Failure,
    FrameRefused,
    MessageKind,
    ResultReceived,
    Role,
)
from support.connection_pair import VERSIONS, connect, events_of

__all__ = ["Finding", "Fuzzer"]

_LONGEST_REPLY = 6 * 255 + 600
"""An id of 255 characters may be all escapes; description, code and brackets are short."""


@dataclass(frozen=True)
class Finding:
    """Something that must not happen."""

    seed: int
    number: int
    text: str | bytes
    problem: str


@dataclass
class _Subject:
    """A connection, and the call of ours that it always has outstanding."""

    connection: Connection
    own_id: str = ""


class Fuzzer:
    """One run; `feed` until it has seen enough."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = Random(seed)
        self._maker = FrameMaker(self._random)
        self._now = 0.0
        self._subjects = [
            _Subject(connect(role, version, inbound=policy, new_id=self._ids()))
            for version, role, policy in product(VERSIONS, Role, (STRICT, LENIENT, OFF))
        ]
        self.fed = 0
        self.seen: dict[str, int] = {}
        """How often each kind of event came."""

    @staticmethod
    def _ids() -> Any:
        numbers = count(1)
        return lambda: f"own{next(numbers) % 1000}"

    def feed(self) -> Finding | None:
        """Feeds one frame to one connection, and returns what is wrong if something is."""
        random = self._random
        subject = random.choice(self._subjects)
        self._keep_a_call_out(subject)
        end = subject.connection
        text = self._maker.make(end.protocol.version, end.role, subject.own_id)
        self.fed += 1
        self._now += 31.0 if random.random() < 0.005 else 0.01
        try:
            subject.connection.handle_timeout(self._now)
            events_of(subject.connection)
            subject.connection.data_to_send()
            self._keep_a_call_out(subject)
            subject.connection.receive_data(text, self._now, binary=random.random() < 0.02)
            self._check(subject, text)
        # A fuzzer is here to find exceptions, whatever they are.
        except Exception as error:  # noqa: BLE001
            return Finding(self._seed, self.fed, text, f"{type(error).__name__}: {error}")
        return None

    def _keep_a_call_out(self, subject: _Subject) -> None:
        connection = subject.connection
        if not connection.calls_waiting:
            request: Any = connection.protocol.actions["DataTransfer"].request
            subject.own_id = connection.send_call(request(vendor_id="v"), self._now)
            connection.data_to_send()

    def _check(self, subject: _Subject, text: str | bytes) -> None:
        connection = subject.connection
        events = events_of(connection)
        assert events, "nothing happened"
        for event in events:
            name = type(event).__name__
            self.seen[name] = self.seen.get(name, 0) + 1
        self._check_replies(connection, events, text)
        self._check_endings(subject, events)
        self._answer(connection)

    def _check_replies(
        self, connection: Connection, events: list[Event], text: str | bytes
    ) -> None:
        replies = connection.data_to_send()
        assert len(replies) <= 1, "two replies to one frame"
        for reply in replies:
            number, message_id, code, _, details = json.loads(reply)
            assert len(reply) <= _LONGEST_REPLY, "a reply without bounds"
            assert number in connection.protocol.message_types, "a kind that the version lacks"
            assert code in connection.protocol.error_codes.values(), "a code that it lacks"
            assert details == {}, "a reply with details"
            refused = next(event for event in events if isinstance(event, FrameRefused))
            assert refused.kind not in (MessageKind.CALL_ERROR, MessageKind.SEND), "answered"
            expected = 5 if refused.kind is MessageKind.CALL_RESULT else 4
            assert number == expected, "the wrong kind of answer"
            assert message_id == "-1" or _may_hold(text, message_id), "an id of our own making"

    def _check_endings(self, subject: _Subject, events: list[Event]) -> None:
        ends = (ResultReceived, CallEnded, CallCancelled)
        ended = [event.message_id for event in events if isinstance(event, ends)]
        assert ended in ([], [subject.own_id]), "an end of another call"
        assert subject.connection.calls_waiting == 1 - len(ended), "a call lost or doubled"

    def _answer(self, connection: Connection) -> None:
        """Answers what is in work, or leaves it to its timeout."""
        for message_id in list(connection.open_calls):
            if self._random.random() < 0.9:
                connection.refuse(message_id, Failure.HANDLER_FAILED, now=self._now)
                (reply,) = connection.data_to_send()
                assert json.loads(reply)[:2] == [4, message_id], "not the reply to this call"

    def finish(self) -> None:
        """Ends every connection, and checks that nothing is left behind."""
        for subject in self._subjects:
            subject.connection.handle_timeout(self._now + 1000.0)
            subject.connection.connection_lost(self._now + 1000.0)
            events = events_of(subject.connection)
            assert not any(isinstance(event, CallReceived) for event in events)
            assert not subject.connection.open_calls
            assert subject.connection.calls_waiting == 0
            assert subject.connection.data_to_send() == []


def _may_hold(text: str | bytes, message_id: str) -> bool:
    """Whether a string may stand in a text; behind escapes anything may stand."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return b"\\" in raw or message_id.encode("utf-8") in raw
