"""The reply table: how each failure is answered, for each kind of message, with the requirement of
OCPP.

Decisions where OCPP-J leaves a choice (ids such as ERR-11 are those of `docs/design/engine.md`):

* One table serves all versions. It says how a CALL is answered. Where a version answers a failure
  differently, `Protocol.replies` says so, which is generated from the facts of the version.
* An invalid CALLRESULT to a call of ours is answered by CALLRESULTERROR with the same code, if the
  version has that kind of message. Otherwise, and for all other results, nothing is sent.
* CALLERROR, CALLRESULTERROR and SEND are never answered.
* In strict mode a text that is not JSON counts as having no message id. In the other modes the message
  id at its beginning is used, if it can be read.
* A message type that the version does not have is ignored, as OCPP 2.1 demands; OCPP 2.0.1 demands
  something else, which its facts say.
* A message id that is in use or too long is what OCPP-J 1.6 calls a message without proper content. It
  is answered like a malformed frame. The answer repeats an id of 37 to 255 characters in full, because
  the sender could not recognise any other.
* Limits: a frame with too many bytes closes the connection (RFC 6455); one that is nested too deeply or
  has too many elements is a format violation; a number with too many digits is a value out of range.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ..model._failures import Failure, MessageKind
from ..model._issues import ANSWERS, Issue, Rule, rank
from ..model._protocol import ErrorCode, NoReply, Protocol, Reply

__all__ = [
    "REPLIES",
    "UNREADABLE",
    "WITHOUT_ID",
    "describe",
    "failed_rule",
    "message_kind_of",
    "read_code",
    "reply_to",
    "spell_code",
]

UNREADABLE: Final = "-1"
"""The message id of an answer to a frame without a readable one. # MID-06"""

_FRAMEWORK = ErrorCode.RPC_FRAMEWORK_ERROR
_FORMAT = ErrorCode.FORMAT_VIOLATION
_PROPERTY = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION

REPLIES: Final[Mapping[Failure | Rule, Reply]] = MappingProxyType(
    {
        # Texts that are not valid frames.
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
        # Valid frames with an action or message id that cannot be accepted.
        Failure.DUPLICATE_ID: Reply(_FRAMEWORK, "MID-07"),
        Failure.UNKNOWN_ACTION: Reply(ErrorCode.NOT_IMPLEMENTED, "ERR-12"),
        Failure.WRONG_DIRECTION: Reply(ErrorCode.NOT_SUPPORTED, "ERR-12"),
        Failure.NOT_HANDLED: Reply(ErrorCode.NOT_SUPPORTED, "ERR-12"),
        # Payloads that break their schema. Of text that is no JSON the engine has a `Failure`.
        **{rule: Reply(*answer) for rule, answer in ANSWERS.items() if rule is not Rule.JSON},
        # Valid calls that are refused for other reasons.
        Failure.NOT_ACCEPTED: Reply(ErrorCode.SECURITY_ERROR, "ERR-19"),
        Failure.REJECTED: Reply(ErrorCode.SECURITY_ERROR, "ERR-20"),
        Failure.HANDLER_FAILED: Reply(ErrorCode.INTERNAL_ERROR, "ERR-18"),
        Failure.HANDLER_TIMED_OUT: Reply(ErrorCode.INTERNAL_ERROR, "ERR-18"),
    }
)
"""How a CALL is answered, unless the version says otherwise."""

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
    """Returns the reply to a failure of a message.

    Args:
        protocol: the version.
        failure: the failure.
        kind: the kind of the message; `OTHER` for a kind that the version does not have.
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


def message_kind_of(protocol: Protocol, message_type: int | None) -> MessageKind:
    """Returns the kind of message for a message type number, or `OTHER` if the version does not
    have it.
    """
    for kind in protocol.message_types:
        if kind == message_type:
            return kind
    return MessageKind.OTHER


def failed_rule(issues: Iterable[Issue]) -> Rule:
    """Returns the rule that decides the answer: the one with the highest rank among the unrepaired
    issues.

    Args:
        issues: at least one.
    """
    return min(issues, key=rank).rule


def describe(failure: Failure | Rule, issues: Iterable[Issue] = ()) -> str:
    """Returns the description of an error reply, which tells the sender what to correct.

    Of broken rules it names those first that decided the code: which member, which rule, and what is
    allowed. Nothing in it was written by the peer, so of an unknown member it says where that is.
    """
    if isinstance(failure, Failure):
        return _TEXTS.get(failure) or failure.replace("_", " ")
    ranked = sorted(issues, key=rank)
    return "; ".join(map(_describe_issue, ranked[:_SHOWN_ISSUES]))


def _describe_issue(issue: Issue) -> str:
    path = issue.path
    if issue.rule is Rule.UNKNOWN_MEMBER:
        # The last step was written by the peer, as are all steps in quotes; they are left out.
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
    """Returns an error code in the spelling of the version, or GenericError if the version does not
    have it. # ERR-18
    """
    codes = protocol.error_codes
    return codes[code] if code in codes else codes[ErrorCode.GENERIC_ERROR]


def read_code(word: str) -> str:
    """Returns a received error code as an `ErrorCode` if it is one of any version, else the text."""
    return _CODES.get(word, word)


# ERR-17: OCPP 1.6 misspells one code and names another differently, and peers mix the versions up.
_CODES: Final[Mapping[str, ErrorCode]] = {
    **{code.value: code for code in ErrorCode},
    "FormationViolation": ErrorCode.FORMAT_VIOLATION,
    "OccurenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
}
