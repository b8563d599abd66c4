"""What a station reports of a CSMS whose TLS it does not accept: a security event, for the next connection."""

import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from ocppkit.core import Protocol, Request

__all__ = ["TlsEvents"]

_SECURITY_EVENT: Final = "SecurityEventNotification"
"""The action that reports one; the same word in every version."""

_OLD_TLS: Final = frozenset({"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"})
"""What OpenSSL says where the other end has no version of TLS that is new enough."""

_LONGEST: Final = 255
"""Characters of `techInfo`."""


class TlsEvents:
    """Turns failed attempts to connect into reports, one of each kind until a connection works."""

    def __init__(self, protocol: Protocol, now: Callable[[], datetime]) -> None:
        self._protocol = protocol
        self._now = now
        self._reported: set[str] = set()

    def connected(self) -> None:
        """Notes a success: what fails from now on is news."""
        self._reported.clear()

    def report_on(self, problem: BaseException) -> Request[Any] | None:
        """Returns what the CSMS must learn of a failed attempt; `None` if nothing or nothing new."""
        cause = problem.__cause__
        event = self._event_of(cause)
        action = self._protocol.actions.get(_SECURITY_EVENT)
        if event is None or action is None or event in self._reported:
            return None
        self._reported.add(event)
        request: Any = action.request
        report: Request[Any] = request(
            type=event, timestamp=self._now(), tech_info=str(cause)[:_LONGEST]
        )
        return report

    def _event_of(self, cause: BaseException | None) -> str | None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return self._protocol.untrusted_csms_event  # SEC-10
        if isinstance(cause, ssl.SSLError) and cause.reason in _OLD_TLS:
            return self._protocol.old_tls_event  # SEC-05
        return None
