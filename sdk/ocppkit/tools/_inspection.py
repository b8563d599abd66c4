"""What an inspection is asked, and what it finds: plain values, which are also the JSON of the report."""

from msgspec import Struct

from ocppkit.core import Role

from ._findings import LogFinding
from ._frame_reading import FrameReading
from ._latency_table import Latency
from ._logged_frames import LoggedFrame

__all__ = ["FrameSelection", "InspectedFrame", "Inspection", "RefusedCalls", "SpokenVersion"]


class FrameSelection(Struct, kw_only=True, frozen=True):
    """Which frames are counted and shown. The others are read, so that calls and answers find each other."""

    stations: frozenset[str] = frozenset()
    """Identities of stations; all if there are none."""

    actions: frozenset[str] = frozenset()
    """Actions, with their answers; all if there are none."""

    since: float | None = None
    """The earliest time, as `LoggedFrame.time` has it."""

    def has(self, logged: LoggedFrame, action: str | None) -> bool:
        """Tells whether a frame is selected."""
        return (
            (not self.stations or logged.station in self.stations)
            and (not self.actions or action in self.actions)
            and (self.since is None or (logged.time is not None and logged.time >= self.since))
        )


class InspectedFrame(Struct, kw_only=True, frozen=True, gc=False):
    """A frame of a log, with what was found out about it."""

    logged: LoggedFrame
    reading: FrameReading

    sender: Role | None
    """Who sent it; `None` if neither line nor action tell."""

    problems: tuple[str, ...]
    """What is wrong with it, one text each."""

    seconds: float | None
    """How long after its call an answer came."""

    is_selected: bool


class SpokenVersion(Struct, frozen=True):
    """A version of OCPP that stations of the log speak."""

    version: str
    stations: int
    because: str
    """Why it was taken for this one; empty if it was named."""


class RefusedCalls(Struct, frozen=True):
    """Calls of one action that were answered with one error code."""

    action: str
    code: str
    count: int
    stations: tuple[str, ...]
    source: str
    """The log of the first answer."""

    line: int
    """The line of the first answer."""


class Inspection(Struct, kw_only=True, frozen=True):
    """The result of an inspection."""

    frames: int
    kinds: dict[str, int]
    """Frames by kind: `call`, `call_result` and so on; `other` is what is no frame."""

    stations: int
    first: float | None
    """The time of the first frame; `None` if no line has one."""

    last: float | None
    """The time of the last frame."""

    versions: tuple[SpokenVersion, ...]
    findings: tuple[LogFinding, ...]
    refused: int
    """Frames that a strict peer refuses."""

    readable: int
    """Refused frames that a lenient peer reads."""

    refusals: tuple[RefusedCalls, ...]
    latencies: tuple[Latency, ...]
    open_at_end: int
    """Calls at the end of the log that may still get an answer."""

    cut: int
    """Frames that the logger has cut off; they are counted, and their content is not judged."""

    other_lines: int = 0
    """Lines without a frame."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings
