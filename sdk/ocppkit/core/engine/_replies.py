"""The reply table: what is done about each failure, for each kind of message, with the reason why.

Decisions where OCPP-J leaves a choice (ids such as ERR-11 are those of `docs/design/engine.md`):

* One table serves all versions. It says how a CALL is answered; a version that answers a failure
  otherwise says so in `Protocol.replies`, which is generated from its facts.
* A CALLRESULT that cannot be used is answered with the same code, by CALLRESULTERROR, where the
  version has that kind of message; else nobody can be told. Only an answer that we wait for is.
* CALLERROR, CALLRESULTERROR and SEND are never answered.
* A text that is no JSON, in its payload or elsewhere, has no message id, whatever stands at its
  front, as long as the policy is strict. Beyond strict the id at its front is believed and used.
* A type number that the version does not have is ignored, as OCPP 2.1 wants it; what OCPP 2.0.1
  wants stands in its facts.
* A message id in use, or too long, is what OCPP-J 1.6 calls a message without proper content; it is
  answered like a malformed frame. Ids of 37 to 255 characters are answered with the whole id, as
  the sender could not match any other.
* A frame that exceeds a limit of ours: too many bytes close the connection, as RFC 6455 has it;
  too deep, or too many elements, is a violation of format; a number too long is a value out of range.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ..model._failures import Failure, MessageKind
from ..model._issues import ERROR_CODES, Issue, Rule, rank
from ..model._protocol import ErrorCode, NoReply, Protocol, Reply

__all__ = [
    "REPLIES",
    "UNREADABLE",
    "WITHOUT_ID",
    "describe",
    "failed_rule",
    "kind_of",
    "read_code",
    "reply_to",
    "spell_code",
]

UNREADABLE: Final = "-1"
"""The message id of an answer to what has no readable id. # MID-06"""

_FRAMEWORK = ErrorCode.RPC_FRAMEWORK_ERROR
_FORMAT = ErrorCode.FORMAT_VIOLATION
_PROPERTY = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION

_RULES: Final[Mapping[Rule, str]] = {
    Rule.PAYLOAD: "ERR-16",
    Rule.REQUIRED: "ERR-15",
    Rule.MIN_ITEMS: "ERR-15",
    Rule.MAX_ITEMS: "ERR-15",
    Rule.UNKNOWN_MEMBER: "ERR-16, FRM-11",
    Rule.NULL: "ERR-14, FRM-08",
    Rule.TYPE: "ERR-14",
    Rule.NUMBER: "ERR-13",
    Rule.ENUM: "ERR-13",
    Rule.MIN_LENGTH: "ERR-13",
    Rule.MAX_LENGTH: "ERR-13",
    Rule.MINIMUM: "ERR-13",
    Rule.MAXIMUM: "ERR-13",
    Rule.MULTIPLE_OF: "ERR-13",
    Rule.FORMAT: "ERR-13, VAL-01",
}
"""The requirements behind the answer to each broken rule. `Rule.JSON` is a `Failure` to the engine."""

REPLIES: Final[Mapping[Failure | Rule, Reply]] = MappingProxyType(
    {
        # What is no frame.
        Failure.FRAME_TOO_BIG: Reply(NoReply.CLOSE, "RFC 6455 section 7.4.1, close code 1009"),
        Failure.BINARY: Reply(_FRAMEWORK, "WSX-04, ERR-11, MID-06"),
        Failure.NOT_JSON: Reply(_FRAMEWORK, "ERR-11, MID-06"),
        Failure.SALVAGED: Reply(_FRAMEWORK, "ERR-02, ERR-11"),
        Failure.NOT_AN_ARRAY: Reply(_FRAMEWORK, "ERR-11, MID-06"),
        Failure.UNREADABLE_ID: Reply(_FRAMEWORK, "ERR-11, MID-06"),
        Failure.UNKNOWN_TYPE: Reply(NoReply.SILENT, "ERR-10"),
        Failure.MALFORMED: Reply(_FRAMEWORK, "ERR-11, FRM-01"),
        Failure.ID_TOO_LONG: Reply(_FRAMEWORK, "MID-01, MID-07"),
        Failure.TOO_DEEP: Reply(_FORMAT, "ERR-02, ERR-21"),
        Failure.NUMBER_TOO_LONG: Reply(_PROPERTY, "ERR-13, VAL-02"),
        Failure.TOO_MANY_ELEMENTS: Reply(_FORMAT, "ERR-02, ERR-21"),
        Failure.STRAY: Reply(NoReply.SILENT, "MID-05"),
        # A frame that asks for what is not to be had.
        Failure.DUPLICATE_ID: Reply(_FRAMEWORK, "MID-07"),
        Failure.UNKNOWN_ACTION: Reply(ErrorCode.NOT_IMPLEMENTED, "ERR-12"),
        Failure.WRONG_DIRECTION: Reply(ErrorCode.NOT_SUPPORTED, "ERR-12"),
        Failure.NOT_HANDLED: Reply(ErrorCode.NOT_SUPPORTED, "ERR-12"),
        # A payload that breaks its schema: the codes are those of the issues.
        **{rule: Reply(ERROR_CODES[rule], citation) for rule, citation in _RULES.items()},
        # A good call that is refused for other reasons.
        Failure.NOT_ACCEPTED: Reply(ErrorCode.SECURITY_ERROR, "ERR-19"),
        Failure.REJECTED: Reply(ErrorCode.SECURITY_ERROR, "ERR-20"),
        Failure.HANDLER_FAILED: Reply(ErrorCode.INTERNAL_ERROR, "ERR-18"),
        Failure.HANDLER_TIMED_OUT: Reply(ErrorCode.INTERNAL_ERROR, "ERR-18"),
    }
)
"""How a call is answered by the versions that say nothing else."""

_NEVER_ANSWERED: Final[Mapping[MessageKind, Reply]] = {
    MessageKind.CALL_ERROR: Reply(NoReply.SILENT, "ERR-05"),
    MessageKind.CALL_RESULT_ERROR: Reply(NoReply.SILENT, "ERR-06"),
    MessageKind.SEND: Reply(NoReply.SILENT, "SYN-08"),
}

_NOBODY_TO_TELL: Final = Reply(NoReply.SILENT, "ERR-07")
_WHICH_RESULT: Final = Reply(NoReply.SILENT, "ERR-05, MID-05")

WITHOUT_ID: Final = frozenset(
    {Failure.BINARY, Failure.NOT_JSON, Failure.NOT_AN_ARRAY, Failure.UNREADABLE_ID}
)


def reply_to(protocol: Protocol, failure: Failure | Rule, kind: MessageKind) -> Reply:
    """Returns one cell of the table.

    Args:
        protocol: the version.
        failure: what is wrong.
        kind: what it is wrong with; for a version, kinds that it lacks are `OTHER`.
    """
    standard = REPLIES[failure]
    if standard.reaction is NoReply.CLOSE:
        return standard
    if kind in _NEVER_ANSWERED:
        return _NEVER_ANSWERED[kind]
    if kind is MessageKind.CALL_RESULT:
        if failure in WITHOUT_ID:
            return _WHICH_RESULT
        if MessageKind.CALL_RESULT_ERROR not in protocol.message_types:
            return _NOBODY_TO_TELL
    return standard if isinstance(failure, Rule) else protocol.replies.get(failure, standard)


def kind_of(protocol: Protocol, message_type: int | None) -> MessageKind:
    """Returns the kind behind a type number, which is `OTHER` where the version has no such kind."""
    for kind in protocol.message_types:
        if kind == message_type:
            return kind
    return MessageKind.OTHER


def failed_rule(issues: Iterable[Issue]) -> Rule:
    """Returns the rule that decides the answer: of those not repaired, the one that ranks first.

    Args:
        issues: at least one.
    """
    return min(issues, key=rank).rule


def describe(failure: Failure | Rule, issues: Iterable[Issue] = ()) -> str:
    """Returns the description of an error reply: what the sender has to mend.

    Of broken rules it names those first that decided the code: which member, which rule, and what is
    allowed. Nothing in it was written by the peer, so of an unknown member it says where that is.
    """
    if isinstance(failure, Failure):
        return _TEXTS.get(failure) or failure.replace("_", " ")
    ranked = sorted(issues, key=rank)
    return "; ".join(map(_describe, ranked[:_SHOWN_ISSUES]))


def _describe(issue: Issue) -> str:
    path = issue.path
    if issue.rule is Rule.UNKNOWN_MEMBER:
        # Its last step is the peer's; a step in quotes is always the peer's.
        path = re.split(r"\['|\[\"", path)[0] if path.endswith("]") else path.rpartition(".")[0]
    return _ADVICE[issue.rule].format(path=path, expected=issue.expected)


_SHOWN_ISSUES: Final = 3

_TEXTS: Final[Mapping[Failure, str]] = {
    Failure.FRAME_TOO_BIG: "the message is too long",
    Failure.BINARY: "OCPP-J messages are text messages, not binary ones",
    Failure.NOT_JSON: "not valid JSON in UTF-8",
    Failure.SALVAGED: "not valid JSON in UTF-8: check commas, quotation marks, brackets and escapes",
    Failure.NOT_AN_ARRAY: "a message must be a JSON array such as [2, id, action, payload]",
    Failure.UNREADABLE_ID: "the message id must be a text of 1 to 36 characters",
    Failure.ID_TOO_LONG: "the message id must have at most 36 characters",
    Failure.MALFORMED: "a CALL must be [2, id, action, payload], with texts as id and action",
    Failure.TOO_DEEP: "arrays and objects are nested too deep",
    Failure.NUMBER_TOO_LONG: "a number has too many digits",
    Failure.TOO_MANY_ELEMENTS: "too many arrays, objects or elements in one message",
}
"""What is said of failures whose name alone does not tell what to mend."""

_ADVICE: Final[Mapping[Rule, str]] = {
    Rule.JSON: "not valid JSON ({expected})",
    Rule.PAYLOAD: "the payload must be a JSON object",
    Rule.REQUIRED: "{path} is required",
    Rule.MIN_ITEMS: "{path} must have at least {expected} items",
    Rule.MAX_ITEMS: "{path} must have at most {expected} items",
    Rule.UNKNOWN_MEMBER: "{path} has a member that its schema lacks",
    Rule.NULL: "{path} must be {expected}, not null",
    Rule.TYPE: "{path} must be {expected}",
    Rule.NUMBER: "{path} is too large a number",
    Rule.ENUM: "{path} must be one of {expected}",
    Rule.MIN_LENGTH: "{path} must have at least {expected} characters",
    Rule.MAX_LENGTH: "{path} must have at most {expected} characters",
    Rule.MINIMUM: "{path} must be at least {expected}",
    Rule.MAXIMUM: "{path} must be at most {expected}",
    Rule.MULTIPLE_OF: "{path} must be a multiple of {expected}",
    Rule.FORMAT: "{path} must be written as {expected}",
}
"""What a sender has to mend, by rule."""


def spell_code(protocol: Protocol, code: ErrorCode) -> str:
    """Returns a code as the version spells it; one that it lacks becomes GenericError. # ERR-18"""
    codes = protocol.error_codes
    return codes[code] if code in codes else codes[ErrorCode.GENERIC_ERROR]


def read_code(word: str) -> str:
    """Returns a peer's word as an `ErrorCode` if it is one, in any version's spelling."""
    return _CODES.get(word, word)


# ERR-17: 1.6 misspelt one and named another in its own way, and peers mix the versions up.
_CODES: Final[Mapping[str, ErrorCode]] = {
    **{code.value: code for code in ErrorCode},
    "FormationViolation": ErrorCode.FORMAT_VIOLATION,
    "OccurenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
}
