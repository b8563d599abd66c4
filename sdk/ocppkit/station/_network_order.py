"""Chooses which network profile of a station is tried next, and after how many seconds."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ocppkit.core import LocalProtocolError

from ._connect_request import SecurityProfile, security_of
from ._network_profiles import NetworkProfile

__all__ = ["NetworkOrder"]

logger = logging.getLogger("ocppkit.station")


class NetworkOrder:
    """The network profiles of a station, in the order in which they are tried. # REC-05

    Each gets its attempts and then the next has its turn, at once: it is another server. When all
    have failed it begins anew. Every profile has a back-off of its own that goes on from turn to
    turn, so that no server is flooded. A success resets them all, and rules out lower security profiles.
    """

    def __init__(
        self,
        new_waits: Callable[[], Iterator[float]],
        attempts: Callable[[], int],
        name: str,
    ) -> None:
        """Creates an order without profiles.

        Args:
            new_waits: begins a back-off.
            attempts: returns after how many failures the next profile has its turn.
            name: the station, as it may stand in a log.
        """
        self._new_waits = new_waits
        self._attempts = attempts
        self._name = name
        self._profiles: tuple[NetworkProfile, ...] = ()
        self._at = 0
        self._failures = 0
        self._waits: dict[NetworkProfile, Iterator[float]] = {}

        self.floor = SecurityProfile.NONE
        """The safest security profile that the station was ever connected with."""

    @property
    def profile(self) -> NetworkProfile:
        """The profile to try now, or the one in use."""
        return self._profiles[self._at]

    @property
    def credentials(self) -> frozenset[Any]:
        """The security profiles, passwords and TLS contexts of all network profiles."""
        return frozenset((security_of(each), each.password, each.ssl) for each in self._profiles)

    def set_profiles(self, profiles: Sequence[NetworkProfile]) -> None:
        """Sets the profiles, and starts with the first one.

        Raises:
            LocalProtocolError: there are none, or none is as safe as one that was used before.
        """
        if not profiles:
            raise LocalProtocolError(
                "no network profile is given [pass the URL of the CSMS, or at least one "
                "NetworkProfile]"
            )
        safe = [profile for profile in profiles if security_of(profile) >= self.floor]
        if not safe:
            raise LocalProtocolError(
                "a station must not use a lower security profile than one used before "
                "[use wss:// and the credentials of that security profile]"
            )
        if len(safe) < len(profiles):
            logger.warning(
                "%s: skipping network profiles with a lower security profile than one used before",
                self._name,
            )
        self._profiles = tuple(safe)
        self.start_over()

    def start_over(self) -> None:
        """Starts again with the first profile."""
        self._at = 0
        self._failures = 0
        self._waits = {}

    def note_connected(self) -> None:
        """Notes that the profile has connected. # REC-03

        It is tried first when the connection is lost.
        """
        profile = self.profile
        self.floor = max(self.floor, security_of(profile))
        self.set_profiles(self._profiles)
        self._at = self._profiles.index(profile)
        self._waits = {profile: self._new_waits()}

    def note_failed(self) -> None:
        """Notes that an attempt has failed; after several the next profile follows."""
        self._waits.setdefault(self.profile, self._new_waits())
        self._failures += 1
        if self._failures >= self._attempts() and len(self._profiles) > 1:
            self._failures = 0
            self._at = (self._at + 1) % len(self._profiles)
            logger.warning(
                "%s: too many failed attempts: trying network profile %d next",
                self._name,
                self._at + 1,
            )

    def restart_back_off(self) -> None:
        """Starts the back-off of each profile again, after its parameters have changed."""
        self._waits = {profile: self._new_waits() for profile in self._waits}

    def use_credentials(self, change: Callable[[NetworkProfile], NetworkProfile]) -> None:
        """Changes passwords and TLS contexts, and stays with the current profile.

        Raises:
            LocalProtocolError: the profile in use would be less safe than one before.
        """
        changed = tuple(map(change, self._profiles))
        if changed and security_of(changed[self._at]) < self.floor:
            raise LocalProtocolError(
                "a station must not use a lower security profile than one used before "
                "[use wss:// and the credentials of that security profile]"
            )
        self._waits = {
            new: self._waits[old]
            for old, new in zip(self._profiles, changed, strict=True)
            if old in self._waits
        }
        self._profiles = changed

    def seconds_to_wait(self) -> float:
        """Returns the seconds to wait before the next attempt."""
        waits = self._waits.get(self.profile)
        return 0.0 if waits is None else next(waits)
