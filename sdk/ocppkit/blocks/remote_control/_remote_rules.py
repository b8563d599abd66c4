"""The rules by which remote control differs between versions of OCPP."""

from collections.abc import Mapping

from msgspec import Struct

from ..transactions import StoppedReason
from ._remote_messages import ResetType

__all__ = ["RemoteControlRules"]


class RemoteControlRules(Struct, frozen=True, kw_only=True):
    """The rules of remote control in one version of OCPP."""

    waits_for_idle: bool = True
    """Whether a reset on idle waits for transactions (2.x); if not, it stops them. # RST-01, RST-05"""

    reset_reasons: Mapping[ResetType, StoppedReason]
    """Why transactions are stopped by each type of reset."""

    unlock_stops_transaction: bool = False
    """Whether unlocking stops a transaction (1.6); if not, it is refused while one goes on. # REM-11, REM-12"""

    status_needs_connector: bool = True
    """Whether a CSMS that asks for a status must name the connector (2.x). # REM-15"""
