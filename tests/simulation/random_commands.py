"""Commands of a CSMS with functional blocks to stations on a network that fails, and what must become of them."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random
from typing import Final, TypeAlias

from ocppkit.blocks.authorization import ClearCache, LocalListEntry
from ocppkit.blocks.availability import ChangeAvailability, OperationalStatus
from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ClearProfiles,
    GetComposite,
    ProfileKind,
    Purpose,
    RateUnit,
    SetProfile,
)
from ocppkit.blocks.remote_control import (
    MessageTrigger,
    RequestReset,
    RequestTrigger,
    RequestUnlock,
    ResetType,
    StartRemotely,
    StopRemotely,
)
from ocppkit.blocks.transactions import TokenInfo
from ocppkit.blocks.variables import (
    EV_CONNECTION_TIME_OUT,
    GetVariables,
    SetVariableData,
    SetVariables,
)
from ocppkit.core import OcppError
from ocppkit.csms import Csms, StationHandle
from ocppkit.csms.blocks import CsmsBlocks, send_local_list
from ocppkit.station.blocks import FullStation
from ocppkit.testing import Simulation
from support.day_plans import CARDS, EVSES

__all__ = ["RandomCommands"]

_Send: TypeAlias = Callable[[CsmsBlocks, StationHandle], Awaitable[str]]
"""Sends a command of one kind, and returns what the station has answered."""

_TRIGGERS: Final = (
    MessageTrigger.BOOT_NOTIFICATION,
    MessageTrigger.HEARTBEAT,
    MessageTrigger.METER_VALUES,
    MessageTrigger.STATUS_NOTIFICATION,
)


class RandomCommands:
    """Sends random commands, and knows which values a station may have afterwards."""

    def __init__(self, simulation: Simulation) -> None:
        self.outcomes: Counter[str] = Counter()
        """How often a command had which answer, or failed with what."""

        self._simulation = simulation
        self._random: Random = simulation.random
        self._remote_starts = 0
        self._list_version = 0
        self._possible: dict[str, set[int | None]] = defaultdict(lambda: {None})
        """By station, what EVConnectionTimeOut may be; `None` for what it is at first."""

        self._kinds: Sequence[_Send] = (
            self._read, self._read_all, self._write, self._trigger, self._clear_cache, self._limit,
            self._clear_limits, self._composite, self._start, self._stop, self._close, self._open,
            self._unlock, self._send_list, self._reset,
        )  # fmt: skip

    async def send(self, csms: Csms, blocks: CsmsBlocks, identity: str) -> None:
        """Sends one command to a station, if it is connected."""
        station = csms.stations.get(identity)
        if station is None:
            return
        kind = self._random.choice(self._kinds)
        try:
            outcome = await kind(blocks, station)
        except OcppError as error:
            # Connections end under commands here; each failure must be one of ours.
            outcome = type(error).__name__
        self.outcomes[outcome] += 1
        self._simulation.trace.note(
            "command", f"{identity} {getattr(kind, '__name__', kind)}: {outcome}"
        )

    def faults(self, identity: str, station: FullStation) -> Iterator[str]:
        """Says whether a station has forgotten what it has accepted."""
        possible = self._possible[identity]
        value = station.model[EV_CONNECTION_TIME_OUT]
        if None not in possible and value not in possible:
            yield f"{identity}: EVConnectionTimeOut is {value}, not one of {possible}"

    async def _read(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        answer = await blocks.call(station, GetVariables.of(EV_CONNECTION_TIME_OUT))
        return answer.results[0].status

    async def _read_all(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        report = await blocks.report(station)
        return f"{report.status} {report.is_complete}"

    async def _write(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        value = self._random.randint(30, 300)
        possible = self._possible[station.identity]
        possible.add(value)
        command = SetVariables(data=(SetVariableData.of(EV_CONNECTION_TIME_OUT, value),))
        (result,) = (await blocks.call(station, command)).results
        possible.clear()
        possible.add(value)
        return result.status

    async def _trigger(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        message = self._random.choice(_TRIGGERS)
        return (await blocks.call(station, RequestTrigger(requested_message=message))).status

    async def _clear_cache(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        return (await blocks.call(station, ClearCache())).status

    async def _limit(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        limit = float(self._random.randint(6, 32))
        profile = ChargingProfile(
            id=self._random.randint(1, 4),
            stack_level=self._random.randint(0, 2),
            charging_profile_purpose=Purpose.TX_DEFAULT,
            charging_profile_kind=ProfileKind.RELATIVE,
            charging_schedule=(
                ChargingSchedule(
                    id=1,
                    charging_rate_unit=RateUnit.AMPERES,
                    charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=limit),),
                ),
            ),
        )
        evse_id = self._random.choice([0, *EVSES])
        return (await blocks.call(station, SetProfile(evse_id, profile))).status

    async def _clear_limits(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        return (await blocks.call(station, ClearProfiles())).status

    async def _composite(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        command = GetComposite(evse_id=self._random.choice(EVSES), duration=3600)
        return (await blocks.call(station, command)).status

    async def _start(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        self._remote_starts += 1
        command = StartRemotely(
            id_token=self._random.choice(CARDS),
            evse_id=self._random.choice(EVSES),
            remote_start_id=self._remote_starts,
        )
        return (await blocks.call(station, command)).status

    async def _stop(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        running = [each for each in blocks.ledger if each.station == station.identity]
        if not running:
            return "nothing to stop"
        transaction_id = self._random.choice(running).transaction_id
        return (await blocks.call(station, StopRemotely(transaction_id=transaction_id))).status

    async def _close(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        return await self._change(blocks, station, OperationalStatus.INOPERATIVE)

    async def _open(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        return await self._change(blocks, station, OperationalStatus.OPERATIVE)

    async def _change(
        self, blocks: CsmsBlocks, station: StationHandle, status: OperationalStatus
    ) -> str:
        command = ChangeAvailability(status, evse_id=self._random.choice([None, *EVSES]))
        return (await blocks.call(station, command)).status

    async def _unlock(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        return (await blocks.call(station, RequestUnlock(self._random.choice(EVSES)))).status

    async def _send_list(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        self._list_version += len(CARDS)
        info = TokenInfo(status="Accepted")
        entries = [
            LocalListEntry(id_token=card, id_token_info=info)
            for card in CARDS
            if self._random.random() < 0.5
        ]
        answer = await send_local_list(
            blocks,
            station,
            version_number=self._list_version,
            entries=entries,
            items_per_message=2,
        )
        return answer.status

    async def _reset(self, blocks: CsmsBlocks, station: StationHandle) -> str:
        kind = self._random.choice(list(ResetType))
        return (await blocks.call(station, RequestReset(type=kind))).status
