"""Tools for logs and single frames; the command `ocppkit` shows them, and programs can call them."""

from ._anonymiser import Anonymiser
from ._findings import FindingKind, FindingPlace, LogFinding
from ._frame_reading import FrameReading
from ._frame_validation import (
    PeerVerdict,
    Validation,
    ValidationIssue,
    json_validation,
    validate,
)
from ._html_report import html_report
from ._inspection import FrameSelection, InspectedFrame, Inspection, RefusedCalls, SpokenVersion
from ._inspector import Inspector, inspect
from ._latency_table import Latency
from ._log_files import LogFileError, read_logs
from ._log_lines import LineReader
from ._logged_frames import Direction, LoggedFrame
from ._report_words import printable
from ._text_reports import frame_lines, json_report, markdown_report, text_report
from ._trace_format import TraceRecord, consumer_view, decode_trace, encode_trace
from ._versions import VERSIONS, load_protocol
from ._written_lines import log_line, trace_line

__all__ = [
    "VERSIONS",
    "Anonymiser",
    "Direction",
    "FindingKind",
    "FindingPlace",
    "FrameReading",
    "FrameSelection",
    "InspectedFrame",
    "Inspection",
    "Inspector",
    "Latency",
    "LineReader",
    "LogFileError",
    "LogFinding",
    "LoggedFrame",
    "PeerVerdict",
    "RefusedCalls",
    "SpokenVersion",
    "TraceRecord",
    "Validation",
    "ValidationIssue",
    "consumer_view",
    "decode_trace",
    "encode_trace",
    "frame_lines",
    "html_report",
    "inspect",
    "json_report",
    "json_validation",
    "load_protocol",
    "log_line",
    "markdown_report",
    "printable",
    "read_logs",
    "text_report",
    "trace_line",
    "validate",
]
