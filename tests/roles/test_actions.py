"""Each action in each direction that its version allows: answered, not handled, and not answered in time."""

import asyncio
from collections import Counter

import pytest

from ocppkit.core import CallFailed, CallTimedOut, ErrorCode, Role
from ocppkit.testing import settle
from roles.bench import ENROLMENTS, Answering, accepted, bench, members
from roles.cases import ALLOWED, ROLES, Case, RoleClasses, exchanges, extremes

CALLS = tuple(case for case in ALLOWED if case.action.answered)
SENDS = tuple(case for case in ALLOWED if not case.action.answered)


def _answering(case: Case) -> Answering:
    """Returns a handler for a case; where it is the boot, it lets the station in."""
    return Answering(case, accepted(case.roles) if case.action.name == "BootNotification" else None)


def test_every_action_in_every_direction_is_here() -> None:
    counted = Counter((case.roles.protocol.version, case.sender) for case in ALLOWED)

    assert counted == {
        ("1.6", Role.STATION): 14,
        ("1.6", Role.CSMS): 26,
        ("2.0.1", Role.STATION): 25,
        ("2.0.1", Role.CSMS): 40,
        ("2.1", Role.STATION): 37,
        ("2.1", Role.CSMS): 55,
    }
    assert [len(roles.protocol.actions) for roles in ROLES] == [39, 64, 91]
    assert [str(case) for case in SENDS] == ["2.1-NotifyPeriodicEventStream-from-station"]


@pytest.mark.parametrize("roles", ROLES, ids=lambda roles: roles.protocol.version)
def test_roles_offer_what_the_registry_allows_and_nothing_else(roles: RoleClasses) -> None:
    for sender, sending in ((Role.STATION, roles.station), (Role.CSMS, roles.handle)):
        handlers = roles.handlers[sender.peer].__ocpp_handlers__
        allowed = {a.request for a in roles.protocol.actions.values() if sender in a.senders}

        assert set(handlers.values()) == allowed
        assert all(callable(getattr(sending, name)) for name in handlers)


@pytest.mark.asyncio
@pytest.mark.parametrize("enrolment", ENROLMENTS)
@pytest.mark.parametrize("case", ALLOWED, ids=str)
async def test_exchanged(case: Case, enrolment: str) -> None:
    answering = _answering(case)
    async with bench(case, answering, ENROLMENTS[enrolment]) as pair:
        end = pair.end(case.sender)
        for request, response in exchanges(case.action):
            answering.received.clear()
            answering.response = response

            by_call = await (end.call if case.action.answered else end.send)(request)
            by_keywords = await getattr(end, case.method)(**members(request))
            await settle()

            assert by_call == response
            assert by_keywords == response
            assert answering.received == [request, request]
        if case.sender is Role.STATION:
            assert set(answering.stations) == {pair.handle}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "case", [case for case in CALLS if case.action.name != "DataTransfer"], ids=str
)
async def test_not_supported_without_a_handler(case: Case) -> None:
    async with bench(case) as pair:
        for request in extremes(case.action.request):
            with pytest.raises(CallFailed) as caught:
                await pair.end(case.sender).call(request)

            assert caught.value.code == ErrorCode.NOT_SUPPORTED
            assert caught.value.action == case.action.name
        assert pair.handle.connected


@pytest.mark.asyncio
@pytest.mark.parametrize("case", SENDS, ids=str)
async def test_a_send_without_a_handler_is_dropped(case: Case) -> None:
    async with bench(case) as pair:
        before = len(pair.frames.log["out"])
        for message in extremes(case.action.request):
            await pair.end(case.sender).send(message)
        await settle()

        assert [frame[0] for frame in pair.frames.log["in"][-2:]] == [6, 6]
        assert len(pair.frames.log["out"]) == before
        assert pair.handle.connected


@pytest.mark.asyncio
@pytest.mark.parametrize("case", CALLS, ids=str)
async def test_timed_out_and_the_late_answer_resolves_nothing(case: Case) -> None:
    answering = _answering(case)
    request, response = exchanges(case.action)[0]
    async with bench(case, answering) as pair:
        end = pair.end(case.sender)
        answering.response = response
        answering.hanging = asyncio.Event()
        call = asyncio.create_task(end.call(request, call_timeout=10.0))
        await pair.clock.advance(9.9)
        assert not call.done()
        await pair.clock.advance(0.1)
        with pytest.raises(CallTimedOut) as caught:
            await call
        assert caught.value.action == case.action.name

        answering.hanging.set()
        await settle()
        full = exchanges(case.action)[1]
        answering.response = full[1]

        assert await end.call(full[0]) == full[1]
