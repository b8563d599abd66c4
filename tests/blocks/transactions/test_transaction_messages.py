"""Reports, replies and commands of transactions in every version: written, read back, and equal."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import Dialect, Report, ReportReply, dialect_of
from ocppkit.blocks.transactions import (
    GetTransactionStatus,
    IdToken,
    MessageContent,
    MeterValue,
    MeterValuesReport,
    SampledValue,
    SignedMeterValue,
    StoppedReason,
    TokenInfo,
    TransactionEventType,
    TransactionReply,
    TransactionReport,
    TransactionRules,
    TransactionStatus,
    TriggerReason,
)
from ocppkit.core import Protocol, Request, Response, decode_payload, encode_payload
from support.transaction_bench import CARD, NOON

PROTOCOLS = [
    pytest.param(v16.PROTOCOL, id="1.6"),
    pytest.param(v201.PROTOCOL, id="2.0.1"),
    pytest.param(v21.PROTOCOL, id="2.1"),
]
OF_EVSES = PROTOCOLS[1:]

SIGNED = SignedMeterValue(
    signed_meter_data="abc", signing_method="m", encoding_method="e", public_key="k"
)
VALUES = (
    MeterValue(
        NOON,
        (
            SampledValue(0.0),
            SampledValue(
                1.5,
                measurand="Energy.Active.Import.Register",
                unit="kWh",
                context="Transaction.Begin",
            ),
            SampledValue(
                230.1,
                measurand="Voltage",
                phase="L1-N",
                location="Inlet",
                unit="V",
                context="Sample.Clock",
            ),
            SampledValue(55.0, measurand="SoC", location="EV", unit="Percent"),
        ),
    ),
    MeterValue(NOON + timedelta(seconds=60), (SampledValue(1510.0, context="Transaction.End"),)),
)


def over_the_wire(dialect: Dialect, report: Report[Any]) -> Sequence[Report[Any]]:
    """Returns what a CSMS reads of a report."""
    return [
        dialect.report_of[type(request)].read_request(sent(request))
        for request in dialect.messages(report)
    ]


def sent(message: Any) -> Any:
    return decode_payload(type(message), encode_payload(message))


def event(kind: TransactionEventType, **more: Any) -> TransactionReport:
    return TransactionReport(
        event_type=kind,
        transaction_id="T1",
        seq_no=3,
        timestamp=NOON,
        trigger_reason=TriggerReason.STOP_AUTHORIZED,
        charging_state="EVConnected",
        **more,
    )


@pytest.mark.parametrize("protocol", OF_EVSES)
def test_a_report_of_a_transaction_with_all_members(protocol: Protocol) -> None:  # E02 J02
    report = event(
        TransactionEventType.ENDED,
        offline=True,
        stopped_reason="Local",
        evse_id=1,
        connector_id=2,
        id_token=CARD,
        remote_start_id=17,
        reservation_id=5,
        number_of_phases_used=3,
        meter_values=VALUES,
    )
    assert over_the_wire(dialect_of(protocol), report) == [report]


@pytest.mark.parametrize("protocol", OF_EVSES)
def test_a_report_of_a_transaction_with_few_members(protocol: Protocol) -> None:
    report = event(TransactionEventType.STARTED)
    assert over_the_wire(dialect_of(protocol), report) == [report]


@pytest.mark.parametrize("protocol", OF_EVSES)
@pytest.mark.parametrize("reason", StoppedReason)
def test_each_reason_to_stop_has_a_word(protocol: Protocol, reason: StoppedReason) -> None:  # E06
    words = {
        "HardReset": "ImmediateReset",
        "SoftReset": "ImmediateReset",
        "UnlockCommand": "Other",
    }
    assert heard_reason(protocol, reason) == words.get(reason, reason)


@pytest.mark.parametrize("reason", StoppedReason)
def test_each_reason_to_stop_has_a_word_of_1_6(reason: StoppedReason) -> None:  # TX6-05
    known = [each.value for each in v16.Reason]
    wanted = reason if reason in known else "Other"
    wanted = "HardReset" if reason == "ImmediateReset" else wanted
    assert heard_reason(v16.PROTOCOL, reason) == wanted


def heard_reason(protocol: Protocol, reason: str) -> str | None:
    report = event(TransactionEventType.ENDED, stopped_reason=reason, register=1.0)
    (heard,) = over_the_wire(dialect_of(protocol), report)
    assert isinstance(heard, TransactionReport)
    return heard.stopped_reason


@pytest.mark.parametrize("protocol", OF_EVSES)
@pytest.mark.parametrize("trigger", TriggerReason)
def test_each_trigger_reason_has_a_word(protocol: Protocol, trigger: TriggerReason) -> None:
    report = TransactionReport(
        event_type=TransactionEventType.UPDATED,
        transaction_id="T1",
        timestamp=NOON,
        trigger_reason=trigger,
        seq_no=0,
    )
    (heard,) = over_the_wire(dialect_of(protocol), report)
    assert isinstance(heard, TransactionReport)
    later = ("CostLimitReached", "LimitSet", "SoCLimitReached", "TxResumed")
    if protocol is v201.PROTOCOL and trigger in later:
        assert heard.trigger_reason == "ChargingStateChanged"
    else:
        assert heard.trigger_reason == trigger


def test_one_report_becomes_three_messages_of_1_6() -> None:  # TX6-01 TX6-05
    dialect = dialect_of(v16.PROTOCOL)
    started = event(
        TransactionEventType.STARTED,
        evse_id=1,
        id_token=CARD,
        reservation_id=5,
        register=1000.4,
        meter_values=VALUES,
    )
    assert list(dialect.messages(started)) == [
        v16.StartTransactionRequest(
            connector_id=1, id_tag="04E91C5A", meter_start=1000, timestamp=NOON, reservation_id=5
        )
    ]
    updated = event(TransactionEventType.UPDATED, evse_id=1, meter_values=VALUES)
    (values,) = dialect.messages(updated)
    assert isinstance(values, v16.MeterValuesRequest)
    assert (values.connector_id, values.transaction_id) == (1, -1)
    assert [each.value for each in values.meter_value[0].sampled_value] == [
        "0",
        "1.5",
        "230.1",
        "55",
    ]
    ended = event(
        TransactionEventType.ENDED,
        evse_id=1,
        id_token=CARD,
        register=1500.0,
        stopped_reason="Remote",
        meter_values=VALUES,
    )
    (stop,) = dialect.messages(ended)
    assert isinstance(stop, v16.StopTransactionRequest)
    assert (stop.transaction_id, stop.meter_stop, stop.id_tag) == (-1, 1500, "04E91C5A")
    assert stop.reason is v16.Reason.REMOTE
    (heard,) = over_the_wire(dialect, ended)
    assert isinstance(heard, TransactionReport)
    assert heard.meter_values == VALUES
    assert heard.with_journal_note("T1").transaction_id == "T1"


def test_a_change_without_values_is_no_message_of_1_6() -> None:
    report = event(TransactionEventType.UPDATED, evse_id=1)
    assert list(dialect_of(v16.PROTOCOL).messages(report)) == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_meter_values_outside_of_transactions(protocol: Protocol) -> None:  # J01
    report = MeterValuesReport(evse_id=1, meter_values=VALUES)
    assert over_the_wire(dialect_of(protocol), report) == [report]
    nothing = MeterValuesReport(evse_id=1, meter_values=())
    assert over_the_wire(dialect_of(protocol), nothing) == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_values_without_words_are_left_out(protocol: Protocol) -> None:
    unknown = MeterValue(NOON, (SampledValue(1.0, measurand="Vendor.Glow"),))
    report = MeterValuesReport(evse_id=1, meter_values=(unknown, *VALUES))
    (heard,) = over_the_wire(dialect_of(protocol), report)
    assert heard == MeterValuesReport(evse_id=1, meter_values=VALUES)
    alone = MeterValuesReport(evse_id=1, meter_values=(unknown,))
    assert over_the_wire(dialect_of(protocol), alone) == []


@pytest.mark.parametrize("protocol", OF_EVSES)
def test_signed_values(protocol: Protocol) -> None:  # J02 TC_J_11_CS
    value = SampledValue(1.5, multiplier=3, signed_meter_value=SIGNED)
    report = MeterValuesReport(evse_id=1, meter_values=(MeterValue(NOON, (value,)),))
    assert over_the_wire(dialect_of(protocol), report) == [report]


def test_signed_values_of_1_6_follow_the_number() -> None:  # J02
    value = SampledValue(1.5, multiplier=3, signed_meter_value=SIGNED)
    report = MeterValuesReport(evse_id=1, meter_values=(MeterValue(NOON, (value,)),))
    (heard,) = over_the_wire(dialect_of(v16.PROTOCOL), report)
    assert isinstance(heard, MeterValuesReport)
    assert heard.meter_values[0].sampled_value == (
        SampledValue(1500.0),
        SampledValue(None, signed_meter_value=SignedMeterValue(signed_meter_data="abc")),
    )


REPLY = TransactionReply(
    id_token_info=TokenInfo(status="Blocked", group_id_token=IdToken("G1", "Central")),
    total_cost=0.0,
    charging_priority=-3,
    updated_personal_message=MessageContent(format="UTF8", content="Hello", language="en"),
)


@pytest.mark.parametrize("protocol", OF_EVSES)
@pytest.mark.parametrize("reply", [REPLY, TransactionReply()])
def test_replies_to_transaction_events(
    protocol: Protocol, reply: TransactionReply
) -> None:  # E01, I02 (partly)
    dialect = dialect_of(protocol)
    (request,) = dialect.messages(event(TransactionEventType.STARTED, id_token=CARD))
    assert replied(dialect, request, reply) == reply


def replied(dialect: Dialect, request: Request[Any], reply: ReportReply) -> ReportReply:
    mapping = dialect.report_of[type(request)]
    response: Response = mapping.write_response(request, reply)
    result: ReportReply = mapping.read_response(sent(response))
    return result


def test_replies_of_1_6() -> None:  # TX6-02 TX6-08
    dialect = dialect_of(v16.PROTOCOL)
    info = TokenInfo(status="Blocked", group_id_token=IdToken("G1"))
    start, stop, values = (
        dialect.messages(event(kind, evse_id=1, id_token=CARD, meter_values=VALUES))[0]
        for kind in (
            TransactionEventType.STARTED,
            TransactionEventType.ENDED,
            TransactionEventType.UPDATED,
        )
    )
    full = TransactionReply(id_token_info=info, number=7)
    assert replied(dialect, start, full) == full
    assert replied(dialect, start, TransactionReply(number=7)) == TransactionReply(
        id_token_info=TokenInfo(status="Accepted"), number=7
    )
    assert replied(dialect, stop, full) == TransactionReply(id_token_info=info)
    assert replied(dialect, stop, TransactionReply()) == TransactionReply()
    assert replied(dialect, values, TransactionReply()) == TransactionReply()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_reply_to_meter_values(protocol: Protocol) -> None:  # J01
    dialect = dialect_of(protocol)
    (request,) = dialect.messages(MeterValuesReport(evse_id=1, meter_values=VALUES))
    assert isinstance(replied(dialect, request, TransactionReply()), ReportReply)


@pytest.mark.parametrize("protocol", OF_EVSES)
@pytest.mark.parametrize("name", ["T1", None])
def test_the_question_how_a_transaction_stands(protocol: Protocol, name: str | None) -> None:  # E14
    mapping = dialect_of(protocol).request_of[GetTransactionStatus]
    command = GetTransactionStatus(transaction_id=name)
    request = mapping.write_request(command)
    assert mapping.read_request(sent(request)) == command
    for answer in (
        TransactionStatus(ongoing_indicator=None, messages_in_queue=True),
        TransactionStatus(ongoing_indicator=False, messages_in_queue=False),
    ):
        response = mapping.write_response(request, answer)
        assert mapping.read_response(command, sent(response)) == answer


def test_1_6_has_no_question_how_a_transaction_stands() -> None:
    assert GetTransactionStatus not in dialect_of(v16.PROTOCOL).request_of


def test_the_rules_of_each_version() -> None:  # E17 TEV-06
    of = {
        each.version: dialect_of(each).rules(TransactionRules)
        for each in (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)
    }
    assert [rules.can_resume for rules in of.values()] == [False, False, True]
    assert of["1.6"].start_points == {"PowerPathClosed"}
    assert of["2.0.1"].start_points is of["2.1"].start_points is None


def test_words_that_nobody_knows_do_not_stop_a_csms() -> None:
    request = v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.unknown("Paused"),
        timestamp=NOON,
        trigger_reason=v201.TriggerReasonEnumType.unknown("Sunshine"),
        seq_no=1,
        transaction_info=v201.TransactionType(transaction_id="T1"),
    )
    heard = dialect_of(v201.PROTOCOL).report_of[type(request)].read_request(request)
    assert isinstance(heard, TransactionReport)
    assert (heard.event_type, heard.trigger_reason) == ("Updated", "Sunshine")
