"""Functional blocks on a CSMS: transactions, authorization and commands, the same for all versions
of OCPP.
"""

from ._authorization_service import AuthorizationQuestion, AuthorizationService, Authorize
from ._csms_blocks import CsmsBlocks, LimitTransaction, ReportReceived
from ._local_lists import send_local_list
from ._provisioning import (
    BootQuestion,
    DecideBoot,
    Provisioning,
    ProvisioningFailed,
    StationProvisioned,
)
from ._report_registrar import ReportRegistrar

__all__ = [
    "AuthorizationQuestion",
    "AuthorizationService",
    "Authorize",
    "BootQuestion",
    "CsmsBlocks",
    "DecideBoot",
    "LimitTransaction",
    "Provisioning",
    "ProvisioningFailed",
    "ReportReceived",
    "ReportRegistrar",
    "StationProvisioned",
    "send_local_list",
]
