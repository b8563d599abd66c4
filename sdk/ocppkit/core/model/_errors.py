"""The exceptions of ocppkit. The class tells which side is at fault, an attribute has the error
code.

```
OcppError                    one except clause catches everything we raise
├── LocalProtocolError       the program asked for something that OCPP forbids; nothing was sent
│   ├── InvalidOutgoing      a message of ours breaks its schema; .issues
│   ├── QueueFull            too many calls wait on this connection
│   └── WrongVersion         the peer speaks another version of OCPP
├── RemoteProtocolError      the peer violated OCPP; .error_code is the code of our answer
│   ├── InvalidFrame         not a valid frame; .failure, and the id, action and type that can be read
│   └── InvalidMessage       a frame whose payload breaks its schema; .issues .raw .value
├── CallFailed               the peer answered CALLERROR: .code .description .details
├── CallTimedOut             no answer before the deadline
└── ConnectionClosed         says who closed first, and why; .delivered
    └── HandshakeRefused     the connection was never opened; .status
```

Texts of a peer are quoted in messages, so that no control character of theirs reaches a log.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ._failures import Failure
from ._issues import Issue, Issues, error_code_of, summary
from ._protocol import ErrorCode
from ._quoting import quoted

__all__ = [
    "CallFailed",
    "CallTimedOut",
    "ConnectionClosed",
    "HandshakeRefused",
    "InvalidFrame",
    "InvalidMessage",
    "InvalidOutgoing",
    "LocalProtocolError",
    "OcppError",
    "QueueFull",
    "RemoteProtocolError",
    "WrongVersion",
]

_SHOWN_TEXT = 80


class OcppError(Exception):
    """The base class of the exceptions that ocppkit raises."""

    def __init__(
        self, problem: str = "", *, action: str | None = None, message_id: str | None = None
    ) -> None:
        super().__init__(problem)
        self.action = action
        """The action that the error is about, if it is known."""

        self.message_id = message_id
        """The id of the message that the error is about, if it is known."""

    @property
    def problem(self) -> str:
        """The text of the problem, without action and message id."""
        return str(self.args[0])

    # Exceptions are unpickled from `args` alone, which have no keyword arguments.
    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args), self.__dict__

    def __str__(self) -> str:
        about = " ".join(_printable_name(name) for name in (self.action, self.message_id) if name)
        return f"{about}: {self.problem}" if about else self.problem


class LocalProtocolError(OcppError):
    """The program asked for something that OCPP forbids; nothing was sent."""


class InvalidOutgoing(LocalProtocolError):
    """Raised when a message of ours breaks its schema, so that it was not sent."""

    def __init__(
        self,
        problem: str = "",
        *,
        issues: Sequence[Issue] = (),
        action: str | None = None,
        message_id: str | None = None,
    ) -> None:
        super().__init__(problem or summary(issues), action=action, message_id=message_id)
        self.issues: Issues = Issues(issues, getattr(issues, "omitted", 0))
        """Every rule that the message breaks."""


class QueueFull(LocalProtocolError):
    """Raised when as many calls are waiting as `Limits.queue` allows."""


class WrongVersion(LocalProtocolError):
    """Raised when a message belongs to another version of OCPP than the connection, station or
    CSMS.
    """


class RemoteProtocolError(OcppError):
    """Raised when the peer has violated OCPP."""

    error_code: ErrorCode = ErrorCode.GENERIC_ERROR
    """The code of a CALLERROR about it; `Protocol.error_codes` has the spelling of each version."""


class InvalidFrame(RemoteProtocolError):
    """Raised when a text of the peer is not a valid frame. The attributes have what could be read."""

    _CODES: ClassVar[Mapping[Failure, ErrorCode]] = {
        Failure.UNKNOWN_TYPE: ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,
        Failure.UNKNOWN_ACTION: ErrorCode.NOT_IMPLEMENTED,
    }

    def __init__(
        self,
        problem: str = "",
        *,
        failure: Failure = Failure.MALFORMED,
        action: str | None = None,
        message_id: str | None = None,
        message_type: int | None = None,
    ) -> None:
        super().__init__(problem or failure, action=action, message_id=message_id)
        self.failure = failure
        """What is wrong with the text. `FrameRefused.failure` also considers limits and policy."""

        self.message_type = message_type
        """The message type number: 2 CALL, 3 CALLRESULT, 4 CALLERROR, 5 CALLRESULTERROR, 6 SEND."""

        self.error_code: ErrorCode = self._CODES.get(failure, ErrorCode.RPC_FRAMEWORK_ERROR)


class InvalidMessage(RemoteProtocolError):
    """Raised when a payload breaks its schema and the policy does not repair it."""

    def __init__(
        self,
        problem: str = "",
        *,
        issues: Sequence[Issue] = (),
        raw: bytes = b"",
        value: Any = None,
        action: str | None = None,
        message_id: str | None = None,
    ) -> None:
        super().__init__(problem or summary(issues), action=action, message_id=message_id)
        self.issues: Issues = Issues(issues, getattr(issues, "omitted", 0))
        """Every rule that the payload breaks, with those that would have been repaired."""

        self.raw = raw
        """The payload as it was on the wire."""

        self.value = value
        """The payload as untyped JSON; `None` if it is not JSON."""

        if issues:
            self.error_code: ErrorCode = error_code_of(issues)


class CallFailed(OcppError):
    """Raised when the peer answered a call with CALLERROR, or a result with CALLRESULTERROR."""

    def __init__(
        self,
        code: str = ErrorCode.GENERIC_ERROR,
        description: str = "",
        details: Mapping[str, Any] | None = None,
        *,
        action: str | None = None,
        message_id: str | None = None,
    ) -> None:
        said = (
            f"{_printable_name(code)} {quoted(description, _SHOWN_TEXT)}"
            if description
            else _printable_name(code)
        )
        super().__init__(said, action=action, message_id=message_id)
        self.code = code
        """An `ErrorCode` if the peer sent one in the spelling of any version, else the text it sent."""

        self.description = description
        self.details: Mapping[str, Any] = {} if details is None else details


class CallTimedOut(OcppError):
    """Raised when no answer to a call came in time."""


class ConnectionClosed(OcppError):
    """Raised when the connection has ended, also by calls that were waiting for an answer."""

    def __init__(
        self,
        reason: str = "",
        *,
        by: Literal["us", "peer", "network"] = "network",
        code: int | None = None,
        delivered: Literal["no", "unknown"] = "unknown",
        action: str | None = None,
        message_id: str | None = None,
    ) -> None:
        said = f"closed by {by}" if code is None else f"closed by {by} with {code}"
        super().__init__(
            f"{said}: {quoted(reason, _SHOWN_TEXT)}" if reason else said,
            action=action,
            message_id=message_id,
        )
        self.reason = reason
        self.by: Literal["us", "peer", "network"] = by
        """Who closed first; `network` if the connection broke without a close frame."""

        self.code = code
        """The close code of the WebSocket, if there was one."""

        self.delivered: Literal["no", "unknown"] = delivered
        """`no`: the message was not sent. `unknown`: it was sent, and the peer may have acted on it."""


class HandshakeRefused(ConnectionClosed):
    """Raised when the peer refused to open the connection."""

    def __init__(
        self,
        reason: str = "",
        *,
        status: int | None = None,
        by: Literal["us", "peer", "network"] = "peer",
    ) -> None:
        super().__init__(reason, by=by, code=status, delivered="no")
        self.status = status
        """The HTTP status of the refusal."""


def _rebuild(kind: type[OcppError], args: tuple[Any, ...]) -> OcppError:
    error = kind.__new__(kind)
    error.args = args
    return error


def _printable_name(name: str) -> str:
    """Returns a name for a message: unchanged if it is short, printable ASCII, else quoted."""
    return (
        name
        if name.isascii() and name.isprintable() and len(name) <= _SHOWN_TEXT
        else quoted(name, _SHOWN_TEXT)
    )
