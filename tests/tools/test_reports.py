"""Reports as text, Markdown, JSON and HTML: the same findings, whatever the peers wrote."""

import json
import re
from html.parser import HTMLParser

import pytest

from ocppkit.tools import (
    InspectedFrame,
    Inspection,
    Inspector,
    LineReader,
    frame_lines,
    html_report,
    json_report,
    markdown_report,
    text_report,
)

LOG = r"""
2026-01-05 08:00:00,000 DEBUG ocppkit.frames CP1 < [2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Lost"}]
2026-01-05 08:00:00,250 DEBUG ocppkit.frames CP1 > [4,"1","PropertyConstraintViolation","",{}]
2026-01-05 08:00:01,000 DEBUG ocppkit.frames CP1 > [2,"2","Reset",{"type":"Soft"}]
2026-01-05 08:00:03,500 DEBUG ocppkit.frames CP1 < [3,"2",{"status":"Accepted"}]
2026-01-05 08:02:00,000 DEBUG ocppkit.frames CP2 < <b>PING</b>
2026-01-05 08:02:01,000 DEBUG ocppkit.frames CP2 < [2,"9","Hart\u001b[31mbeat|",{}]
""".strip()


def inspected(log: str = LOG) -> tuple[Inspection, list[InspectedFrame]]:
    reader, inspector = LineReader("a.log"), Inspector(versions=["1.6"])
    frames = [inspector.add(frame) for frame in map(reader.read, log.splitlines()) if frame]
    return inspector.finish(other_lines=3), frames


EXPECTED = """\
6 frames, 2 stations, 2026-01-05 08:00:00 to 08:02:01
OCPP 1.6
unusable 1   calls 3   results 1   errors 1   open at the end 1   lines without
    a frame 3

What is wrong
      1  StatusNotification $.status: unknown value 'Lost'
           CP1 connector 1; first in line 1
           answered PropertyConstraintViolation; lenient mode keeps it
      1  the frame is not JSON, such as '<b>PING</b>'
           CP2; first in line 5
           no answer; lenient mode refuses it, too
      1  Hart\\x1b[31mbeat| this version has no such action
           CP2; first in line 6
           answered NotImplemented; lenient mode refuses it, too

A strict peer refuses 3 frames; with inbound=LENIENT 1 of 3 would be read.

Calls that were answered with CALLERROR
      1  StatusNotification PropertyConstraintViolation
           CP1; first in line 2

How long answers took
  action              answered by  count     p50     p95  longest
  Reset               station          1  2.50 s  2.50 s   2.50 s
  StatusNotification  csms             1  250 ms  250 ms   250 ms
"""


def test_the_text_has_all_there_is_to_say() -> None:
    result, _ = inspected()
    assert text_report(result, latency=True) == EXPECTED
    without = text_report(result)
    assert without == EXPECTED.partition("\nHow long")[0]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    result, _ = inspected()
    lines = text_report(result, width=width).splitlines()
    assert max(map(len, lines)) <= width


def test_headings_are_bold_where_colour_is_wanted() -> None:
    result, _ = inspected()
    assert "\033[1mWhat is wrong\033[0m" in text_report(result, colour=True)
    assert "\033" not in text_report(result)


def test_a_clean_log_says_so_in_every_form() -> None:
    result, frames = inspected(LOG.splitlines()[2])
    assert "Nothing is wrong." in text_report(result)
    assert "Nothing is wrong." in markdown_report(result)
    assert "Nothing is wrong." in html_report(result, frames)
    assert json.loads(json_report(result))["findings"] == []


def test_frames_are_lines_with_their_problems_below() -> None:
    _, frames = inspected()
    lines = [list(frame_lines(frame)) for frame in frames]
    assert lines[0] == [
        '      1 2026-01-05 08:00:00 CP1 -> [2,"1","StatusNotification",'
        '{"connectorId":1,"errorCode":"NoError","status":"Lost"}]',
        "        ! $.status: unknown value 'Lost'",
    ]
    assert lines[1][0].startswith("      2 2026-01-05 08:00:00 CP1 <- [4,")
    assert lines[4] == [
        "      5 2026-01-05 08:02:00 CP2 -> <b>PING</b>",
        "        ! the frame is not JSON",
    ]


def test_a_frame_of_an_unknown_sender_has_no_arrow() -> None:
    _, (frame,) = inspected('[2,"1","DataTransfer",{"vendorId":"x"}]')
    assert next(frame_lines(frame)) == '      1 a.log -- [2,"1","DataTransfer",{"vendorId":"x"}]'


def test_markdown_has_tables_that_no_text_breaks() -> None:
    result, frames = inspected()
    text = markdown_report(result, frames, latency=True)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert r"Hart\x1b[31mbeat\|" in text
    cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows[:5]}
    assert cells == {6}
    assert "| Reset | station | 1 | 2.50 s | 2.50 s | 2.50 s |" in rows
    assert text.count("```") == 2


def test_json_has_findings_and_selected_frames() -> None:
    result, frames = inspected()
    report = json.loads(json_report(result, frames))
    assert report["frames"] == 6
    assert report["findings"][0]["places"] == [
        {"station": "CP1", "connector": "connector 1", "count": 1, "source": "a.log", "line": 1}
    ]
    assert [frame["sender"] for frame in report["selected"]] == [
        "station", "csms", "csms", "station", "station", "station",
    ]  # fmt: skip
    assert report["selected"][0]["problems"] == ["$.status: unknown value 'Lost'"]
    assert "selected" not in json.loads(json_report(result))


class Page(HTMLParser):
    """Collects the elements of a page, and what they refer to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.classes: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.classes += [value or "" for name, value in attrs if name == "class"]
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_html_shows_each_conversation_and_fetches_nothing() -> None:
    result, frames = inspected()
    text = html_report(result, frames, more=1234, latency=True, title="<a&b>")
    page = Page(text)
    assert page.addresses == []
    assert not {"script", "link", "img", "b"} & set(page.tags)
    assert "default-src 'none'" in text
    assert "&lt;a&amp;b&gt;" in text
    assert "&lt;b&gt;PING&lt;/b&gt;" in text
    assert "\x1b" not in text
    rows = [each for each in page.classes if each.startswith("row")]
    assert rows == [
        "row right bad",
        "row left answer",
        "row left",
        "row right answer",
        "row right answer bad",
        "row right bad",
    ]
    assert "PropertyConstraintViolation StatusNotification (250 ms)" in text
    assert "1,234 more frames" in text
    assert "08:00:00.250" in text


def test_findings_in_several_logs_name_theirs_in_every_form() -> None:
    inspector = Inspector(versions=["1.6"])
    for name in ("a.log", "b.log"):
        reader = LineReader(name)
        for line in (
            'A > [2,"1","Reset",{"type":"Soft"}]',
            f'A < [4,"1","{name}","",{{}}]',
            "A < X",
        ):
            frame = reader.read(f"ocppkit.frames {line}")
            assert frame is not None
            inspector.add(frame)
    result = inspector.finish()
    assert "first in line 2 of b.log" in text_report(result)  # the CALLERROR
    for text in (text_report(result), markdown_report(result), html_report(result)):
        assert "line 3 of a.log" in text
