"""Every error crosses to another process as a plain value and comes back equal."""

import json
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ocppkit
from ocppkit.aio import CallRefused, DataTransferRefused
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
    IssueList,
    LocalProtocolError,
    OcppError,
    QueueFull,
    RemoteProtocolError,
    Repair,
    Rule,
    WrongVersion,
    error_from_value,
    error_to_value,
)

ISSUES = IssueList(
    [
        Issue("$.type", Rule.ENUM, "Soon", repaired=True, repair=Repair.UNKNOWN_VALUE),
        Issue("$.a[0]", Rule.NUMBER, {"$": [1 << 70, 1e300, None]}, 3, hidden=True, left_out="$.a"),
        Issue("$.b", Rule.REQUIRED),
    ]
)
ISSUES.omitted = 7
ABOUT = {"action": "Reset", "message_id": "7f3a"}

ERRORS: dict[type[OcppError], OcppError] = {
    OcppError: OcppError("no reason", **ABOUT),
    LocalProtocolError: LocalProtocolError("forbidden", action="Reset"),
    InvalidOutgoing: InvalidOutgoing(issues=ISSUES, **ABOUT),
    QueueFull: QueueFull("full", **ABOUT),
    WrongVersion: WrongVersion("speaks 1.6"),
    RemoteProtocolError: RemoteProtocolError("broken", message_id="7f3a"),
    InvalidFrame: InvalidFrame(failure=Failure.UNKNOWN_ACTION, message_type=2, **ABOUT),
    InvalidMessage: InvalidMessage(
        issues=ISSUES, raw=b'{"a": "\xff"}', value={"a": ["\ud800", float("inf")]}, **ABOUT
    ),
    CallFailed: CallFailed(ErrorCode.NOT_SUPPORTED, "no\x07", {"a": [1, {"$": 2}]}, **ABOUT),
    CallTimedOut: CallTimedOut("after 30 s", **ABOUT),
    ConnectionClosed: ConnectionClosed("bye", by="peer", code=1008, delivered="no", **ABOUT),
    HandshakeRefused: HandshakeRefused("not here", status=404),
    CallRefused: CallRefused(ErrorCode.SECURITY_ERROR, "no", {"why": {"\ud800": 1}}),
    DataTransferRefused: DataTransferRefused("UnknownVendorId", {"a": -(1 << 64)}),
}
WAYS: dict[str, Callable[[Any], Any]] = {
    "json": lambda value: json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False)),
    "msgspec json": lambda value: msgspec.json.decode(msgspec.json.encode(value)),
    "msgpack": lambda value: msgspec.msgpack.decode(msgspec.msgpack.encode(value)),
}


def state(error: BaseException) -> Any:
    types = {name: type(value).__name__ for name, value in vars(error).items()}
    return type(error), str(error), error.args, types, vars(error)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_comes_back_equal(kind: type[OcppError], way: str) -> None:
    error = ERRORS[kind]
    assert type(error) is kind
    again = error_from_value(WAYS[way](error_to_value(error)))
    assert state(again) == state(error)
    issues = getattr(error, "issues", None)
    if issues is not None:
        assert again.issues.omitted == 7  # type: ignore[attr-defined]


def subclasses(base: type[OcppError]) -> Iterator[type[OcppError]]:
    yield base
    for each in base.__subclasses__():
        yield from subclasses(each)


def test_an_error_of_any_room_comes_back_equal() -> None:
    for module in pkgutil.walk_packages(ocppkit.__path__, "ocppkit."):
        # The generator is no part of the runtime.
        if not any(part in module.name for part in (".codegen", ".cli", "__main__")):
            with suppress(ModuleNotFoundError):  # what belongs to an extra
                import_module(module.name)
    for kind in subclasses(OcppError):
        if kind.__module__.startswith("ocppkit."):
            # A class that takes more than a text needs a row in `ERRORS`.
            error = ERRORS[kind] if kind in ERRORS else kind("no reason")
            assert type(error) is kind
            for way in WAYS.values():
                assert state(error_from_value(way(error_to_value(error)))) == state(error), kind


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    plain | st.text(st.characters(categories=["Cs", "Lu"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("$"), inner),
)


@given(values)
def test_any_json_in_an_error_comes_back_equal(value: Any) -> None:
    error = InvalidMessage(issues=[Issue("$", Rule.TYPE, value)], value=value)
    for way in WAYS.values():
        again = error_from_value(way(error_to_value(error)))
        assert state(again) == state(error)


class TooHot(CallFailed):
    """An error of a program's own."""

    def __init__(self, degrees: float) -> None:
        super().__init__("GenericError", "too hot")
        self.degrees = degrees
        self.sensor = object()
        self.range = (-25.0, 70.0)


def test_an_error_of_ones_own_comes_back_with_its_data() -> None:
    value = error_to_value(TooHot(71.5))
    again = error_from_value(value)
    assert isinstance(again, TooHot)
    assert (again.degrees, again.description) == (71.5, "too hot")
    assert (again.sensor, again.range) == ("<object>", (-25.0, 70.0))
    # A process that does not know the class makes the nearest one.
    value["error"][0] = "elsewhere.TooHot"
    assert type(error_from_value(value)) is CallFailed


def test_what_a_newer_version_adds_is_no_obstacle() -> None:
    value = error_to_value(ERRORS[InvalidMessage])
    value["attributes"]["error_code"]["value"] = "NewerCode"
    value["attributes"]["issues"]["value"][0]["value"]["newer"] = 1
    error = error_from_value(value)
    assert isinstance(error, InvalidMessage)
    assert error.error_code == "NewerCode"
    assert error.issues == ERRORS[InvalidMessage].issues  # type: ignore[attr-defined]


GOOD = error_to_value(ERRORS[CallFailed])


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        [],
        {},
        {**GOOD, "error": 1},
        {**GOOD, "args": None},
        {**GOOD, "args": []},
        {**GOOD, "attributes": {}},
        {**GOOD, "attributes": {"code": {"$": "pickle"}}},
        {**GOOD, "attributes": {"code": {"$": []}}},
        {**GOOD, "attributes": {"code": {"$": "bytes", "value": "no base64"}}},
        {**GOOD, "attributes": {"code": {"$": "Issue", "value": {}}}},
        {**GOOD, "attributes": {"code": {"$": "int", "value": "x"}}},
    ],
)
def test_what_is_no_value_of_an_error_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        error_from_value(value)
