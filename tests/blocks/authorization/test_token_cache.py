"""The cache: what comes into it, for how long, what is forgotten first, and what survives a restart."""

from datetime import timedelta
from typing import Any

import pytest

from ocppkit.blocks import ClockChanged
from ocppkit.blocks.authorization import (
    AuthorizationMeans,
    ClearCache,
    ClearCacheAnswer,
    LocalListConflict,
)
from ocppkit.blocks.transactions import AdditionalInfo, IdToken, TokenInfoReceived
from ocppkit.blocks.variables import (
    AUTH_CACHE_ENABLED,
    AUTH_CACHE_LIFE_TIME,
    AUTH_CACHE_STORAGE,
    LOCAL_AUTH_LIST_ENABLED,
    LOCAL_PRE_AUTHORIZE,
)
from support.token_reader import CARD, FAMILY, NOW, OTHER, PROTOCOLS, TokenReader, info

VERSIONS = list(PROTOCOLS)
CACHED = AuthorizationMeans.CACHE


def offline(version: str = "2.1", **more: Any) -> TokenReader:
    return TokenReader(version, is_online=False, **more)


def status_of(reader: TokenReader, id_token: IdToken) -> str | None:
    """Returns what the cache of a station that is offline says of a token; `None` if it does not know it."""
    decided = reader.present(id_token, evse_id=2)
    if decided.accepted:
        reader.block.released(2, reader.now)
    known = decided.id_token_info
    assert (decided.means is CACHED) is (known is not None)
    return None if known is None else known.status


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", ["Accepted", "Blocked", "Invalid"])
def test_each_answer_is_remembered_whatever_it_is(version: str, status: str) -> None:  # C10
    reader = TokenReader(version)
    reader.present(CARD, info(status))
    reader.block.released(1, reader.now)
    reader.disconnect()
    assert status_of(reader, CARD) == status


@pytest.mark.parametrize("version", VERSIONS)
def test_replies_about_transactions_change_what_is_remembered(version: str) -> None:  # C10, C12
    reader = offline(version)
    reader.caches(CARD, info())
    reader.block.notice(TokenInfoReceived(id_token=CARD, info=info("Blocked")), NOW)
    assert status_of(reader, CARD) == "Blocked"


@pytest.mark.parametrize(
    "token", [IdToken("", "NoAuthorization"), IdToken("S-1", "Central")]
)  # C02, C03
def test_tokens_that_mean_nothing_later_are_not_remembered(token: IdToken) -> None:
    reader = offline()
    reader.caches(token, info())
    assert reader.block.state() == offline().block.state()


def test_tokens_accepted_for_being_unknown_are_not_remembered() -> None:  # C15
    reader = offline()
    before = reader.block.state()
    reader.present(CARD)
    assert reader.block.state() == before


def test_additional_information_is_not_remembered() -> None:  # C10
    reader = offline()
    reader.caches(IdToken("04E91C5A", "ISO14443", (AdditionalInfo("7", "PIN"),)), info())
    assert status_of(reader, CARD) == "Accepted"
    assert b"PIN" not in reader.block.state()


@pytest.mark.parametrize("version", VERSIONS)
def test_tokens_of_the_local_list_do_not_come_into_the_cache(version: str) -> None:  # C13, C14
    reader = offline(version)
    reader.lists(CARD, info())
    reader.caches(CARD, info())
    reader.knows()
    assert status_of(reader, CARD) is None
    reader.model[LOCAL_AUTH_LIST_ENABLED] = False
    reader.caches(CARD, info())
    assert status_of(reader, CARD) == "Accepted"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_that_accepts_what_the_csms_does_not_is_told(version: str) -> None:  # LAL-11
    reader = offline(version)
    reader.lists(CARD, info())
    reader.block.notice(TokenInfoReceived(id_token=CARD, info=info("Blocked")), NOW)
    conflict = LocalListConflict(id_token=CARD, id_token_info=info("Blocked"))
    assert reader.block.next_event() == conflict
    reader.block.notice(TokenInfoReceived(id_token=CARD, info=info()), NOW)
    reader.lists(CARD, info("Blocked"))
    reader.block.notice(TokenInfoReceived(id_token=CARD, info=info("Blocked")), NOW)
    assert reader.block.next_event() is None


def test_a_cache_that_is_switched_off_learns_nothing() -> None:  # C10
    reader = offline()
    reader.model[AUTH_CACHE_ENABLED] = False
    reader.caches(CARD, info())
    reader.model[AUTH_CACHE_ENABLED] = True
    assert status_of(reader, CARD) is None


def test_upper_and_lower_case_are_the_same_token_and_a_type_is_not() -> None:  # C01
    reader = offline()
    reader.caches(CARD, info())
    assert status_of(reader, IdToken("04e91c5a", "ISO14443")) == "Accepted"
    assert status_of(reader, IdToken("04E91C5A", "ISO15693")) is None
    tags = offline("1.6")
    tags.caches(IdToken("04e91c5a"), info())
    assert status_of(tags, CARD) == "Accepted"


@pytest.mark.parametrize(
    ("life_time", "expiry", "after", "status"),
    [
        (None, None, 10**8, "Accepted"),
        (60, None, 59, "Accepted"),
        (60, None, 60, "Expired"),
        (0, None, 0, "Expired"),
        (60, 3600, 600, "Accepted"),
        (None, 3600, 3599, "Accepted"),
        (None, 3600, 3600, "Expired"),
        (86400, 3600, 3600, "Expired"),
    ],
)  # C10
def test_what_is_remembered_is_believed_for_a_while(
    life_time: int | None, expiry: int | None, after: int, status: str
) -> None:
    reader = offline()
    if life_time is not None:
        reader.model[AUTH_CACHE_LIFE_TIME] = life_time
    end = None if expiry is None else NOW.wall + timedelta(seconds=expiry)
    reader.caches(CARD, info(cache_expiry_date_time=end))
    reader.now = NOW.after(after)
    assert status_of(reader, CARD) == status


def test_a_refusal_stays_what_it_is_when_it_is_old() -> None:  # C10
    reader = offline()
    reader.caches(CARD, info("Blocked", cache_expiry_date_time=NOW.wall))
    assert status_of(reader, CARD) == "Blocked"


def test_the_life_time_begins_again_with_each_answer() -> None:  # C10
    reader = offline()
    reader.model[AUTH_CACHE_LIFE_TIME] = 60
    reader.caches(CARD, info())
    reader.now = NOW.after(50)
    reader.caches(CARD, info())
    reader.now = NOW.after(100)
    assert status_of(reader, CARD) == "Accepted"


def test_a_clock_that_is_set_ends_no_life_time() -> None:  # C10
    reader = offline()
    reader.model[AUTH_CACHE_LIFE_TIME] = 60
    reader.caches(CARD, info())
    reader.block.has_changed = False
    reader.now = NOW.after(7200)
    reader.block.notice(ClockChanged(change=timedelta(seconds=7190)), reader.now)
    assert reader.block.has_changed
    assert status_of(reader, CARD) == "Accepted"
    reader.now = NOW.after(7250)
    assert status_of(reader, CARD) == "Expired"


def names(reader: TokenReader, *tokens: IdToken) -> list[str]:
    return [each.id_token for each in tokens if status_of(reader, each) is not None]


def test_a_full_cache_forgets_what_is_not_valid_and_then_the_oldest() -> None:  # C10
    a, b, c, d, e, f = (IdToken(name, "ISO14443") for name in "ABCDEF")
    reader = offline(cache_capacity=3)
    reader.caches(a, info())
    reader.caches(b, info("Blocked"))
    reader.caches(c, info(cache_expiry_date_time=NOW.wall))
    reader.caches(d, info())
    assert names(reader, a, b, c, d) == ["A", "C", "D"]
    reader.caches(e, info())
    assert names(reader, a, b, c, d, e) == ["A", "D", "E"]
    reader.caches(a, info())
    reader.caches(f, info())
    assert names(reader, a, d, e, f) == ["A", "E", "F"]


def test_a_cache_takes_as_many_bytes_as_its_variable_says() -> None:  # C10
    a, b, c = (IdToken(name, "ISO14443") for name in "ABC")
    reader = offline()
    reader.model.declare(AUTH_CACHE_STORAGE, 0, max_limit=300)
    reader.caches(a, info())
    size = reader.model[AUTH_CACHE_STORAGE]
    assert 50 < size <= 150
    reader.caches(b, info("Blocked"))
    reader.caches(c, info(group=FAMILY))
    assert names(reader, a, b, c) == ["A", "C"]
    assert reader.model[AUTH_CACHE_STORAGE] <= 300
    again = offline()
    again.model.declare(AUTH_CACHE_STORAGE, 0, max_limit=300)
    again.block.restore(reader.block.state(), NOW)
    assert again.model[AUTH_CACHE_STORAGE] == reader.model[AUTH_CACHE_STORAGE]
    # What does not fit into an empty cache is not remembered.
    reader.caches(a, info(group=IdToken("G" * 250, "Central")))
    assert names(reader, a) == []
    reader.block.commands[ClearCache](ClearCache(), NOW)
    assert reader.model[AUTH_CACHE_STORAGE] == 0


def test_a_cache_without_room_is_an_error() -> None:  # C10
    with pytest.raises(ValueError, match="capacity of the cache must be at least 1"):
        offline(cache_capacity=0)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_csms_clears_the_cache(version: str) -> None:  # C11
    reader = offline(version)
    reader.lists(OTHER, info())
    reader.caches(CARD, info())
    reader.block.has_changed = False
    clear = reader.block.commands[ClearCache]
    assert clear(ClearCache(), NOW) == ClearCacheAnswer(status="Accepted")
    assert reader.block.has_changed
    assert status_of(reader, CARD) is None
    assert reader.present(OTHER).means is AuthorizationMeans.LOCAL_LIST


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cache_that_is_switched_off_is_not_cleared(version: str) -> None:  # C11
    reader = offline(version)
    reader.caches(CARD, info())
    reader.model[AUTH_CACHE_ENABLED] = False
    answer = reader.block.commands[ClearCache](ClearCache(), NOW)
    assert isinstance(answer, ClearCacheAnswer)
    assert (answer.status, answer.reason_code) == ("Rejected", "NotEnabled")
    reader.model[AUTH_CACHE_ENABLED] = True
    assert status_of(reader, CARD) == "Accepted"


@pytest.mark.parametrize("version", VERSIONS)
def test_cache_list_and_drivers_survive_a_restart(version: str) -> None:  # C10, D01
    reader = offline(version)
    reader.caches(CARD, info(group=FAMILY))
    reader.lists(OTHER, info())
    reader.block.has_changed = False
    assert reader.present(CARD).accepted
    assert reader.block.has_changed
    again = offline(version)
    again.block.restore(reader.block.state(), NOW)
    assert again.present(CARD).means is AuthorizationMeans.SAME_TOKEN
    assert again.present(OTHER).means is AuthorizationMeans.LOCAL_LIST
    assert again.present(CARD, evse_id=2).means is CACHED


@pytest.mark.parametrize("state", [b"", b"{}", b'{"format": 9}', b'{"format": 1, "tokens": 3}'])
def test_a_foreign_state_is_refused_and_changes_nothing(state: bytes) -> None:
    reader = offline()
    reader.caches(CARD, info())
    before = reader.block.state()
    with pytest.raises(ValueError, match="what is known of tokens"):
        reader.block.restore(state, NOW)
    assert reader.block.state() == before


def test_the_cache_is_used_online_only_with_local_pre_authorize() -> None:  # C10, C12
    reader = TokenReader()
    reader.caches(CARD, info())
    assert reader.present(CARD, info()).means is AuthorizationMeans.CSMS
    reader.model[LOCAL_PRE_AUTHORIZE] = True
    assert reader.present(CARD, evse_id=2).means is CACHED
