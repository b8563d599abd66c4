"""Functional blocks on a CSMS: transactions, authorization and commands, the same for all OCPP versions."""

from ._authorization_service import AuthorizationQuestion, AuthorizationService, Authorize
from ._csms_blocks import CsmsBlocks, ReportReceived, ReportRegistrar

__all__ = [
    "AuthorizationQuestion",
    "AuthorizationService",
    "Authorize",
    "CsmsBlocks",
    "ReportReceived",
    "ReportRegistrar",
]
