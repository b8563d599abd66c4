"""The counter of deviations: which station breaks what, and how often, within bounds."""

import pytest

from ocppkit import v16
from ocppkit.core import (
    DEFERRED,
    LENIENT,
    Alteration,
    Deferred,
    InvalidMessage,
    MessageAltered,
    Policy,
    Role,
    Rule,
)
from ocppkit.quirks import AlteredMessage, Deviation, Deviations
from support.connection_pair import connect, events_of, frames_of

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


def test_messages_that_were_altered_are_counted_per_station() -> None:
    alterations = (
        Alteration(message=v16.ChangeConfigurationRequest, path="$.value", shorten_to=3),
        Alteration(message=v16.DataTransferResponse, path="$.data", leave_out=True),
    )
    csms = connect(Role.CSMS, "1.6", outbound=Policy(alterations=alterations))
    csms.receive_data('[2,"1","DataTransfer",{"vendorId":"V"}]', 0.0)
    csms.send_result(
        "1", v16.DataTransferResponse(status=v16.DataTransferStatus.ACCEPTED, data="x"), 0.0
    )
    for value in ("longer", "longest", "no"):
        csms.send_call(v16.ChangeConfigurationRequest(key="K", value=value), 0.0)
    deviations = Deviations()
    for event in events_of(csms):
        deviations.event("CP001", event)
    assert deviations.altered("CP001") == {
        AlteredMessage("ChangeConfiguration", "$.value cut to 3 characters"): 2,
        AlteredMessage("DataTransfer", "$.data left out"): 1,
    }
    assert deviations.altered("CP002") == deviations.of("CP001") == {}


def test_commands_that_wait_go_out_in_the_order_of_the_policy() -> None:
    order = (v16.ClearChargingProfileRequest, v16.ChangeConfigurationRequest)
    csms = connect(Role.CSMS, "1.6", outbound=Policy(order=order))
    setting = v16.ChangeConfigurationRequest(key="K", value="V")
    clear = v16.ClearChargingProfileRequest()
    requests = (setting, setting, v16.ClearCacheRequest(), clear, clear)
    ids = [csms.send_call(request, 0.0) for request in requests]
    sent = []
    for _ in ids:
        (frame,) = frames_of(csms)
        sent.append(ids.index(frame[1]))
        csms.receive_data(f'[4,"{frame[1]}","GenericError","",{{}}]', 0.0)
    # The first leaves at once, and what is not named keeps its place.
    assert sent == [0, 3, 4, 1, 2]
    moved = [event for event in events_of(csms) if isinstance(event, MessageAltered)]
    assert [(event.message_id, event.changes) for event in moved] == [
        (ids[3], ("sent before ChangeConfiguration",)),
        (ids[4], ("sent before ChangeConfiguration",)),
    ]


def test_without_an_order_commands_go_out_as_they_were_made() -> None:
    csms = connect(Role.CSMS, "1.6")
    ids = [csms.send_call(v16.ClearCacheRequest(), 0.0) for _ in range(4)]
    sent = []
    for _ in ids:
        (frame,) = frames_of(csms)
        sent.append(frame[1])
        csms.receive_data(f'[4,"{frame[1]}","GenericError","",{{}}]', 0.0)
    assert sent == ids
