"""Finds the frame in a line of a log, whatever program wrote the log.

Theory of operation: most lines are recognised by their first character. `{` begins a JSON object: a
record of an Open OCPP Trace, or any object with a member that holds a frame. `[` may begin a frame
alone. In all other lines the frame begins at the first `[2, "`, with the number of any message type,
and the words before it are those of `ocppkit.frames` or of the library `ocpp`. A text that is no frame
counts as one only where the line says so: the log of what a peer sent has what the peer should not
have sent, too. Only searches of linear cost are used, because a line may be a megabyte of anything.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec

from ocppkit.core import LocalProtocolError

from ._logged_frames import Direction, LoggedFrame, TimeReader
from ._trace_format import decode_trace, logged_frame_of

__all__ = ["LineReader"]

_BLANKS: Final = r"(?:\s|\\[nrt]){0,40}"
"""Blanks between tokens, also as `ocppkit.frames` writes line ends."""

_FRAME: Final = re.compile(rf'\[{_BLANKS}[2-6]{_BLANKS},{_BLANKS}"')

_ARROWS: Final = ((" < ", Direction.RECEIVED), (" > ", Direction.SENT))
"""Between identity and frame, in the lines of `ocppkit.frames`."""

_PHRASES: Final = ((": receive message ", Direction.RECEIVED), (": send ", Direction.SENT))
"""Between identity and frame, in the lines of the library `ocpp`."""

_LOGGER: Final = "ocppkit.frames"

_BEFORE_IDENTITY: Final = re.compile(r"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.]+:")
"""Level and logger, as `logging.basicConfig` writes them, without a space to the identity."""

_CUT: Final = re.compile(r"\.\.\. \(\d+ characters\)\Z")
"""The end of a frame that `ocppkit.frames` has cut off."""

_ESCAPED_BLANK: Final = re.compile(r'("(?:[^"\\]++|\\.)*+(?:"|\Z))|\\[nrt]')
_ESCAPED_CHARACTER: Final = re.compile(
    r"\\(?:x([89a-f][0-9a-f])|U(000[0-9a-f]{5}|0010[0-9a-f]{4}))"
)

_MEMBERS_WITH_FRAMES: Final = ("frame", "raw", "message", "msg", "payload", "data", "text", "log")
_MEMBERS_WITH_STATIONS: Final = (
    "station", "stationId", "station_id", "chargePointId", "charge_point_id", "chargingStationId",
    "charge_point", "chargePoint", "chargeBoxId", "identity", "cpId", "cp_id", "cp",
)  # fmt: skip
_MEMBERS_WITH_TIMES: Final = ("timestamp", "time", "ts", "@timestamp", "date", "asctime")
_MEMBERS_WITH_DIRECTIONS: Final = ("direction", "dir", "way")
"""What members of JSON lines are usually called, the likeliest first."""

_DIRECTIONS: Final[Mapping[str, Direction]] = {
    word: direction
    for direction, words in {
        Direction.RECEIVED: "< <- <-- << in inbound incoming receive received recv rx read",
        Direction.SENT: "> -> --> >> out outbound outgoing send sent tx write",
        Direction.FROM_STATION: "cp-to-csms cp->csms cs-to-csms fromstation fromcp station cp up",
        Direction.FROM_CSMS: "csms-to-cp csms->cp csms-to-cs fromcsms csms server down",
    }.items()
    for word in words.split()
}


_UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, UnicodeError)


class LineReader:
    """Reads the lines of one log, in their order.

    Args:
        source: the name of the log, as reports show it.
        station: whose frames they are where lines do not say so; the source if it is left out.
        field: where JSON lines have the frame, such as `.msg` or `.event.text`; by default each of the
            usual names is tried.
        pattern: a regular expression for lines of another form, with a group named `frame`, and
            any of the groups `station`, `direction` and `time`.

    Raises:
        LocalProtocolError: the regular expression is invalid, or has no group `frame`.
    """

    def __init__(
        self, source: str, *, station: str = "", field: str = "", pattern: str = ""
    ) -> None:
        self._source = source
        self._station = station or source
        self._times = TimeReader()
        self._field = [step for step in field.split(".") if step]
        self._pattern = _compiled(pattern) if pattern else None
        self._line = 0

    def read(self, line: str) -> LoggedFrame | None:
        """Returns the frame of the next line; `None` if it has none."""
        self._line += 1
        line = line.strip()
        if not line:
            return None
        if self._pattern is not None:
            return self._by_pattern(self._pattern, line)
        if line.startswith("{"):
            return self._in_object(line)
        return self._in_text(line)

    def _by_pattern(self, pattern: re.Pattern[str], line: str) -> LoggedFrame | None:
        match = pattern.search(line)
        if match is None or match["frame"] is None:
            return None
        groups = match.groupdict()
        return self._frame(
            match["frame"],
            station=groups.get("station"),
            direction=_direction(groups.get("direction")),
            time=self._times.read(groups.get("time") or line[: match.start("frame")]),
        )

    def _in_text(self, line: str) -> LoggedFrame | None:
        match = _FRAME.search(line)
        at = len(line) if match is None else match.start()
        if at == 0:
            return self._frame(line)
        before = line[:at]
        for end, direction in (*_ARROWS, *_PHRASES):
            if match is not None and before.endswith(end):
                return self._named(before.removesuffix(end), end, direction, line[at:])
        for end, direction in (*_ARROWS, *_PHRASES[:1]):
            place = before.find(end)
            # Between other words, an arrow tells nothing: the name of the logger must stand before it.
            if place > 0 and (end in _PHRASES[0] or _LOGGER in before[:place]):
                return self._named(before[:place], end, direction, line[place + len(end) :])
        if match is None:
            # An array that is no frame, in a log of nothing but frames.
            return self._frame(line) if line.startswith("[") and line.endswith("]") else None
        whole = line[at : line.rfind("]") + 1]
        return self._frame(whole or line[at:], time=self._times.find(before))

    def _named(self, before: str, end: str, direction: Direction, text: str) -> LoggedFrame:
        """Makes the frame of a line that ends in identity, direction and frame."""
        name = before.rpartition(" ")[2]
        prefix = _BEFORE_IDENTITY.match(name)
        return self._frame(
            text,
            station=name if prefix is None else name[prefix.end() :],
            direction=direction,
            time=self._times.find(before),
            is_escaped=(end, direction) in _ARROWS,
        )

    def _in_object(self, line: str) -> LoggedFrame | None:
        if not self._field and '"schemaVersion"' in line:
            try:
                record = decode_trace(line)
            except _UNREADABLE:
                pass
            else:
                return logged_frame_of(
                    record,
                    source=self._source,
                    line=self._line,
                    station=self._station,
                    times=self._times,
                )
        try:
            members = msgspec.json.decode(line, type=dict[str, Any])
        except _UNREADABLE:
            return None
        for path in [self._field] if self._field else [[name] for name in _MEMBERS_WITH_FRAMES]:
            found = self._in_member(members, _member(members, path))
            if found is not None:
                return found
        return None

    def _in_member(self, members: dict[str, Any], value: object) -> LoggedFrame | None:
        """Returns the frame in a member of a JSON line: an array, or a text as lines of other logs have it."""
        if isinstance(value, list):
            value = msgspec.json.encode(value).decode()
        if not isinstance(value, str):
            return None
        # With the member named, whatever it holds is what the peer sent.
        inner = self._in_text(value.strip()) or (self._frame(value) if self._field else None)
        if inner is None:
            return None
        station = _first(members, _MEMBERS_WITH_STATIONS)
        direction = _first(members, _MEMBERS_WITH_DIRECTIONS)
        time = self._times.read(_first(members, _MEMBERS_WITH_TIMES))
        return msgspec.structs.replace(
            inner,
            station=inner.station if station is None else str(station),
            direction=inner.direction if direction is None else _direction(str(direction)),
            time=inner.time if time is None else time,
        )

    def _frame(
        self,
        text: str,
        *,
        station: str | None = None,
        direction: Direction = Direction.UNKNOWN,
        time: float | None = None,
        is_escaped: bool = False,
    ) -> LoggedFrame:
        whole = True
        if is_escaped:
            whole = not (text.endswith("characters)") and _CUT.search(text))
            if "\\" in text:
                text = _as_sent(text)
        return LoggedFrame(
            text=text,
            source=self._source,
            line=self._line,
            station=station or self._station,
            direction=direction,
            time=time,
            whole=whole,
        )


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise LocalProtocolError(
            f"{pattern!r} is not a regular expression: {error} [escape ( and [ by a backslash]"
        ) from error
    if "frame" not in compiled.groupindex:
        raise LocalProtocolError(
            f"{pattern!r} does not say where the frame is [name its group, such as (?P<frame>.*)]"
        )
    return compiled


def _as_sent(text: str) -> str:
    """Takes back what `ocppkit.frames` escapes and JSON does not know: blanks between tokens, other alphabets.

    Control characters inside of strings stay escaped, so that they are found: JSON has none.
    """
    text = _ESCAPED_BLANK.sub(lambda match: match[1] or " ", text)
    return _ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


def _direction(word: str | None) -> Direction:
    if not word:
        return Direction.UNKNOWN
    return _DIRECTIONS.get(word.strip().lower().replace(" ", ""), Direction.UNKNOWN)


def _first(members: dict[str, Any], names: tuple[str, ...]) -> object:
    return next((members[name] for name in names if members.get(name) not in (None, "")), None)


def _member(members: Mapping[str, Any], path: Sequence[str]) -> object:
    found: Any = members
    for step in path:
        if not isinstance(found, dict):
            return None
        found = cast("dict[str, Any]", found).get(step)
    return found
