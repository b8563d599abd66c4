"""Reports the security events that a station detects by itself.

Theory of operation: what is seen is noted at once, with its time, and kept in the journal by a task of
its own, as those who see it cannot wait. If the journal cannot take a report, it is tried again later.
Of each kind there is one report in a row: failures to connect are news again after a connection has
worked, other kinds after an hour without one.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import sleep
from ocppkit.core import HandshakeRefused, Protocol, Request, SecurityEvent

from ._background_failures import is_failure
from ._controls import Controls
from ._store_writer import retry_waits

__all__ = ["REPORTED", "SecurityEvents", "security_report"]

logger = logging.getLogger("ocppkit.station")

REPORTED: Final = frozenset(
    {
        SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
        SecurityEvent.INVALID_CSMS_CERTIFICATE,
        SecurityEvent.INVALID_MESSAGES,
        SecurityEvent.INVALID_TLS_CIPHER_SUITE,
        SecurityEvent.INVALID_TLS_VERSION,
        SecurityEvent.MEMORY_EXHAUSTION,
        SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS,
    }
)
"""The events that a station reports by itself; the guide says of each what makes it."""

_ACTION: Final = "SecurityEventNotification"
"""The action that reports one; the same word in every version."""

_UNAUTHORIZED: Final = frozenset({401, 403})

_TLS_FAILURES: Final = {
    # SEC-05
    "TLSV1_ALERT_PROTOCOL_VERSION": SecurityEvent.INVALID_TLS_VERSION,
    "UNSUPPORTED_PROTOCOL": SecurityEvent.INVALID_TLS_VERSION,
    # SEC-09
    "INSUFFICIENT_SECURITY": SecurityEvent.INVALID_TLS_CIPHER_SUITE,
    "NO_CIPHERS_AVAILABLE": SecurityEvent.INVALID_TLS_CIPHER_SUITE,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": SecurityEvent.INVALID_TLS_CIPHER_SUITE,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": SecurityEvent.INVALID_TLS_CIPHER_SUITE,
    "UNKNOWN_CIPHER_RETURNED": SecurityEvent.INVALID_TLS_CIPHER_SUITE,
    "WRONG_CIPHER_RETURNED": SecurityEvent.INVALID_TLS_CIPHER_SUITE,
    # The CSMS does not accept our certificate, or wants one.
    "SSLV3_ALERT_BAD_CERTIFICATE": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
    "TLSV1_ALERT_ACCESS_DENIED": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
    "TLSV1_ALERT_UNKNOWN_CA": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
}
"""What OpenSSL calls a failed handshake, and what that tells of the CSMS."""

_WRAPPINGS: Final = 8
"""How many errors around an error of TLS are looked into."""

_STREAK: Final = 3600.0
"""Seconds without an event of a kind after which the next one is news."""

_LONGEST: Final = 255
"""Characters of `techInfo`."""


def security_report(
    protocol: Protocol, event: SecurityEvent | str, time: datetime, tech_info: str | None
) -> Request[Any] | None:
    """Returns the message that reports an event; `None` if the version of OCPP does not have the
    event.

    Args:
        protocol: the version.
        event: the event; a name of a vendor's own is taken as it is.
        time: when it happened.
        tech_info: more about it, of which 255 characters are sent.
    """
    action = protocol.actions.get(_ACTION)
    name = protocol.security_events.get(event) if isinstance(event, SecurityEvent) else event
    if action is None or name is None:
        return None
    request: Any = action.request
    about = None if tech_info is None else tech_info[:_LONGEST]
    report: Request[Any] = request(type=name, timestamp=time, tech_info=about)
    return report


class SecurityEvents:
    """Collects the security events that a station detects, and stores their reports in the journal."""

    def __init__(
        self,
        protocol: Protocol,
        controls: Controls,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        *,
        name: str,
    ) -> None:
        """Starts without events.

        Args:
            protocol: the version.
            controls: tell whether events are reported.
            now: the time for messages.
            monotonic: counts seconds.
            name: the station, as it may stand in a log.
        """
        self._protocol = protocol
        self._controls = controls
        self._now = now
        self._monotonic = monotonic
        self._name = name
        self._failures: set[SecurityEvent] = set()
        self._last_seen: dict[SecurityEvent, float] = {}
        self._reports: deque[Request[Any]] = deque()
        self._more = asyncio.Event()

    def add(self, event: SecurityEvent, tech_info: str) -> None:
        """Adds an event to those that are reported."""
        if not self._controls.raise_security_events:
            return
        report = security_report(self._protocol, event, self._now(), tech_info)
        if report is not None:
            self._reports.append(report)
            self._more.set()

    def add_first_of_streak(self, event: SecurityEvent, tech_info: str) -> None:
        """Adds an event that may come many times in a row; only the first of such a series is
        reported.
        """
        now = self._monotonic()
        before, self._last_seen[event] = self._last_seen.get(event), now
        if before is None or now - before >= _STREAK:
            self.add(event, tech_info)

    def note_connect_failure(self, problem: BaseException) -> None:
        """Adds the event, if any, that explains why an attempt to connect failed."""
        event, cause = _event_of(problem)
        if event is not None and event not in self._failures:
            self._failures.add(event)
            self.add(event, str(cause))

    def note_connected(self) -> None:
        """Notes that a connection works, so that the next failure is reported again."""
        self._failures.clear()

    async def run(self, keep: Callable[[Request[Any]], Awaitable[object]], clock: Clock) -> None:
        """Stores reports until it is cancelled.

        Args:
            keep: puts a report into the journal.
            clock: the time between attempts.
        """
        self._more = asyncio.Event()
        failures = 0
        while True:
            while not self._reports:
                self._more.clear()
                await self._more.wait()
            if await self._try_to_store(self._reports[0], keep):
                self._reports.popleft()
                failures = 0
            else:
                failures += 1
                await sleep(clock, retry_waits(failures))

    async def _try_to_store(
        self, report: Request[Any], keep: Callable[[Request[Any]], Awaitable[object]]
    ) -> bool:
        try:
            await keep(report)
        except BaseException as problem:
            if not is_failure(problem):
                raise
            logger.error(
                "%s: %s cannot be stored in the journal: %r [will be tried again]",
                self._name,
                _ACTION,
                problem,
                exc_info=problem,
            )
            return False
        return True


def _event_of(problem: BaseException) -> tuple[SecurityEvent | None, BaseException]:
    if isinstance(problem, HandshakeRefused) and problem.status in _UNAUTHORIZED:
        return SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS, problem
    cause = _tls_error(problem)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return SecurityEvent.INVALID_CSMS_CERTIFICATE, cause  # SEC-10
    if isinstance(cause, ssl.SSLError):
        # One that Python itself raises has no reason.
        reason: str = getattr(cause, "reason", None) or ""
        return _TLS_FAILURES.get(reason), cause
    return None, problem


def _tls_error(problem: BaseException) -> ssl.SSLError | None:
    """Returns the TLS error that caused a failed attempt, also if other exceptions wrap it."""
    cause = problem.__cause__
    for _ in range(_WRAPPINGS):
        if cause is None or isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__
    return None
