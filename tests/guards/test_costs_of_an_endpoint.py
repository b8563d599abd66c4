"""What a turn costs with all that a CSMS puts around the engine: no pattern, no log, few calls."""

import logging
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import Accept, StationRecord
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from support.call_counts import calls_of, python_calls
from support.connection_pair import ANSWER


class CountingWire:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.receiver: Any = None
        self.written: list[str] = []

    def start(self, receiver: Any) -> None:
        self.receiver = receiver

    def write(self, text: str) -> None:
        self.written.append(text)

    def pause_reading(self) -> None:
        raise AssertionError("one call is not too many")

    def resume_reading(self) -> None:
        raise AssertionError("it was never paused")

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Is closed when the test is over."""


@pytest.mark.asyncio
@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
async def test_a_heartbeat(level: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(level, "ocppkit")
    csms = Csms(v201.PROTOCOL, insecure=True)

    @csms.on(v201.HeartbeatRequest)
    def heartbeat(station: object, request: v201.HeartbeatRequest) -> v201.HeartbeatResponse:
        return ANSWER

    wire = CountingWire()
    csms.attach(
        Accept(
            identity="CP1",
            subprotocol="ocpp2.0.1",
            record=StationRecord(
                identity="CP1", status=RegistrationStatus.ACCEPTED, version="2.0.1", time=utcnow()
            ),
        ),
        wire,
    )
    for _ in range(3):
        wire.receiver.data_received('[2,"a","Heartbeat",{}]')
    calls = calls_of(lambda: wire.receiver.data_received('[2,"b","Heartbeat",{}]'))
    assert wire.written[-1].startswith('[3,"b",')

    patterns = [name for name in calls if "Pattern" in name]
    formatting = [name for name in calls if name.startswith("logging.LogRecord")]
    # Frames are logged at DEBUG, and what looks for patterns and logs finds them there.
    assert bool(patterns) is bool(formatting) is (level == logging.DEBUG)
    if level != logging.DEBUG:
        assert python_calls(calls) <= MOST_CALLS, calls


MOST_CALLS = 28
"""Python functions of a Heartbeat: 25 when this was written, 10 of them the engine's."""
