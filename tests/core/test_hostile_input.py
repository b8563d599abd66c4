"""Whatever a peer sends becomes events and bounded replies, never an exception or an endless answer."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    CallReceived,
    Connection,
    Event,
    Failure,
    FrameRefused,
    MessageKind,
    Policy,
    Role,
)
from support.connection_pair import PROTOCOLS, VERSIONS, connect, events_of

POLICIES = [STRICT, LENIENT, OFF]

ACTIONS = sorted({name for protocol in PROTOCOLS.values() for name in protocol.actions})

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)

JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)

IDS = st.sampled_from(["c1", "x", "-1", "", "y" * 37, "z" * 300]) | JSON

FRAMES = st.one_of(
    st.lists(JSON, max_size=6),
    st.tuples(st.sampled_from([2, 6]), IDS, st.sampled_from(ACTIONS) | JSON, JSON).map(list),
    st.tuples(st.just(3), IDS, JSON).map(list),
    st.tuples(st.sampled_from([4, 5]), IDS, st.text(max_size=9) | JSON, JSON, JSON).map(list),
    JSON,
)


def spoil(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data)))
    match draw(st.integers(0, 3)):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + draw(st.binary(max_size=4)) + data[at:]
        case 2:
            return data + data[at:]
        case _:
            return data


@st.composite
def inputs(draw: st.DrawFn) -> str | bytes:
    """Anything: noise, and frames that are right, nearly right or spoilt."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.text() | st.binary())
    data = json.dumps(draw(FRAMES), ensure_ascii=draw(st.booleans())).encode()
    data = spoil(draw, data)
    return data if draw(st.booleans()) else data.decode("utf-8", "surrogateescape")


def check_replies(connection: Connection, events: list[Event]) -> None:
    texts = connection.data_to_send()
    assert len(texts) <= 1
    for text in texts:
        number, message_id, code, description, details = json.loads(text)
        assert number in connection.protocol.message_types
        assert number in (MessageKind.CALL_ERROR, MessageKind.CALL_RESULT_ERROR)
        assert len(message_id) <= 255
        assert code in connection.protocol.error_codes.values()
        assert (len(description) <= 255, details) == (True, {})
        assert not any(isinstance(event, CallReceived) for event in events)


@given(
    version=st.sampled_from(VERSIONS),
    role=st.sampled_from(Role),
    policy=st.sampled_from(POLICIES),
    texts=st.lists(inputs(), max_size=6),
    binary=st.booleans(),
)
@example("2.0.1", Role.CSMS, STRICT, ["\ud800", b"\xff", "", b"", "\x00", "[" * 9999], False)
@example("1.6", Role.CSMS, LENIENT, ['[2,"\\ud800","Heartbeat",{}]', b'[3,"c1","\xff"]'], False)
@settings(max_examples=400, deadline=None)
def test_any_input(
    version: str, role: Role, policy: Policy, texts: list[str | bytes], binary: bool
) -> None:
    connection = connect(role, version, inbound=policy, new_id=lambda: "c1")
    request: Any = PROTOCOLS[version].actions["DataTransfer"].request
    for text in texts:
        if not connection.calls_waiting:
            connection.send_call(request(vendor_id="v"), 0.0)
            connection.data_to_send()
        connection.receive_data(text, 0.0, binary=binary)
        events = events_of(connection)
        assert events
        check_replies(connection, events)
        for message_id in list(connection.open_calls):
            connection.refuse(message_id, Failure.HANDLER_FAILED, now=0.0)
            connection.data_to_send()


MEGABYTE = 1 << 20

MONSTERS = {
    "brackets": "[" * MEGABYTE,
    "balanced brackets": "[" * (MEGABYTE // 2) + "]" * (MEGABYTE // 2),
    "many shallow brackets": "[" + "[]," * (MEGABYTE // 4) + "[]]",
    "zigzag": "[" + ("[" * 60 + "]" * 60 + ",") * 8000 + "0]",
    "quotation marks": '["' * (MEGABYTE // 2),
    "escapes": '["' + "\\" * (MEGABYTE // 2 - 4) + '"]',
    "digits": '[2,"x","Heartbeat",' + "9" * (MEGABYTE - 30) + "]",
    "digits everywhere": '[2,"x","Heartbeat",[' + "9999999999999999," * (MEGABYTE // 20) + "0]]",
    "an object in an object": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "unknown members": '[2,"x","Heartbeat",{"customData":{"vendorId":"v"},'
    + ",".join(f'"{number}":[[{number}]]' for number in range(50_000))
    + "}]",
    "a long id": f'[2,"{"x" * (MEGABYTE - 40)}","Heartbeat",{{}}]',
    "a long action": f'[2,"x","{"H" * (MEGABYTE - 40)}",{{}}]',
    "white space": " " * (MEGABYTE - 1) + "[",
    "five megabytes": "[" + "1," * (5 * MEGABYTE // 2),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MONSTERS)
def test_monsters(version: str, name: str) -> None:
    for policy in POLICIES:
        csms = connect(Role.CSMS, version, inbound=policy)
        csms.receive_data(MONSTERS[name], 0.0)
        events = events_of(csms)
        assert isinstance(events[0], FrameRefused | CallReceived)
        replies = csms.data_to_send()
        assert len("".join(replies)) < 1000
