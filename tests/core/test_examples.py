"""141 frames of 1.6, 2.0.1 and 2.1, valid and not, each with the reaction that it must get.

`examples.jsonl` has what arrives, at which end, and what is expected of a station or CSMS. Some
expectations are the handlers' or the roles' to fulfil; here they are played, so that the frame and
its answer go through the engine all the same.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.nodes import tree
from corpus.samples import minimal
from corpus.sources import sources
from ocppkit.core import (
    OFF,
    Action,
    AnswerIgnored,
    CallEnded,
    CallFailed,
    CallReceived,
    Connection,
    Failure,
    FrameRefused,
    Request,
    ResultReceived,
    ResultRefused,
    Role,
    SendReceived,
    Stray,
    decode_payload,
)
from support.connection_pair import PROTOCOLS, connect, events_of, frames_of, only

Example = dict[str, Any]

EXAMPLES: list[Example] = [
    json.loads(line)
    for line in Path(__file__).with_name("examples.jsonl").read_text("utf-8").splitlines()
]

VALID = [example for example in EXAMPLES if example["valid"]]
INVALID = [example for example in EXAMPLES if not example["valid"]]

ROLES = {"cs": Role.STATION, "csms": Role.CSMS}

# Good frames that are refused for the equipment of the receiver, its state, or what they ask for.
NOT_BUILT_IN = {"I097", "I099", "I122"}
REFUSED_BY_ROLE = {"I123": Failure.NOT_ACCEPTED, "I124": Failure.REJECTED}
REFUSED_BY_HANDLER = {"I098", "I125"}


def by_id(example: Example) -> str:
    return str(example["id"])


def split_message_name(example: Example) -> Action:
    return PROTOCOLS[example["version"]].actions[example["action"]]


def text_of(example: Example) -> str:
    return str(example["raw"]) if "raw" in example else json.dumps(example["frame"])


def some_request(action: Action) -> Request[Any]:
    """Returns the least that an action's request must hold."""
    assert issubclass(action.request, Request)
    version = action.request.__module__.split(".")[1]
    for source in sources(version):
        if source.class_name == action.request.__name__:
            return decode_payload(action.request, minimal(tree(source)), policy=OFF)
    raise LookupError(action.name)


def waiting(role: Role, example: Example) -> Connection:
    """Returns an end that has called what the example answers."""
    connection = connect(role, example["version"], new_id=lambda: example["frame"][1])
    connection.send_call(some_request(split_message_name(example)), 0.0)
    connection.data_to_send()
    return connection


def test_the_file_is_whole() -> None:
    assert (len(VALID), len(INVALID)) == (84, 57)


# --- Valid frames ----------------------------------------------------------------------------


def of_kind(kind: str) -> list[Example]:
    return [example for example in VALID if example["kind"] == kind]


@pytest.mark.parametrize("example", of_kind("CALL"), ids=by_id)
def test_a_call_is_delivered(example: Example) -> None:
    receiver = connect(ROLES[example["sender"]].peer, example["version"])
    receiver.receive_data(text_of(example), 5.0)
    received = only(CallReceived, events_of(receiver))
    assert (received.message_id, received.action.name) == tuple(example["frame"][1:3])
    assert json.loads(received.raw) == example["frame"][3]
    assert (received.received_at, received.issues) == (5.0, ())
    assert receiver.data_to_send() == []


@pytest.mark.parametrize("example", of_kind("SEND"), ids=by_id)
def test_a_send_is_delivered(example: Example) -> None:
    receiver = connect(ROLES[example["sender"]].peer, example["version"])
    receiver.receive_data(text_of(example), 5.0)
    received = only(SendReceived, events_of(receiver))
    assert received.action.name == example["action"]
    assert receiver.data_to_send() == []
    assert not receiver.open_calls


@pytest.mark.parametrize("example", of_kind("CALLRESULT"), ids=by_id)
def test_a_result_ends_its_call(example: Example) -> None:
    caller = waiting(ROLES[example["sender"]].peer, example)
    caller.receive_data(text_of(example), 0.0)
    received = only(ResultReceived, events_of(caller))
    assert isinstance(received.response, split_message_name(example).response or ())
    assert json.loads(received.raw) == example["frame"][2]
    assert caller.calls_waiting == 0


ERRORS = [example for example in of_kind("CALLERROR") if example["action"]]


@pytest.mark.parametrize("example", ERRORS, ids=by_id)
def test_an_error_ends_its_call(example: Example) -> None:
    caller = waiting(ROLES[example["sender"]].peer, example)
    caller.receive_data(text_of(example), 0.0)
    error = only(CallEnded, events_of(caller)).error
    assert isinstance(error, CallFailed)
    _, _, code, description, details = example["frame"]
    spelt = PROTOCOLS[example["version"]].error_codes
    assert (spelt[error.code], error.description, error.details) == (code, description, details)


def test_an_error_without_an_id_ends_no_call() -> None:
    (example,) = (each for each in of_kind("CALLERROR") if not each["action"])
    csms = connect(Role.CSMS, example["version"])
    csms.receive_data(text_of(example), 0.0)
    assert only(AnswerIgnored, events_of(csms)).stray is Stray.UNKNOWN_ID
    assert csms.data_to_send() == []


def test_a_refused_result_is_reported() -> None:
    (example,) = of_kind("CALLRESULTERROR")
    csms = connect(Role.CSMS, example["version"])
    message_id, action = example["frame"][1], split_message_name(example)
    csms.receive_data(json.dumps([2, message_id, action.name, boot_payload(action)]), 0.0)
    events_of(csms)
    csms.send_result(message_id, boot_response(action), 0.0)
    csms.data_to_send()
    csms.receive_data(text_of(example), 0.0)
    refused = only(ResultRefused, events_of(csms))
    assert (refused.error.code, refused.error.description) == tuple(example["frame"][2:4])
    assert csms.data_to_send() == []


def boot_payload(action: Action) -> Any:
    assert action.name == "BootNotification"
    return {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}


def boot_response(action: Action) -> Any:
    assert action.response is not None
    text = '{"currentTime":"2025-06-01T10:00:00Z","interval":60,"status":"Accepted"}'
    return decode_payload(action.response, text)


# --- Invalid frames --------------------------------------------------------------------------


def receiving(example: Example) -> Connection:
    role = ROLES[example["receiver"]]
    if example["id"] == "I139":
        return waiting(role, example)
    missing = example.get("action") if example["id"] in NOT_BUILT_IN else None
    return connect(role, example["version"], handled=lambda action: action.name != missing)


def play_the_role(connection: Connection, example: Example) -> None:
    """Does what handlers and roles do about frames that are good in themselves."""
    if example["id"] in REFUSED_BY_ROLE:
        connection.refuse(example["frame"][1], REFUSED_BY_ROLE[example["id"]], now=0.0)
    elif example["id"] in REFUSED_BY_HANDLER:
        word = example["expect"].split()[1]
        codes = {spelt: code for code, spelt in connection.protocol.error_codes.items()}
        connection.send_error(example["frame"][1], codes[word], "no such thing", now=0.0)


@pytest.mark.parametrize("example", INVALID, ids=by_id)
def test_an_invalid_frame_gets_the_expected_reaction(example: Example) -> None:
    connection = receiving(example)
    connection.receive_data(text_of(example), 0.0)
    play_the_role(connection, example)
    frames = frames_of(connection)
    expected = example["expect"].split()
    if expected[0] in ("ignore", "drop"):
        assert frames == []
        return
    ((number, message_id, code, description, details),) = frames
    assert (number, code) == ({"CALLERROR": 4, "CALLRESULTERROR": 5}[expected[0]], expected[1])
    assert message_id == ("-1" if expected[-1] == "-1" else example["frame"][1])
    assert len(description) <= 255
    assert details == {}


@pytest.mark.parametrize("example", INVALID, ids=by_id)
def test_an_invalid_frame_leaves_an_event_and_a_connection_that_works(example: Example) -> None:
    connection = receiving(example)
    connection.receive_data(text_of(example), 0.0)
    play_the_role(connection, example)
    delivered = example["id"] in REFUSED_BY_HANDLER or example["id"] in REFUSED_BY_ROLE
    last = events_of(connection)[-1]
    assert isinstance(last, CallReceived if delivered else AnswerIgnored | FrameRefused)
    assert not connection.open_calls
    connection.data_to_send()
    action = "Heartbeat" if connection.role is Role.CSMS else "ClearCache"
    connection.receive_data(f'[2,"next","{action}",{{}}]', 0.0)
    assert only(CallReceived, events_of(connection)).message_id == "next"
