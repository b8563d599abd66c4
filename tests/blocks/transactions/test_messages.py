"""What the messages of each version say about transactions, read into the model for all of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks.transactions import (
    EnergyReading,
    IdToken,
    TransactionClosed,
    TransactionEventType,
    TransactionLedger,
)
from ocppkit.core import decode_payload
from ocppkit.v16.blocks import transactions as transactions16
from ocppkit.v21.blocks import transactions as transactions21
from ocppkit.v201.blocks import transactions as transactions201

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)

EVENT = """{
    "eventType": "Ended", "timestamp": "2024-01-01T12:00:00Z", "triggerReason": "StopAuthorized", "seqNo": 3,
    "offline": true, "reservationId": 5, "evse": {"id": 1, "connectorId": 2},
    "idToken": {"idToken": "04E91C5A", "type": "ISO14443"},
    "transactionInfo": {
        "transactionId": "T1", "chargingState": "Idle", "stoppedReason": "Local", "remoteStartId": 9
    },
    "meterValue": [{"timestamp": "2024-01-01T12:00:00Z", "sampledValue": [%s]}]
}"""
BARE = """{
    "eventType": "Started", "timestamp": "2024-01-01T12:00:00Z", "triggerReason": "CablePluggedIn", "seqNo": 0,
    "transactionInfo": {"transactionId": "T1"}
}"""
EVENTS = [
    pytest.param(v201.TransactionEventRequest, transactions201, id="2.0.1"),
    pytest.param(v21.TransactionEventRequest, transactions21, id="2.1"),
]


@pytest.mark.parametrize(("request_type", "transactions"), EVENTS)
def test_a_transaction_event(request_type: Any, transactions: Any) -> None:
    event = decode_payload(request_type, EVENT % '{"value": 1500}')
    report = transactions.read_transaction(event)
    assert report.event_type is TransactionEventType.ENDED
    assert (report.transaction_id, report.seq_no, report.offline) == ("T1", 3, True)
    assert (report.timestamp, report.trigger_reason) == (NOON, "StopAuthorized")
    assert (report.charging_state, report.stopped_reason) == ("Idle", "Local")
    assert (report.evse_id, report.connector_id) == (1, 2)
    assert (report.remote_start_id, report.reservation_id) == (9, 5)
    assert report.id_token == IdToken("04E91C5A", "ISO14443")
    assert report.readings == (EnergyReading(NOON, 1500.0),)


@pytest.mark.parametrize(("request_type", "transactions"), EVENTS)
def test_what_is_absent_stays_absent(request_type: Any, transactions: Any) -> None:
    report = transactions.read_transaction(decode_payload(request_type, BARE))
    assert report.event_type is TransactionEventType.STARTED
    assert report.offline is False
    assert report.readings == ()
    absent = (report.charging_state, report.stopped_reason, report.evse_id, report.id_token)
    assert absent == (None, None, None, None)


@pytest.mark.parametrize(("request_type", "transactions"), EVENTS)
@pytest.mark.parametrize(
    ("sample", "register"),
    [
        ('{"value": 0}', 0.0),
        ('{"value": 1.5, "unitOfMeasure": {"unit": "kWh"}}', 1500.0),
        ('{"value": 1.5, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}}', 1500.0),
        ('{"value": 1.5, "unitOfMeasure": {}}', 1.5),
        ('{"value": 7, "measurand": "Energy.Active.Import.Register", "location": "Outlet"}', 7.0),
        ('{"value": 7, "unitOfMeasure": {"unit": "furlong"}}', None),
        ('{"value": 7, "measurand": "Power.Active.Import"}', None),
        ('{"value": 7, "phase": "L1"}', None),
        ('{"value": 7, "location": "Inlet"}', None),
    ],
)
def test_only_the_register_of_energy_counts(
    request_type: Any, transactions: Any, sample: str, register: float | None
) -> None:
    report = transactions.read_transaction(decode_payload(request_type, EVENT % sample))
    assert [each.register for each in report.readings] == ([] if register is None else [register])


def values_16(*samples: v16.SampledValue) -> list[v16.MeterValue]:
    return [v16.MeterValue(timestamp=NOON, sampled_value=list(samples))]


def test_a_transaction_of_1_6_from_its_messages() -> None:
    ledger = TransactionLedger()
    start = transactions16.read_start(
        v16.StartTransactionRequest(
            connector_id=1, id_tag="04E91C5A", meter_start=1000, timestamp=NOON, reservation_id=4
        )
    )
    assert (start.evse_id, start.reservation_id, start.transaction_id) == (1, 4, None)
    number = ledger.number("CP001", start)
    ledger.add_report("CP001", start)
    values = transactions16.read_meter_values(
        v16.MeterValuesRequest(
            connector_id=1,
            transaction_id=number,
            meter_value=values_16(v16.SampledValue(value="1.25", unit=v16.UnitOfMeasure("kWh"))),
        )
    )
    assert values is not None
    assert values.readings == (EnergyReading(NOON, 1250.0),)
    ledger.add_report("CP001", values)
    stop = transactions16.read_stop(
        v16.StopTransactionRequest(
            meter_stop=1500,
            timestamp=NOON.replace(hour=13),
            transaction_id=number,
            id_tag="04E91C5A",
            transaction_data=values_16(v16.SampledValue(value="1100")),
        )
    )
    assert stop.stopped_reason == "Local"
    assert [each.register for each in stop.readings] == [1100.0, 1500.0]
    *_, last = ledger.add_report("CP001", stop)
    assert isinstance(last, TransactionClosed)
    assert last.record.energy == 500.0


def test_an_end_of_1_6_with_a_reason_and_without_a_tag() -> None:
    stop = transactions16.read_stop(
        v16.StopTransactionRequest(
            meter_stop=1, timestamp=NOON, transaction_id=1, reason=v16.Reason.POWER_LOSS
        )
    )
    assert (stop.stopped_reason, stop.id_token) == ("PowerLoss", None)


@pytest.mark.parametrize(
    "sample",
    [
        v16.SampledValue(value="12", format=v16.ValueFormat.SIGNED_DATA),
        v16.SampledValue(value="twelve"),
        v16.SampledValue(value="nan"),
        v16.SampledValue(value="12", phase=v16.Phase.L1),
        v16.SampledValue(value="12", measurand=v16.Measurand.VOLTAGE),
        v16.SampledValue(value="12", unit=v16.UnitOfMeasure.W),
        v16.SampledValue(value="12", location=v16.Location.INLET),
    ],
)
def test_what_is_no_energy_of_1_6_is_passed_over(sample: v16.SampledValue) -> None:
    request = v16.MeterValuesRequest(
        connector_id=1, transaction_id=1, meter_value=values_16(sample)
    )
    report = transactions16.read_meter_values(request)
    assert report is not None
    assert report.readings == ()


def test_meter_values_of_1_6_without_a_transaction() -> None:
    alone = v16.MeterValuesRequest(
        connector_id=1, meter_value=values_16(v16.SampledValue(value="1"))
    )
    assert transactions16.read_meter_values(alone) is None
    empty = v16.MeterValuesRequest(connector_id=1, transaction_id=1, meter_value=[])
    assert transactions16.read_meter_values(empty) is None
