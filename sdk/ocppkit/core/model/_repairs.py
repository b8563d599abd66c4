"""The repairs of lenient reading: which problems are repaired, how, and which never are.

The code names a member of `Repair` at each place where it repairs, and the guide's table is this one.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["NEVER_REPAIRED", "REPAIRS", "Repair", "RepairText"]


class Repair(StrEnum):
    """The ways in which lenient reading repairs an issue."""

    NULL_LEFT_OUT = "null_left_out"
    MEMBER_LEFT_OUT = "member_left_out"
    ITEM_LEFT_OUT = "item_left_out"
    UNKNOWN_MEMBER_LEFT_OUT = "unknown_member_left_out"
    TO_TEXT = "to_text"
    TO_JSON_TEXT = "to_json_text"
    TO_INTEGER = "to_integer"
    TO_NUMBER = "to_number"
    TO_BOOLEAN = "to_boolean"
    TO_LIST = "to_list"
    TO_DATE_TIME = "to_date_time"
    UNKNOWN_VALUE = "unknown_value"
    KEPT = "kept"
    ALLOWED = "allowed"
    EMPTY_PAYLOAD = "empty_payload"
    FRAME_TRIMMED = "frame_trimmed"
    ERROR_FRAME_FILLED = "error_frame_filled"


class RepairText(NamedTuple):
    """The description of a repair in the guide."""

    rules: str
    """The rules that are broken, as `Issue.rule` has them."""

    received: str
    becomes: str


REPAIRS: Final[Mapping[Repair, RepairText]] = {
    Repair.NULL_LEFT_OUT: RepairText("null", "`null` for an optional member", "absent"),
    Repair.MEMBER_LEFT_OUT: RepairText(
        "any",
        "an optional member that cannot be built",
        "absent; in commands only if the facts call that harmless",
    ),
    Repair.ITEM_LEFT_OUT: RepairText(
        "any",
        "an item of a list that cannot be built",
        "left out, never in commands; a list that falls below its minimum cannot be built either",
    ),
    Repair.UNKNOWN_MEMBER_LEFT_OUT: RepairText(
        "unknown_member", "a member that the schema lacks", "left out; its value is in the issue"
    ),
    Repair.TO_TEXT: RepairText(
        "type", "a number or boolean where text is due", 'its JSON text: `10` becomes `"10"`'
    ),
    Repair.TO_JSON_TEXT: RepairText(
        "type", "an object or list as `data` of a DataTransfer of 1.6", "its JSON text"
    ),
    Repair.TO_INTEGER: RepairText(
        "type",
        'a whole number in another form where an integer is due: `"26008"`, `"26008.0"`, `" 7"`, `7.0`',
        "the integer",
    ),
    Repair.TO_NUMBER: RepairText(
        "type", 'a text that is a number: `"230.1"`, `" 230"`, never `"230,1"`', "the number"
    ),
    Repair.TO_BOOLEAN: RepairText(
        "type",
        "0, 1 or a word where a boolean is due: `true`, `false`, `yes`, `no`, `on`, `off` as text",
        "the boolean",
    ),
    Repair.TO_LIST: RepairText("type", "an object where a list of it is due", "a list of one"),
    Repair.TO_DATE_TIME: RepairText(
        "format",
        "a date-time whose instant is plain: without a zone, `+02`, `Z[GMT]`, `+00:00Z`, blanks, "
        "a decimal comma, no seconds, `24:00:00`",
        "aware: UTC, or the policy's `naive_timezone`, where it names no zone",
    ),
    Repair.UNKNOWN_VALUE: RepairText(
        "enum", "a value that the enum lacks", "a pseudo-member, see above"
    ),
    Repair.KEPT: RepairText(
        "max_length, min_length, minimum, maximum, multiple_of, min_items, max_items, format",
        "a text too long or too short, a number out of range, too few or too many items, a bad URI",
        "kept as it is",
    ),
    Repair.ALLOWED: RepairText(
        "any", "what an override allows that is `reported`, in every mode", "kept as it is"
    ),
    Repair.EMPTY_PAYLOAD: RepairText(
        "payload", "`null` as the payload", "an object without members"
    ),
    Repair.FRAME_TRIMMED: RepairText(
        "json", "a NUL or a byte order mark around the frame", "cut off"
    ),
    Repair.ERROR_FRAME_FILLED: RepairText(
        "min_items, null, type",
        "a CALLERROR with elements missing or of another type",
        "its code, and what else can be read",
    ),
}
"""Every repair, in the order of the guide."""

NEVER_REPAIRED: Final = (
    "a required member that is missing or cannot be built",
    "in a command of the CSMS: an optional member that cannot be built, unless the facts call "
    "its absence harmless, "
    "or an item of a list",
    "a number with a decimal comma, and a number where a date-time is due: their meaning would "
    "be a guess",
    "text that is no JSON",
)
"""What refuses a message in lenient mode, too."""
