"""Chooses the quirks of a station by its vendor, model and firmware."""

import logging

from ocppkit.aio.lowlevel import Settings, StationRecord, loggable
from ocppkit.core import Policies, Policy, Protocol
from ocppkit.quirks import QuirkProfile, Quirks

from ._handle import StationHandle

__all__ = ["QuirkPolicies"]

logger = logging.getLogger("ocppkit.csms")


class QuirkPolicies:
    """Sets the policies of one connection: those of the program, changed by the station's profile
    of quirks.
    """

    __slots__ = ("_inbound", "_outbound", "_profile", "_protocol", "_quirks", "_station")

    def __init__(
        self,
        quirks: Quirks,
        station: StationHandle,
        protocol: Protocol,
        settings: Settings,
        policies: Policies | None,
    ) -> None:
        """Starts with the policies of the program.

        Args:
            quirks: the profiles.
            station: the station.
            protocol: the version that it speaks.
            settings: has the policies of all stations.
            policies: those that the program chose for this one, if it did.
        """
        self._quirks = quirks
        self._station = station
        self._protocol = protocol
        chosen = Policies() if policies is None else policies
        self._inbound: Policy = chosen.inbound or settings.inbound
        self._outbound: Policy = chosen.outbound or settings.outbound
        self._profile: QuirkProfile | None = None

    def use_record(self, record: StationRecord) -> None:
        """Uses the profile of a station by the record of its last boot."""
        self.use_profile_for(record.vendor, record.model, record.firmware)

    def use_profile_for(self, vendor: str, model: str, firmware: str) -> None:
        """Uses the profile that fits a station which just sent its boot, from its next message on."""
        profile = self._quirks.find(vendor, model, firmware)
        if profile is self._profile:
            return
        self._profile = profile
        if profile is None:
            self._station.use_policies(Policies(inbound=self._inbound, outbound=self._outbound))
            return
        protocol = self._protocol
        self._station.use_policies(
            profile.policies(protocol, inbound=self._inbound, outbound=self._outbound)
        )
        altered = "; ".join(map(str, profile.alterations(protocol)))
        order = ", ".join(request.__ocpp_action__ for request in profile.order(protocol))
        logger.info(
            "%s: quirks of the profile %r are used: vendor %r, model %r, firmware %r; %s%s",
            loggable(self._station.identity),
            profile.name,
            loggable(vendor),
            loggable(model),
            loggable(firmware),
            f"altered in what is sent: {altered}" if altered else "nothing sent is altered",
            f"; sent in this order if they wait at the same time: {order}" if order else "",
        )
