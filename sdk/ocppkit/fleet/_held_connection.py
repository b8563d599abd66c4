"""`HeldConnection`: a connection of this node, and what of it is written in the records of the fleet."""

from datetime import datetime

from msgspec import Struct

from ocppkit.csms import StationHandle, StationRecord

from ._values import FORMAT, ConnectionEnd, Presence

__all__ = ["HeldConnection"]


class HeldConnection(Struct, eq=False):
    """A connection of this node, until its end is written."""

    node: str
    station: StationHandle
    number: int
    """The number of the connection on this node."""

    since: datetime
    revision: int = 0
    """The revision of its record; zero while it has not claimed it."""

    doubtful: bool = False
    """Whether a claim was not acknowledged: it may have been written."""

    boot: StationRecord | None = None
    new_boot: bool = False
    """Whether the boot was answered here, and its record is not acknowledged yet."""

    end: ConnectionEnd | None = None
    ended: datetime | None = None
    lost: bool = False
    """Whether a newer connection has its record."""

    @property
    def key(self) -> tuple[str, int]:
        """What tells this connection from all others of the fleet."""
        return self.node, self.number

    def presence(self) -> Presence:
        """Returns the record with what is true now."""
        station = self.station
        if self.end is not None:
            return Presence(
                format=FORMAT,
                identity=station.identity,
                subprotocol=station.protocol.subprotocol,
                any_case=station.protocol.identity_ignores_case,
                seen=self.ended,
                end=self.end,
                boot=self.boot,
            )
        return Presence(
            format=FORMAT,
            identity=station.identity,
            node=self.node,
            connection=self.number,
            subprotocol=station.protocol.subprotocol,
            remote_address=station.remote_address,
            any_case=station.protocol.identity_ignores_case,
            served=station.served,
            seen=self.since,
            boot=self.boot,
        )
