"""CALLRESULTERROR and outgoing faults at the engine: one error type, whatever the arguments are."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest

from ocppkit import v21, v201
from ocppkit.core import (
    OFF,
    STRICT,
    ConnectionClosed,
    ErrorCode,
    InvalidOutgoing,
    LocalProtocolError,
    Policy,
    Role,
    WrongVersion,
    encode_message,
    encode_payload,
)
from support.connection_pair import connect

RESULT = '[3,"{}",{{"status":"Accepted"}}]'


class Broken(tzinfo):
    """A zone whose offset cannot be told."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        raise KeyError("secret")

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None


class BrokenMapping(Mapping[str, Any]):
    """A mapping whose values cannot be read."""

    def __getitem__(self, name: str) -> Any:
        raise KeyError("secret")

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


def answered(version: str = "2.1") -> tuple[Any, str]:
    """Returns a connection on which a call was answered, and its message id."""
    connection = connect(Role.CSMS, version)
    module: Any = v21 if version == "2.1" else v201
    message_id = connection.send_call(module.ResetRequest(type=module.ResetEnumType.IMMEDIATE), 0.0)
    connection.data_to_send()
    connection.receive_data(RESULT.format(message_id), 0.0)
    return connection, message_id


def test_a_result_error_goes_out() -> None:
    connection, message_id = answered()
    connection.send_result_error(
        message_id, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "x" * 300, {"a": 1}, now=0.0
    )
    (text,) = connection.data_to_send()
    code = ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION.value
    assert text == f'[5,"{message_id}","{code}","{"x" * 255}",{{"a":1}}]'
    with pytest.raises(LocalProtocolError, match="refused before"):
        connection.send_result_error(message_id, ErrorCode.GENERIC_ERROR, now=0.0)


def test_a_version_without_it_says_so() -> None:
    connection, message_id = answered("2.0.1")
    with pytest.raises(LocalProtocolError, match=r"OCPP 2\.0\.1 has no CALLRESULTERROR"):
        connection.send_result_error(message_id, ErrorCode.GENERIC_ERROR, now=0.0)


def test_a_lost_connection_says_so() -> None:
    connection, message_id = answered()
    connection.connection_lost(1.0)
    with pytest.raises(ConnectionClosed):
        connection.send_result_error(message_id, ErrorCode.GENERIC_ERROR, now=1.0)


@pytest.mark.parametrize(
    "arguments",
    [
        (None,),
        (7, "text"),
        (ErrorCode.GENERIC_ERROR, KeyError("db")),
        (ErrorCode.GENERIC_ERROR, None),
        (ErrorCode.GENERIC_ERROR, "", [1]),
        (ErrorCode.GENERIC_ERROR, "", {"a": object()}),
        (ErrorCode.GENERIC_ERROR, "", BrokenMapping()),
        (ErrorCode.GENERIC_ERROR, "", {"a": datetime(2024, 1, 1, tzinfo=Broken())}),
        (ErrorCode.GENERIC_ERROR, "\ud800"),
    ],
)
def test_errors_that_cannot_be_sent_are_invalid_outgoing(arguments: Any) -> None:
    connection, message_id = answered()
    with pytest.raises(InvalidOutgoing) as caught:
        connection.send_result_error(message_id, *arguments, now=0.0)
    assert "secret" not in str(caught.value)
    connection.receive_data('[2,"1","Heartbeat",{}]', 0.0)
    with pytest.raises(InvalidOutgoing):
        connection.send_error("1", *arguments, now=0.0)
    # Nothing went out, and both may still be answered otherwise.
    assert connection.data_to_send() == []
    connection.send_error("1", ErrorCode.GENERIC_ERROR, now=0.0)
    connection.send_result_error(message_id, ErrorCode.GENERIC_ERROR, now=0.0)
    assert len(connection.data_to_send()) == 2


@pytest.mark.parametrize("policy", [STRICT, OFF])
def test_members_that_raise_are_invalid_outgoing(policy: Policy) -> None:
    broken = v201.HeartbeatResponse(current_time=datetime(2024, 1, 1, tzinfo=Broken()))
    data = v201.DataTransferRequest(vendor_id="v", data=[datetime(2024, 1, 1, tzinfo=Broken())])
    for message in (broken, data):
        for encode in (
            lambda: encode_payload(message, policy=policy),  # noqa: B023
            lambda: encode_message("1", message, policy),  # noqa: B023
        ):
            with pytest.raises(
                InvalidOutgoing, match="cannot be written as JSON: KeyError"
            ) as caught:
                encode()
            assert isinstance(caught.value.__cause__, KeyError)
            assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "message", [None, {}, "Reset", object(), v201.CustomDataType(vendor_id="v")]
)
def test_what_is_no_message_is_refused_by_name(message: Any) -> None:
    connection = connect(Role.CSMS, "2.0.1")
    with pytest.raises(WrongVersion, match=f"{type(message).__name__} is not a message of OCPP 2"):
        connection.send_call(message, 0.0)
    with pytest.raises(WrongVersion):
        connection.send(message, 0.0)
