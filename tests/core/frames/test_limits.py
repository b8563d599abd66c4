"""Each limit at its edge and one beyond, and the screens against a plain reading of the JSON."""

import json
from math import inf
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocppkit import v16, v201
from ocppkit.core import (
    LENIENT,
    STRICT,
    CallEnded,
    CallOverdue,
    CallReceived,
    CallTimedOut,
    Failure,
    FrameRefused,
    Limits,
    LocalProtocolError,
    NoReply,
    Policy,
    QueueFull,
    Role,
)
from ocppkit.core.engine._replies import describe
from ocppkit.core.frames._limits import (
    exceeded,
    holds_deeper,
    holds_many_elements,
    is_deeper,
    is_plain,
    may_be_deep,
    open_names,
)
from support.connection_pair import PROTOCOLS, connect, events_of, frames_of, only

LIMITS = Limits()


def data_transfer(data: Any, message_id: str = "a") -> str:
    return json.dumps([2, message_id, "DataTransfer", {"vendorId": "v", "data": data}])


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def test_the_values() -> None:
    assert {name: getattr(LIMITS, name) for name in LIMITS.__struct_fields__} == {
        "frame_bytes": 1024 * 1024,
        "nesting": 64,
        "digits": 40,
        "elements": 1 << 16,
        "id_sent": 36,
        "id_read": 255,
        "queue": 256,
        "handlers": 32,
        "frames_per_second": inf,
        "frames_at_once": 100,
        "bytes_per_second": 1 << 20,
        "bytes_at_once": 1 << 24,
        "call_timeout": 30.0,
        "handler_timeout": 25.0,
        "handshake_timeout": 10.0,
        "ping_interval": 25.0,
        "description": 255,
        "remembered": 64,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frame_bytes", 0),
        ("frame_bytes", 1.5),
        ("frame_bytes", True),
        ("handlers", -1),
        ("queue", -1),
        ("elements", "many"),
        ("call_timeout", 0),
        ("call_timeout", float("nan")),
        ("ping_interval", -1.0),
        ("bytes_per_second", None),
    ],
)
def test_values_are_checked(name: str, value: Any) -> None:
    with pytest.raises(LocalProtocolError, match=rf"Limits\.{name} must be .*, not {value!r}"):
        Limits(**{name: value})


def test_values_that_switch_something_off() -> None:
    off = Limits(queue=0, ping_interval=0, remembered=0, description=0, frames_per_second=inf)
    assert off.ping_interval == 0


@pytest.mark.parametrize("as_bytes", [False, True])
@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("[" + "[]," * 9 + "[]]", True),
        ("[" + "{}," * 8 + "{}]", False),
        ("[" + "1," * 11 + "1]", True),
        ("[" + "1," * 10 + "1]", False),
        ('["' + ",[{" * 20 + '"]', False),
        ('["' + '\\",[{' * 20 + '"]', False),
        ('["\\\\",' + "[]," * 9 + "[]]", True),
        ('["\\\\\\",' + "[]," * 9 + '"]', False),
    ],
)
def test_elements_are_counted_outside_of_strings(text: str, many: bool, as_bytes: bool) -> None:
    data = text.encode() if as_bytes else text
    assert holds_many_elements(data, Limits(elements=10)) is many


def plain_text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def counted(value: Any) -> tuple[int, int]:
    """Returns the brackets and commas of a JSON value, by walking it."""
    if not isinstance(value, list | dict):
        return 0, 0
    items = list(value.values()) if isinstance(value, dict) else value
    inner = [counted(item) for item in items]
    return 1 + sum(each[0] for each in inner), max(len(items) - 1, 0) + sum(
        each[1] for each in inner
    )


@given(
    value=st.recursive(
        st.integers() | st.text(alphabet='ab"\\\\[]{},:'),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='"\\\\[,'), inner),
    ),
    chunk=st.integers(1, 9),
    most=st.integers(1, 12),
)
def test_elements_are_counted_the_same_in_chunks(value: Any, chunk: int, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ocppkit.core.frames._limits._CHUNK", chunk)
        many = holds_many_elements(plain_text(value), Limits(elements=most))
    assert many is (max(counted(value)) > most)


def test_limits_are_frozen() -> None:
    with pytest.raises(AttributeError):
        LIMITS.queue = 1  # type: ignore[misc]


# --- The size of a frame ---------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["a", "é", "😀"])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_the_size_of_a_frame_counts_bytes(letter: str, as_bytes: bool) -> None:
    text = json.dumps([2, "a", "DataTransfer", {"vendorId": "v", "data": ""}], ensure_ascii=False)
    room = LIMITS.frame_bytes - len(text)
    filling = letter * (room // len(letter.encode()))
    filling += "." * (room - len(filling.encode()))
    for extra, expected in (("", CallReceived), (".", FrameRefused)):
        csms = connect(Role.CSMS)
        frame = text.replace('""', f'"{filling}{extra}"')
        assert len(frame.encode()) == LIMITS.frame_bytes + len(extra)
        csms.receive_data(frame.encode() if as_bytes else frame, 0.0)
        only(expected, events_of(csms))


def test_a_frame_too_big_closes_the_connection() -> None:
    csms = connect(Role.CSMS)
    csms.receive_data("x" * (LIMITS.frame_bytes + 1), 0.0)
    refused = only(FrameRefused, events_of(csms))
    assert (refused.failure, refused.reply.reaction) == (Failure.FRAME_TOO_BIG, NoReply.CLOSE)
    assert csms.data_to_send() == []
    csms.receive_data('[2,"a","Heartbeat",{}]', 0.0)
    assert events_of(csms) == []


def test_a_frame_too_big_answers_no_call() -> None:
    csms = connect(Role.CSMS)
    message_id = csms.send_call(v201.ClearCacheRequest(), 0.0)
    csms.receive_data(f'[3,"{message_id}",{{"a":"{"x" * LIMITS.frame_bytes}"}}]', 0.0)
    assert only(FrameRefused, events_of(csms)).reply.reaction is NoReply.CLOSE


# --- Nesting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [{}, {"inbound": LENIENT}])
@pytest.mark.parametrize(("levels", "accepted"), [(62, True), (63, False)])
def test_nesting(levels: int, accepted: bool, policy: dict[str, Any]) -> None:
    csms = connect(Role.CSMS, **policy)
    csms.receive_data(data_transfer(nested(levels)), 0.0)
    (event,) = events_of(csms)
    if accepted:
        assert isinstance(event, CallReceived)
        return
    assert isinstance(event, FrameRefused)
    assert event.failure is Failure.TOO_DEEP
    assert frames_of(csms) == [[4, "a", "FormatViolation", describe(Failure.TOO_DEEP), {}]]


def test_an_unknown_member_that_is_too_deep() -> None:
    for policy in ({}, {"inbound": LENIENT}):
        csms = connect(Role.CSMS, **policy)
        csms.receive_data(json.dumps([2, "a", "Heartbeat", {"deep": nested(63)}]), 0.0)
        assert only(FrameRefused, events_of(csms)).failure is Failure.TOO_DEEP


@pytest.mark.parametrize(("levels", "accepted"), [(62, True), (63, False)])
def test_nesting_of_a_result(levels: int, accepted: bool) -> None:
    csms = connect(Role.CSMS)
    message_id = csms.send_call(v201.DataTransferRequest(vendor_id="v"), 0.0)
    csms.receive_data(
        json.dumps([3, message_id, {"status": "Accepted", "data": nested(levels)}]), 0.0
    )
    events = events_of(csms)
    assert any(isinstance(event, CallEnded) for event in events) is not accepted
    assert csms.refused.get(Failure.TOO_DEEP, 0) == (not accepted)


@pytest.mark.parametrize(("levels", "accepted"), [(63, True), (64, False)])
@pytest.mark.parametrize("frame_type", [4, 5])
def test_nesting_of_the_details_of_an_error(frame_type: int, levels: int, accepted: bool) -> None:
    csms = connect(Role.CSMS, "2.1")
    csms.send_call(PROTOCOLS["2.1"].actions["ClearCache"].request(), 0.0)
    details = nested(levels) if levels % 2 else {"a": nested(levels - 1)}
    csms.receive_data(json.dumps([frame_type, "c1", "GenericError", "", details]), 0.0)
    assert csms.refused.get(Failure.TOO_DEEP, 0) == (not accepted)
    assert csms.calls_waiting == (frame_type == 5)


def depth_of(value: Any) -> int:
    """The depth of JSON, said plainly: the oracle of the screens."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


TRICKY = st.sampled_from(["", "[", "]]", '{"', '"', "\\", '\\"[', '["', "{}", "é]", "\n[", 'x"]\\'])

JSON = st.recursive(
    TRICKY | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRICKY, inner, max_size=3),
    max_leaves=40,
)


@given(JSON, st.integers(0, 12), st.integers(1, 12), st.booleans())
def test_depth_as_a_plain_reading_has_it(
    value: Any, wrapped: int, nesting: int, ascii_only: bool
) -> None:
    for level in range(wrapped):
        value = [value, "]"] if level % 2 else {"[": value}
    payload = {"a": value}
    text = json.dumps(payload, ensure_ascii=ascii_only)
    limits = Limits(nesting=nesting)
    assert is_deeper(text.encode(), limits) is (depth_of(payload) + 1 > nesting)
    assert holds_deeper(payload, limits) is (depth_of(payload) + 1 > nesting)


def test_what_its_class_could_read_needs_no_close_look() -> None:
    long_text = b'{"vendorId":"' + b"v" * 200 + b'"}'
    assert not may_be_deep(long_text, open_names(v201.DataTransferRequest), LIMITS)
    assert not may_be_deep(b'{"data":[]}', open_names(v201.DataTransferRequest), LIMITS)
    assert may_be_deep(long_text + b'"data"', open_names(v201.DataTransferRequest), LIMITS)
    assert may_be_deep(long_text + b'"customData"', open_names(v201.HeartbeatRequest), LIMITS)
    # A name may be written with escapes.
    assert may_be_deep(long_text + b'"d\\u0061ta"', open_names(v201.DataTransferRequest), LIMITS)
    # In 1.6 nothing is open: `data` is a string.
    assert not may_be_deep(long_text + b'"data"', open_names(v16.DataTransferRequest), LIMITS)


def test_a_first_sight_catches_what_may_be_too_long_or_too_deep() -> None:
    names = open_names(v201.DataTransferRequest)
    padding = b'{"vendorId":"' + b"v" * 200 + b'"'
    assert is_plain(b"{}", names, LIMITS)
    assert is_plain(padding + b"}", names, LIMITS)
    assert not is_plain(padding + b',"data":[]}', names, LIMITS)
    assert not is_plain(padding + b',"x":' + b"1" * (LIMITS.digits + 1) + b"}", names, LIMITS)


def test_depth_of_what_is_no_json_is_anything_but_an_exception() -> None:
    for text in ("[" * 5000, "]" * 5000, "[]" * 5000, '["' * 5000, "[" * 999 + "]" * 4000):
        assert is_deeper(text.encode(), LIMITS) in (True, False)


# --- Numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["{}", "-{}", "{}.5", "0.{}", "{}e1", "1e-{}"])
@pytest.mark.parametrize(("digits", "accepted"), [(40, True), (41, False)])
@pytest.mark.parametrize("padding", range(8))
def test_digits_of_a_number(number: str, digits: int, accepted: bool, padding: int) -> None:
    text = " " * padding + f"[{number.format('1' * digits)}]"
    assert exceeded(text, LIMITS) == (None if accepted else Failure.NUMBER_TOO_LONG)
    assert exceeded(text.encode(), LIMITS) == exceeded(text, LIMITS)


def test_a_number_too_long_is_answered() -> None:
    csms = connect(Role.CSMS)
    csms.receive_data(data_transfer(int("9" * 41)), 0.0)
    assert only(FrameRefused, events_of(csms)).failure is Failure.NUMBER_TOO_LONG
    assert frames_of(csms) == [
        [4, "a", "PropertyConstraintViolation", "a number has too many digits", {}]
    ]


@pytest.mark.parametrize("policy", [STRICT, LENIENT])
@pytest.mark.parametrize("size", [0, 70_000])
@pytest.mark.parametrize("wrong", [",", "\x00", "\udcff"])
def test_a_text_that_is_no_json_is_one_failure_whatever_digits_it_holds(
    policy: Policy, size: int, wrong: str
) -> None:
    for digits in (1, 50):
        csms = connect(Role.CSMS, inbound=policy)
        data = f'{{"vendorId":"{"x" * size}{wrong if wrong > "a" else ""}","data":{"9" * digits}'
        data += f'{wrong if wrong < "a" else ""}}}'
        csms.receive_data(f'[2,"a","DataTransfer",{data}]', 0.0)
        failure = only(FrameRefused, events_of(csms)).failure
        assert failure is (Failure.NOT_JSON if policy is STRICT else Failure.SALVAGED)


def test_a_number_of_thousands_of_digits() -> None:
    csms = connect(Role.CSMS, inbound=LENIENT)
    text = data_transfer(0).replace("0", "9" * 5000)
    csms.receive_data(text, 0.0)
    assert only(FrameRefused, events_of(csms)).failure is Failure.NUMBER_TOO_LONG


@pytest.mark.parametrize("text", ["7" * 255, '\\"' + "7" * 50, "\\\\", "é" + "7" * 50])
def test_digits_in_a_string_are_no_number(text: str) -> None:
    csms = connect(Role.CSMS)
    csms.receive_data(data_transfer(text), 0.0)
    assert only(CallReceived, events_of(csms)).request.data == text


DIGITS = st.text("0123456789", min_size=1, max_size=60)


@given(st.lists(DIGITS | TRICKY | st.booleans(), max_size=12), st.integers(0, 20), st.booleans())
@example(["1" * 50, '"'], 0, True)
def test_digits_as_a_plain_reading_has_it(
    items: list[str | bool], offset: int, ascii_only: bool
) -> None:
    # Numbers stand bare, everything else as a string.
    numbers = [item for item in items if isinstance(item, str) and item.isdecimal()]
    strings = json.dumps(items, ensure_ascii=ascii_only)
    text = f'{" " * offset}[{strings},{",".join(["0", *numbers])}]'
    wanted = any(len(number) > LIMITS.digits for number in numbers)
    assert exceeded(text, LIMITS) == (Failure.NUMBER_TOO_LONG if wanted else None)


# --- Message ids -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "policy", "failure"),
    [
        (36, {}, None),
        (37, {}, Failure.ID_TOO_LONG),
        (255, {}, Failure.ID_TOO_LONG),
        (256, {}, Failure.UNREADABLE_ID),
        (255, {"inbound": LENIENT}, None),
        (256, {"inbound": LENIENT}, Failure.UNREADABLE_ID),
    ],
)
def test_message_ids_that_are_read(
    length: int, policy: dict[str, Any], failure: Failure | None
) -> None:
    csms = connect(Role.CSMS, **policy)
    csms.receive_data(json.dumps([2, "x" * length, "Heartbeat", {}]), 0.0)
    (event,) = events_of(csms)
    assert (event.failure if isinstance(event, FrameRefused) else None) is failure
    echoed = [frame[1] for frame in frames_of(csms)]
    assert echoed == {None: [], Failure.ID_TOO_LONG: ["x" * length]}.get(failure, ["-1"])


@pytest.mark.parametrize(("length", "accepted"), [(0, False), (1, True), (36, True), (37, False)])
def test_message_ids_that_are_sent(length: int, accepted: bool) -> None:
    station = connect(Role.STATION, new_id=lambda: "x" * length)
    if accepted:
        assert len(station.send_call(v201.HeartbeatRequest(), 0.0)) == length
        return
    with pytest.raises(
        LocalProtocolError, match=r"is not a message id \[use a text of 1 to 36 characters\]"
    ):
        station.send_call(v201.HeartbeatRequest(), 0.0)
    assert station.data_to_send() == []


# --- Queue and times -------------------------------------------------------------------------


def test_the_queue() -> None:
    station = connect(Role.STATION)
    for _ in range(1 + LIMITS.queue):
        station.send_call(v201.HeartbeatRequest(), 0.0)
    with pytest.raises(QueueFull, match="256 calls are waiting already"):
        station.send_call(v201.HeartbeatRequest(), 0.0)
    assert station.calls_waiting == 257
    assert len(station.data_to_send()) == 1


def test_the_time_of_a_call() -> None:
    station = connect(Role.STATION)
    station.send_call(v201.HeartbeatRequest(), 100.0)
    assert station.next_deadline() == 130.0
    station.handle_timeout(129.999)
    assert events_of(station) == []
    station.handle_timeout(130.0)
    ended = only(CallEnded, events_of(station))
    assert isinstance(ended.error, CallTimedOut)
    assert str(ended.error) == "Heartbeat s1: no answer within 30 seconds"


def test_the_time_of_a_handler() -> None:
    csms = connect(Role.CSMS)
    csms.receive_data('[2,"a","Heartbeat",{}]', 100.0)
    events_of(csms)
    assert csms.next_deadline() == 125.0
    csms.handle_timeout(124.999)
    assert events_of(csms) == []
    csms.handle_timeout(125.0)
    assert only(CallOverdue, events_of(csms)).message_id == "a"
    assert frames_of(csms) == [[4, "a", "InternalError", "handler timed out", {}]]
    assert csms.next_deadline() is None


@pytest.mark.parametrize("length", [255, 256])
def test_the_length_of_a_description(length: int) -> None:
    csms = connect(Role.CSMS)
    csms.receive_data('[2,"a","Heartbeat",{}]', 0.0)
    csms.refuse("a", Failure.HANDLER_FAILED, "d" * length, now=0.0)
    assert frames_of(csms) == [[4, "a", "InternalError", "d" * 255, {}]]
