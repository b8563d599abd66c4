"""Writes inspected frames again, as lines of a log and as records of a trace."""

from datetime import UTC, datetime
from typing import Final

from ocppkit.core import Role

from ._inspection import InspectedFrame
from ._logged_frames import Direction
from ._trace_format import encode_trace

__all__ = ["log_line", "trace_line"]

_ARROWS: Final = {Direction.RECEIVED: "<", Direction.SENT: ">"}


def log_line(frame: InspectedFrame) -> str:
    """Returns a frame as `ocppkit.frames` logs it, after its time: `2026-01-05 08:00:00.010 CP001 < [...]`.

    Where the log did not say who sent it, it is written as by a CSMS; if nobody knows the sender, the
    frame stands alone.
    """
    logged = frame.logged
    arrow = _ARROWS.get(logged.direction)
    if arrow is None and frame.sender is not None:
        arrow = "<" if frame.sender is Role.STATION else ">"
    if arrow is None:
        return logged.text
    line = f"{logged.station} {arrow} {logged.text}"
    if logged.time is None:
        return line
    at = datetime.fromtimestamp(logged.time, UTC)
    clock = f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"
    # A log without dates stays one.
    return f"{clock} {line}" if at.year == 1970 else f"{at:%Y-%m-%d} {clock} {line}"


def trace_line(frame: InspectedFrame) -> str | None:
    """Returns a frame as a record of Open OCPP Trace; `None` if the format cannot have it, see `encode_trace`."""
    if frame.sender is None:
        return None
    line = encode_trace(
        frame.logged,
        sender=frame.sender,
        version=frame.reading.protocol.version,
        action=frame.reading.action,
    )
    return None if line is None else line.decode()
