"""The repair pass: every issue found, what is plainly meant repaired, and nothing else."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from msgspec import UNSET, Meta, UnsetType, field

from ocppkit import v16
from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    CsmsRequest,
    ErrorCode,
    KnownMembers,
    Mode,
    OpenObject,
    Opt,
    Override,
    Payload,
    PayloadRules,
    Policy,
    Repair,
    Response,
    Rule,
    WireEnum,
)
from ocppkit.core.payloads._issue_recorder import MAX_COUNTED, MAX_ISSUES
from ocppkit.core.payloads._repair import repair


class Colour(WireEnum):
    """An enum."""

    RED = "Red"
    SEVEN = "7"


class _Known(KnownMembers, kw_only=True, frozen=True):
    vendor_id: Annotated[str, Meta(max_length=5)] = field(name="vendorId")
    at: Opt[Annotated[datetime, Meta(tz=True)]] = None


class Custom(OpenObject):
    """An open object with known members."""

    __ocpp_known__ = _Known


class Item(Payload, kw_only=True, frozen=True):
    """What stands in lists."""

    id: int


class Box(Response, kw_only=True, frozen=True):
    """A message with one place of every kind."""

    __ocpp_action__ = "Box"

    name: Annotated[str, Meta(min_length=1, max_length=5)]
    flag: Opt[bool] = None
    count: Opt[Annotated[int, Meta(ge=0, le=100)]] = None
    limit: Opt[Annotated[float, Meta(ge=0, le=100, extra={"multiple_of": 0.1})]] = None
    at: Opt[Annotated[datetime, Meta(tz=True)]] = field(name="theTime", default=None)
    colour: Opt[Colour] = None
    link: Opt[Annotated[str, Meta(max_length=30, extra={"format": "uri"})]] = None
    item: Opt[Item] = None
    items: Opt[Annotated[list[Item], Meta(min_length=1, max_length=3)]] = None
    words: Opt[list[str]] = None
    custom: Opt[Custom] = field(name="customData", default=None)
    data: Any | UnsetType = UNSET


class OldBox(Box, kw_only=True, frozen=True):
    """The same in draft 4, which tells 1.0 from an integer."""

    __ocpp_draft__ = 4


class CsmsCommand(CsmsRequest, kw_only=True, frozen=True):
    """The same as a request of the CSMS."""

    __ocpp_action__ = "CsmsCommand"
    __ocpp_rules__ = PayloadRules(harmless_when_absent=frozenset({"customData"}))

    name: str
    flag: Opt[bool] = None
    count: Opt[Annotated[int, Meta(ge=0, le=100)]] = None
    limit: Opt[Annotated[float, Meta(ge=0, le=100, extra={"multiple_of": 0.1})]] = None
    at: Opt[Annotated[datetime, Meta(tz=True)]] = field(name="theTime", default=None)
    colour: Opt[Colour] = None
    item: Opt[Item] = None
    items: Opt[Annotated[list[Item], Meta(min_length=1, max_length=3)]] = None
    words: Opt[list[str]] = None
    custom: Opt[Custom] = field(name="customData", default=None)


class Listing(Response, kw_only=True, frozen=True):
    """A message whose list is required."""

    __ocpp_action__ = "Listing"

    items: Annotated[list[Item], Meta(min_length=1)]


def passed(policy=LENIENT, cls=Box, **members):
    """Sends one object through the pass, with a good name unless it has one of its own."""
    return repair(cls, json.dumps({"name": "ok"} | members), policy)


def found(outcome):
    return [(issue.path, issue.rule, issue.repaired) for issue in outcome.issues]


REPAIRS = [
    # A null for an optional member.
    ({"count": None}, "count", None, ("$.count", Rule.NULL)),
    ({"customData": None}, "custom", None, ("$.customData", Rule.NULL)),
    # A number or boolean for a string.
    ({"name": 10}, "name", "10", ("$.name", Rule.TYPE)),
    ({"name": 1.5}, "name", "1.5", ("$.name", Rule.TYPE)),
    ({"name": -0.0}, "name", "-0.0", ("$.name", Rule.TYPE)),
    ({"name": True}, "name", "true", ("$.name", Rule.TYPE)),
    ({"words": ["a", False]}, "words", ["a", "false"], ("$.words[1]", Rule.TYPE)),
    ({"colour": 7}, "colour", Colour.SEVEN, ("$.colour", Rule.TYPE)),
    # A clean numeric string for a number.
    ({"count": "42"}, "count", 42, ("$.count", Rule.TYPE)),
    ({"limit": "4.5"}, "limit", 4.5, ("$.limit", Rule.TYPE)),
    ({"limit": "5e1"}, "limit", 50.0, ("$.limit", Rule.TYPE)),
    # An object for a list of it.
    ({"items": {"id": 1}}, "items", [Item(id=1)], ("$.items", Rule.TYPE)),
    # Beyond a limit.
    ({"name": ""}, "name", "", ("$.name", Rule.MIN_LENGTH)),
    ({"name": "toolong"}, "name", "toolong", ("$.name", Rule.MAX_LENGTH)),
    ({"count": -1}, "count", -1, ("$.count", Rule.MINIMUM)),
    ({"count": 101}, "count", 101, ("$.count", Rule.MAXIMUM)),
    ({"limit": -0.1}, "limit", -0.1, ("$.limit", Rule.MINIMUM)),
    ({"limit": 100.1}, "limit", 100.1, ("$.limit", Rule.MAXIMUM)),
    ({"limit": 0.15}, "limit", 0.15, ("$.limit", Rule.MULTIPLE_OF)),
    ({"items": []}, "items", [], ("$.items", Rule.MIN_ITEMS)),
    ({"items": [{"id": 1}] * 4}, "items", [Item(id=1)] * 4, ("$.items", Rule.MAX_ITEMS)),
    ({"link": "firmware.bin"}, "link", "firmware.bin", ("$.link", Rule.FORMAT)),
    # An unknown word of an enum, an unknown member.
    ({"colour": "Blue"}, "colour", "Blue", ("$.colour", Rule.ENUM)),
    ({"item": {"id": 1, "x": 2}}, "item", Item(id=1), ("$.item.x", Rule.UNKNOWN_MEMBER)),
    # A date-time without a zone, or with half of one.
    (
        {"theTime": "2024-05-06T07:08:09"},
        "at",
        datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        ("$.theTime", Rule.FORMAT),
    ),
    (
        {"theTime": "2024-05-06T07:08:09+02"},
        "at",
        datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC),
        ("$.theTime", Rule.FORMAT),
    ),
    # Within an open object.
    (
        {"customData": {"vendorId": "toolong", "x": None}},
        "custom",
        {"vendorId": "toolong", "x": None},
        ("$.customData.vendorId", Rule.MAX_LENGTH),
    ),
    (
        {"customData": {"vendorId": 3, "x": [1.0]}},
        "custom",
        {"vendorId": "3", "x": [1.0]},
        ("$.customData.vendorId", Rule.TYPE),
    ),
    (
        {"customData": {"vendorId": "a", "at": None, "x": 1}},
        "custom",
        {"vendorId": "a", "x": 1},
        ("$.customData.at", Rule.NULL),
    ),
]


@pytest.mark.parametrize(("members", "name", "value", "issue"), REPAIRS)
def test_lenient_repairs_with_an_issue(members, name, value, issue):
    outcome = passed(**members)
    assert getattr(outcome.payload, name) == value
    assert type(getattr(outcome.payload, name)) in (type(value), Colour, Custom)
    assert found(outcome) == [(*issue, True)]


@pytest.mark.parametrize(("members", "name", "value", "issue"), REPAIRS)
def test_strict_finds_the_same_and_repairs_nothing(members, name, value, issue):
    outcome = passed(STRICT, **members)
    assert outcome.payload is None
    assert found(outcome) == [(*issue, False)]


@pytest.mark.parametrize(("members", "name", "value", "issue"), REPAIRS)
def test_off_repairs_without_a_word(members, name, value, issue):
    outcome = passed(OFF, **members)
    assert getattr(outcome.payload, name) == value
    assert outcome.issues == ()


REFUSED = [
    # A missing member; a null for a required one.
    ({"name": None}, ("$.name", Rule.NULL)),
    # An object or a list for a scalar.
    ({"name": {"a": 1}}, ("$.name", Rule.TYPE)),
    ({"name": ["a"]}, ("$.name", Rule.TYPE)),
]
"""A required member that cannot be built."""

LEFT_OUT = [
    ({"item": {}}, ("$.item.id", Rule.REQUIRED), "$.item"),
    ({"customData": {"x": 1}}, ("$.customData.vendorId", Rule.REQUIRED), "$.customData"),
    ({"count": {}}, ("$.count", Rule.TYPE), "$.count"),
    ({"count": []}, ("$.count", Rule.TYPE), "$.count"),
    ({"limit": {}}, ("$.limit", Rule.TYPE), "$.limit"),
    ({"flag": {}}, ("$.flag", Rule.TYPE), "$.flag"),
    ({"colour": {}}, ("$.colour", Rule.TYPE), "$.colour"),
    ({"theTime": {}}, ("$.theTime", Rule.TYPE), "$.theTime"),
    ({"item": "a"}, ("$.item", Rule.TYPE), "$.item"),
    ({"item": [{"id": 1}]}, ("$.item", Rule.TYPE), "$.item"),
    ({"customData": "a"}, ("$.customData", Rule.TYPE), "$.customData"),
    ({"words": "a"}, ("$.words", Rule.TYPE), "$.words"),
    ({"words": {"a": 1}}, ("$.words", Rule.TYPE), "$.words"),
    ({"items": 5}, ("$.items", Rule.TYPE), "$.items"),
    # What looks like another type, but not plainly.
    *(({"flag": wrong}, ("$.flag", Rule.TYPE), "$.flag") for wrong in (2, -1, 0.5, "", "maybe")),
    *(
        ({"count": wrong}, ("$.count", Rule.TYPE), "$.count")
        for wrong in (True, 1.5, "", "1.5", "0x1", "1_0", "\u0661", "9" * 41, "1e-1", "one")
    ),
    *(
        ({"limit": wrong}, ("$.limit", Rule.TYPE), "$.limit")
        for wrong in (True, "", ".", "nan", "inf", "1e999", "1,5", "1" * 50)
    ),
    # Times that are none, or whose meaning would be a guess.
    ({"theTime": 1714979289}, ("$.theTime", Rule.TYPE), "$.theTime"),
    *(
        ({"theTime": wrong}, ("$.theTime", Rule.FORMAT), "$.theTime")
        for wrong in (
            "",
            "2024-05-06",
            "AnyText",
            "2024-05-06T07:08:09+02:00Z",
            "2024-05-06T07:08:09[Europe/Berlin]",
            "2024-05-06T24:00:01Z",
            "0000-05-06T07:08:09Z",
        )
    ),
]
"""An optional member that cannot be built, its issue, and what is left out for it."""


@pytest.mark.parametrize(("members", "issue"), REFUSED)
@pytest.mark.parametrize("policy", [STRICT, LENIENT, OFF])
def test_a_required_member_that_cannot_be_built_refuses(policy, members, issue):
    outcome = passed(policy, **members)
    assert outcome.payload is None
    assert found(outcome) == [(*issue, False)]


@pytest.mark.parametrize(("members", "issue", "path"), LEFT_OUT)
@pytest.mark.parametrize("policy", [STRICT, OFF])
def test_strict_and_off_leave_no_member_out(policy, members, issue, path):
    outcome = passed(policy, **members)
    assert outcome.payload is None
    assert found(outcome) == [(*issue, False)]
    assert outcome.issues[0].left_out is UNSET


@pytest.mark.parametrize(("members", "issue", "path"), LEFT_OUT)
def test_lenient_leaves_out_an_optional_member_that_cannot_be_built(members, issue, path):
    outcome = passed(**members)
    assert outcome.payload == Box(name="ok")
    assert found(outcome) == [(*issue, True)]
    (issue_found,) = outcome.issues
    assert (issue_found.repair, issue_found.left_out) == (Repair.MEMBER_LEFT_OUT, path)


@pytest.mark.parametrize(("members", "issue", "path"), LEFT_OUT)
def test_a_command_loses_no_member(members, issue, path):
    outcome = passed(cls=CsmsCommand, **members)
    if path == "$.customData":
        assert outcome.payload == CsmsCommand(name="ok")
        assert outcome.issues[0].left_out == path
    else:
        assert outcome.payload is None
        assert found(outcome) == [(*issue, False)]


PLAIN = [
    *(("count", wrong, 7) for wrong in ("7", "7.0", " 7", "7\n", "+7", "007", "7.", "0.7e1", 7.0)),
    *(("limit", wrong, 7.5) for wrong in ("7.5", " 7.5 ", "+7.5", "07.5", "75e-1")),
    ("limit", ".5", 0.5),
    *(("flag", wrong, True) for wrong in (1, 1.0, "true", "TRUE", " yes", "On", "1")),
    *(("flag", wrong, False) for wrong in (0, -0.0, "false", "No", "off", "0")),
    *(
        ("theTime", wrong, datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC))
        for wrong in (
            "2024-05-06T07:08:09Z[GMT]",
            "2024-05-06T07:08:09+00:00[Europe/London][u-ca=iso8601]",
            "2024-05-06T07:08:09+00:00Z",
            " 2024-05-06T07:08:09Z",
            "2024-05-06T07:08:09 Z\n",
            "2024-05-06T07:08:09,000Z",
        )
    ),
    ("theTime", "2024-05-06T07:08Z", datetime(2024, 5, 6, 7, 8, tzinfo=UTC)),
    ("theTime", "2024-05-06T24:00:00Z", datetime(2024, 5, 7, tzinfo=UTC)),
    ("theTime", "2024-12-31T24:00Z", datetime(2025, 1, 1, tzinfo=UTC)),
]


@pytest.mark.parametrize(("wire", "wrong", "value"), PLAIN)
def test_what_a_value_plainly_means_is_taken(wire, wrong, value):
    outcome = passed(cls=OldBox, **{wire: wrong})
    built = getattr(outcome.payload, "at" if wire == "theTime" else wire)
    assert (built, type(built)) == (value, type(value))
    (issue,) = outcome.issues
    assert (issue.path, issue.value, issue.repaired) == (f"$.{wire}", wrong, True)
    assert passed(STRICT, cls=OldBox, **{wire: wrong}).payload is None


def test_an_item_that_cannot_be_built_is_left_out():
    outcome = passed(items=[{"id": 1}, {"id": "x", "y": 2}, None])
    assert outcome.payload.items == [Item(id=1)]
    assert [(issue.path, issue.repair, issue.left_out) for issue in outcome.issues] == [
        ("$.items[1].id", Repair.ITEM_LEFT_OUT, "$.items[1]"),
        ("$.items[1].y", Repair.UNKNOWN_MEMBER_LEFT_OUT, UNSET),
        ("$.items[2]", Repair.ITEM_LEFT_OUT, "$.items[2]"),
    ]
    for policy, cls in ((STRICT, Box), (OFF, Box), (LENIENT, CsmsCommand)):
        assert passed(policy, cls=cls, words=["a", None]).payload is None
    assert passed(words=["a", None]).payload.words == ["a"]


def test_a_list_that_falls_below_its_minimum_cannot_be_built():
    outcome = passed(items=[{"id": "x"}])
    assert outcome.payload == Box(name="ok")
    assert [(issue.path, issue.rule, issue.left_out) for issue in outcome.issues] == [
        ("$.items[0].id", Rule.TYPE, "$.items[0]"),
        ("$.items", Rule.MIN_ITEMS, "$.items"),
    ]
    assert all(issue.repaired for issue in outcome.issues)
    allowed = Policy(
        mode=Mode.LENIENT, overrides=(Override(message=Box, path="$.items", min_items=0),)
    )
    assert passed(allowed, items=[{"id": "x"}]).payload.items == []
    assert passed(words=[None]).payload.words == []


def test_a_required_list_that_falls_below_its_minimum_refuses():
    outcome = repair(Listing, b'{"items":[{"id":"x"}]}', LENIENT)
    assert outcome.payload is None
    assert found(outcome) == [
        ("$.items[0].id", Rule.TYPE, True),
        ("$.items", Rule.MIN_ITEMS, False),
    ]
    # Of the list without the item, as the list that was sent is long enough.
    assert outcome.issues[1].message == "a list of 0 in place of 1 or more items at $.items"


def test_names_that_begin_alike_are_not_mixed_up():
    outcome = passed(item="a", items=5, x=1)
    assert [(issue.path, issue.left_out) for issue in outcome.issues] == [
        ("$.item", "$.item"),
        ("$.items", "$.items"),
        ("$.x", UNSET),
    ]


def test_an_object_as_text_is_read_where_text_is_often_json():
    data = {"temp": 21, "ok": True}
    outcome = repair(v16.DataTransferRequest, json.dumps({"vendorId": "a", "data": data}), LENIENT)
    assert json.loads(outcome.payload.data) == data
    (issue,) = outcome.issues
    assert (issue.path, issue.value, issue.repair) == ("$.data", data, Repair.TO_JSON_TEXT)
    assert repair(v16.DataTransferRequest, b'{"vendorId":["a"]}', LENIENT).payload is None


def test_a_missing_name_is_never_invented():
    outcome = repair(Box, b"{}", LENIENT)
    assert outcome.payload is None
    assert found(outcome) == [("$.name", Rule.REQUIRED, False)]


def test_every_issue_is_found_in_the_order_of_the_text():
    text = """{"x": 1, "count": 200, "items": [{"id": "a"}, {"y": null}, 3], "colour": "Blue",
        "theTime": "soon", "link": "no link, and far too long for its place", "limit": 100.15}"""
    outcome = repair(Box, text, STRICT)
    assert [(issue.path, issue.rule) for issue in outcome.issues] == [
        ("$.x", Rule.UNKNOWN_MEMBER),
        ("$.count", Rule.MAXIMUM),
        ("$.items[0].id", Rule.TYPE),
        ("$.items[1].y", Rule.UNKNOWN_MEMBER),
        ("$.items[1].id", Rule.REQUIRED),
        ("$.items[2]", Rule.TYPE),
        ("$.colour", Rule.ENUM),
        ("$.theTime", Rule.FORMAT),
        ("$.link", Rule.MAX_LENGTH),
        ("$.link", Rule.FORMAT),
        ("$.limit", Rule.MAXIMUM),
        ("$.limit", Rule.MULTIPLE_OF),
        ("$.name", Rule.REQUIRED),
    ]
    assert [issue.value for issue in outcome.issues[:3]] == [1, 200, "a"]


def test_lenient_tells_what_it_would_have_repaired():
    outcome = passed(count=200, name=None)
    assert outcome.payload is None
    assert found(outcome) == [
        ("$.name", Rule.NULL, False),
        ("$.count", Rule.MAXIMUM, True),
    ]


def test_a_repaired_value_is_measured_too():
    outcome = passed(count="200", name=123456)
    assert (outcome.payload.count, outcome.payload.name) == (200, "123456")
    assert found(outcome) == [
        ("$.name", Rule.TYPE, True),
        ("$.name", Rule.MAX_LENGTH, True),
        ("$.count", Rule.TYPE, True),
        ("$.count", Rule.MAXIMUM, True),
    ]


def test_an_unknown_word_is_a_pseudo_member():
    colour = passed(colour="Blue").payload.colour
    assert colour == "Blue"
    assert not colour.is_known


# Right by the schema, though msgspec refuses it.


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ('{"name":"a","count":1.0}', "count", 1),
        ('{"name":"a","count":1e2}', "count", 100),
        ('{"name":"a","count":-0.0}', "count", 0),
        ('{"name":7,"name":"a"}', "name", "a"),
        ('{"name":"a","count":"x","count":1}', "count", 1),
        (
            '{"name":"a","theTime":"2016-12-31T23:59:60Z"}',
            "at",
            datetime(2017, 1, 1, tzinfo=UTC),
        ),
        (
            '{"name":"a","theTime":"9999-12-31T23:59:59.9999999Z"}',
            "at",
            datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        ),
        ('{"name":"a","data":null}', "data", None),
        ('{"name":"a","limit":16}', "limit", 16.0),
    ],
)
def test_strict_accepts_what_the_schema_allows(text, name, value):
    outcome = repair(Box, text, STRICT)
    assert outcome.issues == ()
    assert getattr(outcome.payload, name) == value
    assert type(getattr(outcome.payload, name)) is type(value)


def test_draft_4_tells_one_point_zero_from_one():
    outcome = repair(OldBox, '{"name":"a","count":1.0}', STRICT)
    assert found(outcome) == [("$.count", Rule.TYPE, False)]
    outcome = repair(OldBox, '{"name":"a","count":1.0}', LENIENT)
    assert (outcome.payload.count, found(outcome)) == (1, [("$.count", Rule.TYPE, True)])


def test_the_last_of_two_members_counts_though_it_be_wrong():
    assert found(repair(Box, '{"name":"a","name":[]}', LENIENT)) == [("$.name", Rule.TYPE, False)]


def test_a_class_without_a_draft_reads_as_draft_6():
    assert repair(Item, '{"id":1.0}', STRICT).payload == Item(id=1)


# The payload itself.


def test_a_payload_of_null_is_an_empty_object():
    class Empty(Payload, kw_only=True, frozen=True):
        pass

    outcome = repair(Empty, b"null", LENIENT)
    assert (outcome.payload, found(outcome)) == (Empty(), [("$", Rule.PAYLOAD, True)])
    assert repair(Empty, b"null", STRICT).payload is None
    assert found(repair(Box, b"null", LENIENT)) == [
        ("$", Rule.PAYLOAD, True),
        ("$.name", Rule.REQUIRED, False),
    ]


@pytest.mark.parametrize("text", ["[]", "1", '"a"', "true", '[{"name":"a"}]'])
@pytest.mark.parametrize("policy", [STRICT, LENIENT, OFF])
def test_a_payload_that_is_no_object_is_refused(policy, text):
    outcome = repair(Box, text, policy)
    assert found(outcome) == [("$", Rule.PAYLOAD, False)]
    assert outcome.issues[0].error_code is ErrorCode.FORMAT_VIOLATION
    assert outcome.value == json.loads(text)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", Rule.JSON),
        (b'{"name":', Rule.JSON),
        (b'{"name":"\xff"}', Rule.JSON),
        ('{"name":"\ud800"}', Rule.JSON),
        (b'{"name":"\\ud800"}', Rule.JSON),
        (b"[" * 10_000, Rule.JSON),
        (b'{"data":' * 10_000, Rule.JSON),
        (b'{"count":' + b"9" * 5_000 + b"}", Rule.NUMBER),
        (b'{"limit":1e400}', Rule.NUMBER),
    ],
)
@pytest.mark.parametrize("policy", [STRICT, LENIENT, OFF])
def test_what_cannot_be_read_has_one_issue(policy, data, rule):
    outcome = repair(Box, data, policy)
    assert (outcome.payload, outcome.value) == (None, None)
    assert found(outcome) == [("$", rule, False)]


def test_an_integer_that_no_double_holds_is_no_number():
    outcome = repair(Box, '{"name":"a","limit":' + "9" * 400 + "}", LENIENT)
    assert found(outcome) == [("$.limit", Rule.NUMBER, True)]
    assert outcome.payload == Box(name="a")


def test_issues_beyond_a_bound_are_counted_and_repaired_all_the_same():
    text = '{"name":"a","words":[' + ",".join(["0"] * 100_000) + "]}"
    outcome = repair(Box, text, LENIENT)
    assert (len(outcome.issues), outcome.issues.omitted) == (MAX_ISSUES, 100_000 - MAX_ISSUES)
    assert len(outcome.payload.words) == 100_000
    silent = repair(Box, text, OFF)
    assert (len(silent.payload.words), silent.issues, silent.issues.omitted) == (100_000, (), 0)


def test_a_message_that_is_refused_is_not_looked_at_for_ever():
    text = '{"name":"a","words":[' + ",".join(["0"] * 100_000) + "]}"
    outcome = repair(Box, text, STRICT)
    assert outcome.payload is None
    assert (len(outcome.issues), outcome.issues.omitted) == (MAX_ISSUES, MAX_COUNTED)


def test_as_many_issues_as_the_bound_are_recorded():
    outcome = passed(words=[0] * MAX_ISSUES)
    assert len(outcome.payload.words) == len(outcome.issues) == MAX_ISSUES
    assert outcome.issues.omitted == 0


def test_the_issue_that_decides_the_answer_is_recorded_however_many_came_before():
    text = '{"words":[' + ",".join(["0"] * 2000) + "]}"
    outcome = repair(Box, text, LENIENT)
    assert outcome.payload is None
    assert found(outcome)[-1] == ("$.name", Rule.REQUIRED, False)
    assert (len(outcome.issues), outcome.issues.omitted) == (MAX_ISSUES, 2001 - MAX_ISSUES)


def test_an_issue_beyond_the_bound_that_is_left_out_decides_nothing():
    words, items = ["0"] * 2000, '[{"id":"x"},{"id":1}]'
    text = '{"words":[' + ",".join(words) + f'],"items":{items},"item":{{}},"name":[]}}'
    outcome = repair(Box, text, LENIENT)
    assert outcome.payload is None
    assert found(outcome)[-1] == ("$.name", Rule.TYPE, False)
    assert [issue.repaired for issue in outcome.issues].count(False) == 1


# Overrides.


def overriding(path, mode=Mode.STRICT, **loosened):
    return Policy(mode=mode, overrides=(Override(message=Box, path=path, **loosened),))


@pytest.mark.parametrize(
    ("path", "loosened", "inside", "beyond", "rule"),
    [
        ("$.name", {"max_length": 8}, {"name": "x" * 8}, {"name": "x" * 9}, Rule.MAX_LENGTH),
        ("$.count", {"maximum": 200}, {"count": 200}, {"count": 201}, Rule.MAXIMUM),
        ("$.count", {"minimum": -5}, {"count": -5}, {"count": -6}, Rule.MINIMUM),
        ("$.limit", {"maximum": 200}, {"limit": 200.0}, {"limit": 200.1}, Rule.MAXIMUM),
        (
            "$.items",
            {"max_items": 4},
            {"items": [{"id": 1}] * 4},
            {"items": [{"id": 1}] * 5},
            Rule.MAX_ITEMS,
        ),
        (
            "$.customData.vendorId",
            {"max_length": 6},
            {"customData": {"vendorId": "x" * 6}},
            {"customData": {"vendorId": "x" * 7}},
            Rule.MAX_LENGTH,
        ),
    ],
)
def test_an_override_moves_a_limit_in_every_mode(path, loosened, inside, beyond, rule):
    for mode in (Mode.STRICT, Mode.LENIENT):
        policy = overriding(path, mode, **loosened)
        accepted = passed(policy, **inside)
        assert accepted.issues == ()
        assert accepted.payload is not None
        assert found(passed(policy, **beyond)) == [(path, rule, mode is Mode.LENIENT)]


def test_an_override_allows_an_empty_list():
    outcome = passed(overriding("$.items", min_items=0), items=[])
    assert (outcome.payload.items, outcome.issues) == ([], ())


def test_an_override_opens_an_enum():
    outcome = passed(overriding("$.colour", open_enum=True), colour="Blue")
    assert (outcome.payload.colour, outcome.issues) == ("Blue", ())
    assert found(passed(overriding("$.colour", open_enum=True), colour=7)) == [
        ("$.colour", Rule.TYPE, False)
    ]


def test_an_override_reads_another_name():
    policy = overriding("$.theTime", alias="time")
    outcome = passed(policy, time="2024-05-06T07:08:09Z")
    assert (outcome.payload.at.year, outcome.issues) == (2024, ())
    both = passed(policy, theTime="2024-05-06T07:08:09Z", time="soon")
    assert found(both) == [("$.time", Rule.UNKNOWN_MEMBER, False)]
    wrong = passed(policy, time="soon")
    assert found(wrong) == [("$.theTime", Rule.FORMAT, False)]


def test_an_override_reads_another_name_in_an_open_object():
    policy = overriding("$.customData.vendorId", alias="vendor")
    outcome = passed(policy, customData={"vendor": "a", "x": 1})
    assert (outcome.payload.custom, outcome.issues) == ({"vendorId": "a", "x": 1}, ())


def test_an_override_holds_for_every_item_of_a_list():
    policy = overriding("$.items[*].id", alias="ID")
    outcome = passed(policy, items=[{"ID": 1}, {"id": 2}])
    assert outcome.payload.items == [Item(id=1), Item(id=2)]


def test_an_override_leaves_other_messages_alone():
    assert passed(overriding("$.name", max_length=8), cls=OldBox, name="x" * 8).payload is None


def test_naive_times_are_in_the_zone_of_the_policy():
    zone = timezone(timedelta(hours=2))
    policy = Policy(mode=Mode.LENIENT, naive_timezone=zone)
    at = passed(policy, theTime="2024-05-06T07:08:09").payload.at
    assert at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=zone)
