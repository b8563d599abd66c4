"""The rules by which authorization differs between versions of OCPP."""

from ..transactions import TokenRules

__all__ = ["AuthorizationRules"]


class AuthorizationRules(TokenRules, frozen=True, kw_only=True):
    """The rules of authorization in one version of OCPP. The defaults are those of 2.1."""

    list_needs_pre_authorize: bool = False
    """Whether the local list counts only with LocalPreAuthorize while the station is online (1.6)."""

    empty_list_has_version: bool = True
    """Whether a list that was emptied reports its version; in 1.6 it is 0. # LAL-12"""

    version_without_list: int = 0
    """The version that is reported if there is no local list. # LAL-01, LAL-02"""
