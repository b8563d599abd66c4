"""The charging profiles that are installed on a station: installs, removes, finds and stores them."""

from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec
from msgspec import Struct, structs

from .._kept_state import KeptState, restored
from ._charging_rules import ChargingAbilities, ChargingRules
from ._circumstances import Circumstances
from ._profiles import ChargingProfile, InstalledProfile, Purpose
from ._validation import ProfileRefusal, profile_refusal

__all__ = ["InstalledProfiles", "ProfileCriteria"]


class ProfileCriteria(Struct, frozen=True, kw_only=True):
    """Selects profiles. An absent member matches any profile."""

    ids: Collection[int] | None = None
    evse_id: int | None = None
    """The place where it is installed; 0 means only those of the whole station."""

    purpose: Purpose | None = None
    stack_level: int | None = None
    sources: Collection[str] | None = None
    """Who set it, such as CSO or EMS."""

    def match(self, installed: InstalledProfile) -> bool:
        """Returns whether a profile matches all given members."""
        profile = installed.profile
        return (
            (self.ids is None or profile.id in self.ids)
            and self.evse_id in (None, installed.evse_id)
            and self.purpose in (None, profile.charging_profile_purpose)
            and self.stack_level in (None, profile.stack_level)
            and (self.sources is None or installed.source in self.sources)
        )


class _KeptProfiles(KeptState, frozen=True):
    profiles: tuple[InstalledProfile, ...]


class InstalledProfiles:
    """The installed charging profiles of one station."""

    def __init__(
        self,
        rules: ChargingRules,
        abilities: ChargingAbilities,
        *,
        uniform: Callable[[int], int],
    ) -> None:
        """Starts without profiles.

        Args:
            rules: those of the OCPP version.
            abilities: what the station can do.
            uniform: returns an integer from 0 to its argument, at random; `randomized_delay` needs it.
        """
        self._rules = rules
        self.abilities = abilities
        """What the station can do."""

        self._uniform = uniform
        self._profiles: list[InstalledProfile] = []

    def __iter__(self) -> Iterator[InstalledProfile]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    def set(
        self,
        profile: ChargingProfile,
        evse_id: int,
        circumstances: Circumstances,
        *,
        starts_transaction: bool = False,
        as_sent: bytes | None = None,
    ) -> ProfileRefusal | None:
        """Installs a profile, and removes those that it replaces.

        Args:
            profile: the profile.
            evse_id: where to install it; 0 for the whole station, or each of its EVSEs.
            circumstances: the EVSEs and transactions of the station.
            starts_transaction: whether it came with a remote start, for a transaction that does not run
                yet.
            as_sent: the profile as the CSMS sent it, JSON of its OCPP version, for reports.

        Returns:
            Why it was refused; `None` if it is installed.
        """
        others = [each for each in self._profiles if not self._is_replaced(each, profile, evse_id)]
        refused = profile_refusal(
            profile,
            evse_id,
            others,
            circumstances,
            self._rules,
            self.abilities,
            starts_transaction=starts_transaction,
        )
        if refused is None:
            self._profiles = [*others, self._installed(profile, evse_id, as_sent)]
        return refused

    def set_external(
        self,
        profile: ChargingProfile,
        evse_id: int,
        *,
        source: str = "EMS",
        as_sent: bytes | None = None,
    ) -> InstalledProfile:
        """Installs a limit that another system than the CSMS demands; replaces the one with the
        same id.

        Args:
            profile: the limit; its purpose is ChargingStationExternalConstraints.
            evse_id: where it holds; 0 for the whole station.
            source: who set it: EMS, SO or another value of the specification.
            as_sent: the profile as JSON of the OCPP version, for reports.
        """
        self.remove_external(profile.id)
        installed = self._installed(profile, evse_id, as_sent, source)
        self._profiles.append(installed)
        return installed

    def remove_external(self, profile_id: int) -> InstalledProfile | None:
        """Removes a limit that another system than the CSMS has set; returns it if there was one."""
        for each in self._profiles:
            if each.is_external and each.profile.id == profile_id:
                self._profiles.remove(each)
                return each
        return None

    def clear(self, criteria: ProfileCriteria) -> Sequence[InstalledProfile]:
        """Removes profiles at the request of the CSMS, and returns them.

        Args:
            criteria: which; with ids, nothing else counts (CHP-14, CHP-15).
        """
        if criteria.ids is not None:
            criteria = ProfileCriteria(ids=criteria.ids)
        # CHP-15: a CSMS cannot clear what another system has set.
        return self._remove(lambda each: criteria.match(each) and not each.is_external)

    def find(self, criteria: ProfileCriteria) -> Sequence[InstalledProfile]:
        """Returns the profiles that match (CHP-16)."""
        return [each for each in self._profiles if criteria.match(each)]

    def change(self, installed: InstalledProfile, profile: ChargingProfile) -> None:
        """Replaces the values of an installed profile, also in later reports."""
        place = self._profiles.index(installed)
        self._profiles[place] = structs.replace(installed, profile=profile, as_sent=None)

    def end_transaction(self, evse_id: int) -> Sequence[InstalledProfile]:
        """Removes the TxProfiles of an EVSE whose transaction has ended, and returns them (CHP-10)."""
        return self._remove(
            lambda each: each.profile.charging_profile_purpose is Purpose.TX
            and each.evse_id == evse_id
        )

    def drop_offline(self, seconds: float) -> Sequence[InstalledProfile]:
        """Removes the profiles that are no longer valid after so many seconds without a connection
        (2.1).

        Args:
            seconds: how long the station has been offline.
        """
        return self._remove(
            lambda each: each.profile.invalid_after_offline_duration
            and each.profile.max_offline_duration is not None
            and each.profile.max_offline_duration < seconds
        )

    def state(self) -> bytes:
        """Returns all profiles, to store them over a restart (CHP-10)."""
        return msgspec.json.encode(_KeptProfiles(profiles=tuple(self._profiles)))

    def restore(self, state: bytes) -> None:
        """Restores the stored profiles.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """
        kept = restored(_KeptProfiles, state, "a set of charging profiles")
        self._profiles = list(kept.profiles)

    def _is_replaced(self, each: InstalledProfile, by: ChargingProfile, evse_id: int) -> bool:
        if each.is_external:
            return False
        if each.profile.id == by.id:
            return True
        # CHP-05: in 1.6, the same purpose and level at the same connector replaces too.
        return (
            self._rules.same_level_replaces
            and each.evse_id == evse_id
            and each.profile.stack_level == by.stack_level
            and each.profile.charging_profile_purpose is by.charging_profile_purpose
        )

    def _installed(
        self, profile: ChargingProfile, evse_id: int, as_sent: bytes | None, source: str = "CSO"
    ) -> InstalledProfile:
        schedule = profile.charging_schedule[0]
        most = schedule.randomized_delay or 0
        later = len(schedule.charging_schedule_period) - 1
        # CMP-15: drawn once, when the profile arrives.
        delays = tuple(self._uniform(most) for _ in range(later)) if most else ()
        return InstalledProfile(
            profile=profile, evse_id=evse_id, delays=delays, source=source, as_sent=as_sent
        )

    def _remove(self, fits: Callable[[InstalledProfile], bool]) -> Sequence[InstalledProfile]:
        removed = [each for each in self._profiles if fits(each)]
        self._profiles = [each for each in self._profiles if not fits(each)]
        return removed
