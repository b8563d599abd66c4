"""A recorded session replays byte for byte: the engine has no clock and no chance in it."""

from typing import Any

from ocppkit import v16
from ocppkit.core import (
    LENIENT,
    Role,
)
from support.connection_pair import NOW, connect, events_of, numbered


def session() -> list[tuple[str, Any, float]]:
    """A session as a CSMS saw it: what came in and what its user did, with times."""
    return [
        ("receive_data", '[2,"1","BootNotification",{"chargePointVendor":"V",', 0.0),
        ("receive_data", '[2,"2","BootNotification",{"chargePointVendor":"V"}]', 0.5),
        ("receive_data", '[2,"3","Heartbeat",{}]', 1.0),
        ("send_call", v16.ClearCacheRequest(), 1.5),
        ("send_call", v16.GetLocalListVersionRequest(), 1.5),
        ("receive_data", '[2,"4","Authorize",{"idTag":"T"}]', 2.0),
        ("send_result", ("3", v16.HeartbeatResponse(current_time=NOW)), 2.25),
        ("receive_data", '[3,"c7",{"status":"Accepted"}]', 3.0),
        ("receive_data", '[3,"c1",{"status":"Accepted"}]', 3.0),
        ("receive_data", b'[2,"5","Heartbeat",{"x":"\xff"}]', 4.0),
        ("handle_timeout", None, 27.0),
        ("handle_timeout", None, 40.0),
        ("receive_data", '[3,"c2",{"listVersion":1}]', 41.0),
        ("connection_lost", None, 50.0),
    ]


def played() -> tuple[list[str], list[str], list[float | None]]:
    csms = connect(Role.CSMS, "1.6", new_id=numbered("c"), inbound=LENIENT)
    texts: list[str] = []
    events: list[str] = []
    deadlines: list[float | None] = []
    for verb, what, now in session():
        arguments = what if isinstance(what, tuple) else () if what is None else (what,)
        getattr(csms, verb)(*arguments, now)
        texts += csms.data_to_send()
        events += map(repr, events_of(csms))
        deadlines.append(csms.next_deadline())
    return texts, events, deadlines


def test_a_recorded_session_replays_byte_for_byte() -> None:
    first = played()
    assert first[0] == [
        '[4,"1","FormationViolation","not valid JSON in UTF-8: check commas, quotation marks, brackets and escapes",{}]',
        '[4,"2","OccurenceConstraintViolation","$.chargePointModel is required",{}]',
        '[2,"c1","ClearCache",{}]',
        '[3,"3",{"currentTime":"2025-06-01T10:00:00Z"}]',
        '[2,"c2","GetLocalListVersion",{}]',
        '[4,"5","FormationViolation","not valid JSON in UTF-8: check commas, quotation marks, brackets and escapes",{}]',
        '[4,"4","InternalError","handler timed out",{}]',
    ]
    assert [played() for _ in range(3)] == [first] * 3
