"""Reports refused connections: as a log line, an event and a call of the observer.

A fleet with a wrong password, or a scanner, is refused thousands of times a minute. Every refusal
reaches the observer; the log and `stations.events()` get the first one at once, and for those that
follow within a minute, of the same identity and for the same reason, one report with their number.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import loggable

__all__ = ["RefusalObserver", "RefusalReports", "StationRefused"]

logger = logging.getLogger("ocppkit.csms")

_WINDOW: Final = 60.0
"""Seconds in which refusals that are alike are reported together."""

_KINDS: Final = 1024
"""Kinds of refusals that are counted apart in one window; what is beyond shares one report."""


class StationRefused(Struct, frozen=True, kw_only=True):
    """Event: a connection was refused before it was open."""

    reason: str
    """Why, for the operator. The station is told less."""

    status: int | None = None
    """The HTTP status of the answer; `None` if there was no HTTP to answer, as in a failed TLS
    handshake."""

    identity: str = ""
    """The identity in the path; empty if none could be read."""

    remote_address: str = ""
    path: str = ""
    """The path that was asked for, without its query, which may hold a token."""

    offered: tuple[str, ...] = ()
    """The subprotocols that were offered."""

    repeated: int = 0
    """How many refusals of this identity for this reason came since the last report, beside this
    one."""

    def __str__(self) -> str:
        details = [self.remote_address or "unknown address", self.path]
        if self.offered:
            details.append(f"offers {', '.join(self.offered)}")
        about = ", ".join(loggable(detail) for detail in details if detail)
        status = "" if self.status is None else f" {self.status}"
        times = f" ({self.repeated} more in the last minute)" if self.repeated else ""
        name = loggable(self.identity) or "unknown station"
        return f"{name} ({about}): refused{status}: {loggable(self.reason)}{times}"


class RefusalObserver(Protocol):
    """An optional method of observers, beside those of `ocppkit.aio.Observer`."""

    def connection_refused(self, refusal: StationRefused) -> None:
        """Called for each refused connection. Its `repeated` is always zero."""
        ...


class _Window:
    """Counts refusals of one kind since the last report about them."""

    __slots__ = ("latest", "repeated", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.repeated = 0
        self.latest: StationRefused | None = None


class RefusalReports:
    """Reports refused connections; many of the same kind become one report per minute."""

    def __init__(
        self,
        clock: Callable[[], Clock],
        observer: object,
        publish: Callable[[StationRefused], None],
    ) -> None:
        """Sets where reports go.

        Args:
            clock: returns the clock; it is asked within the event loop only.
            observer: sees every refusal, if it has a method `connection_refused`.
            publish: takes what is logged too.
        """
        self._clock = clock
        self._observe: Callable[[StationRefused], None] | None = getattr(
            observer, "connection_refused", None
        )
        self._publish = publish
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()

    def report(self, refusal: StationRefused) -> None:
        """Reports a refusal, or counts it if one of its kind was reported within the last minute."""
        self._tell_observer(refusal)
        now = self._clock().time()
        self._remove_old_counters(now)
        # Nobody is identified by an address, but strangers without an identity have nothing else.
        key = (refusal.identity or refusal.remote_address, refusal.reason)
        if key not in self._windows and len(self._windows) >= _KINDS:
            key = ("", "")
        window = self._windows.get(key)
        if window is None:
            self._windows[key] = _Window(now)
            self._log_and_publish(refusal)
            return
        if window.latest is None:
            self._clock().call_at(window.since + _WINDOW, lambda: self._report_repeated(key))
        window.latest = refusal
        window.repeated += 1

    def _remove_old_counters(self, now: float) -> None:
        """Removes counters whose minute is over, except those that a timer will report."""
        while self._windows:
            key, window = next(iter(self._windows.items()))
            if now < window.since + _WINDOW or window.latest is not None:
                return
            del self._windows[key]

    def _report_repeated(self, key: tuple[str, str]) -> None:
        window = self._windows.pop(key)
        self._windows[key] = _Window(self._clock().time())
        assert window.latest is not None
        self._log_and_publish(replace(window.latest, repeated=window.repeated - 1))

    def _log_and_publish(self, refusal: StationRefused) -> None:
        logger.warning("%s", refusal)
        self._publish(refusal)

    def _tell_observer(self, refusal: StationRefused) -> None:
        if self._observe is None:
            return
        try:
            self._observe(refusal)
        except Exception:
            # A failing observer must not decide who may connect.
            logger.exception(
                "observer.connection_refused raised an exception [the refusal is logged all the "
                "same]"
            )
