"""The counter of deviations: which station breaks what, and how often, within bounds."""

import pytest

from ocppkit import v16
from ocppkit.core import DEFERRED, LENIENT, Deferred, InvalidMessage, Role, Rule
from ocppkit.quirks import Deviation, Deviations
from support.connection_pair import connect, events_of

STATUS = (
    '[2,"%s","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Odd","x":1}]'
)


def told(deviations: Deviations, identity: str, *texts: str) -> None:
    """Lets a CSMS hear texts of a station, and the counter its events."""
    csms = connect(Role.CSMS, "1.6", inbound=LENIENT)
    for text in texts:
        csms.receive_data(text, 0.0)
    for event in events_of(csms):
        deviations.event(identity, event)
    deviations.frame(identity, "in", texts[0])


def test_deviations_are_counted_per_station() -> None:
    deviations = Deviations()
    told(deviations, "CP001", STATUS % 1, STATUS % 2, '[2,"3","Heartbeat",{}]')
    told(deviations, "CP002", '[2,"1","StopTransaction",{"meterStop":"5","transactionId":1}]')
    told(deviations, "CP003", '[2,"1","Heartbeat",{}]', "pong")
    assert deviations.of("CP001") == {
        Deviation("StatusNotification", "$.status", Rule.ENUM): 2,
        Deviation("StatusNotification", "$", Rule.UNKNOWN_MEMBER): 2,
    }
    assert deviations.of("CP002") == {
        Deviation("StopTransaction", "$.meterStop", Rule.TYPE): 1,
        Deviation("StopTransaction", "$.timestamp", Rule.REQUIRED): 1,
    }
    assert deviations.of("CP003") == {}
    assert deviations.stations() == {"CP001": 4, "CP002": 2}
    assert deviations.omitted == 0


def answered_later(error: InvalidMessage) -> Deferred:
    return DEFERRED


@pytest.mark.parametrize("refuses", [True, False])
def test_a_call_that_on_invalid_decides_about_later_is_counted_once(refuses: bool) -> None:
    deviations = Deviations()
    csms = connect(Role.CSMS, "1.6", on_invalid=answered_later)
    csms.receive_data('[2,"1","StopTransaction",{"meterStop":5,"transactionId":1}]', 0.0)
    if refuses:
        csms.refuse_invalid("1")
    else:
        csms.send_result("1", v16.StopTransactionResponse(), 0.0)
    for event in events_of(csms):
        deviations.event("CP001", event)
    assert deviations.of("CP001") == {Deviation("StopTransaction", "$.timestamp", Rule.REQUIRED): 1}


def test_positions_are_not_told_apart() -> None:
    deviations = Deviations()
    items = ",".join(
        '{"timestamp":"2026-01-02T03:04:05Z","sampledValue":[{"value":1}]}' for _ in "ab"
    )
    told(deviations, "CP001", f'[2,"1","MeterValues",{{"connectorId":1,"meterValue":[{items}]}}]')
    path = "$.meterValue[*].sampledValue[*].value"
    assert deviations.of("CP001") == {Deviation("MeterValues", path, Rule.TYPE): 2}


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocppkit.quirks._deviations._STATIONS", 1)
    monkeypatch.setattr("ocppkit.quirks._deviations._KINDS", 1)
    deviations = Deviations()
    told(deviations, "CP001", STATUS % 1)
    assert deviations.omitted == 1
    told(deviations, "CP002", STATUS % 1)
    assert deviations.stations() == {"CP002": 1}
    assert deviations.omitted == 3
