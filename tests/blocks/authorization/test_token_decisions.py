"""Every way in which a token is judged: by source, connection, settings and state of the token."""

from datetime import timedelta
from typing import Any

import pytest

from ocppkit.blocks.authorization import AuthorizationMeans, AuthorizationRefusal, EvseReserved
from ocppkit.blocks.transactions import IdToken, TokenInfo
from ocppkit.blocks.variables import (
    AUTH_CACHE_DISABLE_POST_AUTHORIZE,
    AUTH_CACHE_ENABLED,
    AUTH_ENABLED,
    DISABLE_REMOTE_AUTHORIZATION,
    LOCAL_AUTH_LIST_DISABLE_POST_AUTHORIZE,
    LOCAL_AUTH_LIST_ENABLED,
    LOCAL_AUTHORIZE_OFFLINE,
    LOCAL_PRE_AUTHORIZE,
    OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED,
)
from ocppkit.core import BooleanKey
from support.token_reader import CARD, FAMILY, FLEET, NOW, OTHER, PROTOCOLS, TokenReader, info

GOOD = info()
BLOCKED = info("Blocked")
PAST = info(cache_expiry_date_time=NOW.wall - timedelta(seconds=1))
ELSEWHERE = info(evse_id=(2,))

Means, Refusal = AuthorizationMeans, AuthorizationRefusal
PRE = {LOCAL_PRE_AUTHORIZE: True}
NO_LIST = {LOCAL_AUTH_LIST_ENABLED: False}
NO_CACHE = {AUTH_CACHE_ENABLED: False}
NOT_LOCALLY = {LOCAL_AUTHORIZE_OFFLINE: False}
UNKNOWN = {OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED: True}
NEVER_ASK = {DISABLE_REMOTE_AUTHORIZATION: True}
LIST_IS_FINAL = {LOCAL_AUTH_LIST_DISABLE_POST_AUTHORIZE: True}
CACHE_IS_FINAL = {AUTH_CACHE_DISABLE_POST_AUTHORIZE: True}
NO_AUTH = {AUTH_ENABLED: False}

ASK = "ask"
ALL, OLD, NEW = ("1.6", "2.0.1", "2.1"), ("1.6",), ("2.0.1", "2.1")

Known = TokenInfo | None
Settings = dict[BooleanKey, bool]
Row = tuple[tuple[str, ...], str, bool, Known, Known, Settings, object]
"""Versions, requirement, whether the station is online, what the list and the cache know, settings, and the result:
`ASK`, or by what means the token was accepted, or that and why it was refused."""

ROWS: list[Row] = [
    # Unknown, online.
    (ALL, "C01.FR.02, AUT-02", True, None, None, {}, ASK),
    (ALL, "AuthCtrlr.Enabled", True, None, None, NO_AUTH, Means.NOT_NEEDED),
    (
        NEW,
        "DisableRemoteAuthorization",
        True,
        None,
        None,
        NEVER_ASK,
        (Means.NOT_ASKED, Refusal.NOT_ACCEPTED),
    ),
    (
        NEW,
        "DisableRemoteAuthorization",
        True,
        None,
        None,
        NEVER_ASK | UNKNOWN,
        (Means.NOT_ASKED, Refusal.NOT_ACCEPTED),
    ),
    # In the local list, online.
    (NEW, "C14.FR.02, AUT-17", True, GOOD, None, {}, Means.LOCAL_LIST),
    (OLD, "AUT-16", True, GOOD, None, {}, ASK),
    (OLD, "AUT-16", True, GOOD, None, PRE, Means.LOCAL_LIST),
    (ALL, "C14.FR.03, AUT-17", True, BLOCKED, None, PRE, ASK),
    (ALL, "C14.FR.03, AUT-17", True, PAST, None, PRE, ASK),
    (NEW, "C01.FR.20", True, ELSEWHERE, None, PRE, ASK),
    (
        NEW,
        "LocalAuthListCtrlr.DisablePostAuthorize",
        True,
        BLOCKED,
        None,
        LIST_IS_FINAL,
        (Means.LOCAL_LIST, Refusal.NOT_ACCEPTED),
    ),
    (
        NEW,
        "LocalAuthListCtrlr.DisablePostAuthorize",
        True,
        ELSEWHERE,
        None,
        LIST_IS_FINAL,
        (Means.LOCAL_LIST, Refusal.OTHER_EVSE),
    ),
    (
        NEW,
        "LocalAuthListCtrlr.DisablePostAuthorize",
        True,
        GOOD,
        None,
        LIST_IS_FINAL,
        Means.LOCAL_LIST,
    ),
    (NEW, "LocalAuthListCtrlr.DisablePostAuthorize", True, BLOCKED, None, CACHE_IS_FINAL, ASK),
    (NEW, "DisableRemoteAuthorization", True, GOOD, None, NEVER_ASK, Means.LOCAL_LIST),
    (
        NEW,
        "DisableRemoteAuthorization",
        True,
        BLOCKED,
        None,
        NEVER_ASK,
        (Means.NOT_ASKED, Refusal.NOT_ACCEPTED),
    ),
    (ALL, "LocalAuthListCtrlr.Enabled", True, GOOD, None, PRE | NO_LIST, ASK),
    (NEW, "C13.FR.01, C14.FR.01, AUT-07", True, BLOCKED, GOOD, PRE, ASK),
    (NEW, "C13.FR.01, C14.FR.01, AUT-07", True, GOOD, BLOCKED, {}, Means.LOCAL_LIST),
    # In the cache, online.
    (ALL, "C10.FR.11", True, None, GOOD, {}, ASK),
    (ALL, "C12.FR.02, AUT-16", True, None, GOOD, PRE, Means.CACHE),
    (ALL, "C10.FR.03, C12.FR.05, AUT-10", True, None, BLOCKED, PRE, ASK),
    (ALL, "C10.FR.08, AUT-11", True, None, PAST, PRE, ASK),
    (NEW, "C01.FR.20", True, None, ELSEWHERE, PRE, ASK),
    (
        NEW,
        "AuthCacheCtrlr.DisablePostAuthorize",
        True,
        None,
        BLOCKED,
        PRE | CACHE_IS_FINAL,
        (Means.CACHE, Refusal.NOT_ACCEPTED),
    ),
    (NEW, "AuthCacheCtrlr.DisablePostAuthorize", True, None, BLOCKED, PRE | LIST_IS_FINAL, ASK),
    (ALL, "AuthCacheCtrlr.Enabled", True, None, GOOD, PRE | NO_CACHE, ASK),
    (NEW, "DisableRemoteAuthorization", True, None, GOOD, NEVER_ASK, Means.CACHE),
    # Offline.
    (ALL, "AUT-14, AUT-15", False, None, None, {}, (Means.OFFLINE, Refusal.NOT_ACCEPTED)),
    (ALL, "C15.FR.08, AUT-15", False, None, None, UNKNOWN, Means.OFFLINE),
    (ALL, "AuthCtrlr.Enabled", False, None, None, NO_AUTH, Means.NOT_NEEDED),
    (ALL, "C13.FR.02, AUT-14", False, GOOD, None, {}, Means.LOCAL_LIST),
    (
        ALL,
        "C13.FR.02, AUT-14",
        False,
        BLOCKED,
        None,
        UNKNOWN,
        (Means.LOCAL_LIST, Refusal.NOT_ACCEPTED),
    ),
    (
        ALL,
        "C13.FR.04-06, AUT-14",
        False,
        PAST,
        None,
        UNKNOWN,
        (Means.LOCAL_LIST, Refusal.NOT_ACCEPTED),
    ),
    (NEW, "C01.FR.20", False, ELSEWHERE, None, UNKNOWN, (Means.LOCAL_LIST, Refusal.OTHER_EVSE)),
    (
        ALL,
        "LocalAuthorizeOffline",
        False,
        GOOD,
        None,
        NOT_LOCALLY,
        (Means.LOCAL_LIST, Refusal.NOT_ACCEPTED),
    ),
    (
        ALL,
        "LocalAuthorizeOffline",
        False,
        GOOD,
        None,
        NOT_LOCALLY | UNKNOWN,
        (Means.LOCAL_LIST, Refusal.NOT_ACCEPTED),
    ),
    (ALL, "C13.FR.01, AUT-07", False, BLOCKED, GOOD, {}, (Means.LOCAL_LIST, Refusal.NOT_ACCEPTED)),
    (ALL, "LocalAuthListCtrlr.Enabled", False, BLOCKED, None, NO_LIST | UNKNOWN, Means.OFFLINE),
    (ALL, "C12, AUT-14", False, None, GOOD, {}, Means.CACHE),
    (ALL, "C12, AUT-14", False, None, BLOCKED, UNKNOWN, (Means.CACHE, Refusal.NOT_ACCEPTED)),
    (ALL, "C10.FR.08, AUT-11", False, None, PAST, UNKNOWN, (Means.CACHE, Refusal.NOT_ACCEPTED)),
    (
        ALL,
        "LocalAuthorizeOffline",
        False,
        None,
        GOOD,
        NOT_LOCALLY,
        (Means.CACHE, Refusal.NOT_ACCEPTED),
    ),
    (ALL, "AuthCacheCtrlr.Enabled", False, None, BLOCKED, NO_CACHE | UNKNOWN, Means.OFFLINE),
]
CASES = [
    pytest.param(version, *rest, id=f"{number}, {version}: {requirement}")
    for number, (versions, requirement, *rest) in enumerate(ROWS)
    for version in versions
]


@pytest.mark.parametrize(
    ("version", "online", "listed", "cached", "settings", "expected"), CASES
)  # C01, C10, C12, C13, C14, C15
def test_a_token_is_judged_by_what_is_known_of_it(
    version: str,
    online: bool,
    listed: Known,
    cached: Known,
    settings: Settings,
    expected: Any,
) -> None:
    reader = TokenReader(version, is_online=online)
    if cached is not None:
        reader.caches(CARD, cached)
    if listed is not None:
        reader.lists(CARD, listed)
    for key, value in settings.items():
        reader.model[key] = value
    if expected == ASK:
        decided = reader.present(CARD, info())
        assert (decided.means, decided.refusal) == (Means.CSMS, None)
        return
    decided = reader.present(CARD)
    means, refusal = expected if isinstance(expected, tuple) else (expected, None)
    assert (decided.means, decided.refusal) == (means, refusal)
    assert decided.accepted is (refusal is None)
    if means in (Means.LOCAL_LIST, Means.CACHE):
        assert decided.id_token_info is not None


@pytest.mark.parametrize("version", list(PROTOCOLS))
@pytest.mark.parametrize("status", ["Accepted", "Invalid", "Blocked", "Expired", "ConcurrentTx"])
def test_only_accepted_lets_a_token_start(version: str, status: str) -> None:  # C01
    reader = TokenReader(version)
    decided = reader.present(CARD, info(status, FAMILY))
    assert decided.accepted is (status == "Accepted")
    assert decided.refusal is (None if decided.accepted else Refusal.NOT_ACCEPTED)
    assert decided.id_token_info == info(status, FAMILY)


RESERVED: list[tuple[IdToken, TokenInfo, bool]] = [
    (CARD, info(), True),
    (OTHER, info(), False),
    (OTHER, info(group=FLEET), True),
    (OTHER, info(group=FAMILY), False),
]


@pytest.mark.parametrize("version", list(PROTOCOLS))
@pytest.mark.parametrize(("token", "said", "accepted"), RESERVED)
def test_a_reserved_evse_serves_its_driver_and_the_group(
    version: str, token: IdToken, said: TokenInfo, accepted: bool
) -> None:  # H03 (partly)
    reader = TokenReader(version)
    reserved = EvseReserved(evse_id=1, reservation_id=7, id_token=CARD, group_id_token=FLEET)
    reader.block.notice(reserved, NOW)
    decided = reader.present(token, said)
    assert decided.refusal is (None if accepted else Refusal.RESERVED)
    assert decided.reservation_id == (7 if accepted else None)
    assert reader.present(OTHER, info(), evse_id=2).accepted
