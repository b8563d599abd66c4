"""The call slot: every state with every input, the queue behind it, and what it remembers."""

import itertools

import pytest

from ocppkit import v201
from ocppkit.core import Limits, LocalProtocolError, QueueFull, Stray
from ocppkit.core.engine._calls import TRANSITIONS, Calls, Effect, Input, OutgoingCall, Recent, Slot

HEARTBEAT = v201.PROTOCOL.actions["Heartbeat"]

EVERY_CELL = list(itertools.product(Slot, Input))


def call(message_id: str, timeout: float = 30.0) -> OutgoingCall:
    return OutgoingCall(message_id, HEARTBEAT, f'[2,"{message_id}","Heartbeat",{{}}]', timeout)


def calls_in(slot: Slot) -> Calls:
    """Returns a slot in a state, with the call `a` in it where there is one."""
    calls = Calls(Limits())
    if slot in (Slot.WAITING, Slot.ABANDONED):
        calls.ask(call("a"), 0.0)
    if slot is Slot.ABANDONED:
        calls.cancel("a")
    if slot is Slot.LOST:
        calls.lose()
    assert calls.state is slot
    return calls


def give(calls: Calls, event: Input) -> object:
    match event:
        case Input.ASK:
            return calls.ask(call("b"), 0.0)
        case Input.ANSWER:
            return calls.answer("a")
        case Input.STRAY:
            return calls.answer("x")
        case Input.EXPIRE:
            return calls.expire(30.0)
        case Input.CANCEL:
            return calls.cancel("a")
        case Input.LOSE:
            return calls.lose()


@pytest.mark.parametrize(("slot", "event"), sorted(TRANSITIONS))
def test_every_row_of_the_table(slot: Slot, event: Input) -> None:
    calls = calls_in(slot)
    give(calls, event)
    assert calls.state is TRANSITIONS[slot, event][1]


@pytest.mark.parametrize(("slot", "event"), sorted(set(EVERY_CELL) - set(TRANSITIONS)))
def test_whatever_is_not_in_the_table_is_an_error(slot: Slot, event: Input) -> None:
    calls = calls_in(slot)
    with pytest.raises(LocalProtocolError, match=f"slot is {slot}, so {event} is not"):
        calls._change_state(event)
    assert calls.state is slot


@pytest.mark.parametrize("slot", [Slot.FREE, Slot.ABANDONED])
def test_what_is_over_already_is_left_alone(slot: Slot) -> None:
    calls = calls_in(slot)
    assert calls.cancel("a") is None
    assert calls.cancel("never asked") is None
    assert calls.expire(29.9) is None
    assert calls.state is slot


def test_calls_go_out_one_at_a_time_in_order() -> None:
    calls = Calls(Limits())
    assert [calls.ask(call(name), 0.0) for name in "abc"] == [True, False, False]
    assert calls.next_to_send(0.0) is None
    for name in "abc":
        current = calls.answer(name)
        assert isinstance(current, OutgoingCall)
        assert current.message_id == name
        calls.next_to_send(0.0)
    assert calls.state is Slot.FREE


def test_the_time_of_a_call_begins_when_it_is_sent() -> None:
    calls = Calls(Limits())
    calls.ask(call("a", 10.0), 0.0)
    calls.ask(call("b", 10.0), 1.0)
    assert calls.expire(9.9) is None
    assert calls.expire(10.0) is not None
    second = calls.next_to_send(10.0)
    assert second is not None
    assert second.deadline == 20.0


def test_the_queue_is_bounded() -> None:
    calls = Calls(Limits(queue=2))
    for name in "abc":
        calls.ask(call(name), 0.0)
    with pytest.raises(QueueFull, match="Heartbeat d: 2 calls are waiting"):
        calls.ask(call("d"), 0.0)
    assert calls.queued == 2
    calls.answer("a")
    calls.next_to_send(0.0)
    calls.ask(call("d"), 0.0)
    assert calls.queued == 2


def test_an_empty_queue_still_lets_one_call_out() -> None:
    calls = Calls(Limits(queue=0))
    assert calls.ask(call("a"), 0.0)
    with pytest.raises(QueueFull):
        calls.ask(call("b"), 0.0)


def test_a_cancelled_call_keeps_the_slot_until_it_is_answered() -> None:
    calls = calls_in(Slot.ABANDONED)
    assert not calls.ask(call("b"), 0.0)
    assert calls.next_to_send(0.0) is None
    assert calls.answer("a") is Stray.CANCELLED
    assert calls.next_to_send(0.0) is not None


def test_a_cancelled_call_keeps_the_slot_until_its_time_is_over() -> None:
    calls = calls_in(Slot.ABANDONED)
    assert calls.expire(30.0) is None
    assert calls.state is Slot.FREE
    assert calls.answer("a") is Stray.CANCELLED


def test_a_waiting_call_can_be_cancelled() -> None:
    calls = Calls(Limits())
    for name in "abc":
        calls.ask(call(name), 0.0)
    dropped = calls.cancel("b")
    assert dropped is not None
    assert dropped.message_id == "b"
    assert calls.answer("b") is Stray.CANCELLED
    calls.answer("a")
    third = calls.next_to_send(0.0)
    assert third is not None
    assert third.message_id == "c"


def test_what_becomes_of_an_answer_that_nobody_waits_for() -> None:
    calls = Calls(Limits())
    calls.ask(call("answered"), 0.0)
    calls.answer("answered")
    calls.ask(call("late"), 0.0)
    calls.expire(30.0)
    assert calls.answer("answered") is Stray.DOUBLED
    assert calls.answer("late") is Stray.LATE
    assert calls.answer("never asked") is Stray.OTHER_ID
    assert calls.answer("-1") is Stray.UNKNOWN_ID


def test_loss_ends_what_somebody_waits_for() -> None:
    calls = Calls(Limits())
    for name in "abc":
        calls.ask(call(name), 0.0)
    assert [lost.message_id for lost in calls.lose()] == ["a", "b", "c"]
    assert calls.current is None
    assert calls.queued == 0


def test_loss_says_nothing_of_a_call_given_up_before() -> None:
    calls = calls_in(Slot.ABANDONED)
    calls.ask(call("b"), 0.0)
    assert [lost.message_id for lost in calls.lose()] == ["b"]


def test_ids_in_use() -> None:
    calls = Calls(Limits())
    calls.ask(call("a"), 0.0)
    calls.ask(call("b"), 0.0)
    assert [name in calls for name in "abc"] == [True, True, False]
    calls.answer("a")
    assert "a" not in calls


def test_the_memory_is_bounded() -> None:
    recent: Recent[int] = Recent(3)
    for number in range(5):
        recent.remember(str(number), number)
    assert list(recent) == ["2", "3", "4"]


def test_deeds_are_all_used() -> None:
    assert {deed for deed, _ in TRANSITIONS.values()} == set(Effect)
