"""Makes the controls of a station follow the device model's variables, which a CSMS can set."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from msgspec import Struct

from ocppkit.blocks import Event
from ocppkit.blocks import variables as keys
from ocppkit.blocks.variables import DeviceModel, VariableChanged
from ocppkit.core import IntegerKey, LocalProtocolError, VariableKey

from .._controls import Controls

__all__ = ["follow_variables"]


class _VariableLink(Struct, frozen=True):
    """A variable and the control that has the same value."""

    key: VariableKey[Any]
    read: Callable[[Controls], Any]
    """Returns the value of the variable that says what the control is; `None` for none."""

    write: Callable[[Controls, Any], None]
    """Sets the control to what the value of the variable says."""


def follow_variables(model: DeviceModel, controls: Controls) -> None:
    """Makes the controls of a station follow the variables of its device model from now on.

    The controls are the defaults of the variables: they count until a CSMS, an earlier run or the program
    sets the variable. The interval of heartbeats follows in both directions, as an accepted boot sets it.

    Args:
        model: the variables, before an earlier run's values have been restored.
        controls: those of the station.
    """
    for link in _LINKS:
        if link.key in model:
            _set_default(link, model, controls)
            model.check(link.key, partial(_reason_to_refuse, link))

    def variable_changed(event: Event) -> None:
        if isinstance(event, VariableChanged) and not event.needs_reboot:
            for link in _LINKS:
                value = model.get(link.key, None) if event.is_of(link.key) else None
                if value is not None:
                    link.write(controls, value)

    def control_changed(name: str) -> None:
        # B01.FR.04: the interval in the answer to a boot counts.
        if name == "heartbeat_interval" and keys.HEARTBEAT_INTERVAL in model:
            seconds = _nearest_allowed(model, keys.HEARTBEAT_INTERVAL, controls.heartbeat_interval)
            model[keys.HEARTBEAT_INTERVAL] = seconds

    model.observe(variable_changed)
    controls.observe(control_changed)


def _set_default(link: _VariableLink, model: DeviceModel, controls: Controls) -> None:
    value = link.read(controls)
    if value is None:
        return
    default = (
        _nearest_allowed(model, link.key, value) if isinstance(link.key, IntegerKey) else value
    )
    model.set_default(link.key, default)
    if model[link.key] != default:
        link.write(controls, model[link.key])


def _reason_to_refuse(link: _VariableLink, value: object) -> str | None:
    """Returns the reason why a control cannot take a value that a CSMS writes, or `None`."""
    try:
        link.write(Controls(), value)
    except LocalProtocolError as problem:
        return str(problem)
    return None


def _nearest_allowed(model: DeviceModel, key: IntegerKey, value: float) -> int:
    """Returns the nearest whole number within the limits of the variable."""
    known = model.characteristics(key)
    low = value if known.min_limit is None else max(value, known.min_limit)
    return round(low if known.max_limit is None else min(low, known.max_limit))


def _link_to_control(key: VariableKey[Any], control: str) -> _VariableLink:
    """Returns the link between a variable and a control."""
    return _VariableLink(
        key,
        lambda controls: getattr(controls, control),
        lambda controls, value: setattr(controls, control, value),
    )


def _link_to_field(key: IntegerKey, control: str, part: str) -> _VariableLink:
    """Returns the link between a variable and one field of a control."""

    def write(controls: Controls, value: int) -> None:
        setattr(controls, control, replace(getattr(controls, control), **{part: value}))

    return _VariableLink(key, lambda controls: getattr(getattr(controls, control), part), write)


def _time_source(controls: Controls) -> tuple[str, ...]:
    return ("Heartbeat",) if controls.clock_source == "csms" else ("RealTimeClock",)


def _set_time_source(controls: Controls, sources: tuple[str, ...]) -> None:
    controls.clock_source = "csms" if "Heartbeat" in sources else "system"


_LINKS: Final = (
    _link_to_control(keys.HEARTBEAT_INTERVAL, "heartbeat_interval"),
    _link_to_control(keys.WEB_SOCKET_PING_INTERVAL, "ping_interval"),
    _link_to_control(keys.MESSAGE_TIMEOUT, "call_timeout"),
    _link_to_control(keys.NETWORK_PROFILE_CONNECTION_ATTEMPTS, "connection_attempts"),
    _link_to_control(keys.OFFLINE_QUEUING_SEVERITY, "queued_severity"),
    _link_to_field(keys.MESSAGE_ATTEMPTS, "retries", "attempts"),
    _link_to_field(keys.MESSAGE_ATTEMPT_INTERVAL, "retries", "interval"),
    _link_to_field(keys.RETRY_BACK_OFF_WAIT_MINIMUM, "back_off", "wait_minimum"),
    _link_to_field(keys.RETRY_BACK_OFF_RANDOM_RANGE, "back_off", "random_range"),
    _link_to_field(keys.RETRY_BACK_OFF_REPEAT_TIMES, "back_off", "repeat_times"),
    _link_to_control(keys.QUEUE_ALL_MESSAGES, "queue_all_messages"),
    _VariableLink(keys.TIME_SOURCE, _time_source, _set_time_source),
)
"""Each variable that a control follows."""
