"""What an inspection finds, what it does not find, and in how much memory."""

import json
import logging
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocppkit.core import LocalProtocolError, Role
from ocppkit.tools import (
    FindingKind,
    FrameSelection,
    Inspection,
    Inspector,
    LineReader,
    LogFinding,
    LoggedFrame,
    inspect,
)
from simulation.block_day import BlockDay

BOOT_16 = '"BootNotification",{"chargePointVendor":"A","chargePointModel":"B"}'
BOOT_2X = '"BootNotification",{"reason":"PowerUp","chargingStation":{"vendorName":"A","model":"B"}}'


def frames_of(lines: Sequence[str]) -> Iterator[LoggedFrame]:
    reader = LineReader("x.log", station="x")
    for line in lines:
        frame = reader.read(line)
        assert frame is not None, line
        yield frame


def inspected(*lines: str, **options: Any) -> Inspection:
    return inspect(frames_of(lines), **options)


def kinds(result: Inspection) -> list[tuple[str, str, int]]:
    return [(finding.kind, finding.action, finding.count) for finding in result.findings]


def only(result: Inspection) -> LogFinding:
    assert len(result.findings) == 1, result.findings
    return result.findings[0]


def status(station: str, message_id: str, value: object, connector: int = 1) -> str:
    payload = {"connectorId": connector, "errorCode": "NoError", "status": value}
    return f'{station} < [2,"{message_id}","StatusNotification",{json.dumps(payload)}]'


# Nothing wrong.


def test_a_day_of_stations_of_all_versions_has_no_findings() -> None:
    """Both ends write to the log, so each frame is there twice."""
    day = BlockDay(stations=3)
    inspector = Inspector()
    reader = LineReader("day.log")

    class FrameHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=day.simulation.clock.time())
            frame = reader.read(f"{at:%Y-%m-%d %H:%M:%S.%f} {record.getMessage()}")
            assert frame is not None
            inspector.add(frame)

    logger, handler = logging.getLogger("ocppkit.frames"), FrameHandler()
    level = logger.level
    # Assigning `level` would leave what earlier tests made the logger cache.
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        day.simulation.run(day.play())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    result = inspector.finish()
    assert result.findings == ()
    assert result.is_clean
    assert (result.stations, result.refused, result.open_at_end) == (3, 0, 0)
    assert result.frames > 4000
    assert {each.version: each.stations for each in result.versions} == {"1.6": 1, "2.0.1": 2}
    assert {row.action for row in result.latencies} >= {"StartTransaction", "TransactionEvent"}


def test_each_end_of_a_bad_network_is_read_alone() -> None:
    """Ids are the same in both directions, as two counters may have it."""
    result = inspected(
        f'A < [2,"1",{BOOT_16}]',
        'A > [3,"1",{"currentTime":"2026-01-05T08:00:00Z","interval":1,"status":"Accepted"}]',
        'A > [2,"2","Reset",{"type":"Soft"}]',
        'A < [2,"2","Heartbeat",{}]',
        'A > [3,"2",{"currentTime":"2026-01-05T08:00:00Z"}]',
        'A < [3,"2",{"status":"Accepted"}]',
    )
    assert result.findings == ()
    assert result.kinds == {"call": 3, "call_result": 3}


# Payloads.


def test_each_fault_of_a_payload_is_told_with_what_peers_do() -> None:
    result = inspected(
        status("A", "1", "Broken", 1), status("A", "2", "Broken", 2), status("B", "3", 7)
    )
    by_path = {(each.path, each.text): each for each in result.findings}
    broken = by_path["$.status", "unknown value 'Broken'"]
    assert (broken.count, broken.line, broken.stations) == (2, 1, ["A"])
    assert [(place.connector, place.count) for place in broken.places] == [
        ("connector 1", 1),
        ("connector 2", 1),
    ]
    assert (broken.strict, broken.lenient) == ("PropertyConstraintViolation", "keeps it")
    typed = by_path["$.status", "7 in place of a string"]
    assert (typed.strict, typed.stations, typed.line) == ("TypeConstraintViolation", ["B"], 3)
    assert (result.refused, result.readable) == (3, 3)


def test_items_of_a_list_are_one_finding() -> None:
    sampled = ",".join(['{"value":1}'] * 5)
    values = f'{{"timestamp":"2026-01-05T08:00:00Z","sampledValue":[{sampled}]}}'
    found = only(
        inspected(f'A < [2,"1","MeterValues",{{"connectorId":1,"meterValue":[{values},{values}]}}]')
    )
    assert (found.path, found.count) == ("$.meterValue[].sampledValue[].value", 1)
    assert found.lenient == "makes it text"


def test_an_answer_is_judged_by_what_it_answers() -> None:
    result = inspected(
        'A > [2,"1","Reset",{"type":"Soft"}]',
        'B > [2,"1","GetLocalListVersion",{}]',
        'A < [3,"1",{"status":"Yes"}]',
        'B < [3,"1",{"listVersion":1}]',
    )
    found = only(result)
    assert (found.action, found.path, found.stations) == ("Reset answer", "$.status", ["A"])
    assert found.strict == "no answer"


def test_what_the_log_hides_or_cuts_off_is_not_judged() -> None:
    clean = inspected(
        f'A < [2,"1",{BOOT_2X}]',
        'B < [2,"2","Authorize",{"idToken":"***"}]',
        'C < [2,"3","NotifyEvent",{"eventData":[... (5000 characters)',
    )
    assert clean.findings == ()
    assert clean.cut == 1
    answered = inspected(
        f'B < [2,"1",{BOOT_16}]',
        'A < [2,"3","DataTransfer",{"data":"xx... (5000 characters)',
        'A > [3,"3",{"status":"Accepted"}]',
    )
    assert answered.findings == ()


# Frames.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PING", "not JSON, such as 'PING'"),
        ('{"a":1}', "not an array"),
        ('[2,1,"Heartbeat",{}]', "the message id is not a text"),
        ('[9,"1","Heartbeat",{}]', "a message type"),
        ('[2,"1"]', "a wrong number of elements"),
        (f'[2,"{"x" * 40}","Heartbeat",{{}}]', "longer than 36"),
        ('[2,"1","Hartbeat",{}]', "no such action"),
        ('[6,"1","NotifyPeriodicEventStream",{}]', "no such action"),
    ],
)
def test_texts_that_are_no_usable_frames_are_found(text: str, said: str) -> None:
    result = inspected(f"ocppkit.frames A < {text}", versions=["1.6"])
    found = only(result)
    assert found.kind is FindingKind.FRAME
    assert said in found.text
    assert result.frames == 1


def test_texts_that_are_no_frames_count_as_one_kind_of_fault() -> None:
    result = inspected(*(f"ocppkit.frames A{number} < PING {number}" for number in range(1500)))
    found = only(result)
    assert (found.count, len(found.places), found.more_places) == (1500, 1000, 500)


def test_endless_kinds_of_faults_become_one() -> None:
    result = inspected(*(f'A < [2,"{number}","X{number}",{{}}]' for number in range(1200)))
    assert len(result.findings) == 1002
    others = [each.kind for each in result.findings if each.text == "other faults of this kind"]
    assert sorted(others) == ["frame", "unanswered"]
    assert sum(each.count for each in result.findings) == 1200 + 1199


def test_the_wrong_side_is_found_by_the_many_that_are_right() -> None:
    right = [f'A < [2,"{number}","Heartbeat",{{}}]' for number in range(6)]
    wrong = ['A > [2,"w1","Heartbeat",{}]', 'B < [2,"w2","Reset",{"type":"Soft"}]']
    result = inspected(*right, *wrong)
    found = [each for each in result.findings if each.text == "the other side sends this"]
    assert [(each.action, each.stations, each.line) for each in found] == [
        ("Heartbeat", ["A"], 7),
        ("Reset", ["B"], 8),
    ]
    assert {each.strict for each in found} == {"NotSupported"}
    # Where as many say the one as the other, both ends wrote the log.
    both = [f'A {arrow} [2,"{number}","Heartbeat",{{}}]' for number in range(6) for arrow in "><"]
    assert "the other side sends this" not in {each.text for each in inspected(*both).findings}


def test_a_trace_says_who_sent_what() -> None:
    record = {
        "schemaVersion": "1.1",
        "timestamp": "2026-01-05T08:00:00Z",
        "transport": "json",
        "direction": "csms-to-cp",
        "messageType": "CALL",
        "messageId": "1",
        "action": "Heartbeat",
        "ocppVersion": "2.1",
    }
    result = inspected(json.dumps(record))
    assert only(result).text == "the other side sends this"
    assert [(each.version, each.because) for each in result.versions] == [("2.1", "")]


# Calls and answers.


def test_calls_without_an_answer_are_found_station_by_station() -> None:
    result = inspected(
        status("A", "1", "Available", 2),
        'B > [3,"1",{}]',
        'A < [2,"2","Heartbeat",{}]',
        'A > [3,"2",{"currentTime":"2026-01-05T08:00:00Z"}]',
    )
    assert sorted(kinds(result)) == [
        ("stray", "", 1),
        ("unanswered", "StatusNotification", 1),
    ]
    unanswered = next(each for each in result.findings if each.kind is FindingKind.UNANSWERED)
    assert [(place.station, place.connector) for place in unanswered.places] == [
        ("A", "connector 2")
    ]


def test_the_last_call_of_a_log_may_still_be_answered() -> None:
    lines = [
        'A < 08:00:00 A < [2,"1","Heartbeat",{}]',
        '08:00:20 A > [2,"2","Reset",{"type":"Soft"}]',
    ]
    assert inspected(*lines).open_at_end == 2
    assert kinds(inspected(*lines, timeout=10)) == [("unanswered", "Heartbeat", 1)]
    assert inspected('A < [2,"1","Heartbeat",{}]').open_at_end == 1


def test_a_call_that_is_sent_again_is_told_and_waits_for_one_answer() -> None:
    call, answer = (
        'A < [2,"1","Heartbeat",{}]',
        'A > [3,"1",{"currentTime":"2026-01-05T08:00:00Z"}]',
    )
    assert kinds(inspected(call, call, answer)) == [("repeated", "Heartbeat", 1)]
    assert kinds(inspected(call, call, answer, answer)) == [("repeated", "Heartbeat", 1)]
    assert kinds(inspected(call, answer, call, answer)) == [("repeated", "Heartbeat", 1)]
    assert kinds(inspected(call, answer, answer)) == [("stray", "", 1)]


def test_a_message_id_for_another_call_is_told_until_the_next_boot() -> None:
    again = [
        'A < [2,"1","Heartbeat",{}]',
        'A > [3,"1",{"currentTime":"2026-01-05T08:00:00Z"}]',
        status("A", "1", "Available"),
    ]
    assert kinds(inspected(*again)) == [("reused id", "StatusNotification", 1)]
    boot = f'A < [2,"0",{BOOT_16}]'
    assert kinds(inspected(*again[:2], boot, again[2])) == [("unanswered", "BootNotification", 1)]
    assert kinds(inspected(boot, boot))[0] == ("repeated", "BootNotification", 1)


def test_an_id_that_still_waits_leaves_the_earlier_call_without_an_answer() -> None:
    result = inspected(
        'A < [2,"1","Heartbeat",{}]', status("A", "1", "Available"), 'A > [3,"1",{}]'
    )
    assert sorted(kinds(result)) == [
        ("reused id", "StatusNotification", 1),
        ("unanswered", "Heartbeat", 1),
    ]


def test_refused_calls_and_times_of_answers_are_told_by_action() -> None:
    result = inspected(
        '08:00:00.000 A < [2,"1","Heartbeat",{}]',
        '08:00:00.250 A > [4,"1","InternalError","",{}]',
        '08:00:01.000 A > [2,"2","Reset",{"type":"Soft"}]',
        '08:00:03.000 A < [3,"2",{"status":"Accepted"}]',
    )
    assert result.findings == ()
    assert [(row.action, row.code, row.count, row.stations) for row in result.refusals] == [
        ("Heartbeat", "InternalError", 1, ("A",))
    ]
    assert [(row.action, row.answered_by, round(row.median, 3)) for row in result.latencies] == [
        ("Heartbeat", "csms", 0.25),
        ("Reset", "station", 2.0),
    ]
    assert (result.first, result.last) == (28800.0, 28803.0)


# Versions.


def test_the_version_is_found_out_station_by_station() -> None:
    result = inspected(
        f'A < [2,"1",{BOOT_16}]',
        f'B < [2,"1",{BOOT_2X}]',
        f'C < [2,"1",{BOOT_2X}]',
        'C < [2,"2","NotifyDERAlarm",{"controlType":"FreqDroop","timestamp":"2026-01-05T08:00:00Z"}]',
        'D < [2,"1","Heartbeat",{}]',
    )
    assert kinds(result) == [("unanswered", "BootNotification", 1)]
    found = {each.version: (each.stations, each.because) for each in result.versions}
    assert found == {
        "1.6": (2, "by BootNotification in line 1 of x.log, which 2.0.1 and 2.1 refuse"),
        "2.0.1": (
            1,
            "by BootNotification in line 2 of x.log, which 1.6 refuses; 2.1 would read it, too",
        ),
        "2.1": (1, "by NotifyDERAlarm in line 4 of x.log, which 2.0.1 refuses"),
    }


def test_a_station_that_breaks_every_version_is_judged_by_the_nearest() -> None:
    bad = 'A < [2,"1","TransactionEvent",{"eventType":"Begun"}]'
    assert [each.version for each in inspected(bad).versions] == ["2.0.1"]
    assert [each.version for each in inspected(bad, versions=["1.6"]).versions] == ["1.6"]


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match=r"no OCPP version '3'.*1\.6, 2\.0\.1, 2\.1"):
        Inspector(versions=["3"])
    assert inspected('A < [2,"1","Heartbeat",{}]', versions=["ocpp1.6"]).versions[0].because == ""


# Selections.


def test_a_selection_counts_some_frames_and_reads_all() -> None:
    lines = [
        '08:00:00 A < [2,"1","Heartbeat",{}]',
        '08:00:01 B < [2,"1","Hartbeat",{}]',
        '08:00:02 A > [3,"1",{"currentTime":7}]',
    ]

    def selected(**wanted: Any) -> Inspection:
        return inspected(*lines, selection=FrameSelection(**wanted))

    assert kinds(selected(stations=frozenset({"B"}))) == [("frame", "Hartbeat", 1)]
    by_action = selected(actions=frozenset({"Heartbeat"}))
    assert (by_action.frames, by_action.stations, only(by_action).line) == (2, 1, 3)
    late = selected(since=28802.0)
    assert (late.frames, only(late).action) == (1, "Heartbeat answer")


def test_each_frame_tells_what_was_found() -> None:
    inspector = Inspector(versions=["1.6"])
    seen = [
        inspector.add(frame)
        for frame in frames_of(
            [
                'A < [2,"1","Heartbeat",{}]',
                'A > [3,"1",{}]',
                'A > [3,"1",{}]',
                'A < [2,"2","DataTransfer",{"vendorId":"x"}]',
            ]
        )
    ]
    assert [each.sender for each in seen] == [Role.STATION, Role.CSMS, Role.CSMS, Role.STATION]
    assert [each.problems for each in seen] == [
        (),
        ("$.currentTime: required member missing",),
        ("an answer that no call waits for",),
        (),
    ]


# Memory.


def test_memory_is_bounded_by_the_calls_that_wait() -> None:
    inspector = Inspector(versions=["1.6"])

    def feed(count: int, start: int) -> None:
        for number in range(start, start + count):
            inspector.add(
                LoggedFrame(
                    text=f'[2,"{number}","Heartbeat",{{}}]', source="x", line=number, station="A"
                )
            )

    feed(25_000, 0)
    tracemalloc.start()
    try:
        feed(25_000, 25_000)
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # What was remembered before went for it; the traced half of it is no more than the bound.
    assert grown < 8_000_000
    found = only(inspector.finish())
    assert (found.kind, found.count) == (FindingKind.UNANSWERED, 49_999)
