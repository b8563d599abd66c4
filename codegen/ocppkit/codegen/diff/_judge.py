"""What each kind of schema change does to a peer that was not updated: one table, one reason per cell.

Theory of operation: editions meet in two mixed ways only. An *old sender*, built from the old schemas, talks to a receiver
that has moved on; and an *old receiver* is talked to by a sender that has moved on. Both sides are taken as strict: they
refuse what their schema refuses. The verdicts follow one rule:

* breaking: the peer that stays behind fails although it does nothing wrong. What the old edition allowed it to send is
  refused now, or it refuses what it is always sent;
* risky: it fails only if the updated peer uses what is new, which that peer can avoid; or a value changes its meaning;
* safe: every message is accepted and means what it meant.

The version bump is advice for a package that is generated from the schemas, so it looks at the user's code as well: a class
that changes its name breaks no message but every import of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["TABLE", "Bump", "ChangeKind", "ChangeVerdict", "Judgement", "Row"]


class ChangeVerdict(StrEnum):
    """What a change means for one peer, from best to worst."""

    SAFE = "safe"
    RISKY = "risky"
    BREAKING = "breaking"

    @property
    def rank(self) -> int:
        """Its place in the order from best to worst."""
        return list(ChangeVerdict).index(self)


class Bump(StrEnum):
    """Which part of a package's version a change asks to raise, from least to most."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        """Its place in the order from least to most."""
        return list(Bump).index(self)


class ChangeKind(StrEnum):
    """The kinds of change that a comparison can find."""

    ACTION_ADDED = "action-added"
    ACTION_REMOVED = "action-removed"
    ACTION_BECAME_SEND = "action-became-send"
    ACTION_BECAME_CALL = "action-became-call"
    MESSAGE_ADDED = "message-added"
    MESSAGE_REMOVED = "message-removed"
    OPTIONAL_FIELD_ADDED = "optional-field-added"
    OPTIONAL_FIELD_ADDED_OPEN = "optional-field-added-to-open-object"
    REQUIRED_FIELD_ADDED = "required-field-added"
    REQUIRED_FIELD_ADDED_OPEN = "required-field-added-to-open-object"
    OPTIONAL_FIELD_REMOVED = "optional-field-removed"
    OPTIONAL_FIELD_REMOVED_OPEN = "optional-field-removed-from-open-object"
    REQUIRED_FIELD_REMOVED = "required-field-removed"
    REQUIRED_FIELD_REMOVED_OPEN = "required-field-removed-from-open-object"
    FIELD_MOVED = "field-moved"
    FIELD_BECAME_REQUIRED = "field-became-required"
    FIELD_BECAME_OPTIONAL = "field-became-optional"
    TYPE_CHANGED = "type-changed"
    TYPE_WIDENED = "type-widened"
    TYPE_NARROWED = "type-narrowed"
    TYPE_REPLACED = "type-replaced"
    VALUE_ADDED = "value-added"
    VALUE_REMOVED = "value-removed"
    ENUM_OPENED = "enum-opened"
    ENUM_CLOSED = "enum-closed"
    BOUND_LOOSENED = "bound-loosened"
    BOUND_TIGHTENED = "bound-tightened"
    BOUND_SHIFTED = "bound-shifted"
    FORMAT_ADDED = "format-added"
    FORMAT_REMOVED = "format-removed"
    FORMAT_CHANGED = "format-changed"
    OBJECT_OPENED = "object-opened"
    OBJECT_CLOSED = "object-closed"
    DEFAULT_ADDED = "default-added"
    DEFAULT_REMOVED = "default-removed"
    DEFAULT_CHANGED = "default-changed"
    DEFINITION_ADDED = "definition-added"
    DEFINITION_REMOVED = "definition-removed"
    DEFINITION_RENAMED = "definition-renamed"
    ORDER_CHANGED = "order-changed"
    DRAFT_RAISED = "draft-raised"
    DRAFT_LOWERED = "draft-lowered"


@dataclass(frozen=True)
class Judgement:
    """A verdict on one peer, and why."""

    verdict: ChangeVerdict
    reason: str


@dataclass(frozen=True)
class Row:
    """How one rule is judged."""

    sender: Judgement
    """For a sender of the old edition, whose receiver was updated."""

    receiver: Judgement
    """For a receiver of the old edition, whose sender was updated."""

    bump: Bump
    """What it asks of a generated package's version."""

    @property
    def worst(self) -> ChangeVerdict:
        """The worse of the two verdicts."""
        return max(self.sender.verdict, self.receiver.verdict, key=lambda each: each.rank)


def _safe(reason: str) -> Judgement:
    return Judgement(ChangeVerdict.SAFE, reason)


def _risky(reason: str) -> Judgement:
    return Judgement(ChangeVerdict.RISKY, reason)


def _breaking(reason: str) -> Judgement:
    return Judgement(ChangeVerdict.BREAKING, reason)


_NEVER_SENT = _safe("It never sends what is new.")
_STILL_LEGAL = _safe("What it may send stays legal.")
_SUBSET = _safe("What it is sent was legal before.")
_REFUSED = _breaking("What it may rightly send by the old edition is refused now.")
_UNANSWERED = _breaking("The two editions disagree on whether the message is answered.")
_SAME_MEANING = _safe("The same messages travel.")
_ABSENCE = _risky("A member that is left out means something else to each side.")
_UNKNOWN_MEMBER = _risky("It refuses the unknown member whenever the new sender uses it.")
_MISSES = _breaking("It refuses the message, because the member that it demands is missing.")
_LEAVES_OUT = _breaking("It does not know the member, and without it the message is refused.")
_UNREAD = _risky("Its member still arrives, but as an extra one that nobody reads.")

TABLE: Mapping[ChangeKind, Row] = {
    ChangeKind.ACTION_ADDED: Row(
        _NEVER_SENT,
        _risky("It answers NotImplemented when the new sender uses the action."),
        Bump.MINOR,
    ),
    ChangeKind.ACTION_REMOVED: Row(
        _breaking("Its message is answered with NotImplemented."),
        _risky("The message that it may be waiting for no longer comes."),
        Bump.MAJOR,
    ),
    ChangeKind.ACTION_BECAME_SEND: Row(
        _breaking("It waits for an answer that never comes."),
        _breaking("It expects a CALL and does not take the action as a SEND."),
        Bump.MAJOR,
    ),
    ChangeKind.ACTION_BECAME_CALL: Row(
        _breaking("Its SEND is refused, because the action is a CALL now."),
        _breaking("It does not answer, and the new sender's call times out."),
        Bump.MAJOR,
    ),
    ChangeKind.MESSAGE_ADDED: Row(_UNANSWERED, _UNANSWERED, Bump.MAJOR),
    ChangeKind.MESSAGE_REMOVED: Row(_UNANSWERED, _UNANSWERED, Bump.MAJOR),
    ChangeKind.OPTIONAL_FIELD_ADDED: Row(_NEVER_SENT, _UNKNOWN_MEMBER, Bump.MINOR),
    ChangeKind.OPTIONAL_FIELD_ADDED_OPEN: Row(
        _NEVER_SENT, _safe("It takes the member as an extra one."), Bump.MINOR
    ),
    ChangeKind.REQUIRED_FIELD_ADDED: Row(
        _LEAVES_OUT,
        _breaking("It refuses the unknown member, which the new sender always sends."),
        Bump.MAJOR,
    ),
    ChangeKind.REQUIRED_FIELD_ADDED_OPEN: Row(
        _LEAVES_OUT, _safe("It takes the member as an extra one."), Bump.MAJOR
    ),
    ChangeKind.OPTIONAL_FIELD_REMOVED: Row(
        _breaking("Where it fills the member, as it may, the message is refused."),
        _safe("It must bear the member's absence already."),
        Bump.MAJOR,
    ),
    ChangeKind.OPTIONAL_FIELD_REMOVED_OPEN: Row(
        _UNREAD, _safe("It must bear the member's absence already."), Bump.MAJOR
    ),
    ChangeKind.REQUIRED_FIELD_REMOVED: Row(
        _breaking("It always sends the member, which is unknown now and refused."),
        _MISSES,
        Bump.MAJOR,
    ),
    ChangeKind.REQUIRED_FIELD_REMOVED_OPEN: Row(_UNREAD, _MISSES, Bump.MAJOR),
    ChangeKind.FIELD_MOVED: Row(
        _breaking("It fills the old place, which is no longer known or read."),
        _breaking("It looks in the old place, and does not know the new one."),
        Bump.MAJOR,
    ),
    ChangeKind.FIELD_BECAME_REQUIRED: Row(
        _breaking("Where it leaves the member out, as it may, the message is refused."),
        _SUBSET,
        Bump.MAJOR,
    ),
    ChangeKind.FIELD_BECAME_OPTIONAL: Row(
        _STILL_LEGAL,
        _risky("It refuses the message whenever the new sender leaves the member out."),
        Bump.MAJOR,
    ),
    ChangeKind.TYPE_CHANGED: Row(
        _breaking("It sends the old type, which is refused."),
        _breaking("It refuses the new type."),
        Bump.MAJOR,
    ),
    ChangeKind.TYPE_WIDENED: Row(
        _STILL_LEGAL,
        _risky("It refuses values that only the wider type has."),
        Bump.MAJOR,
    ),
    ChangeKind.TYPE_NARROWED: Row(_REFUSED, _SUBSET, Bump.MAJOR),
    ChangeKind.TYPE_REPLACED: Row(
        _safe("The name is not on the wire; differences of content stand on their own lines."),
        _safe("The name is not on the wire; differences of content stand on their own lines."),
        Bump.MAJOR,
    ),
    ChangeKind.VALUE_ADDED: Row(
        _NEVER_SENT, _risky("In strict mode it refuses the unknown value."), Bump.MINOR
    ),
    ChangeKind.VALUE_REMOVED: Row(_REFUSED, _SUBSET, Bump.MAJOR),
    ChangeKind.ENUM_OPENED: Row(
        _STILL_LEGAL,
        _risky("In strict mode it refuses any value outside the old list."),
        Bump.MAJOR,
    ),
    ChangeKind.ENUM_CLOSED: Row(_REFUSED, _SUBSET, Bump.MAJOR),
    ChangeKind.BOUND_LOOSENED: Row(
        _STILL_LEGAL, _risky("It refuses values beyond the old bound."), Bump.MINOR
    ),
    ChangeKind.BOUND_TIGHTENED: Row(
        _breaking("Its values beyond the new bound, legal before, are refused."),
        _SUBSET,
        Bump.MAJOR,
    ),
    ChangeKind.BOUND_SHIFTED: Row(
        _REFUSED, _risky("It refuses values that only the new bound allows."), Bump.MAJOR
    ),
    ChangeKind.FORMAT_ADDED: Row(_REFUSED, _SUBSET, Bump.MAJOR),
    ChangeKind.FORMAT_REMOVED: Row(
        _STILL_LEGAL, _risky("It refuses texts that do not have the old format."), Bump.MAJOR
    ),
    ChangeKind.FORMAT_CHANGED: Row(
        _breaking("It sends the old format, which is refused."),
        _breaking("It refuses the new format."),
        Bump.MAJOR,
    ),
    ChangeKind.OBJECT_OPENED: Row(
        _STILL_LEGAL,
        _risky("It refuses extra members, which the new sender may add."),
        Bump.MINOR,
    ),
    ChangeKind.OBJECT_CLOSED: Row(
        _breaking("Its extra members, legal before, are refused."), _SUBSET, Bump.MAJOR
    ),
    ChangeKind.DEFAULT_ADDED: Row(_ABSENCE, _ABSENCE, Bump.MINOR),
    ChangeKind.DEFAULT_REMOVED: Row(_ABSENCE, _ABSENCE, Bump.MINOR),
    ChangeKind.DEFAULT_CHANGED: Row(_ABSENCE, _ABSENCE, Bump.MINOR),
    ChangeKind.DEFINITION_ADDED: Row(_SAME_MEANING, _SAME_MEANING, Bump.MINOR),
    ChangeKind.DEFINITION_REMOVED: Row(_SAME_MEANING, _SAME_MEANING, Bump.MAJOR),
    ChangeKind.DEFINITION_RENAMED: Row(_SAME_MEANING, _SAME_MEANING, Bump.MAJOR),
    ChangeKind.ORDER_CHANGED: Row(_SAME_MEANING, _SAME_MEANING, Bump.PATCH),
    # A number such as 1.0 is an integer since draft-06 and was none in draft-04.
    ChangeKind.DRAFT_RAISED: Row(
        _STILL_LEGAL,
        _risky("It refuses whole numbers that are written with a fraction, such as 1.0."),
        Bump.MINOR,
    ),
    ChangeKind.DRAFT_LOWERED: Row(
        _breaking("Its whole numbers are refused if it writes them with a fraction, such as 1.0."),
        _SUBSET,
        Bump.MAJOR,
    ),
}
"""Every rule's row."""
