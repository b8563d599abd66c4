"""Secrets, and what tells who charges, stay out of exceptions, tracebacks and logs: a canary in each place."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError

from ocppkit import v16, v21, v201
from ocppkit.aio import CallRefused
from ocppkit.core import (
    LENIENT,
    ConnectionClosed,
    ErrorCode,
    InvalidMessage,
    InvalidOutgoing,
    Issue,
    Message,
    Payload,
    Role,
    WireEnum,
    decode_message,
    decode_payload,
    encode_payload,
)
from ocppkit.v16.pydantic import AuthorizeRequest as PydanticAuthorizeRequest
from support.connection_pair import connect

CANARY = "c4n4ry"
LONG = CANARY * 500
WRONG: list[Any] = [LONG, [CANARY], {"a": CANARY}, CANARY + "\x00\r\n"]

PROFILE: dict[str, Any] = {
    "configurationSlot": 1,
    "connectionData": {
        "messageTimeout": 30,
        "ocppCsmsUrl": "wss://csms.example/ocpp",
        "ocppInterface": "Wired0",
        "ocppTransport": "JSON",
        "ocppVersion": "OCPP20",
        "securityProfile": 1,
    },
}
APN = {"apn": "internet", "apnAuthentication": "AUTO", "apnUserName": "u", "apnPassword": "p"}
VPN = {"server": "s", "user": "u", "password": "p", "key": "k", "type": "IKEv2"}


def within(member: str, value: Any) -> dict[str, Any]:
    return {**PROFILE, "connectionData": {**PROFILE["connectionData"], member: value}}


def setting(name: str, value: Any) -> dict[str, Any]:
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": name}}
    return {"setVariableData": [{**variable, "attributeValue": value}]}


def places(canary: Any) -> Iterator[tuple[type[Payload], Any]]:
    """Yields each place that may hold a secret, with a value there that breaks the schema."""
    yield v16.AuthorizeRequest, {"idTag": canary}
    yield v16.ChangeConfigurationRequest, {"key": "AuthorizationKey", "value": canary}
    yield v16.ChangeConfigurationRequest, {"key": "acme.wifiPassword", "value": canary}
    yield v16.ChangeConfigurationRequest, {"Key": "AuthorizationKey", "value": canary}
    yield (
        v16.GetConfigurationResponse,
        {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": canary}]},
    )
    yield v16.AuthorizeResponse, {"idTagInfo": {"status": "Accepted", "parentIdTag": canary}}
    yield v16.DataTransferRequest, {"vendorId": "v", "data": [canary]}
    for version in (v201, v21):
        module: Any = version
        yield module.AuthorizeRequest, {"idToken": {"idToken": canary, "type": "Central"}}
        yield module.AuthorizeRequest, {"idToken": [canary]}
        yield module.AuthorizeRequest, {"idToken": 4, "certificate": canary}
        yield module.CustomerInformationRequest, {"customerIdentifier": [canary]}
        yield module.SetVariablesRequest, setting("BasicAuthPassword", canary)
        yield module.SetVariablesRequest, {"setVariableData": [{"attributeValue": canary}]}
        for name in ("apnPassword", "apnUserName", "simPin"):
            yield module.SetNetworkProfileRequest, within("apn", {**APN, name: canary})
        for name in ("user", "password", "key"):
            yield module.SetNetworkProfileRequest, within("vpn", {**VPN, name: canary})
        yield module.IdTokenType, {"idToken": canary, "type": "Central"}
        yield module.APNType, {**APN, "apnPassword": canary}
    yield v21.SetNetworkProfileRequest, within("basicAuthPassword", canary)


CASES = [(cls, payload) for canary in WRONG for cls, payload in places(canary)]


def told(error: BaseException) -> str:
    """Returns everything that an exception tells without being asked for its attributes."""
    lines = traceback.format_exception(error)
    issues: list[Issue] = list(getattr(error, "issues", ()))
    return "\n".join(
        [str(error), repr(error), *lines, *(issue.message for issue in issues), *map(repr, issues)]
    )


def error_of(read: Callable[[], object]) -> InvalidMessage | None:
    try:
        read()
    except InvalidMessage as error:
        return error
    return None


@pytest.mark.parametrize(("cls", "payload"), CASES)
def test_reading_tells_no_secret(cls: type[Payload], payload: Any) -> None:
    data = json.dumps(payload)
    error = error_of(lambda: decode_payload(cls, data))
    if error is not None:
        assert CANARY not in told(error)
        # The program may still ask.
        assert all(issue.hidden for issue in error.issues if CANARY in str(issue.value))
    issues: list[Issue] = []
    error = error_of(lambda: decode_payload(cls, data, policy=LENIENT, issues=issues))
    more = () if error is None else error.issues
    assert CANARY not in "".join(issue.message for issue in (*issues, *more))


def test_the_cases_break_their_schemas() -> None:
    """Else they would show nothing: a value within the bounds is no fault."""
    errors = [error_of(partial(decode_payload, cls, json.dumps(it))) for cls, it in CASES]
    assert sum(error is not None for error in errors) > len(CASES) * 0.7


def test_a_message_has_type_and_length() -> None:
    with pytest.raises(InvalidMessage) as caught:
        decode_payload(v16.AuthorizeRequest, json.dumps({"idTag": "x" * 30}))
    said = "Authorize: a text of 30 characters is longer than 20 characters at $.idTag"
    assert str(caught.value) == said
    assert caught.value.issues[0].value == "x" * 30


@pytest.mark.parametrize(
    ("cls", "payload", "said"),
    [
        (v16.ChangeConfigurationRequest, {"key": "Interval", "value": 7}, "7 in place of a string"),
        (v16.BootNotificationRequest, {"chargePointModel": 7, "chargePointVendor": "V"}, "7 in"),
        (
            v16.MeterValuesRequest,
            {
                "connectorId": 1,
                "meterValue": [
                    {"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [{"value": 12.5}]}
                ],
            },
            "12.5 in place of a string",
        ),
        (v201.SetVariablesRequest, setting("HeartbeatInterval", 7), "7 in place of a string"),
    ],
)
def test_what_is_no_secret_is_shown(cls: type[Payload], payload: Any, said: str) -> None:
    with pytest.raises(InvalidMessage, match=said):
        decode_payload(cls, json.dumps(payload))


def test_urls_lose_user_and_query() -> None:
    location = f"ftp ://joe:{CANARY}@host/path?token={CANARY}"
    with pytest.raises(InvalidMessage) as caught:
        decode_payload(v16.GetDiagnosticsRequest, json.dumps({"location": location}))
    assert CANARY not in told(caught.value)
    assert "host/path" in str(caught.value)


REQUESTS = [
    (cls, payload)
    for cls, payload in CASES
    if issubclass(cls, Message) and cls.__name__.endswith("Request")
]


@pytest.mark.parametrize(("cls", "payload"), REQUESTS)
def test_the_engine_tells_no_secret(
    cls: type[Any], payload: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    action = cls.__ocpp_action__
    protocol = {"v16": v16, "v201": v201, "v21": v21}[cls.__module__.split(".")[1]].PROTOCOL
    role = Role.CSMS if Role.STATION in protocol.actions[action].senders else Role.STATION
    connection = connect(role, protocol.version)
    connection.receive_data(json.dumps([2, "1", action, payload]), 0.0)
    while (event := connection.next_event()) is not None:
        error = getattr(event, "error", None)
        if error is not None:
            assert CANARY not in told(error)
    assert CANARY not in "".join(connection.data_to_send())
    refused = error_of(lambda: decode_message(protocol, json.dumps([2, "1", action, payload])))
    assert refused is None or CANARY not in told(refused)


def test_writing_tells_no_secret() -> None:
    messages: list[Payload] = [
        v16.AuthorizeRequest(id_tag=LONG),
        v16.ChangeConfigurationRequest(key="AuthorizationKey", value=LONG),
        v201.AuthorizeRequest(
            id_token=v201.IdTokenType(id_token=LONG, type=v201.IdTokenEnumType.CENTRAL)
        ),
        v201.AuthorizeRequest(
            id_token=v201.IdTokenType(id_token=CANARY + "\ud800", type=v201.IdTokenEnumType.CENTRAL)
        ),
        v201.AuthorizeRequest(
            id_token=v201.IdTokenType(id_token=CANARY, type=WireEnum)  # type: ignore[arg-type]
        ),
    ]
    for message in messages:
        with pytest.raises(InvalidOutgoing) as caught:
            encode_payload(message)
        assert CANARY not in told(caught.value)


def test_pydantic_hides_its_input() -> None:
    for value in (LONG, {"a": CANARY}):
        with pytest.raises(ValidationError) as caught:
            PydanticAuthorizeRequest.model_validate({"idTag": value})
        assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_free_text_is_escaped() -> None:
    text = "a\r\nERROR forged\x1b[31m"
    for error in (CallRefused(ErrorCode.GENERIC_ERROR, text), ConnectionClosed(text)):
        assert not set(str(error)) & set("\r\n\x1b")
        assert "forged" in str(error)
