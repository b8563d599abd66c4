"""The Open OCPP Trace Format 1.1: one JSON object per line and frame.

Its specification is that of github.com/open-ocpp-trace/specification. The format has no message type
for SEND and CALLRESULTERROR of OCPP 2.1, and none for texts that are no frames: those cannot be written.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from ocppkit.core import Call, CallError, CallResult, InvalidFrame, Role, decode_frame

from ._logged_frames import Direction, LoggedFrame, TimeReader

__all__ = ["TraceRecord", "consumer_view", "decode_trace", "encode_trace", "logged_frame_of"]

_TYPES: Final = {"CALL": 2, "CALLRESULT": 3, "CALLERROR": 4}


class TraceError(Struct, frozen=True, omit_defaults=True):
    """The code, description and details of a CALLERROR."""

    code: str = ""
    description: str = ""
    details: Any = UNSET


class TraceRecord(Struct, kw_only=True, frozen=True, omit_defaults=True, rename="camel"):
    """One record of a trace. Members that the format does not have are ignored."""

    schema_version: str
    timestamp: str
    ocpp_version: str | UnsetType = UNSET
    transport: Literal["json", "soap"]
    charge_point_id: str | UnsetType = UNSET
    connector_id: int | UnsetType = UNSET
    direction: Literal["cp-to-csms", "csms-to-cp"]
    message_type: Literal["CALL", "CALLRESULT", "CALLERROR"]
    message_id: str | UnsetType = UNSET
    action: str | UnsetType = UNSET
    payload: Raw | UnsetType = UNSET
    raw: str | UnsetType = UNSET
    """The frame as it was on the wire."""

    error: TraceError | UnsetType = UNSET
    meta: dict[str, Any] | UnsetType = UNSET

    @property
    def text(self) -> str:
        """The frame: as it was on the wire, or else put together from the members."""
        if self.raw is not UNSET:
            return self.raw
        parts: list[object] = [_TYPES[self.message_type], self.message_id]
        if self.message_type == "CALLERROR":
            error = TraceError() if self.error is UNSET else self.error
            details: Any = {} if error.details is UNSET else error.details
            parts += error.code, error.description, details
        else:
            payload = Raw(b"{}") if self.payload is UNSET else self.payload
            parts += (self.action, payload) if self.message_type == "CALL" else (payload,)
        return msgspec.json.encode([None if each is UNSET else each for each in parts]).decode()

    @property
    def contradiction(self) -> str | None:
        """The member that says something else than the frame as it was on the wire; `None` if none does."""
        if self.raw is UNSET:
            return None
        try:
            frame = decode_frame(self.raw)
        except InvalidFrame:
            return "raw"  # what is wrong with it is said of the frame
        if frame.__struct_config__.tag != _TYPES[self.message_type]:
            return "messageType"
        if self.message_id not in (UNSET, frame.message_id):
            return "messageId"
        if isinstance(frame, Call) and self.action not in (UNSET, frame.action):
            return "action"
        if isinstance(frame, Call | CallResult) and self.payload is not UNSET:
            same = bytes(self.payload) == bytes(frame.payload)
            if not same and msgspec.json.decode(self.payload) != msgspec.json.decode(frame.payload):
                return "payload"
        return None


_DECODE: Final = msgspec.json.Decoder(TraceRecord).decode


def decode_trace(line: str | bytes) -> TraceRecord:
    """Reads one line of a trace.

    Raises:
        msgspec.MsgspecError: the line is no record; the message says why, and where.
    """
    return _DECODE(line)


def logged_frame_of(
    record: TraceRecord, *, source: str, line: int, station: str, times: TimeReader
) -> LoggedFrame | None:
    """Returns the frame of a record; `None` for one of OCPP-S, which is not JSON.

    Args:
        record: the record.
        source: the file that it stands in.
        line: its line.
        station: whose frame it is if the record does not say so.
        times: reads its time.
    """
    if record.transport == "soap":
        return None
    contradiction = record.contradiction
    return LoggedFrame(
        text=record.text,
        source=source,
        line=line,
        station=record.charge_point_id or station,
        direction=(
            Direction.FROM_STATION if record.direction == "cp-to-csms" else Direction.FROM_CSMS
        ),
        time=times.find(record.timestamp),
        version=record.ocpp_version or None,
        problem=(
            f"{contradiction} is not that of raw" if contradiction not in (None, "raw") else None
        ),
    )


def encode_trace(
    frame: LoggedFrame, *, sender: Role, version: str | None = None, action: str | None = None
) -> bytes | None:
    """Returns a frame of a log as one line of a trace, without a line end.

    Args:
        frame: the frame.
        sender: who sent it.
        version: the OCPP version; that of the frame if it is left out.
        action: what a CALLRESULT or CALLERROR answers, if that is known.

    Returns:
        `None` if the format cannot have it: a text that is no frame, a frame of OCPP 2.1 that is
        neither CALL nor answer, or a frame without a time.
    """
    try:
        parts = decode_frame(frame.text)
    except InvalidFrame:
        return None
    if frame.time is None or not isinstance(parts, Call | CallResult | CallError):
        return None
    at = datetime.fromtimestamp(frame.time, UTC)
    record = TraceRecord(
        schema_version="1.1",
        timestamp=f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
        ocpp_version=version or frame.version or UNSET,
        transport="json",
        charge_point_id=frame.station,
        connector_id=_connector(parts),
        direction="cp-to-csms" if sender is Role.STATION else "csms-to-cp",
        message_type=_NAMES[type(parts)],
        message_id=parts.message_id,
        action=parts.action if isinstance(parts, Call) else action or UNSET,
        payload=UNSET if isinstance(parts, CallError) else parts.payload,
        raw=frame.text,
        error=(
            TraceError(parts.code, parts.description, parts.details)
            if isinstance(parts, CallError)
            else UNSET
        ),
    )
    return msgspec.json.encode(record)


_NAMES: Final[dict[type, Literal["CALL", "CALLRESULT", "CALLERROR"]]] = {
    Call: "CALL",
    CallResult: "CALLRESULT",
    CallError: "CALLERROR",
}


class _WithConnector(Struct, rename="camel"):
    connector_id: int | UnsetType = UNSET


def _connector(frame: Call | CallResult | CallError) -> int | UnsetType:
    """Returns the connector that a request is about, as OCPP 1.6 has it at the top of the payload."""
    if not isinstance(frame, Call):
        return UNSET
    try:
        found = msgspec.json.decode(frame.payload, type=_WithConnector).connector_id
    except msgspec.MsgspecError:
        return UNSET
    return UNSET if found is UNSET or found < 0 else found


def consumer_view(records: Iterable[TraceRecord]) -> dict[str, Any]:
    """Returns what the format calls the consumer view: which answer belongs to which call.

    An answer belongs to the latest call with its message id that went the other way and has no answer yet.
    """
    view: list[dict[str, Any]] = []
    open_calls = defaultdict[tuple[object, str], list[int]](list)
    orphans: list[int] = []
    counts = dict.fromkeys(_TYPES, 0)
    version = "unknown"
    for index, record in enumerate(records):
        version = record.schema_version if index == 0 else version
        counts[record.message_type] += 1
        entry: dict[str, Any] = {"index": index, "messageType": record.message_type}
        if record.message_id is not UNSET:
            entry["messageId"] = record.message_id
        if record.message_type == "CALL":
            entry["action"] = record.action
            open_calls[record.message_id, record.direction].append(index)
        else:
            back = "csms-to-cp" if record.direction == "cp-to-csms" else "cp-to-csms"
            calls = open_calls[record.message_id, back]
            if calls:
                entry["correlatesWith"] = calls.pop()
                entry["action"] = view[entry["correlatesWith"]]["action"]
            else:
                orphans.append(index)
                if record.action is not UNSET:
                    entry["action"] = record.action
        view.append(entry)
    return {
        "schemaVersion": version,
        "counts": {
            "records": len(view),
            "calls": counts["CALL"],
            "callResults": counts["CALLRESULT"],
            "callErrors": counts["CALLERROR"],
        },
        "records": view,
        "unansweredCalls": sorted(index for calls in open_calls.values() for index in calls),
        "orphanResponses": orphans,
    }
