"""Judges each kind of schema change: does it break a peer that still uses the old schemas? A table with reasons.

Theory of operation: two cases matter. In the first, an *old sender* uses the old schemas and its receiver the new ones. In
the second, an *old receiver* uses the old schemas and its sender the new ones. Both are taken as strict: they reject
messages that their schemas do not allow. The verdicts mean:

* breaking: the old peer fails although it does nothing wrong. The receiver rejects what the old edition allows, or the old
  peer rejects something that is sent to it in any case;
* risky: the old peer fails only if the updated peer uses something new, which it can avoid; or a value changes its meaning;
* safe: every message is accepted and means the same as before.

The bump is advice for a package that is generated from the schemas, so it also considers the user's code: a renamed
class breaks no message, but breaks every import of the class.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["VERDICTS", "Bump", "ChangeKind", "ChangeVerdict", "Judgement", "KindVerdicts"]


class ChangeVerdict(StrEnum):
    """How bad a change is for one peer, from best to worst."""

    SAFE = "safe"
    RISKY = "risky"
    BREAKING = "breaking"

    @property
    def rank(self) -> int:
        """Its position in the order from best to worst, from 0."""
        return list(ChangeVerdict).index(self)


class Bump(StrEnum):
    """The part of a package's version that a change requires to raise, from least to most."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        """Its position in the order from least to most, from 0."""
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
    """A verdict for one peer, with its reason."""

    verdict: ChangeVerdict
    reason: str


@dataclass(frozen=True)
class KindVerdicts:
    """The verdicts on one kind of change."""

    sender: Judgement
    """The verdict for a sender with the old schemas, whose receiver was updated."""

    receiver: Judgement
    """The verdict for a receiver with the old schemas, whose sender was updated."""

    bump: Bump
    """The part of a generated package's version to raise."""

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


_NEVER_SENT = _safe("It never sends the new element.")
_STILL_LEGAL = _safe("All messages that it may send are still allowed.")
_SUBSET = _safe("All messages that it receives were allowed before.")
_REFUSED = _breaking("Messages that the old edition allows it to send are rejected now.")
_UNANSWERED = _breaking("The two editions disagree on whether the message is answered.")
_SAME_MEANING = _safe("The messages themselves do not change.")
_ABSENCE = _risky("If the member is left out, the two sides assume different values.")
_UNKNOWN_MEMBER = _risky("It rejects the unknown member whenever the new sender uses it.")
_MISSES = _breaking("It rejects the message, because a required member is missing.")
_LEAVES_OUT = _breaking("It does not send the member, so the message is rejected.")
_UNREAD = _risky("The receiver accepts its member as an extra one, but ignores it.")

VERDICTS: Mapping[ChangeKind, KindVerdicts] = {
    ChangeKind.ACTION_ADDED: KindVerdicts(
        _NEVER_SENT,
        _risky("It answers NotImplemented when the new sender uses the action."),
        Bump.MINOR,
    ),
    ChangeKind.ACTION_REMOVED: KindVerdicts(
        _breaking("Its message is answered with NotImplemented."),
        _risky("It never receives the message, and may be waiting for it."),
        Bump.MAJOR,
    ),
    ChangeKind.ACTION_BECAME_SEND: KindVerdicts(
        _breaking("It waits for an answer that never comes."),
        _breaking("It expects a CALL and does not accept the action as a SEND."),
        Bump.MAJOR,
    ),
    ChangeKind.ACTION_BECAME_CALL: KindVerdicts(
        _breaking("Its SEND is rejected, because the action is a CALL now."),
        _breaking("It does not answer, and the new sender's call times out."),
        Bump.MAJOR,
    ),
    ChangeKind.MESSAGE_ADDED: KindVerdicts(_UNANSWERED, _UNANSWERED, Bump.MAJOR),
    ChangeKind.MESSAGE_REMOVED: KindVerdicts(_UNANSWERED, _UNANSWERED, Bump.MAJOR),
    ChangeKind.OPTIONAL_FIELD_ADDED: KindVerdicts(_NEVER_SENT, _UNKNOWN_MEMBER, Bump.MINOR),
    ChangeKind.OPTIONAL_FIELD_ADDED_OPEN: KindVerdicts(
        _NEVER_SENT, _safe("It accepts the member as an extra one."), Bump.MINOR
    ),
    ChangeKind.REQUIRED_FIELD_ADDED: KindVerdicts(
        _LEAVES_OUT,
        _breaking("It rejects the unknown member, which the new sender always sends."),
        Bump.MAJOR,
    ),
    ChangeKind.REQUIRED_FIELD_ADDED_OPEN: KindVerdicts(
        _LEAVES_OUT, _safe("It accepts the member as an extra one."), Bump.MAJOR
    ),
    ChangeKind.OPTIONAL_FIELD_REMOVED: KindVerdicts(
        _breaking("If it sends the member, as it may, the message is rejected."),
        _safe("The member was optional, so it can be absent."),
        Bump.MAJOR,
    ),
    ChangeKind.OPTIONAL_FIELD_REMOVED_OPEN: KindVerdicts(
        _UNREAD, _safe("The member was optional, so it can be absent."), Bump.MAJOR
    ),
    ChangeKind.REQUIRED_FIELD_REMOVED: KindVerdicts(
        _breaking("It always sends the member, which is now unknown and rejected."),
        _MISSES,
        Bump.MAJOR,
    ),
    ChangeKind.REQUIRED_FIELD_REMOVED_OPEN: KindVerdicts(_UNREAD, _MISSES, Bump.MAJOR),
    ChangeKind.FIELD_MOVED: KindVerdicts(
        _breaking("It sends the member at the old place, which is now unknown or ignored."),
        _breaking("It expects the member at the old place, and does not know the new one."),
        Bump.MAJOR,
    ),
    ChangeKind.FIELD_BECAME_REQUIRED: KindVerdicts(
        _breaking("If it leaves the member out, as it may, the message is rejected."),
        _SUBSET,
        Bump.MAJOR,
    ),
    ChangeKind.FIELD_BECAME_OPTIONAL: KindVerdicts(
        _STILL_LEGAL,
        _risky("It rejects the message whenever the new sender leaves the member out."),
        Bump.MAJOR,
    ),
    ChangeKind.TYPE_CHANGED: KindVerdicts(
        _breaking("It sends the old type, which is rejected."),
        _breaking("It rejects the new type."),
        Bump.MAJOR,
    ),
    ChangeKind.TYPE_WIDENED: KindVerdicts(
        _STILL_LEGAL,
        _risky("It rejects values that only the wider type allows."),
        Bump.MAJOR,
    ),
    ChangeKind.TYPE_NARROWED: KindVerdicts(_REFUSED, _SUBSET, Bump.MAJOR),
    ChangeKind.TYPE_REPLACED: KindVerdicts(
        _safe("The name is not part of messages; other differences have their own lines."),
        _safe("The name is not part of messages; other differences have their own lines."),
        Bump.MAJOR,
    ),
    ChangeKind.VALUE_ADDED: KindVerdicts(
        _NEVER_SENT, _risky("In strict mode it rejects the unknown value."), Bump.MINOR
    ),
    ChangeKind.VALUE_REMOVED: KindVerdicts(_REFUSED, _SUBSET, Bump.MAJOR),
    ChangeKind.ENUM_OPENED: KindVerdicts(
        _STILL_LEGAL,
        _risky("In strict mode it rejects any value outside the old list."),
        Bump.MAJOR,
    ),
    ChangeKind.ENUM_CLOSED: KindVerdicts(_REFUSED, _SUBSET, Bump.MAJOR),
    ChangeKind.BOUND_LOOSENED: KindVerdicts(
        _STILL_LEGAL, _risky("It rejects values beyond the old bound."), Bump.MINOR
    ),
    ChangeKind.BOUND_TIGHTENED: KindVerdicts(
        _breaking("Its values beyond the new bound were allowed before, and are rejected now."),
        _SUBSET,
        Bump.MAJOR,
    ),
    ChangeKind.BOUND_SHIFTED: KindVerdicts(
        _REFUSED, _risky("It rejects values that only the new bound allows."), Bump.MAJOR
    ),
    ChangeKind.FORMAT_ADDED: KindVerdicts(_REFUSED, _SUBSET, Bump.MAJOR),
    ChangeKind.FORMAT_REMOVED: KindVerdicts(
        _STILL_LEGAL, _risky("It rejects texts that do not have the old format."), Bump.MAJOR
    ),
    ChangeKind.FORMAT_CHANGED: KindVerdicts(
        _breaking("It sends the old format, which is rejected."),
        _breaking("It rejects the new format."),
        Bump.MAJOR,
    ),
    ChangeKind.OBJECT_OPENED: KindVerdicts(
        _STILL_LEGAL,
        _risky("It rejects extra members, which the new sender may add."),
        Bump.MINOR,
    ),
    ChangeKind.OBJECT_CLOSED: KindVerdicts(
        _breaking("Its extra members were allowed before, and are rejected now."),
        _SUBSET,
        Bump.MAJOR,
    ),
    ChangeKind.DEFAULT_ADDED: KindVerdicts(_ABSENCE, _ABSENCE, Bump.MINOR),
    ChangeKind.DEFAULT_REMOVED: KindVerdicts(_ABSENCE, _ABSENCE, Bump.MINOR),
    ChangeKind.DEFAULT_CHANGED: KindVerdicts(_ABSENCE, _ABSENCE, Bump.MINOR),
    ChangeKind.DEFINITION_ADDED: KindVerdicts(_SAME_MEANING, _SAME_MEANING, Bump.MINOR),
    ChangeKind.DEFINITION_REMOVED: KindVerdicts(_SAME_MEANING, _SAME_MEANING, Bump.MAJOR),
    ChangeKind.DEFINITION_RENAMED: KindVerdicts(_SAME_MEANING, _SAME_MEANING, Bump.MAJOR),
    ChangeKind.ORDER_CHANGED: KindVerdicts(_SAME_MEANING, _SAME_MEANING, Bump.PATCH),
    # A number such as 1.0 is an integer since draft-06 and was none in draft-04.
    ChangeKind.DRAFT_RAISED: KindVerdicts(
        _STILL_LEGAL,
        _risky("It rejects whole numbers that are written with a fraction, such as 1.0."),
        Bump.MINOR,
    ),
    ChangeKind.DRAFT_LOWERED: KindVerdicts(
        _breaking("Its whole numbers are rejected if it writes them with a fraction, such as 1.0."),
        _SUBSET,
        Bump.MAJOR,
    ),
}
"""The verdicts on each kind of change."""
