"""The tree of exceptions: blame in the type, codes in attributes, no control character in a text."""

import copy
import pickle

import pytest

from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    ErrorCode,
    Failure,
    HandshakeRefused,
    InvalidFrame,
    InvalidMessage,
    InvalidOutgoing,
    Issue,
    LocalProtocolError,
    OcppError,
    QueueFull,
    RemoteProtocolError,
    Rule,
    WrongVersion,
)

ISSUE = Issue("$.type", Rule.ENUM, "Soon")


@pytest.mark.parametrize(
    ("error", "bases"),
    [
        (InvalidOutgoing, (LocalProtocolError,)),
        (QueueFull, (LocalProtocolError,)),
        (WrongVersion, (LocalProtocolError,)),
        (InvalidFrame, (RemoteProtocolError,)),
        (InvalidMessage, (RemoteProtocolError,)),
        (HandshakeRefused, (ConnectionClosed,)),
        (CallFailed, (OcppError,)),
        (CallTimedOut, (OcppError,)),
    ],
)
def test_every_error_has_its_place_in_the_tree(error, bases):
    assert error.__bases__ == bases
    assert issubclass(error, OcppError)


def test_a_text_names_action_message_id_and_path():
    error = InvalidMessage(issues=[ISSUE], action="Reset", message_id="7f3a")
    assert str(error) == "Reset 7f3a: unknown value 'Soon' at $.type"
    assert error.problem == "unknown value 'Soon' at $.type"
    assert str(OcppError("no reason")) == "no reason"


def test_a_text_follows_a_message_id_that_is_learnt_later():
    error = InvalidMessage(issues=[ISSUE], action="Reset")
    error.message_id = "7f3a"
    assert str(error).startswith("Reset 7f3a: ")


def test_peers_cannot_write_control_characters_into_a_text():
    evil = "\x1b[2J\n" + "x" * 1000
    errors = [
        OcppError("said", action=evil, message_id=evil),
        CallFailed(evil, evil, {"a": 1}),
        ConnectionClosed(evil),
    ]
    for error in errors:
        text = str(error)
        assert text.isprintable()
        assert len(text) < 300


def test_an_invalid_message_answers_with_the_code_of_its_issues():
    error = InvalidMessage(issues=[ISSUE], raw=b"{}", value={})
    assert error.error_code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
    assert (error.issues, error.raw, error.value) == ((ISSUE,), b"{}", {})
    assert InvalidMessage("said").error_code is ErrorCode.GENERIC_ERROR


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Failure.NOT_JSON, ErrorCode.RPC_FRAMEWORK_ERROR),
        (Failure.MALFORMED, ErrorCode.RPC_FRAMEWORK_ERROR),
        (Failure.UNKNOWN_TYPE, ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED),
        (Failure.UNKNOWN_ACTION, ErrorCode.NOT_IMPLEMENTED),
    ],
)
def test_an_invalid_frame_answers_with_the_code_of_its_fault(failure, code):
    assert InvalidFrame(failure=failure).error_code is code


def test_a_failed_call_tells_what_the_peer_said():
    error = CallFailed("NotSupported", "no such thing", action="Reset", message_id="1")
    assert (error.code, error.description, error.details) == (
        ErrorCode.NOT_SUPPORTED,
        "no such thing",
        {},
    )
    assert str(error) == "Reset 1: NotSupported 'no such thing'"
    assert str(CallFailed("NotSupported")) == "NotSupported"


def test_a_closed_connection_tells_who_and_whether_it_was_delivered():
    error = ConnectionClosed("going away", by="peer", code=1001, delivered="no")
    assert str(error) == "closed by peer with 1001: 'going away'"
    assert error.delivered == "no"
    assert ConnectionClosed().delivered == "unknown"
    assert str(ConnectionClosed()) == "closed by network"


def test_a_refused_handshake_was_never_delivered():
    error = HandshakeRefused("who are you", status=401)
    assert (error.status, error.delivered, error.by) == (401, "no", "peer")


@pytest.mark.parametrize("clone", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize(
    "error",
    [
        InvalidMessage(issues=[ISSUE], raw=b"{}", value={}, action="Reset", message_id="7f3a"),
        InvalidFrame(failure=Failure.UNKNOWN_TYPE, message_type=9),
        CallFailed("NotSupported", "no such thing", {"a": 1}),
        ConnectionClosed("bye", by="us", code=1000),
        HandshakeRefused("no", status=404),
    ],
)
def test_errors_travel_between_processes(error, clone):
    twin = clone(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert vars(twin) == vars(error)
