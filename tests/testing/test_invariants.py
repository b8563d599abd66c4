"""Each rule over a trace finds its breach, and an honest exchange breaks none."""

import pytest

from ocppkit.testing import Trace, violations

CALL = '[2,"1","Heartbeat",{}]'
RESULT = '[3,"1",{}]'


def trace(*lines: tuple[float, str, str]) -> Trace:
    times = iter([time for time, *_ in lines])
    made = Trace(lambda: next(times))
    for _, what, text in lines:
        made.note(what, text, 1)
    return made


def test_an_honest_exchange_breaks_no_rule() -> None:
    honest = trace(
        (0, "connect", "/CP1"),
        (1, "station", CALL),
        (1, "csms", '[2,"1","Reset",{}]'),
        (2, "csms", RESULT),
        (2, "station", '[4,"1","NotSupported","",{}]'),
        (3, "station", '[2,"2","Heartbeat",{}]'),
        (40, "station", '[2,"3","Heartbeat",{}]'),
    )
    assert violations(honest) == []
    assert "1.000000    1 station  [2" in str(honest)


def test_a_call_that_was_not_answered_or_with_an_error_may_be_sent_again() -> None:  # QUE-09
    repeated = trace(
        (1, "station", CALL),
        (40, "station", CALL),
        (41, "csms", '[4,"1","InternalError","",{}]'),
        (100, "station", CALL),
        # The answer to the first comes late; that to the last may be too late for its sender.
        (101, "csms", RESULT),
        (125, "csms", RESULT),
    )
    assert violations(repeated) == []


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([(2, "station", CALL), (1, "csms", RESULT)], "time goes back"),
        (
            [(1, "station", CALL), (40, "station", '[2,"1","StatusNotification",{}]')],
            "message id used twice",
        ),
        (
            [(1, "station", CALL), (2, "csms", RESULT), (40, "station", CALL)],
            "sent again after its result",
        ),
        ([(1, "csms", RESULT)], "reply to no call"),
        ([(1, "station", CALL), (1, "csms", RESULT), (2, "csms", RESULT)], "second reply"),
        (
            [(1, "station", CALL), (2, "station", '[2,"2","Heartbeat",{}]')],
            "a second call while one waits",
        ),
    ],
)
def test_a_breach_is_found(lines: list[tuple[float, str, str]], problem: str) -> None:
    (found,) = violations(trace(*lines))
    assert found.startswith(problem)
