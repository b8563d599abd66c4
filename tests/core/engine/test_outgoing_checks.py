"""What a program hands over is checked before it is sent: subclasses of messages, and details of errors."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import (
    Alteration,
    ErrorCode,
    InvalidOutgoing,
    Limits,
    MessageAltered,
    Policies,
    Policy,
    QueueFull,
    Role,
    WrongVersion,
)
from support.connection_pair import called, connect, events_of, frames_of, only

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Extended(v201.HeartbeatResponse, kw_only=True, frozen=True):
    """An answer with a member of its own, and another action."""

    __ocpp_action__ = "Extended"
    zone: str = "UTC"


class Longer(v16.AuthorizeRequest, kw_only=True, frozen=True):
    """A request with a member of its own."""

    color: str = "red"


def test_a_member_that_a_subclass_adds_is_not_sent() -> None:
    csms = called()
    with pytest.raises(InvalidOutgoing, match=r"unknown member at \$.zone"):
        csms.send_result("a", Extended(current_time=NOW, zone="CET"), 0.0)
    assert csms.data_to_send() == []
    csms.send_result("a", Extended(current_time=NOW), 0.0)
    assert frames_of(csms) == [[3, "a", {"currentTime": "2026-01-02T03:04:05Z"}]]

    station = connect(Role.STATION, "1.6")
    with pytest.raises(InvalidOutgoing, match=r"unknown member at \$.color"):
        station.send_call(Longer(id_tag="a", color="blue"), 0.0)
    station.send_call(Longer(id_tag="a"), 0.0)
    assert frames_of(station) == [[2, "s1", "Authorize", {"idTag": "a"}]]


@pytest.mark.parametrize("vendor", ["com.acme", "ac"])
def test_an_answer_is_altered_and_told_where_something_is_to_be_altered(vendor: str) -> None:
    csms = called()
    events_of(csms)
    cut = Alteration(message=v201.HeartbeatResponse, path="$.customData.vendorId", shorten_to=3)
    csms.use_policies(Policies(outbound=Policy(alterations=(cut,))))
    data = v201.CustomDataType(vendor_id=vendor)
    csms.send_result("a", v201.HeartbeatResponse(current_time=NOW, custom_data=data), 0.0)
    ((_, _, payload),) = frames_of(csms)
    assert payload["customData"] == {"vendorId": vendor[:3]}
    if vendor == "ac":
        assert events_of(csms) == []
    else:
        assert only(MessageAltered, events_of(csms)).changes == (cut.change,)


def test_a_send_is_altered_and_told() -> None:
    stream = v21.NotifyPeriodicEventStream(
        id=7, pending=0, basetime=NOW, data=[v21.StreamDataElementType(t=0.0, v="longer")]
    )
    cut = Alteration(message=v21.NotifyPeriodicEventStream, path="$.data[*].v", shorten_to=3)
    station = connect(Role.STATION, "2.1", outbound=Policy(alterations=(cut,)))
    message_id = station.send(stream, 0.0)
    ((*_, payload),) = frames_of(station)
    assert payload["data"] == [{"t": 0.0, "v": "lon"}]
    told = only(MessageAltered, events_of(station))
    assert (told.message_id, told.changes) == (message_id, (cut.change,))


def test_a_call_for_which_the_queue_has_no_room_is_not_told_as_altered() -> None:
    cut = Alteration(
        message=v201.CustomerInformationRequest, path="$.customerIdentifier", shorten_to=3
    )
    csms = connect(Role.CSMS, outbound=Policy(alterations=(cut,)), limits=Limits(queue=1))
    request = v201.CustomerInformationRequest(
        request_id=1, report=True, clear=False, customer_identifier="longer"
    )
    for _ in range(2):
        csms.send_call(request, 0.0)
    assert len(events_of(csms)) == 2
    with pytest.raises(QueueFull):
        csms.send_call(request, 0.0)
    assert events_of(csms) == []


def test_a_subclass_that_names_another_action_is_of_no_version() -> None:
    class Renamed(v16.AuthorizeRequest, kw_only=True, frozen=True):
        __ocpp_action__ = "Heartbeat"

    with pytest.raises(WrongVersion):
        connect(Role.STATION, "1.6").send_call(Renamed(id_tag="a"), 0.0)


@pytest.mark.parametrize(
    "details",
    [{"a": float("nan")}, {"a": [float("inf")]}, {"a": {1: 1, "1": 2}}, {"a": "\ud800"}],
)
def test_details_that_json_cannot_hold_are_not_sent(details: dict[str, Any]) -> None:
    csms = called()
    with pytest.raises(InvalidOutgoing):
        csms.send_error("a", ErrorCode.GENERIC_ERROR, "no", details, now=0.0)
    assert csms.data_to_send() == []
    assert "a" in csms.open_calls


def test_date_times_in_details_are_written_as_in_payloads() -> None:
    csms = called()
    details = {"at": NOW.replace(microsecond=5000), "all": [NOW]}
    csms.send_error("a", ErrorCode.GENERIC_ERROR, "no", details, now=0.0)
    ((*_, sent),) = frames_of(csms)
    assert sent == {"at": "2026-01-02T03:04:05.005Z", "all": ["2026-01-02T03:04:05Z"]}
