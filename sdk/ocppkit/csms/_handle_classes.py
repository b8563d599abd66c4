"""Finds the class of handles of a version, without naming the version."""

from importlib import import_module

from ocppkit.core import LocalProtocolError, Protocol

from ._handle import StationHandle

__all__ = ["station_handle_class"]


def station_handle_class(protocol: Protocol) -> type[StationHandle]:
    """Returns the class of handles for stations that speak this version.

    ```python
    handle = station_handle_class(protocol)("CP001", protocol, peer, "192.0.2.1")
    ```

    Args:
        protocol: the version, such as `v201.PROTOCOL`, for which it is
            `ocppkit.v201.roles.ConnectedStation`.

    Raises:
        LocalProtocolError: the version was generated without roles.
    """
    # The roles of a version import this package, so they are imported by their name, which the
    # version has, and not at the top.
    if protocol.roles is None:
        raise LocalProtocolError(
            f"{protocol.package} has no roles, as it was generated without BootNotification, which a "
            "CSMS needs [add BootNotification to `ocppkit generate --only`]"
        )
    handle: type[StationHandle] = import_module(protocol.roles).STATION_HANDLE
    return handle
