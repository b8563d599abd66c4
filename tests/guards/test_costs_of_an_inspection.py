"""What a line of a log costs `ocppkit inspect`: a hundred thousand of them are to take a few seconds."""

from collections.abc import Sequence

from ocppkit.tools import Inspector, LineReader
from support.call_counts import calls_of, python_calls

LINE = "2026-01-05 08:00:00,010 DEBUG ocppkit.frames CP001"
BOOT = '"BootNotification",{"chargePointVendor":"A","chargePointModel":"B"}'


def conversation(count: int) -> list[str]:
    lines = []
    for number in range(count):
        lines.append(f'{LINE} < [2,"{number:06}","Heartbeat",{{}}]')
        lines.append(f'{LINE} > [3,"{number:06}",{{"currentTime":"2026-01-05T08:00:00Z"}}]')
    return lines


def calls_per_line(lines: Sequence[str]) -> float:
    reader, inspector = LineReader("x.log"), Inspector()

    def inspect(some: Sequence[str]) -> None:
        for line in some:
            frame = reader.read(line)
            assert frame is not None
            inspector.add(frame)

    inspect([f'{LINE} < [2,"b",{BOOT}]', *lines[:20]])
    counted = python_calls(calls_of(lambda: inspect(lines[20:])))
    return counted / len(lines[20:])


def test_a_valid_frame_takes_few_calls() -> None:
    assert calls_per_line(conversation(200)) < 35


def test_frames_that_no_version_accepts_are_read_by_all_of_them_for_a_while_only() -> None:
    reader, inspector = LineReader("x.log"), Inspector()
    text = f'{LINE} < [2,"1","Hartbeat",{{}}]'

    def inspect(count: int) -> None:
        for _ in range(count):
            frame = reader.read(text)
            assert frame is not None
            inspector.add(frame)

    first = python_calls(calls_of(lambda: inspect(100)))
    inspect(300)
    later = python_calls(calls_of(lambda: inspect(100)))
    assert later < first * 0.7
