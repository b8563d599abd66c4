"""The EVSEs of a simulated station: cables, vehicles that charge, and meters."""

from collections.abc import Callable, Iterable
from typing import Final

from ocppkit.blocks.transactions import IdToken, SampledValue
from ocppkit.station.blocks import FullStation

__all__ = ["SimulatedEvses"]

_WATT_HOURS_PER_SECOND: Final = 3
_APART: Final = 10_000_000
"""Watt-hours between the registers of two EVSEs at first."""


class SimulatedEvses:
    """Simulates the hardware of a station with functional blocks: cables, vehicles and meters."""

    def __init__(self, evse_ids: Iterable[int], time: Callable[[], float]) -> None:
        """Begins without vehicles.

        Args:
            evse_ids: the EVSEs.
            time: returns seconds.
        """
        self.plugged: set[int] = set()
        """The EVSEs with a cable that is plugged in at both ends."""

        self._time = time
        self._registers = {evse_id: evse_id * _APART for evse_id in evse_ids}
        self._charging_since: dict[int, float] = {}

    def read(self, evse_id: int) -> list[SampledValue]:
        """Returns what a meter shows, which is never the same twice, at no EVSE."""
        since = self._charging_since.get(evse_id)
        if since is not None:
            now = self._time()
            self._charging_since[evse_id] = now
            self._registers[evse_id] += round((now - since) * _WATT_HOURS_PER_SECOND)
        self._registers[evse_id] += 1
        return [SampledValue(float(self._registers[evse_id]))]

    def lose_power(self) -> None:
        """Records that no energy flows any more; cables stay plugged in."""
        self._charging_since.clear()

    def flow(self, station: FullStation, evse_id: int, *, flows: bool) -> None:
        """Lets energy flow, if the contactor and the cable let it, or ends it."""
        can_flow = station.transactions.state_of(evse_id).power_path_closed
        flows = flows and can_flow and evse_id in self.plugged
        if flows:
            self._charging_since.setdefault(evse_id, self._time())
        else:
            self._charging_since.pop(evse_id, None)
        station.energy(evse_id, flows)

    def use(self, station: FullStation, evse_id: int, what: str, card: IdToken) -> None:
        """Does what a driver or a vehicle does: plug, unplug, card, pause or resume."""
        match what:
            case "plug":
                self.plugged.add(evse_id)
                station.plugged_in(evse_id)
            case "unplug":
                self.plugged.discard(evse_id)
                self.flow(station, evse_id, flows=False)
                station.unplugged(evse_id)
            case "card":
                station.present(evse_id, card)
            case "pause" | "resume":
                self.flow(station, evse_id, flows=what == "resume")
            case _:
                raise ValueError(f"a driver does not do {what!r}")
