"""Normalising outgoing payloads changes as little as it can, and never the user's object."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import UNSET, Meta, UnsetType
from msgspec.json import encode

from ocppkit import v16, v201
from ocppkit.core import OpenObject, Opt, Payload, Rule
from ocppkit.core.payloads._normalise import NotEncodable, normalise_untyped, normaliser_of
from ocppkit.core.payloads._shape import shape_of

Moment = Annotated[datetime, Meta(tz=True)]
WHOLE = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
PARTS = WHOLE.replace(microsecond=123_999)
BERLIN = datetime(2024, 5, 6, 9, 8, 9, tzinfo=timezone(timedelta(hours=2)))


class Box(Payload, kw_only=True, frozen=True):
    """Every place that a normaliser looks at."""

    at: Moment
    moments: Opt[list[Moment]] = None
    boxes: Opt[list["Box"]] = None
    custom: Opt[OpenObject] = None
    data: Any | UnsetType = UNSET


def normalised(box):
    normalise = normaliser_of(shape_of(Box), texts=True)
    assert normalise is not None
    return normalise(box, None)


def custom(**members):
    return OpenObject.from_members(members)


@pytest.mark.parametrize(
    "box",
    [
        Box(at=WHOLE),
        Box(at=WHOLE, moments=[WHOLE], boxes=[Box(at=WHOLE)]),
        Box(at=WHOLE, custom=custom(a=[1, "x", None, {"b": 2.5}]), data=[WHOLE]),
        Box(at=datetime(2024, 5, 6)),
        Box(at=datetime(1, 1, 1, tzinfo=BERLIN.tzinfo)),
        # What is of a wrong type is for the check of the outgoing bytes to find.
        Box(at="2024", moments=5, boxes=[None, 3], custom=4, data=object()),
    ],
)
def test_what_needs_no_change_is_handed_back(box):
    assert normalised(box) is box


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (PARTS, "2024-05-06T07:08:09.123Z"),
        (BERLIN, "2024-05-06T07:08:09Z"),
        (WHOLE.astimezone(ZoneInfo("Europe/Berlin")), "2024-05-06T07:08:09Z"),
    ],
)
def test_date_times_leave_in_utc_with_milliseconds(moment, text):
    box = Box(at=moment)
    assert encode(normalised(box)) == f'{{"at":"{text}"}}'.encode()
    assert box.at is moment


def test_only_the_path_to_a_change_is_copied():
    calm, lively = Box(at=WHOLE), Box(at=WHOLE, moments=[WHOLE, PARTS])
    box = Box(at=WHOLE, boxes=[calm, lively])
    changed = normalised(box)
    assert changed.boxes[0] is calm
    assert changed.boxes[1].moments == [WHOLE, "2024-05-06T07:08:09.123Z"]
    assert lively.moments == [WHOLE, PARTS]
    assert box.boxes[1] is lively


def test_tuples_are_normalised_too():
    changed = normalised(Box(at=WHOLE, moments=(PARTS,)))
    assert encode(changed.moments) == b'["2024-05-06T07:08:09.123Z"]'


def test_untyped_places_are_normalised():
    members = custom(vendorId="x", at=PARTS, deep=[{"at": BERLIN}, 1])
    changed = normalised(Box(at=WHOLE, custom=members, data={"at": PARTS}))
    assert changed.custom == {
        "vendorId": "x",
        "at": "2024-05-06T07:08:09.123Z",
        "deep": [{"at": "2024-05-06T07:08:09Z"}, 1],
    }
    assert changed.data == {"at": "2024-05-06T07:08:09.123Z"}
    assert members["at"] is PARTS


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize(
    ("place", "path"),
    [
        (lambda number: {"data": number}, "$.data"),
        (lambda number: {"data": {"a b": [0, number]}}, "$.data['a b'][1]"),
        (lambda number: {"custom": custom(x=number)}, "$.custom.x"),
        (lambda number: {"boxes": [Box(at=WHOLE), Box(at=WHOLE, data=number)]}, "$.boxes[1].data"),
    ],
)
def test_numbers_that_json_lacks_are_named(number, place, path):
    with pytest.raises(NotEncodable) as caught:
        normalised(Box(at=WHOLE, **place(number)))
    assert (caught.value.issue.path, caught.value.issue.rule) == (path, Rule.NUMBER)


@pytest.mark.parametrize("message", [v16.AuthorizeRequest, v16.DataTransferRequest])
def test_messages_without_such_places_have_no_normalised(message):
    assert normaliser_of(shape_of(message)) is None


@pytest.mark.parametrize("message", [v201.DataTransferRequest, v201.HeartbeatResponse])
def test_messages_with_such_places_have_one(message):
    assert normaliser_of(shape_of(message)) is not None


def test_a_text_in_place_of_a_date_time_is_left_to_the_closer_check():
    normalise = normaliser_of(shape_of(v201.HeartbeatResponse))
    assert normalise is not None
    with pytest.raises(TypeError):
        normalise(v201.HeartbeatResponse(current_time="2024-05-06 07:08:09Z"), None)


def test_a_name_that_would_stand_there_twice_is_refused():
    with pytest.raises(NotEncodable) as caught:
        normalise_untyped({"a": {1: 2, "1": 3}}, None)
    assert caught.value.issue.path == "$.a"
    assert normalise_untyped({1: 2}, None) == {1: 2}
