"""Lines of all kinds of logs, and what is found in them."""

import json

import pytest

from ocppkit.core import LocalProtocolError
from ocppkit.tools import Direction, LineReader, LoggedFrame

FRAME = '[2,"1","Heartbeat",{}]'


def read(line: str, **options: str) -> LoggedFrame:
    frame = LineReader("some.log", **options).read(line)
    assert frame is not None
    return frame


@pytest.mark.parametrize(
    ("line", "station", "direction"),
    [
        (f"CP001 < {FRAME}", "CP001", Direction.RECEIVED),
        (f"DEBUG:ocppkit.frames:CP001 > {FRAME}", "CP001", Direction.SENT),
        (
            f"2026-01-05 08:00:00,123 DEBUG ocppkit.frames CP:1 < {FRAME}",
            "CP:1",
            Direction.RECEIVED,
        ),
        (f"CP1: receive message {FRAME}", "CP1", Direction.RECEIVED),
        (f"INFO:ocpp:CP1: send {FRAME}", "CP1", Direction.SENT),
        (f"2026-01-05 08:00:00,123 INFO ocpp CP:1: send {FRAME}\r\n", "CP:1", Direction.SENT),
        (FRAME, "some.log", Direction.UNKNOWN),
        (f"  {FRAME} ", "some.log", Direction.UNKNOWN),
        (f"10:00:00 a word {FRAME} and more", "some.log", Direction.UNKNOWN),
        (f"[INFO] [2026-01-05] {FRAME}", "some.log", Direction.UNKNOWN),
    ],
)
def test_a_line_tells_frame_station_and_direction(
    line: str, station: str, direction: Direction
) -> None:
    frame = read(line)
    assert (frame.text, frame.station, frame.direction) == (FRAME, station, direction)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("DEBUG ocppkit.frames CP001 < PING", "PING"),
        ('DEBUG ocppkit.frames CP001 < PING [2,"1"', 'PING [2,"1"'),
        ("CP1: receive message hello", "hello"),
        ("[]", "[]"),
        ("[8, 1]", "[8, 1]"),
    ],
)
def test_what_a_peer_sent_counts_though_it_is_no_frame(line: str, text: str) -> None:
    assert read(line).text == text


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "INFO ocppkit.csms CP001: connected",
        "x < y",
        "a: send b",
        '{"level": "info", "message": "started"}',
        '{"message": 4}',
        "{",
        '{"a": ' * 5000,
        "[INFO] started",
        "\x00\x01\udcff",
        '{"schemaVersion": "\udcff"}',
    ],
)
def test_other_lines_have_no_frame(line: str) -> None:
    assert LineReader("some.log").read(line) is None


def test_times_are_read_as_they_are_written() -> None:
    def time(line: str) -> float | None:
        return read(f"{line} CP001 < {FRAME}").time

    utc = 1767600000.0
    assert time("2026-01-05T08:00:00Z") == utc
    assert time("2026-01-05 08:00:00,250") == utc + 0.25
    assert time("2026-01-05T10:00:00.5+02:00") == utc + 0.5
    assert time("08:00:01") == 8 * 3600 + 1
    assert time("2026-13-05 08:00:00") is None
    assert time("no time") is None


def test_times_without_a_date_go_on_after_midnight() -> None:
    reader = LineReader("some.log")
    lines = [f"{clock} CP001 < {FRAME}" for clock in ("23:59:59", "23:59:58", "00:00:01")]
    times = [frame.time for frame in map(reader.read, lines) if frame is not None]
    assert times == [86399.0, 86398.0, 86401.0]


def test_what_the_frame_log_escapes_is_read_as_it_was_sent() -> None:
    assert read(r'CP001 < [2,\n "1",\t"Heartbeat",\r\n{}]').text == '[2,  "1", "Heartbeat",  {}]'
    assert read(r'CP001 < [2,"1","A",{"a":"x\n\xa0\U0001f50c"}]').text == (
        '[2,"1","A",{"a":"x\\n\xa0\U0001f50c"}]'
    )
    # A control character is no JSON, and must not become it.
    assert read(r'CP001 < [2,"1","A",{"a":"\x00"}]').text == r'[2,"1","A",{"a":"\x00"}]'


def test_a_frame_that_the_log_cut_off_is_not_whole() -> None:
    assert not read('CP001 < [2,"1","A",{"a":"xxx... (5000 characters)').whole
    assert read(f"CP001 < {FRAME}").whole


@pytest.mark.parametrize(
    "members",
    [
        {"msg": FRAME},
        {"msg": json.loads(FRAME)},
        {"msg": f"CP9 < {FRAME}", "station": "CP001"},
        {"level": "debug", "message": "hello", "data": FRAME},
    ],
)
def test_json_lines_are_searched_for_a_frame(members: dict[str, object]) -> None:
    line = json.dumps({"ts": 1767600000250, "dir": "in", "cp": "CP001", **members})
    frame = read(line)
    assert json.loads(frame.text) == json.loads(FRAME)
    assert (frame.time, frame.direction) == (1767600000.25, Direction.RECEIVED)
    assert frame.station == "CP001"


def test_a_named_member_holds_what_the_peer_sent() -> None:
    line = json.dumps({"a": {"b": "PING"}, "time": "2026-01-05T08:00:00Z", "message": FRAME})
    assert read(line, field=".a.b").text == "PING"
    assert read(line).text == FRAME
    assert LineReader("x", field="a.c").read(line) is None
    assert LineReader("x", field="time.c").read(line) is None


def test_a_regular_expression_reads_other_lines() -> None:
    pattern = r"(?P<time>\S+) (?P<station>\w+)/(?P<direction>\w+)=(?P<frame>.*)"
    frame = read(f"1767600000.5 CP7/up={FRAME}", pattern=pattern)
    assert (frame.station, frame.time, frame.text) == ("CP7", 1767600000.5, FRAME)
    assert frame.direction is Direction.FROM_STATION
    assert LineReader("x", pattern=pattern).read(FRAME) is None
    bare = read(f"08:00:00 = {FRAME}", pattern=r"= (?P<frame>.*)")
    assert (bare.station, bare.time) == ("some.log", 28800.0)
    assert (
        read("odd=[]", pattern=r"(?P<direction>\w+)=(?P<frame>.*)").direction is Direction.UNKNOWN
    )


@pytest.mark.parametrize("pattern", ["(", r"(?P<text>.*)"])
def test_a_wrong_regular_expression_is_refused(pattern: str) -> None:
    with pytest.raises(LocalProtocolError, match=r"frame|regular"):
        LineReader("x", pattern=pattern)


def test_long_lines_take_linear_time() -> None:
    for line in (
        "x" * 400_000,
        "[ " * 200_000,
        "CP < " * 80_000,
        '"\\' * 200_000,
        "[2" + " " * 400_000,
    ):
        LineReader("x").read(line)
        LineReader("x").read(f"CP001 < {line}")
