"""Two engines over a network that loses, doubles, reorders and spoils frames, against a small model.

The model knows, of each end, which call is outstanding, which wait behind it, and which calls of the
peer are in work. After each step it says which calls must have ended and how, which frames must have
left, and what must have reached the handlers; a result must be the one of the very call it ends.
"""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ocppkit.core import (
    CallCancelled,
    CallEnded,
    CallFailed,
    CallReceived,
    CallTimedOut,
    Connection,
    ConnectionClosed,
    ErrorCode,
    Event,
    Failure,
    InvalidFrame,
    InvalidMessage,
    ResultReceived,
    Role,
    decode_payload,
)
from support.connection_pair import PROTOCOLS, VERSIONS, connect, events_of

CALL_TIME, HANDLER_TIME = 30.0, 25.0

HOW = {
    CallFailed: "error",
    CallTimedOut: "timeout",
    ConnectionClosed: "lost",
    InvalidFrame: "unusable",
    InvalidMessage: "unusable",
}


@dataclass
class Model:
    """What one end must know."""

    outstanding: str | None = None
    abandoned: bool = False
    deadline: float = 0.0
    waiting: list[str] = field(default_factory=list)
    in_work: dict[str, float] = field(default_factory=dict)
    ended: list[tuple[str, str]] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)
    """Type and message id of the frames that must leave."""

    def call(self, message_id: str, now: float) -> None:
        self.waiting.append(message_id)
        self.next(now)

    def next(self, now: float) -> None:
        if self.outstanding is None and self.waiting:
            self.outstanding = self.waiting.pop(0)
            self.abandoned = False
            self.deadline = now + CALL_TIME
            self.left.append((2, self.outstanding))

    def over(self, how: str, now: float) -> None:
        assert self.outstanding is not None
        if not self.abandoned:
            self.ended.append((self.outstanding, how))
        self.outstanding = None
        self.next(now)

    def answered(self, message_id: str, how: str, now: float) -> None:
        if message_id == self.outstanding:
            self.over(how, now)

    def cancel(self, message_id: str) -> None:
        if message_id in self.waiting:
            self.waiting.remove(message_id)
        elif message_id != self.outstanding or self.abandoned:
            return
        else:
            self.abandoned = True
        self.ended.append((message_id, "cancelled"))

    def called(self, message_id: str, now: float) -> None:
        if message_id in self.in_work:
            self.left.append((4, message_id))
        else:
            self.in_work[message_id] = now + HANDLER_TIME

    def replied(self, number: int, message_id: str) -> None:
        del self.in_work[message_id]
        self.left.append((number, message_id))

    def time(self, now: float) -> None:
        if self.outstanding is not None and self.deadline <= now:
            self.over("timeout", now)
        for message_id in [each for each, deadline in self.in_work.items() if deadline <= now]:
            self.replied(4, message_id)

    def lose(self) -> None:
        if self.outstanding is not None and not self.abandoned:
            self.ended.append((self.outstanding, "lost"))
        self.ended += [(message_id, "lost") for message_id in self.waiting]


class End:
    """An engine, its model, and the frames on their way to it."""

    def __init__(self, role: Role, version: str) -> None:
        ids = (f"{role[0]}{number}" for number in count(1))
        self.connection: Connection = connect(role, version, new_id=lambda: next(ids))
        self.model = Model()
        self.air: list[str] = []
        self.calls: list[str] = []
        self.endings: dict[str, str] = {}


class Network(RuleBasedStateMachine):
    """The steps."""

    @initialize(version=st.sampled_from(VERSIONS))
    def start(self, version: str) -> None:
        self.now = 0.0
        self.action = PROTOCOLS[version].actions["DataTransfer"]
        self.station = End(Role.STATION, version)
        self.csms = End(Role.CSMS, version)

    def ends(self, of_station: bool) -> tuple[End, End]:
        return (self.station, self.csms) if of_station else (self.csms, self.station)

    @rule(of_station=st.booleans())
    def call(self, of_station: bool) -> None:
        end, peer = self.ends(of_station)
        request: Any = self.action.request
        # A call carries its own id, and so does its result.
        own_id = f"{end.connection.role[0]}{len(end.calls) + 1}"
        message_id = end.connection.send_call(request(vendor_id="v", data=own_id), self.now)
        assert message_id == own_id
        end.calls.append(message_id)
        end.model.call(message_id, self.now)
        self.settle(end, peer)

    @rule(of_station=st.booleans(), data=st.data())
    def cancel(self, of_station: bool, data: st.DataObject) -> None:
        end, peer = self.ends(of_station)
        message_id = data.draw(st.sampled_from([*end.calls, "never asked"]))
        end.connection.cancel_call(message_id)
        end.model.cancel(message_id)
        self.settle(end, peer)

    @rule(of_station=st.booleans(), data=st.data(), doubled=st.booleans())
    def deliver(self, of_station: bool, data: st.DataObject, doubled: bool) -> None:
        """Delivers any of the frames on their way, perhaps leaving a second copy behind."""
        end, peer = self.ends(of_station)
        if not end.air:
            return
        text = data.draw(st.sampled_from(end.air))
        if not doubled:
            end.air.remove(text)
        number, message_id = json.loads(text)[:2]
        end.connection.receive_data(text, self.now)
        if number == 2:
            end.model.called(message_id, self.now)
        elif number in (3, 4):
            end.model.answered(message_id, {3: "result", 4: "error"}[number], self.now)
        self.settle(end, peer)

    @rule(of_station=st.booleans(), data=st.data())
    def spoil(self, of_station: bool, data: st.DataObject) -> None:
        """Delivers a frame that lost its end; the text is no JSON, but its front can be read."""
        end, peer = self.ends(of_station)
        if not end.air:
            return
        text = data.draw(st.sampled_from(end.air))
        end.air.remove(text)
        number, message_id = json.loads(text)[:2]
        end.connection.receive_data(text[:-1], self.now)
        if number in (3, 4):
            end.model.answered(message_id, "unusable", self.now)
        elif number == 2 and end.connection.protocol.version != "1.6":
            end.model.left.append((4, "-1"))
        self.settle(end, peer)

    @rule(of_station=st.booleans(), data=st.data())
    def forge(self, of_station: bool, data: st.DataObject) -> None:
        """Delivers a result that nobody sent and that breaks its schema."""
        end, peer = self.ends(of_station)
        message_id = data.draw(st.sampled_from([*end.calls, "never asked"]))
        end.connection.receive_data(json.dumps([3, message_id, {"status": 7}]), self.now)
        waited_for = message_id == end.model.outstanding and not end.model.abandoned
        if waited_for and end.connection.protocol.version == "2.1":
            end.model.left.append((5, message_id))
        end.model.answered(message_id, "unusable", self.now)
        self.settle(end, peer)

    @rule(of_station=st.booleans(), data=st.data())
    def lose(self, of_station: bool, data: st.DataObject) -> None:
        end, _ = self.ends(of_station)
        if end.air:
            end.air.remove(data.draw(st.sampled_from(end.air)))

    @rule(
        of_station=st.booleans(),
        data=st.data(),
        how=st.sampled_from(["result", "error", "refuse"]),
    )
    def reply(self, of_station: bool, data: st.DataObject, how: str) -> None:
        end, peer = self.ends(of_station)
        if not end.model.in_work:
            return
        message_id = data.draw(st.sampled_from(list(end.model.in_work)))
        match how:
            case "result":
                assert self.action.response is not None
                text = json.dumps({"status": "Accepted", "data": message_id})
                response = decode_payload(self.action.response, text)
                end.connection.send_result(message_id, response, self.now)
            case "error":
                end.connection.send_error(message_id, ErrorCode.GENERIC_ERROR, now=self.now)
            case _:
                end.connection.refuse(message_id, Failure.HANDLER_FAILED, now=self.now)
        end.model.replied(3 if how == "result" else 4, message_id)
        self.settle(end, peer)

    @rule(seconds=st.sampled_from([0.5, 10.0, 24.5, 30.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for end, peer in (self.ends(True), self.ends(False)):
            end.connection.handle_timeout(self.now)
            end.model.time(self.now)
            self.settle(end, peer)

    def settle(self, end: End, peer: End) -> None:
        """Compares what came of a step with what the model says, and puts frames on their way."""
        texts = end.connection.data_to_send()
        frames = [json.loads(text) for text in texts]
        assert sorted((frame[0], frame[1]) for frame in frames) == sorted(end.model.left)
        calls = [frame[1] for frame in frames if frame[0] == 2]
        assert calls == [message_id for number, message_id in end.model.left if number == 2]
        end.model.left.clear()
        peer.air += texts
        self.compare_endings(end, events_of(end.connection))

    def compare_endings(self, end: End, events: list[Event]) -> None:
        seen = [ending for event in events if (ending := self.ending(event)) is not None]
        assert seen == end.model.ended
        end.model.ended.clear()
        for message_id, how in seen:
            assert message_id not in end.endings
            end.endings[message_id] = how
        for event in events:
            if isinstance(event, CallReceived):
                assert event.request.data == event.message_id
                assert event.message_id in end.model.in_work

    def ending(self, event: Event) -> tuple[str, str] | None:
        match event:
            case ResultReceived(response=response):
                assert getattr(response, "data", None) == event.message_id
                return event.message_id, "result"
            case CallEnded(error=error):
                return event.message_id, HOW[type(error)]
            case CallCancelled():
                return event.message_id, "cancelled"
            case _:
                return None

    @invariant()
    def both_ends_are_as_the_model_has_them(self) -> None:
        for end in (self.station, self.csms) if hasattr(self, "csms") else ():
            model = end.model
            assert list(end.connection.open_calls) == list(model.in_work)
            waiting = len(model.waiting) + (model.outstanding is not None)
            assert end.connection.calls_waiting == waiting
            times = [*model.in_work.values()]
            times += [model.deadline] if model.outstanding is not None else []
            assert end.connection.next_deadline() == min(times, default=None)

    def teardown(self) -> None:
        for end in (self.station, self.csms) if hasattr(self, "csms") else ():
            end.connection.connection_lost(self.now)
            end.model.lose()
            self.compare_endings(end, events_of(end.connection))
            assert sorted(end.endings) == sorted(end.calls)


TestNetwork = Network.TestCase
TestNetwork.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
