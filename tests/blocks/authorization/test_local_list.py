"""The local list: what the CSMS may send, what is refused, its version, and what survives a restart."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocppkit.blocks.authorization import (
    AuthorizationMeans,
    GetLocalListVersion,
    LocalListEntry,
    LocalListUpdate,
    LocalListUpdated,
    LocalListVersion,
    SendLocalList,
    SendLocalListAnswer,
    list_updates,
)
from ocppkit.blocks.transactions import IdToken
from ocppkit.blocks.variables import (
    LOCAL_AUTH_LIST_BYTES_PER_MESSAGE,
    LOCAL_AUTH_LIST_ENABLED,
    LOCAL_AUTH_LIST_ENTRIES,
    LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE,
)
from support.token_reader import CARD, NOW, OTHER, PROTOCOLS, TokenReader, info

VERSIONS = list(PROTOCOLS)
FULL, DIFFERENTIAL = "Full", "Differential"


def entry(id_token: IdToken, status: str | None = "Accepted") -> LocalListEntry:
    said = None if status is None else info(status)
    return LocalListEntry(id_token=id_token, id_token_info=said)


def send(
    reader: TokenReader, version: int, update_type: str, *entries: LocalListEntry, **more: Any
) -> SendLocalListAnswer:
    command = SendLocalList(
        version_number=version, update_type=update_type, local_authorization_list=entries, **more
    )
    answer = reader.block.commands[SendLocalList](command, NOW)
    assert isinstance(answer, SendLocalListAnswer)
    told = LocalListUpdated(version_number=version) if answer.status == "Accepted" else None
    assert reader.block.next_event() == told
    return answer


def status(reader: TokenReader, version: int, update_type: str, *entries: LocalListEntry) -> str:
    return send(reader, version, update_type, *entries).status


def version_of(reader: TokenReader) -> int:
    answer = reader.block.commands[GetLocalListVersion](GetLocalListVersion(), NOW)
    assert isinstance(answer, LocalListVersion)
    return answer.version_number


def listed(reader: TokenReader, id_token: IdToken) -> str | None:
    """Returns what the list of a station that is offline says of a token; `None` if it does not have it."""
    decided = reader.present(id_token)
    if decided.accepted:
        reader.block.released(1, NOW)
    if decided.means is AuthorizationMeans.OFFLINE:
        return None
    assert decided.means is AuthorizationMeans.LOCAL_LIST
    assert decided.id_token_info is not None
    return decided.id_token_info.status


def offline(version: str = "2.1") -> TokenReader:
    return TokenReader(version, is_online=False)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_full_list_replaces_all(version: str) -> None:  # D01, D02
    reader = offline(version)
    assert version_of(reader) == 0
    assert status(reader, 5, FULL, entry(CARD)) == "Accepted"
    assert reader.block.has_changed
    assert (version_of(reader), listed(reader, CARD)) == (5, "Accepted")
    # LAL-06: a full list is taken with any version.
    assert status(reader, 2, FULL, entry(OTHER, "Blocked")) == "Accepted"
    assert (version_of(reader), listed(reader, CARD)) == (2, None)
    assert listed(reader, OTHER) == "Blocked"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_differential_update_adds_changes_and_removes(version: str) -> None:  # D01
    reader = offline(version)
    third = IdToken("04CCCCCC", "ISO14443")
    send(reader, 1, FULL, entry(CARD), entry(OTHER))
    update = (entry(CARD, "Blocked"), entry(OTHER, None), entry(third))
    assert status(reader, 2, DIFFERENTIAL, *update) == "Accepted"
    assert version_of(reader) == 2
    assert [listed(reader, each) for each in (CARD, OTHER, third)] == ["Blocked", None, "Accepted"]
    # D01.FR.17: to remove what is not there is no error.
    assert status(reader, 3, DIFFERENTIAL, entry(OTHER, None)) == "Accepted"
    # D01.FR.05: nothing but the version changes.
    assert status(reader, 4, DIFFERENTIAL) == "Accepted"
    assert (version_of(reader), listed(reader, CARD)) == (4, "Blocked")


@pytest.mark.parametrize(("version", "reported"), [("1.6", 0), ("2.0.1", 7), ("2.1", 7)])
def test_an_empty_full_list_removes_all(version: str, reported: int) -> None:  # D01, D02, LAL-12
    reader = offline(version)
    send(reader, 6, FULL, entry(CARD))
    assert status(reader, 7, FULL) == "Accepted"
    assert (version_of(reader), listed(reader, CARD)) == (reported, None)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number", [1, 5])
def test_a_differential_update_needs_a_higher_version(version: str, number: int) -> None:  # D01
    reader = offline(version)
    send(reader, 5, FULL, entry(CARD))
    reader.block.has_changed = False
    assert status(reader, number, DIFFERENTIAL, entry(OTHER)) == "VersionMismatch"
    assert not reader.block.has_changed
    assert (version_of(reader), listed(reader, OTHER)) == (5, None)


TWICE = (entry(CARD), entry(IdToken("04e91c5a", "ISO14443"), "Blocked"))
REFUSED: list[tuple[str, str, int, str, tuple[LocalListEntry, ...]]] = [
    ("D01.FR.18", "ValueTooLow", 0, FULL, (entry(OTHER),)),
    ("D01.FR.18", "ValueTooLow", -1, DIFFERENTIAL, (entry(OTHER),)),
    ("D01.FR.06", "InvalidIdToken", 9, FULL, TWICE),
    ("D01.FR.06", "InvalidIdToken", 9, DIFFERENTIAL, TWICE),
    ("D01.FR.15", "MissingParam", 9, FULL, (entry(OTHER, None),)),
    ("D01", "InvalidValue", 9, "Half", (entry(OTHER),)),
    (
        "D01.FR.11",
        "TooManyElements",
        9,
        DIFFERENTIAL,
        tuple(entry(IdToken(f"{n}")) for n in range(4)),
    ),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("requirement", "reason_code", "number", "update_type", "entries"), REFUSED
)
def test_a_bad_update_is_refused_and_changes_nothing(
    version: str,
    requirement: str,
    reason_code: str,
    number: int,
    update_type: str,
    entries: tuple[LocalListEntry, ...],
) -> None:  # D01
    reader = offline(version)
    reader.model[LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE] = 3
    send(reader, 5, FULL, entry(CARD))
    before = reader.block.state()
    answer = send(reader, number, update_type, *entries)
    assert (answer.status, answer.reason_code) == ("Failed", reason_code)
    assert reader.block.state() == before


def test_a_message_that_is_too_long_is_refused() -> None:  # D01
    reader = offline()
    reader.model[LOCAL_AUTH_LIST_BYTES_PER_MESSAGE] = 100
    assert send(reader, 1, FULL, entry(CARD), size=101).reason_code == "TooLargeElement"
    assert send(reader, 1, FULL, entry(CARD), size=100).status == "Accepted"


def test_a_list_has_as_many_entries_as_its_variable_says() -> None:  # D01
    reader = offline()
    reader.model.declare(LOCAL_AUTH_LIST_ENTRIES, 0, max_limit=2)
    third = entry(IdToken("04CCCCCC", "ISO14443"))
    send(reader, 1, FULL, entry(CARD), entry(OTHER))
    assert reader.model[LOCAL_AUTH_LIST_ENTRIES] == 2
    assert send(reader, 2, DIFFERENTIAL, third).reason_code == "OutOfStorage"
    assert status(reader, 2, DIFFERENTIAL, third, entry(CARD, None)) == "Accepted"
    assert status(reader, 3, DIFFERENTIAL, entry(OTHER, None)) == "Accepted"
    assert reader.model[LOCAL_AUTH_LIST_ENTRIES] == 1
    again = offline()
    again.model.declare(LOCAL_AUTH_LIST_ENTRIES, 0, max_limit=2)
    again.block.restore(reader.block.state(), NOW)
    assert again.model[LOCAL_AUTH_LIST_ENTRIES] == 1


def test_without_the_variable_a_list_has_a_thousand_entries() -> None:  # D01
    reader = offline()
    reader.model[LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE] = 2000
    entries = [entry(IdToken(f"{number}", "Local")) for number in range(1001)]
    assert send(reader, 1, FULL, *entries).reason_code == "OutOfStorage"
    assert status(reader, 1, FULL, *entries[1:]) == "Accepted"


@pytest.mark.parametrize(("version", "reported"), [("1.6", -1), ("2.0.1", 0), ("2.1", 0)])
def test_a_list_that_is_switched_off(version: str, reported: int) -> None:  # D01, D02
    reader = offline(version)
    send(reader, 5, FULL, entry(CARD))
    reader.model[LOCAL_AUTH_LIST_ENABLED] = False
    assert version_of(reader) == reported
    answer = send(reader, 6, FULL)
    assert (answer.status, answer.reason_code) == ("NotSupported", "NotEnabled")
    assert listed(reader, CARD) is None
    reader.model[LOCAL_AUTH_LIST_ENABLED] = True
    assert (version_of(reader), listed(reader, CARD)) == (5, "Accepted")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_list_survives_a_restart(version: str) -> None:  # D01
    reader = offline(version)
    send(reader, 5, FULL, entry(CARD), entry(OTHER, "Blocked"))
    again = offline(version)
    again.block.restore(reader.block.state(), NOW)
    assert version_of(again) == 5
    assert (listed(again, CARD), listed(again, OTHER)) == ("Accepted", "Blocked")


TOKENS = [IdToken(text, kind) for text in ("A", "B", "C") for kind in ("ISO14443", "Local")]
STATUSES = st.sampled_from(["Accepted", "Blocked", None])
UPDATES = st.lists(
    st.tuples(
        st.sampled_from([FULL, DIFFERENTIAL]),
        st.integers(min_value=-1, max_value=12),
        st.lists(st.tuples(st.sampled_from(TOKENS), st.booleans(), STATUSES), max_size=5),
    ),
    max_size=12,
)


def plainly(
    known: dict[tuple[str, str | None], str],
    version: int,
    update: tuple[str, int, list[tuple[IdToken, bool, str | None]]],
) -> tuple[str, dict[tuple[str, str | None], str], int]:
    """Returns status, list and version after an update, in the plainest way."""
    update_type, number, changes = update
    keys = [(token.id_token, token.type) for token, _, _ in changes]
    is_full = update_type == FULL
    if number <= 0:
        return "Failed", known, version
    if not is_full and number <= version:
        return "VersionMismatch", known, version
    if len(set(keys)) < len(keys) or (is_full and None in [said for _, _, said in changes]):
        return "Failed", known, version
    result = {} if is_full else dict(known)
    for key, (_, _, said) in zip(keys, changes, strict=True):
        if said is None:
            result.pop(key, None)
        else:
            result[key] = said
    return "Accepted", result, number


@given(UPDATES)
def test_any_updates_make_what_a_plain_dict_has(
    updates: list[tuple[str, int, list[tuple[IdToken, bool, str | None]]]],
) -> None:  # D01
    reader = offline()
    known: dict[tuple[str, str | None], str] = {}
    version = 0
    for update in updates:
        update_type, number, changes = update
        entries = [
            # Case does not count.
            entry(IdToken(token.id_token.lower() if is_lower else token.id_token, token.type), said)
            for token, is_lower, said in changes
        ]
        expected, known, version = plainly(known, version, update)
        assert status(reader, number, update_type, *entries) == expected
        assert version_of(reader) == version
    found = {(each.id_token, each.type): listed(reader, each) for each in TOKENS}
    assert {key: said for key, said in found.items() if said is not None} == known


@pytest.mark.parametrize("size", [0, 1, 3, 4, 7])
def test_a_csms_sends_a_list_in_pieces(size: int) -> None:  # D01
    entries = [entry(IdToken(f"{number}", "Local")) for number in range(size)]
    reader = offline()
    send(reader, 9, FULL, entry(CARD))
    reader.model[LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE] = 3
    updates = list_updates(entries, 20, 3)
    assert len(updates) == max(1, (size + 2) // 3)
    for update in updates:
        answer = reader.block.commands[SendLocalList](update, NOW)
        assert answer == SendLocalListAnswer(status="Accepted")
        assert reader.block.next_event() is not None
    assert version_of(reader) == 20
    assert listed(reader, CARD) is None
    assert [listed(reader, each.id_token) for each in entries] == ["Accepted"] * size


def test_a_csms_sends_changes_in_pieces() -> None:  # D01
    reader = offline()
    send(reader, 9, FULL, entry(CARD))
    kind = LocalListUpdate.DIFFERENTIAL
    for update in list_updates([entry(CARD, None), entry(OTHER)], 11, 1, update_type=kind):
        assert (
            send(
                reader, update.version_number, update.update_type, *update.local_authorization_list
            ).status
            == "Accepted"
        )
    assert version_of(reader) == 11
    assert (listed(reader, CARD), listed(reader, OTHER)) == (None, "Accepted")


# D01
@pytest.mark.parametrize(
    ("version", "items", "message"),
    [(0, 3, "too low"), (1, 1, "too low"), (5, 0, "must be at least 1")],
)
def test_each_message_of_a_list_needs_a_version(version: int, items: int, message: str) -> None:
    entries = [entry(CARD), entry(OTHER)]
    with pytest.raises(ValueError, match=message):
        list_updates(entries, version, items)
    assert [each.version_number for each in list_updates(entries, 2, 1)] == [1, 2]
