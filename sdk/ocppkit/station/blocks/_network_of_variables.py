"""Reads the network profiles that a CSMS has set with SetNetworkProfile."""

from ocppkit.blocks.variables import VariablesBlock

from .._network_profiles import NetworkProfile

__all__ = ["network_profiles"]


def network_profiles(block: VariablesBlock) -> tuple[NetworkProfile, ...]:
    """Returns the network profiles that the CSMS has set, in the order of
    NetworkConfigurationPriority, for `station.restart`. # B10

    A profile without a password has the station's own; TLS is always the station's own. The identity of a
    profile is left out, as a station has one.
    """
    return tuple(
        NetworkProfile(profile.ocpp_csms_url, password=profile.basic_auth_password, slot=slot)
        for slot, profile in block.network_order()
    )
