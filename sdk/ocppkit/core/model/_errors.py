"""Everything that ocppkit raises. Blame is in the type, the wire's error code is an attribute.

```
OcppError                    one except clause catches everything we raise
├── LocalProtocolError       you asked for what OCPP forbids; nothing was sent
│   ├── InvalidOutgoing      a message of ours breaks its schema; .issues
│   ├── QueueFull            too many calls wait on this connection
│   └── WrongVersion         the peer speaks another version of OCPP
├── RemoteProtocolError      the peer broke OCPP; .error_code is what we answer with
│   ├── InvalidFrame         no usable frame; .failure, and the id, action and type that can be read
│   └── InvalidMessage       a frame whose payload breaks its schema; .issues .raw .value
├── CallFailed               the peer answered CALLERROR: .code .description .details
├── CallTimedOut             no answer before the deadline
└── ConnectionClosed         says who closed first, and why; .delivered
    └── HandshakeRefused     the connection was never opened; .status
```

Texts that come from a peer are quoted in messages: no control character of theirs reaches a log.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ._failures import Failure
from ._issues import Issue, Issues, error_code_of, summary
from ._protocol import ErrorCode

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
    """The root of every exception that ocppkit raises on purpose."""

    def __init__(
        self, problem: str = "", *, action: str | None = None, message_id: str | None = None
    ) -> None:
        super().__init__(problem)
        self.action = action
        """The action it is about, as it stands on the wire, where one is known."""

        self.message_id = message_id
        """The message it is about, where one is known."""

    @property
    def problem(self) -> str:
        """What went wrong, without action and message id."""
        return str(self.args[0])

    # Exceptions rebuild from `args` alone, which keyword arguments do not survive.
    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args), self.__dict__

    def __str__(self) -> str:
        about = " ".join(_shown(name) for name in (self.action, self.message_id) if name)
        return f"{about}: {self.problem}" if about else self.problem


class LocalProtocolError(OcppError):
    """You asked for something that OCPP forbids; nothing was sent."""


class InvalidOutgoing(LocalProtocolError):
    """A message of ours breaks its schema, found before it left."""

    def __init__(
        self,
        problem: str = "",
        *,
        issues: Sequence[Issue] = (),
        action: str | None = None,
        message_id: str | None = None,
    ) -> None:
        super().__init__(problem or summary(issues), action=action, message_id=message_id)
        self.issues = Issues(issues, getattr(issues, "omitted", 0))
        """Every rule that the message breaks."""


class QueueFull(LocalProtocolError):
    """The queue of calls that wait for their turn has reached its limit."""


class WrongVersion(LocalProtocolError):
    """The peer speaks another version of OCPP than the class that was asked for."""


class RemoteProtocolError(OcppError):
    """The peer broke OCPP."""

    error_code: ErrorCode = ErrorCode.GENERIC_ERROR
    """What a CALLERROR about it carries; `Protocol.error_codes` has the version's spelling."""


class InvalidFrame(RemoteProtocolError):
    """A text from the peer that is no usable frame; what could be read of it is in the attributes."""

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
        """What is wrong; `FrameRefused.failure` may know more, as the engine has limits and a policy."""

        self.message_type = message_type
        """The message type number: 2 CALL, 3 CALLRESULT, 4 CALLERROR, 5 CALLRESULTERROR, 6 SEND."""

        self.error_code: ErrorCode = self._CODES.get(failure, ErrorCode.RPC_FRAMEWORK_ERROR)


class InvalidMessage(RemoteProtocolError):
    """A payload that cannot be used: it breaks its schema, beyond what the policy repairs."""

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
        self.issues = Issues(issues, getattr(issues, "omitted", 0))
        """Every rule that the payload breaks, with those that would have been repaired."""

        self.raw = raw
        """The payload as it stood on the wire."""

        self.value = value
        """The payload as untyped JSON; `None` where it is no JSON."""

        if issues:
            self.error_code: ErrorCode = error_code_of(issues)


class CallFailed(OcppError):
    """The peer answered a call with CALLERROR, or a call result with CALLRESULTERROR."""

    def __init__(
        self,
        code: str = ErrorCode.GENERIC_ERROR,
        description: str = "",
        details: Mapping[str, Any] | None = None,
        *,
        action: str | None = None,
        message_id: str | None = None,
    ) -> None:
        said = f"{_shown(code)} {_quoted(description)}" if description else _shown(code)
        super().__init__(said, action=action, message_id=message_id)
        self.code = code
        """An `ErrorCode` where the peer's word is one, in any version's spelling, else its word."""

        self.description = description
        self.details: Mapping[str, Any] = {} if details is None else details


class CallTimedOut(OcppError):
    """No answer came before the deadline."""


class ConnectionClosed(OcppError):
    """The connection is gone, and with it what waited on it."""

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
            f"{said}: {_quoted(reason)}" if reason else said, action=action, message_id=message_id
        )
        self.reason = reason
        self.by: Literal["us", "peer", "network"] = by
        """Who closed first; `network` where nobody said goodbye."""

        self.code = code
        """The close code of the WebSocket, where there was one."""

        self.delivered: Literal["no", "unknown"] = delivered
        """`no`: the message never left. `unknown`: it left, and the peer may have acted on it."""


class HandshakeRefused(ConnectionClosed):
    """The peer refused to open the connection."""

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


def _quoted(text: str) -> str:
    if len(text) > _SHOWN_TEXT:
        return repr(text[:_SHOWN_TEXT]) + "..."
    return repr(text)


def _shown(name: str) -> str:
    """Names are shown plain when they are what names look like, else quoted."""
    return (
        name
        if name.isascii() and name.isprintable() and len(name) <= _SHOWN_TEXT
        else _quoted(name)
    )
