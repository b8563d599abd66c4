"""The use cases of authorization, each in the versions that have it, with the test cases of OCPP that they cover."""

from typing import Any

import pytest

from ocppkit.blocks import BootAccepted, CsmsConnected, CsmsDisconnected, StationStarted
from ocppkit.blocks.authorization import (
    AuthorizationAction,
    AuthorizationMeans,
    AuthorizationRefusal,
    AuthorizeReport,
    EvseReservationEnded,
    EvseReserved,
    LocalListEntry,
)
from ocppkit.blocks.transactions import IdToken, StoppedReason, TokenInfo, TokenInfoReceived
from ocppkit.blocks.variables import (
    AUTH_ENABLED,
    AUTHORIZE_REMOTE_START,
    DISABLE_REMOTE_AUTHORIZATION,
    LOCAL_PRE_AUTHORIZE,
    MASTER_PASS_GROUP_ID,
    OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED,
    TX_START_POINT,
)
from ocppkit.core import LocalProtocolError
from support.recorded_transactions import RecordedTransactions
from support.token_reader import CARD, FAMILY, FLEET, NOW, OTHER, PROTOCOLS, TokenReader, info

VERSIONS = list(PROTOCOLS)
NEW = VERSIONS[1:]
Action, Means, Refusal = AuthorizationAction, AuthorizationMeans, AuthorizationRefusal
MASTER = IdToken("MASTER", "Central")
BUTTON = IdToken("", "NoAuthorization")


def with_transactions(
    version: str = "2.1", **more: Any
) -> tuple[TokenReader, RecordedTransactions]:
    reader = TokenReader(version, with_transactions=True, **more)
    return reader, reader.transactions


def charging(version: str, group: IdToken | None = None) -> TokenReader:
    """Returns a station where a driver is authorized on EVSE 1."""
    reader = TokenReader(version)
    assert reader.present(CARD, info(group=group)).accepted
    return reader


@pytest.mark.parametrize("version", VERSIONS)
def test_a_card_starts_and_stops(version: str) -> None:  # C01, E07, TC_C_02_CS, TC_C_06_CS
    reader, transactions = with_transactions(version)
    refused = reader.present(CARD, info("Invalid"))
    assert (refused.action, refused.refusal) == (Action.START, Refusal.NOT_ACCEPTED)
    assert transactions.told == []
    started = reader.present(CARD, info(group=FAMILY))
    assert (started.action, started.means, started.accepted) == (Action.START, Means.CSMS, True)
    assert transactions.told.pop() == ("authorized", 1, CARD, FAMILY, None)
    # AUT-03: no Authorize for the token that started.
    stopped = reader.present(CARD)
    assert (stopped.action, stopped.means) == (Action.STOP, Means.SAME_TOKEN)
    assert stopped.evse_ids == (1,)
    assert transactions.told.pop() == ("stopped", 1, StoppedReason.LOCAL, CARD)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", ["Accepted", "Blocked"])
def test_a_foreign_card_does_not_stop(version: str, status: str) -> None:  # C01, TC_C_04_CS
    reader = charging(version)
    decided = reader.present(OTHER, info(status))
    assert decided.action is Action.STOP
    expected = Refusal.OTHER_DRIVER if status == "Accepted" else Refusal.NOT_ACCEPTED
    assert decided.refusal is expected
    assert reader.present(CARD).accepted


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_card_in_other_case_stops(version: str) -> None:  # C01
    reader = charging(version)
    assert reader.present(IdToken("04e91c5a", "ISO14443")).means is Means.SAME_TOKEN


@pytest.mark.parametrize("version", VERSIONS)
def test_a_driver_who_has_gone_has_to_authorize_again(version: str) -> None:  # C01, AUT-23
    reader = charging(version)
    reader.block.has_changed = False
    reader.block.released(1, NOW)
    assert reader.block.has_changed
    assert reader.present(CARD, info()).action is Action.START


@pytest.mark.parametrize("version", VERSIONS)
def test_while_the_csms_is_asked_other_tokens_are_refused_at_the_evse(version: str) -> None:  # C01
    reader = TokenReader(version)
    reader.block.present(1, CARD, NOW)
    asked = reader.question()
    assert asked == AuthorizeReport(id_token=CARD, evse_id=1)
    reader.block.present(1, CARD, NOW)
    assert reader.block.next_report() is None
    assert reader.present(OTHER).refusal is Refusal.BUSY
    assert reader.present(OTHER, info(), evse_id=2).accepted
    reader.answer(asked, info())
    assert reader.decision().accepted
    # After a power cut a reply may come again.
    reader.answer(asked, info())
    assert reader.block.next_event() is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_driver_stops_while_the_csms_is_asked_about_another_one(version: str) -> None:  # C01
    reader = charging(version)
    reader.block.present(1, OTHER, NOW)
    asked = reader.question()
    assert reader.present(CARD).means is Means.SAME_TOKEN
    reader.answer(asked, info())
    assert reader.decision().refusal is Refusal.OVERTAKEN


@pytest.mark.parametrize("version", VERSIONS)
def test_an_answer_that_comes_too_late_starts_nothing(version: str) -> None:  # C01
    reader, transactions = with_transactions(version)
    reader.block.present(1, CARD, NOW)
    asked = reader.question()
    transactions.authorized(1, OTHER, NOW)
    reader.answer(asked, info())
    assert reader.decision().refusal is Refusal.OVERTAKEN
    assert len(transactions.told) == 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("unknown", [True, False])
def test_without_an_answer_the_rules_for_offline_count(version: str, unknown: bool) -> None:  # C15
    reader = TokenReader(version)
    reader.model[OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED] = unknown
    reader.block.present(1, CARD, NOW)
    asked = reader.question()
    reader.disconnect()
    reader.block.failed(asked, NOW)
    decided = reader.decision()
    assert (decided.means, decided.accepted) == (Means.OFFLINE, unknown)
    reader.block.failed(asked, NOW)
    assert reader.block.next_event() is None


@pytest.mark.parametrize("version", VERSIONS)
def test_before_the_boot_is_accepted_the_csms_is_not_asked(version: str) -> None:  # C13
    reader = TokenReader(version, is_online=False)
    notice, now = reader.block.notice, NOW
    notice(CsmsConnected(), now)
    assert reader.present(CARD).means is Means.OFFLINE
    notice(BootAccepted(), now)
    assert reader.present(CARD, info("Invalid")).means is Means.CSMS
    notice(CsmsDisconnected(), now)
    notice(CsmsConnected(offline_for=5.0), now)
    # Accepted once, it needs no other boot.
    assert reader.present(OTHER, info("Invalid")).means is Means.CSMS
    notice(StationStarted(), now)
    assert reader.block.is_online is False


@pytest.mark.parametrize("version", NEW)
def test_a_start_button(version: str) -> None:  # C02
    reader, transactions = with_transactions(version)
    assert reader.present(BUTTON).means is Means.NOT_NEEDED
    assert transactions.told.pop() == ("authorized", 1, BUTTON, None, None)
    assert reader.present(CARD, info()).refusal is Refusal.OTHER_DRIVER
    assert reader.present(BUTTON).means is Means.SAME_TOKEN
    reader.present(CARD, info())
    # The button stops nobody who is known.
    assert reader.present(BUTTON).refusal is Refusal.OTHER_DRIVER


@pytest.mark.parametrize("version", VERSIONS)
def test_a_station_without_authorization(version: str) -> None:  # C01
    reader = TokenReader(version)
    reader.model[AUTH_ENABLED] = False
    assert reader.present(CARD).means is Means.NOT_NEEDED
    assert reader.present(OTHER).refusal is Refusal.OTHER_DRIVER
    assert reader.present(CARD).means is Means.SAME_TOKEN


@pytest.mark.parametrize("version", NEW)
def test_a_payment_terminal_starts_by_the_csms(version: str) -> None:  # C03, C05
    reader, transactions = with_transactions(version)
    reader.model[AUTHORIZE_REMOTE_START] = True
    token = IdToken("S-1", "Central")
    reader.block.start_remotely(1, token, 33, NOW, group_id_token=FLEET)
    decided = reader.decision()
    assert (decided.means, decided.accepted) == (Means.REMOTE_START, True)
    assert decided.remote_start_id == 33
    assert transactions.told == [("remote_start", 1, token, 33, FLEET, None)]
    # C05: no other token of the CSMS is known here, so nobody but the group stops.
    assert reader.present(CARD, info()).refusal is Refusal.OTHER_DRIVER


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", ["Accepted", "Blocked"])
def test_a_remote_start_is_authorized_if_the_csms_wants_it(
    version: str, status: str
) -> None:  # C05
    reader, transactions = with_transactions(version)
    reader.model[AUTHORIZE_REMOTE_START] = True
    reader.block.start_remotely(1, CARD, 33, NOW)
    asked = reader.question()
    assert asked == AuthorizeReport(id_token=CARD, evse_id=1)
    with pytest.raises(LocalProtocolError, match="has an authorized driver already"):
        reader.block.start_remotely(1, OTHER, 34, NOW)
    reader.answer(asked, info(status, FAMILY))
    decided = reader.decision()
    assert (decided.means, decided.accepted) == (Means.CSMS, status == "Accepted")
    told = [("remote_start", 1, CARD, 33, FAMILY, None)] if decided.accepted else []
    assert transactions.told == told


@pytest.mark.parametrize("version", VERSIONS)
def test_a_remote_start_needs_no_authorization_by_default(version: str) -> None:  # C05
    reader, transactions = with_transactions(version, is_online=False)
    reader.block.start_remotely(1, CARD, None, NOW)
    assert reader.decision().means is Means.REMOTE_START
    assert transactions.told == [("remote_start", 1, CARD, None, None, None)]
    with pytest.raises(LocalProtocolError, match="has an authorized driver already"):
        reader.block.start_remotely(1, OTHER, None, NOW)
    # The driver may stop at the station.
    assert reader.present(CARD).means is Means.SAME_TOKEN


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["KeyCode", "Local", "MacAddress"])
def test_codes_and_local_ids_are_judged_as_cards_are(version: str, kind: str) -> None:  # C04, C06
    reader = TokenReader(version)
    token = IdToken("1234", kind)
    assert reader.present(token, info("Unknown")).refusal is Refusal.NOT_ACCEPTED
    decided = reader.present(token, info())
    assert decided.accepted
    # C04.FR.04: a code comes into no log.
    assert ("1234" in repr(decided)) is (kind != "KeyCode")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_token_of_the_group_stops(version: str) -> None:  # C09, TC_C_39_CS
    reader, transactions = with_transactions(version)
    reader.present(CARD, info(group=FAMILY))
    stopped = reader.present(OTHER, info(group=FAMILY))
    assert (stopped.action, stopped.accepted) == (Action.STOP, True)
    assert transactions.told[-1] == ("stopped", 1, StoppedReason.LOCAL, OTHER)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("mine", "said"),
    [
        (FAMILY, info(group=FLEET)),
        (FAMILY, info()),
        (None, info(group=FAMILY)),
        (None, info()),
        (FAMILY, info("Invalid", FAMILY)),
    ],
)  # C09, TC_C_42_CS, TC_C_43_CS, TC_C_44_CS
def test_a_token_of_another_group_or_without_validity_does_not_stop(
    version: str, mine: IdToken | None, said: TokenInfo
) -> None:
    reader = charging(version, mine)
    decided = reader.present(OTHER, said)
    assert (decided.action, decided.accepted) == (Action.STOP, False)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source", [Means.LOCAL_LIST, Means.CACHE])
@pytest.mark.parametrize("online", [True, False])
def test_a_known_token_of_the_group_stops_without_being_asked_about(
    version: str, source: AuthorizationMeans, online: bool
) -> None:  # C09, TC_C_40_CS, TC_C_41_CS
    reader = charging(version, FAMILY)
    if source is Means.LOCAL_LIST:
        reader.lists(OTHER, info(group=FAMILY))
    else:
        reader.caches(OTHER, info(group=FAMILY))
    if not online:
        reader.disconnect()
    decided = reader.present(OTHER)
    assert (decided.action, decided.means, decided.accepted) == (Action.STOP, source, True)


# C09, TC_C_43_CS, TC_C_44_CS
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source", ["list", "cache"])
def test_a_known_token_that_is_not_valid_is_asked_about(version: str, source: str) -> None:
    reader = charging(version, FAMILY)
    if source == "list":
        reader.lists(OTHER, info("Invalid", FAMILY))
    else:
        reader.caches(OTHER, info("Invalid", FAMILY))
    assert not reader.present(OTHER, info("Invalid", FAMILY)).accepted
    assert reader.present(OTHER, info(group=FAMILY)).accepted


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cached_card_starts_without_being_asked_about(version: str) -> None:  # C12, TC_C_08_CS
    reader, transactions = with_transactions(version)
    reader.model[LOCAL_PRE_AUTHORIZE] = True
    reader.caches(CARD, info(group=FAMILY))
    assert reader.present(CARD).means is Means.CACHE
    assert transactions.told == [("authorized", 1, CARD, FAMILY, None)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("was", ["Invalid", "Blocked", "Expired"])
@pytest.mark.parametrize("becomes", ["Accepted", "Invalid"])
def test_a_cached_card_that_was_refused_is_asked_about(
    version: str, was: str, becomes: str
) -> None:  # C12, TC_C_09_CS, TC_C_10_CS, TC_C_11_CS, TC_C_12_CS
    reader = TokenReader(version)
    reader.model[LOCAL_PRE_AUTHORIZE] = True
    reader.caches(CARD, info(was))
    assert reader.present(CARD, info(becomes)).accepted is (becomes == "Accepted")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("listed", "cached", "accepted"),
    [
        ("Accepted", None, True),
        ("Invalid", None, False),
        ("Blocked", None, False),
        ("Expired", None, False),
        ("Invalid", "Accepted", False),
        ("Accepted", "Invalid", True),
    ],
)  # C13, TC_C_21_CS, TC_C_22_CS, TC_C_23_CS, TC_C_24_CS, TC_C_25_CS
def test_offline_the_local_list_decides(
    version: str, listed: str, cached: str | None, accepted: bool
) -> None:
    reader = TokenReader(version, is_online=False)
    reader.model[OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED] = True
    if cached is not None:
        reader.caches(CARD, info(cached))
    reader.lists(CARD, info(listed))
    decided = reader.present(CARD)
    assert (decided.means, decided.accepted) == (Means.LOCAL_LIST, accepted)


# C14, TC_C_27_CS, TC_C_28_CS, TC_C_29_CS, TC_C_30_CS, TC_C_31_CS
@pytest.mark.parametrize("version", NEW)
@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired"])
def test_online_a_listed_card_starts_or_is_asked_about(version: str, status: str) -> None:
    reader = TokenReader(version)
    reader.lists(CARD, info(status))
    assert not reader.present(CARD, info(status)).accepted
    assert reader.present(CARD, info()).accepted
    reader.knows(LocalListEntry(id_token=OTHER, id_token_info=info()))
    assert reader.present(OTHER, evse_id=2).means is Means.LOCAL_LIST


@pytest.mark.parametrize("version", VERSIONS)
def test_a_driver_unknown_offline_is_known_later(version: str) -> None:  # C15, TC_C_26_CS
    reader = TokenReader(version, is_online=False)
    reader.model[OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED] = True
    assert reader.present(CARD).means is Means.OFFLINE
    # Nothing is known of a group.
    assert reader.present(OTHER).refusal is Refusal.OTHER_DRIVER
    reader.connect()
    reader.block.notice(TokenInfoReceived(id_token=CARD, info=info(group=FAMILY)), NOW)
    assert reader.present(OTHER, info(group=FAMILY)).accepted


# C16, C12, TC_C_14_CS, TC_C_45_CS
@pytest.mark.parametrize("version", NEW)
@pytest.mark.parametrize("source", ["CSMS", "list", "cache"])
def test_a_master_pass_starts_nothing(version: str, source: str) -> None:
    reader, transactions = with_transactions(version)
    reader.model[MASTER_PASS_GROUP_ID] = "master"
    reader.model[LOCAL_PRE_AUTHORIZE] = True
    said = info(group=MASTER)
    if source == "list":
        reader.lists(CARD, said)
    elif source == "cache":
        reader.caches(CARD, said)
    decided = reader.present(CARD, said if source == "CSMS" else None)
    assert (decided.action, decided.refusal) == (Action.START, Refusal.MASTER_PASS)
    assert transactions.told == []


@pytest.mark.parametrize("version", NEW)
@pytest.mark.parametrize("evse_id", [1, 2])
def test_a_master_pass_stops_all(version: str, evse_id: int) -> None:  # C16, TC_C_49_CS
    reader, transactions = with_transactions(version)
    reader.model[MASTER_PASS_GROUP_ID] = "MASTER"
    reader.present(CARD, info())
    reader.model[TX_START_POINT] = ("EVConnected",)
    transactions.plugged_in(2, NOW)
    assert transactions.state_of(2).transaction_id == "T1"
    decided = reader.present(OTHER, info(group=MASTER), evse_id=evse_id)
    assert (decided.action, decided.accepted) == (Action.MASTER_STOP, True)
    assert decided.evse_ids == (1, 2)
    reason = StoppedReason.MASTER_PASS
    assert transactions.told[1:] == [("stopped", 1, reason, OTHER), ("stopped", 2, reason, OTHER)]


# C16, TC_C_47_CS, TC_C_48_CS
@pytest.mark.parametrize("version", NEW)
def test_with_a_display_the_holder_of_a_master_pass_chooses(version: str) -> None:
    reader, transactions = with_transactions(version, has_display=True)
    reader.model[MASTER_PASS_GROUP_ID] = "MASTER"
    reader.present(CARD, info())
    decided = reader.present(OTHER, info(group=MASTER), evse_id=2)
    assert (decided.action, decided.evse_ids) == (Action.MASTER_STOP, (1,))
    assert len(transactions.told) == 1


@pytest.mark.parametrize("version", NEW)
def test_a_master_pass_that_is_not_valid_stops_nothing(version: str) -> None:  # C16
    reader = charging(version)
    reader.model[MASTER_PASS_GROUP_ID] = "MASTER"
    decided = reader.present(OTHER, info("Blocked", MASTER))
    assert (decided.action, decided.refusal) == (Action.STOP, Refusal.NOT_ACCEPTED)
    reader.model[MASTER_PASS_GROUP_ID] = ""
    assert reader.present(OTHER, info(group=MASTER)).refusal is Refusal.OTHER_DRIVER


@pytest.mark.parametrize("version", NEW)
def test_a_master_pass_stops_all_without_the_block_of_transactions(version: str) -> None:  # C16
    reader = charging(version)
    reader.model[MASTER_PASS_GROUP_ID] = "MASTER"
    assert reader.present(OTHER, info(group=MASTER), evse_id=2).evse_ids == (1,)
    assert reader.present(CARD, info()).action is Action.START


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reservation_is_told_with_the_start_that_uses_it(version: str) -> None:  # H03 (partly)
    reader, transactions = with_transactions(version)
    reserved = EvseReserved(evse_id=1, reservation_id=7, id_token=CARD)
    reader.block.notice(reserved, NOW)
    assert reader.present(OTHER, info()).refusal is Refusal.RESERVED
    reader.block.notice(EvseReservationEnded(evse_id=1, reservation_id=6), NOW)
    assert reader.present(CARD, info()).reservation_id == 7
    assert transactions.told == [("authorized", 1, CARD, None, 7)]
    reader.present(CARD)
    reader.block.notice(EvseReservationEnded(evse_id=1, reservation_id=7), NOW)
    assert reader.present(OTHER, info()).accepted


@pytest.mark.parametrize("version", NEW)
def test_a_station_that_may_not_ask(version: str) -> None:  # C01
    reader = charging(version, FAMILY)
    reader.model[DISABLE_REMOTE_AUTHORIZATION] = True
    decided = reader.present(OTHER)
    assert (decided.means, decided.refusal) == (Means.NOT_ASKED, Refusal.OTHER_DRIVER)
    reader.lists(OTHER, info(group=FAMILY))
    assert reader.present(OTHER).accepted


WRONG: list[tuple[str, int, IdToken, str]] = [
    ("1.6", 3, CARD, "there is no EVSE 3"),
    ("1.6", 1, IdToken("1" * 21), "more than 20 characters"),
    ("2.0.1", 1, IdToken("1" * 37, "Local"), "more than 36 characters"),
    ("2.0.1", 1, IdToken("04E91C5A"), "must have a type"),
    ("2.0.1", 1, IdToken("04E91C5A", "DirectPayment"), "is not a token type"),
    ("2.1", 1, IdToken("04E91C5A"), "must have a type"),
    ("2.1", 1, IdToken("1" * 256, "Local"), "more than 255 characters"),
]


@pytest.mark.parametrize(("version", "evse_id", "token", "message"), WRONG)
def test_wrong_use_is_an_error_and_changes_nothing(
    version: str, evse_id: int, token: IdToken, message: str
) -> None:  # C01
    reader = TokenReader(version)
    with pytest.raises((LocalProtocolError, ValueError), match=message):
        reader.block.present(evse_id, token, NOW)
    with pytest.raises((LocalProtocolError, ValueError), match=message):
        reader.block.start_remotely(evse_id, token, 1, NOW)
    assert reader.block.next_report() is None
    assert reader.block.next_event() is None
    with pytest.raises(LocalProtocolError, match="there is no EVSE 9"):
        reader.block.released(9, NOW)
    assert not reader.block.has_changed


def test_a_later_version_may_have_other_types_of_tokens() -> None:  # C01
    assert TokenReader("2.1").present(IdToken("04E91C5A", "Acme"), info()).accepted
