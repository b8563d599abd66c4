"""Creates the reports of installed profiles."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from ._profile_messages import ProfilesReport
from ._profiles import InstalledProfile

__all__ = ["profile_reports"]


def profile_reports(
    request_id: int, profiles: Iterable[InstalledProfile]
) -> Iterator[ProfilesReport]:
    """Yields reports that have profiles of one source and one EVSE each; all but the last say that
    more follow. # CHP-16

    Args:
        request_id: the number of the CSMS's request.
        profiles: what is told.
    """
    groups = [
        (place, tuple(group)) for place, group in groupby(sorted(profiles, key=_place), _place)
    ]
    for number, ((source, evse_id), group) in enumerate(groups, 1):
        yield ProfilesReport(
            request_id=request_id,
            source=source,
            evse_id=evse_id,
            profiles=group,
            tbc=number < len(groups),
        )


def _place(installed: InstalledProfile) -> tuple[str, int]:
    return installed.source, installed.evse_id
