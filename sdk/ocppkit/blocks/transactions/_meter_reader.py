"""Reads the meters of EVSEs, and selects the values that the settings ask for."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from math import isfinite

from msgspec.structs import replace

from ocppkit.core import ListKey

from ..variables import DeviceModel
from ._meter_values import ENERGY_REGISTER, MeterValue, SampledValue, energy_register
from ._words import ReadingContext

__all__ = ["MeterReader", "register_of"]


class MeterReader:
    """The meters of one station."""

    def __init__(
        self, model: DeviceModel, read_meter: Callable[[int], Sequence[SampledValue]]
    ) -> None:
        self._model = model
        self._read_meter = read_meter
        self._registers: dict[int, float] = {}

    def read(self, evse_id: int) -> Sequence[SampledValue]:
        """Returns the present values of the meter of an EVSE; an empty list if it cannot be read."""
        samples = self._read_meter(evse_id)
        register = register_of(samples)
        if register is not None:
            self._registers[evse_id] = register
        return samples

    def last_register(self, evse_id: int) -> float | None:
        """Returns the energy register of an EVSE in Wh at its last reading, or `None` if it was
        never read.
        """
        return self._registers.get(evse_id)

    def select(
        self,
        samples: Iterable[SampledValue],
        measurands: ListKey,
        context: ReadingContext,
        at: datetime,
    ) -> tuple[MeterValue, ...]:
        """Returns the meter values to report, or `None` if there are none.

        Args:
            samples: the reading.
            measurands: the setting that lists the measurands.
            context: why the meter was read.
            at: when.
        """
        wanted = self._model.setting(measurands)
        values = tuple(
            replace(each, context=context)
            for each in samples
            if (each.measurand or ENERGY_REGISTER) in wanted and _is_number(each.value)
        )
        return (MeterValue(at, values),) if values else ()


def register_of(samples: Iterable[SampledValue]) -> float | None:
    """Returns the energy register of all phases in Wh, or `None` if the reading does not have it."""
    registers = (energy_register(each) for each in samples)
    return next((each for each in registers if each is not None), None)


def _is_number(value: float | None) -> bool:
    """Returns False for a value that is not a finite number, which no message can express."""
    return value is None or isfinite(value)
