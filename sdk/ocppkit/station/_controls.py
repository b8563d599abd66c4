"""The settings of a station that can be changed while it runs, for example by the CSMS."""

import logging
from collections.abc import Callable, Mapping
from math import inf, isfinite
from typing import Any, Final, Literal, TypeAlias, TypeGuard, get_args

from ocppkit.core import LocalProtocolError

from ._back_off import BackOff
from ._retries import Retries

__all__ = ["DAY", "ClockSource", "Controls"]

logger = logging.getLogger("ocppkit.station")

DAY: Final = 86400.0

ClockSource: TypeAlias = Literal["csms", "system"]
"""Whose time `station.now()` tells."""


class Controls:
    """The settings of a station that can be changed at any time and take effect at once.

    Assign to them when the CSMS writes the configuration key or variable. An attribute that does not
    exist cannot be assigned, and a value that makes no sense raises `LocalProtocolError`; the old
    one stays then.
    """

    # Reading one costs no call: hot paths do.
    __slots__ = (
        "_observers", "back_off", "call_timeout", "clock_source", "connection_attempts",
        "heartbeat_interval", "ping_interval", "queue_all_messages", "queued_severity",
        "raise_security_events", "retries",
    )  # fmt: skip

    _observers: list[Callable[[str], object]]

    back_off: BackOff
    """How long to wait before connecting again: 2.x RetryBackOffWaitMinimum, RetryBackOffRandomRange
    and RetryBackOffRepeatTimes. A wait that has begun is made anew."""

    call_timeout: float
    """Seconds until a call that was sent counts as unanswered: 2.x MessageTimeout."""

    clock_source: ClockSource
    """Whether `station.now()` follows the CSMS or the system's clock. In 2.x the CSMS's only if the
    variable TimeSource has Heartbeat."""

    connection_attempts: int
    """After how many failed attempts the next network profile is tried: 2.x
    NetworkProfileConnectionAttempts."""

    heartbeat_interval: float
    """Seconds of silence after which a heartbeat is sent: HeartbeatInterval. Zero stands for a day.
    An accepted boot sets it."""

    ping_interval: float
    """Seconds between WebSocket pings: WebSocketPingInterval. Zero turns them off. A transport that
    cannot change it on a live connection follows with the next one."""

    queue_all_messages: bool
    """Whether every message is kept until it is delivered: 2.x QueueAllMessages. Boots and
    heartbeats are never kept."""

    queued_severity: int | None
    """Up to which severity events are kept: 2.x OfflineMonitoringEventQueuingSeverity; `None`: none
    is."""

    raise_security_events: bool
    """Whether the station itself reports what it sees of security events."""

    retries: Retries
    """How messages that must arrive are retried: 1.6 TransactionMessageAttempts and
    TransactionMessageRetryInterval; 2.x MessageAttempts and MessageAttemptInterval."""

    def __init__(self, **values: Any) -> None:
        """Sets all values. `Station` creates its controls; programs change them."""
        object.__setattr__(self, "_observers", [])
        for name, default in _DEFAULTS.items():
            setattr(self, name, values.pop(name, default))
        if values:
            raise TypeError(f"Controls has no setting {', '.join(values)}")

    def __setattr__(self, name: str, value: object) -> None:
        check = _CHECKS.get(name)
        if check is None:
            known = ", ".join(sorted(_CHECKS))
            raise AttributeError(f"station.controls has no {name!r} [use one of: {known}]")
        checked = check(name, value)
        before = getattr(self, name, None)
        object.__setattr__(self, name, checked)
        if checked != before:
            self._notify_observers(name)

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a control cannot be deleted [assign another value]")

    def __repr__(self) -> str:
        return f"Controls({', '.join(f'{name}={getattr(self, name)!r}' for name in _DEFAULTS)})"

    def observe(self, observer: Callable[[str], object]) -> None:
        """Calls the observer with the name of each control that changes from now on."""
        self._observers.append(observer)

    def _notify_observers(self, name: str) -> None:
        for observer in tuple(self._observers):
            try:
                observer(name)
            except Exception:
                logger.exception(
                    "an observer of station.controls failed when %s was changed [the change stays]",
                    name,
                )


def _invalid_value(name: str, value: object, wanted: str) -> LocalProtocolError:
    return LocalProtocolError(f"{name} is {value!r}: it must be {wanted}")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_from(low: float, wanted: str) -> Callable[[str, object], float]:
    def check(name: str, value: object) -> float:
        if not _is_number(value) or not isfinite(value) or value < low:
            raise _invalid_value(name, value, wanted)
        return float(value)

    return check


def _checked_seconds(name: str, value: object) -> float:
    seconds = _number_from(0, "a number of seconds above 0")(name, value)
    if seconds == 0:
        raise _invalid_value(name, value, "a number of seconds above 0")
    return seconds


def _checked_heartbeat_interval(name: str, value: object) -> float:
    # HB-04: zero or less is no interval; a heartbeat a day is the least (HB-03).
    seconds = _number_from(-inf, "a number of seconds")(name, value)
    return seconds if seconds > 0 else DAY


def _checked_count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _invalid_value(name, value, "a whole number from 1 on")
    return value


def _checked_severity(name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _invalid_value(name, value, "None or a whole number from 0 on")
    return value


def _checked_switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _invalid_value(name, value, "True or False")
    return value


def _checked_clock_source(name: str, value: object) -> ClockSource:
    if value not in get_args(ClockSource):
        raise _invalid_value(name, value, " or ".join(map(repr, get_args(ClockSource))))
    return value  # type: ignore[return-value]


def _checked_retries(name: str, value: object) -> Retries:
    if not isinstance(value, Retries):
        raise _invalid_value(name, value, "a Retries")
    _checked_count(f"{name}.attempts", value.attempts)
    _number_from(0, "a number of seconds from 0 on")(f"{name}.interval", value.interval)
    return value


def _checked_back_off(name: str, value: object) -> BackOff:
    if not isinstance(value, BackOff):
        raise _invalid_value(name, value, "a BackOff")
    for part in ("wait_minimum", "random_range", "repeat_times"):
        _number_from(0, "a number from 0 on")(f"{name}.{part}", getattr(value, part))
    return value


_CHECKS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "back_off": _checked_back_off,
    "call_timeout": _checked_seconds,
    "clock_source": _checked_clock_source,
    "connection_attempts": _checked_count,
    "heartbeat_interval": _checked_heartbeat_interval,
    "ping_interval": _number_from(0, "a number of seconds from 0 on"),
    "queue_all_messages": _checked_switch,
    "queued_severity": _checked_severity,
    "raise_security_events": _checked_switch,
    "retries": _checked_retries,
}

_DEFAULTS: Final[Mapping[str, object]] = {
    "back_off": BackOff(),
    "call_timeout": 30.0,
    "clock_source": "csms",
    "connection_attempts": 3,
    "heartbeat_interval": DAY,
    "ping_interval": 25.0,
    "queue_all_messages": False,
    "queued_severity": None,
    "raise_security_events": True,
    "retries": Retries(),
}
