"""Updates the local authorization list of a station."""

from collections.abc import Sequence

from ocppkit.blocks.authorization import (
    GetLocalListVersion,
    LocalListEntry,
    LocalListStatus,
    LocalListUpdate,
    SendLocalList,
    SendLocalListAnswer,
    list_updates,
)

from .._handle import StationHandle
from ._csms_blocks import CsmsBlocks

__all__ = ["send_local_list"]


async def send_local_list(
    blocks: CsmsBlocks,
    station: StationHandle,
    *,
    version_number: int,
    entries: Sequence[LocalListEntry],
    changes: Sequence[LocalListEntry] = (),
    changes_since: int | None = None,
    items_per_message: int = 50,
) -> SendLocalListAnswer:
    """Sends entries of the local list to a station, as changes or as a whole list; returns the last
    answer.

    Nothing is sent to a station that has the version. The changes are sent to one that has the version before
    them; the whole list to any other, and to one that does not take the changes. # LAL-08

    Each message of a list needs a version of its own, of which the last is `version_number`. So a list
    whose sending was interrupted is not taken for complete.

    Args:
        blocks: the functional blocks of the CSMS.
        station: the station.
        version_number: the version of the list.
        entries: the whole list.
        changes: what has changed in it; an entry without info takes its token out.
        changes_since: the version that the changes begin with.
        items_per_message: how many entries the station takes at once, as its variable
            LocalAuthListCtrlr.ItemsPerMessage says, or SendLocalListMaxLength in 1.6.

    Raises:
        ValueError: there are more messages than versions.
        OcppError: a call has failed, as `CsmsBlocks.call` tells it.
    """
    whole = list_updates(entries, version_number, items_per_message)
    present = (await blocks.call(station, GetLocalListVersion())).version_number
    if present < 0:
        # LAL-01
        return SendLocalListAnswer(status=LocalListStatus.NOT_SUPPORTED)
    if present == version_number:
        return SendLocalListAnswer(status=LocalListStatus.ACCEPTED)
    if present == changes_since:
        kind = LocalListUpdate.DIFFERENTIAL
        parts = list_updates(changes, version_number, items_per_message, update_type=kind)
        # D01.FR.19
        if parts[0].version_number > present:
            answer = await _send(blocks, station, parts)
            if answer.status == LocalListStatus.ACCEPTED:
                return answer
    return await _send(blocks, station, whole)


async def _send(
    blocks: CsmsBlocks, station: StationHandle, updates: Sequence[SendLocalList]
) -> SendLocalListAnswer:
    """Sends updates one after the other, until all are sent or the station refuses one."""
    answer = SendLocalListAnswer(status=LocalListStatus.ACCEPTED)
    for update in updates:
        answer = await blocks.call(station, update)
        if answer.status != LocalListStatus.ACCEPTED:
            break
    return answer
