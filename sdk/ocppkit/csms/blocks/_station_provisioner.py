"""Answers the boots of stations, and sets variables before a station is accepted. [B02]"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from ocppkit.aio import current_call
from ocppkit.aio.lowlevel import await_if_needed, loggable
from ocppkit.blocks import Command
from ocppkit.blocks.provisioning import BootReply, BootReport
from ocppkit.blocks.remote_control import MessageTrigger, RequestTrigger
from ocppkit.blocks.variables import SetVariableResult, SetVariables, VariableStatus
from ocppkit.core import OcppError

from .._handle import StationHandle
from ._provisioning import BootQuestion, Provisioning, ProvisioningFailed, StationProvisioned

__all__ = ["StationProvisioner"]

logger = logging.getLogger("ocppkit.csms")

_TAKEN: Final = frozenset({VariableStatus.ACCEPTED, VariableStatus.REBOOT_REQUIRED})


class StationProvisioner:
    """Answers the boots of one CSMS's stations, and sets their variables before it accepts them."""

    def __init__(
        self,
        provisioning: Provisioning,
        *,
        call: Callable[[StationHandle, Command[Any]], Awaitable[Any]],
        now: Callable[[], datetime],
        publish: Callable[[object], None],
    ) -> None:
        """Provisions nothing yet.

        Args:
            provisioning: what is wanted.
            call: sends a command to a station.
            now: tells the date and time.
            publish: tells an event to the program.
        """
        self._provisioning = provisioning
        self._call = call
        self._now = now
        self._publish = publish
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Ends the provisioning of stations that still runs."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def answer(self, station: StationHandle, report: BootReport) -> BootReply:
        """Returns the answer to a boot: Pending until the station has taken what is wanted."""
        provisioning = self._provisioning
        status = await await_if_needed(provisioning.accept(BootQuestion(station.identity, report)))
        if status == "Accepted" and provisioning.wanted:
            if station.identity in provisioning.ready:
                provisioning.ready.remove(station.identity)
            else:
                # B02: commands may be sent once the station is Pending.
                status = "Pending"
                current_call().after_response(lambda: self._start_provisioning(station))
        accepted = status == "Accepted"
        return BootReply(
            status=status,
            current_time=self._now(),
            interval=provisioning.interval if accepted else provisioning.retry_interval,
        )

    def _start_provisioning(self, station: StationHandle) -> None:
        task = asyncio.create_task(self._provision(station))
        self._tasks.add(task)
        task.add_done_callback(self._provisioning_ended)

    def _provisioning_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            logger.error(
                "provisioning a station failed with an exception [it stays Pending until its "
                "next boot]",
                exc_info=problem,
            )

    async def _provision(self, station: StationHandle) -> None:
        identity, results = station.identity, dict[str, SetVariableResult]()
        problem = ""
        try:
            for name, wanted in self._provisioning.wanted.items():
                # One at a time: OCPP 1.6 has no other way, and a station may bound the number.
                answer = await self._call(station, SetVariables(data=(wanted,)))
                if len(answer.results) != 1:
                    problem = f"{name}: {len(answer.results)} answers to one question"
                    continue
                (results[name],) = answer.results
                if results[name].status not in _TAKEN:
                    problem = f"{name}: {results[name].status}"
        except OcppError as error:
            problem = str(error)
        if problem:
            logger.warning(
                "%s: a variable could not be set: %s [the station stays Pending, and is tried "
                "again at its next boot]",
                loggable(identity),
                loggable(problem),
            )
            self._publish(ProvisioningFailed(identity, problem, results))
            return
        self._provisioning.ready.add(identity)
        self._publish(StationProvisioned(identity))
        try:
            boot = RequestTrigger(requested_message=MessageTrigger.BOOT_NOTIFICATION)
            await self._call(station, boot)
        except OcppError as error:
            # It boots by itself when its interval is over.
            logger.info(
                "%s: did not boot when it was asked to: %s [its next boot is accepted]",
                loggable(identity),
                error,
            )
