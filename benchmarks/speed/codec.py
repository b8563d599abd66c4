"""Group 1: decodes frames to validated, typed messages and encodes them, and measures invalid messages."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any, Final, Literal, cast

import orjson
from pydantic import TypeAdapter

from ocppkit.core import (
    LENIENT,
    Call,
    InvalidMessage,
    Message,
    Policy,
    decode_message,
    encode_message,
)

from . import mobilityhouse
from .findings import Book
from .measure import Work, measure_in_turns
from .messages import MESSAGE_ID, SAMPLES, Sample
from .node import NodeCodec, node_codec, why_no_node
from .scale import Scale

__all__ = ["run"]

_GROUP: Final = "codec"
OURS: Final = "ocppkit"
THEIRS: Final = "mobilityhouse"
NODE: Final = "ocpp-rpc"
FLOOR: Final = "orjson, untyped"

_SMALL: Final = 1000
"""Characters from which a frame counts as large."""


def run(scale: Scale, book: Book) -> None:
    """Measures decoding and encoding of all samples, and the lenient path."""
    with _node(book) as node:
        for one in SAMPLES:
            _decode(one, scale, book, node)
            _encode(one, scale, book, node)
    for name, text in BAD.items():
        _bad(name, text, scale, book)


@contextmanager
def _node(book: Book) -> Generator[NodeCodec | None]:
    missing = why_no_node()
    if missing is not None:
        book.note(missing)
        yield None
        return
    with node_codec() as node:
        yield node


# Good messages.


def _decode(one: Sample, scale: Scale, book: Book, node: NodeCodec | None) -> None:
    text, version = one.text, one.version
    message = _message_of(one)
    assert json.loads(encode_message(MESSAGE_ID, message)) == json.loads(text), one.name
    costs = measure_in_turns(
        {
            # Whose ratios are the narrowest take their turns one after the other.
            FLOOR: Work(orjson.loads, text),
            OURS: Work(decode_message, one.protocol, text),
            THEIRS: Work(mobilityhouse.read, text, version),
            "pydantic": Work(_pydantic(one).validate_json, text),
            "json, untyped": Work(json.loads, text),
        },
        rounds=scale.short_rounds,
        seconds=scale.turn / 2,
        others=_node_contestant(node, "read", one, scale),
    )
    what = f"decode {one.title}"
    book.microseconds(_GROUP, what, costs)
    book.faster(_GROUP, what, costs, OURS, THEIRS, _decode_target(one))
    book.faster(_GROUP, what, costs, OURS, "pydantic")
    floor_target = "decode-floor-small" if len(text) < _SMALL else "decode-floor-large"
    book.share(_GROUP, what, costs, OURS, FLOOR, floor_target)
    if node is not None:
        book.faster(_GROUP, what, costs, OURS, NODE)


def _message_of(one: Sample) -> Message:
    """Returns a sample as a typed message."""
    frame = decode_message(one.protocol, one.text)
    assert isinstance(frame, Call)
    return frame.payload


def _decode_target(one: Sample) -> str | None:
    match one.name:
        case "Heartbeat":
            return "decode-heartbeat"
        case "BootNotification":
            return "decode-boot"
        case "MeterValues 4 x 20" | "NotifyReport x 30":
            return "decode-large"
        case "SetChargingProfile x 50" if one.version == "1.6":
            # The one-decimal rule is 1.6's.
            return "decode-profile"
        case _:
            return None


def _encode(one: Sample, scale: Scale, book: Book, node: NodeCodec | None) -> None:
    message = _message_of(one)
    theirs = mobilityhouse.request_of(one.version, one.action, one.payload)
    adapter = _pydantic(one)
    model = adapter.validate_json(one.text)
    untyped = json.loads(one.text)
    costs = measure_in_turns(
        {
            OURS: Work(encode_message, MESSAGE_ID, message),
            THEIRS: Work(mobilityhouse.write, theirs, MESSAGE_ID, one.version),
            "pydantic, unchecked": Work(
                partial(adapter.dump_json, by_alias=True, exclude_none=True), model
            ),
            "json, untyped": Work(json.dumps, untyped),
            FLOOR: Work(orjson.dumps, untyped),
        },
        rounds=scale.short_rounds,
        seconds=scale.turn / 2,
        others=_node_contestant(node, "write", one, scale),
    )
    what = f"encode {one.title}"
    book.microseconds(_GROUP, what, costs)
    target = "encode-small" if len(one.text) < _SMALL else "encode-large"
    book.faster(_GROUP, what, costs, OURS, THEIRS, target)
    if node is not None:
        book.faster(_GROUP, what, costs, OURS, NODE)


def _pydantic(one: Sample) -> TypeAdapter[Any]:
    package = one.protocol.package
    model: Any = getattr(import_module(f"{package}.pydantic"), f"{one.action}Request")
    return TypeAdapter(cast(Any, tuple)[Literal[2], str, str, model])


def _node_contestant(
    node: NodeCodec | None, way: str, one: Sample, scale: Scale
) -> dict[str, Callable[[], float]]:
    if node is None:
        return {}
    schema = f"urn:{one.action}.req"
    return {NODE: partial(node.seconds, way, one.text, scale.turn / 2, schema, one.version)}


# Bad messages.


def _bad_boot(change: dict[str, Any]) -> str:
    boot = next(one for one in SAMPLES if one.title == "2.0.1 BootNotification")
    return json.dumps([2, MESSAGE_ID, boot.action, {**boot.payload, **change}])


def _bad_meter_values() -> str:
    large = next(one for one in SAMPLES if one.title == "2.0.1 MeterValues 4 x 20")
    return large.text.replace('"value":1200.5', '"value":"1200.5"')


BAD: Final = {
    "BootNotification, unknown word": _bad_boot({"reason": "Boredom"}),
    "BootNotification, null for optional": _bad_boot({"customData": None}),
    "BootNotification, unknown property": _bad_boot({"vendorStuff": 1}),
    "MeterValues 4 x 20, 4 texts for numbers": _bad_meter_values(),
}
"""Messages of 2.0.1 as chargers send them, though they should not."""


def _bad(name: str, text: str, scale: Scale, book: Book) -> None:
    protocol = SAMPLES[-1].protocol
    decode_message(protocol, text, policy=LENIENT)
    costs = measure_in_turns(
        {
            "ocppkit, repaired": Work(_repaired, protocol, text, LENIENT),
            "ocppkit, refused": Work(_refused, protocol, text),
            "mobilityhouse, refused": Work(_refused_by_mobilityhouse, text),
        },
        rounds=scale.short_rounds,
        seconds=scale.turn / 2,
    )
    what = f"bad {name}"
    book.microseconds(_GROUP, what, costs)
    for ours in ("ocppkit, repaired", "ocppkit, refused"):
        book.faster(_GROUP, what, costs, ours, "mobilityhouse, refused")


def _repaired(protocol: Any, text: str, policy: Policy) -> None:
    issues: list[Any] = []
    decode_message(protocol, text, policy=policy, issues=issues)
    assert issues


def _refused(protocol: Any, text: str) -> None:
    try:
        decode_message(protocol, text)
    except InvalidMessage:
        return
    raise AssertionError("a bad message was accepted")


def _refused_by_mobilityhouse(text: str) -> None:
    try:
        mobilityhouse.read(text, "2.0.1")
    except mobilityhouse.Refused:
        return
    raise AssertionError("a bad message was accepted")
