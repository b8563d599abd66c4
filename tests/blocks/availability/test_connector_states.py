"""What a connector is used for, and which status each version reports for it."""

from collections import deque
from itertools import product

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import dialect_of
from ocppkit.blocks.availability import (
    AvailabilityRules,
    ConnectorFacts,
    ConnectorStatus,
    ConnectorUse,
    connector_use,
    statuses_between,
)
from ocppkit.core import Protocol

RULES_16 = dialect_of(v16.PROTOCOL).rules(AvailabilityRules)
RULES_201 = dialect_of(v201.PROTOCOL).rules(AvailabilityRules)
RULES_21 = dialect_of(v21.PROTOCOL).rules(AvailabilityRules)

NINE = set(ConnectorStatus) - {ConnectorStatus.OCCUPIED}
FIVE = {
    ConnectorStatus.AVAILABLE,
    ConnectorStatus.OCCUPIED,
    ConnectorStatus.RESERVED,
    ConnectorStatus.UNAVAILABLE,
    ConnectorStatus.FAULTED,
}

CHARGING = ConnectorFacts(
    transaction=True, connected=True, authorized=True, charging_state="Charging",
    was_connected=True, was_charging=True,
)  # fmt: skip
TABLE = [
    # facts, status in 1.6, status in 2.x
    (ConnectorFacts(), "Available", "Available"),
    (ConnectorFacts(authorized=True), "Preparing", "Available"),
    (ConnectorFacts(connected=True), "Preparing", "Occupied"),
    (ConnectorFacts(connected=True, authorized=True), "Preparing", "Occupied"),
    (ConnectorFacts(transaction=True, authorized=True), "Preparing", "Available"),
    (ConnectorFacts(transaction=True, connected=True, was_connected=True), "Preparing", "Occupied"),
    (CHARGING, "Charging", "Occupied"),
    (
        ConnectorFacts(transaction=True, connected=True, charging_state="SuspendedEV"),
        "SuspendedEV",
        "Occupied",
    ),
    (
        ConnectorFacts(transaction=True, connected=True, charging_state="SuspendedEVSE"),
        "SuspendedEVSE",
        "Occupied",
    ),
    # The EV has stopped without a word: energy is still offered, or the driver has stopped.
    (
        ConnectorFacts(
            transaction=True, connected=True, authorized=True, charging_state="EVConnected",
            was_connected=True, was_charging=True,
        ),
        "SuspendedEV",
        "Occupied",
    ),
    (
        ConnectorFacts(
            transaction=True, connected=True, charging_state="EVConnected",
            was_connected=True, was_charging=True,
        ),
        "Finishing",
        "Occupied",
    ),
    # STA-05: the cable was taken out at the EV, and the transaction goes on.
    (
        ConnectorFacts(
            transaction=True, authorized=True, charging_state="Idle", was_connected=True,
            was_charging=True,
        ),
        "SuspendedEV",
        "Available",
    ),
    (ConnectorFacts(connected=True, finishing=True), "Finishing", "Occupied"),
    # The next driver, where the EV has not left.
    (ConnectorFacts(connected=True, finishing=True, authorized=True), "Preparing", "Occupied"),
    (ConnectorFacts(reserved=True), "Reserved", "Reserved"),
    (ConnectorFacts(reserved=True, connected=True), "Reserved", "Reserved"),
    (ConnectorFacts(operative=False), "Unavailable", "Unavailable"),
    (ConnectorFacts(operative=False, connected=True), "Unavailable", "Unavailable"),
    (ConnectorFacts(operative=False, reserved=True), "Unavailable", "Unavailable"),
    (ConnectorFacts(faulted=True, operative=False), "Faulted", "Faulted"),
    (ConnectorFacts(faulted=True, reserved=True), "Faulted", "Faulted"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "nine", "five"), TABLE)
def test_each_version_has_a_status_for_what_is_known(
    facts: ConnectorFacts, nine: str, five: str
) -> None:
    use = connector_use(facts)
    assert RULES_16.statuses[use] == nine
    assert RULES_201.statuses[use] == RULES_21.statuses[use] == five


def every_fact() -> list[ConnectorFacts]:
    flags = [name for name in ConnectorFacts.__struct_fields__ if name != "charging_state"]
    states = [None, "Idle", "EVConnected", "Charging", "SuspendedEV", "SuspendedEVSE"]
    return [
        ConnectorFacts(**dict(zip(flags, values, strict=True)), charging_state=state)
        for values in product([False, True], repeat=len(flags))
        for state in states
    ]


@pytest.mark.parametrize(
    ("protocol", "words"), [(v16.PROTOCOL, NINE), (v201.PROTOCOL, FIVE), (v21.PROTOCOL, FIVE)]
)
def test_every_set_of_facts_has_a_status_that_the_version_knows(
    protocol: Protocol, words: set[ConnectorStatus]
) -> None:
    rules = dialect_of(protocol).rules(AvailabilityRules)
    assert set(rules.statuses) == set(ConnectorUse)
    found = {rules.statuses[connector_use(facts)] for facts in every_fact()}
    assert found == words


def test_what_is_out_of_service_or_faulted_is_told_whatever_else_is_known() -> None:
    for facts in every_fact():
        use = connector_use(facts)
        assert (use is ConnectorUse.FAULTED) == facts.faulted
        if use is ConnectorUse.INOPERATIVE:
            assert not facts.transaction
        if not facts.faulted and not facts.transaction and not facts.was_connected:
            shows = not facts.was_charging and not facts.operative
            assert not shows or use is ConnectorUse.INOPERATIVE


def test_the_moves_of_1_6_are_those_of_its_table() -> None:
    # STA-02, with the number of moves from each state in the table of the specification.
    counts = {status: len(RULES_16.moves[status]) for status in RULES_16.moves}
    assert counts == {
        "Available": 7,
        "Preparing": 6,
        "Charging": 6,
        "SuspendedEV": 6,
        "SuspendedEVSE": 6,
        "Finishing": 4,
        "Reserved": 4,
        "Unavailable": 6,
    }
    assert RULES_201.moves == RULES_21.moves == {}


def test_every_two_statuses_of_1_6_have_a_way_of_allowed_moves() -> None:
    for old, new in product(NINE, NINE):
        if old is new:
            continue
        way = deque(statuses_between(old, new, RULES_16))
        assert way[-1] is new
        assert len(way) <= 2
        while way:
            step = way.popleft()
            assert step in RULES_16.moves.get(old, NINE)
            old = step


@pytest.mark.parametrize(
    ("old", "new", "between"),
    [
        ("Finishing", "Charging", "Preparing"),
        ("Charging", "Preparing", "Finishing"),
        ("Charging", "Reserved", "Available"),
        ("Reserved", "Charging", "Preparing"),
        ("Preparing", "Unavailable", "Finishing"),
    ],
)
def test_a_status_that_was_skipped_is_reported_in_between(old: str, new: str, between: str) -> None:
    way = statuses_between(ConnectorStatus(old), ConnectorStatus(new), RULES_16)
    assert [str(each) for each in way] == [between, new]
