"""Random results, requests and errors of a program, right and wrong: what is sent must follow its schema.

Run by `python -m fuzz.outgoing --seed 1 --count 120000`. A message is built of its class with values
of any type in it, sometimes of a subclass, and given to a connection; each frame that comes out is put
before the oracle of the corpus. The same seed gives the same messages.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, defstruct

from corpus.literals import Json
from corpus.nodes import Node, tree
from corpus.oracle import NoJson, oracle, parse
from corpus.runner import message_class
from corpus.samples import minimal
from corpus.sources import VERSIONS, Source, sources
from fuzz.run import Finding
from ocppkit.core import (
    Action,
    Connection,
    ErrorCode,
    LocalProtocolError,
    Protocol,
    Response,
)
from ocppkit.core.payloads._shape import (
    AnyShape,
    BooleanShape,
    DateTimeShape,
    EnumShape,
    IntegerShape,
    ListShape,
    NumberShape,
    ObjectShape,
    OpenShape,
    Shape,
    StringShape,
    shape_of,
)
from support.connection_pair import PROTOCOLS, connect

__all__ = ["OutgoingFuzzer"]

_NOON: Final = datetime(2024, 5, 6, 12, 0, 0, tzinfo=UTC)
_NAN: Final = float("nan")


def _itself() -> dict[str, Any]:
    endless: dict[str, Any] = {}
    endless["self"] = endless
    return endless


_WRONG: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 300.0, 0.15, 2**31, -(2**31) - 1, 2**70, 10**400, _NAN, float("inf"), "", "7",
    "x" * 9000, "\ud800", "Soon", "2024-05-06 07:08:09Z", "2024-05-06T07:08:09+0100", "2024-05-06T24:00:00Z",
    "2024-05-06T07:08:09Z", "2024-05-06T07:08:09", "not a uri", b"bytes", object(), set[int](), date(2024, 5, 6),
    datetime(2024, 5, 6), datetime.max.replace(tzinfo=timezone(timedelta(hours=-9))),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=9))), Decimal("1.5"), UUID(int=7), [], [None], {}, {"a": _NAN},
    {1: 1, "1": 2}, {"vendorId": "v"}, {"vendorId": 7}, _itself(), _NOON, ErrorCode.GENERIC_ERROR,
    lambda: None,
)  # fmt: skip


@dataclass(frozen=True)
class _Outgoing:
    """One message of one version, and what is needed to send it."""

    source: Source
    protocol: Protocol
    action: Action
    cls: type[Any]


@cache
def _cases() -> tuple[_Outgoing, ...]:
    found: list[_Outgoing] = []
    for version in VERSIONS:
        protocol = next(each for each in PROTOCOLS.values() if each.package.endswith(version))
        for source in sources(version):
            cls: Any = message_class(source)
            action = protocol.actions[cls.__ocpp_action__]
            found.append(_Outgoing(source, protocol, action, cls))
    return tuple(found)


@cache
def _minimal(version: str, action: str) -> str:
    """Returns the payload of a valid request."""
    (request,) = (
        each
        for each in _cases()
        if (each.protocol.version, each.action.name) == (version, action)
        and not issubclass(each.cls, Response)
    )
    return minimal(tree(request.source))


class OutgoingFuzzer:
    """One run; `feed` until it has seen enough."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = Random(seed)
        self.fed = 0
        self.sent = 0
        """How many frames were sent; the other messages were refused."""

    def feed(self) -> Finding | None:
        """Sends one message, and returns what is wrong if something is."""
        case = self._random.choice(_cases())
        self.fed += 1
        texts: list[str] = []
        try:
            texts = self._send(case)
            problem = "; ".join(each for text in texts for each in _problems(text, case))
        # A fuzzer is here to find exceptions, whatever they are.
        except Exception as error:  # noqa: BLE001
            problem = f"{type(error).__name__}: {error}"
        self.sent += len(texts)
        return Finding(self._seed, self.fed, "".join(texts), problem) if problem else None

    def _send(self, case: _Outgoing) -> list[str]:
        sender = sorted(case.action.senders)[0]
        is_answer, cls = issubclass(case.cls, Response), case.cls
        is_send = case.action.response is None
        connection = connect(sender.peer if is_answer else sender, case.protocol.version)
        try:
            if is_answer:
                self._answer(connection, case)
            elif is_send:
                connection.send(self._message(cls), 0.0)
            else:
                connection.send_call(self._message(cls), 0.0)
        except LocalProtocolError:
            texts = connection.data_to_send()
            assert texts == [], "sent though it was refused"
        return connection.data_to_send()

    def _answer(self, connection: Connection, case: _Outgoing) -> None:
        connection.receive_data(
            f'[2,"x","{case.action.name}",{_minimal(case.protocol.version, case.action.name)}]', 0.0
        )
        assert "x" in connection.open_calls
        random = self._random
        if random.random() < 0.9:
            connection.send_result("x", self._message(case.cls), 0.0)
            return
        code: Any = random.choice((*ErrorCode, random.choice(_WRONG)))
        description = random.choice(("", "no", random.choice(_WRONG)))
        details: Any = random.choice(({}, {"a": random.choice(_WRONG)}, random.choice(_WRONG)))
        connection.send_error("x", code, description, details, now=0.0)

    # Building messages.

    def _message(self, cls: Any) -> Any:
        # Most places must be right, or nothing would ever be sent.
        self._wildness = self._random.choice((0.0, 0.0, 0.02, 0.1, 0.5))
        if self._random.random() < 0.01:
            return self._random.choice((*_WRONG, self._random.choice(_cases()).cls))
        return self._object(shape_of(cls))

    def _object(self, shape: ObjectShape) -> Any:
        random, members = self._random, dict[str, Any]()
        for member in shape.members.values():
            if member.required or random.random() < 0.3:
                members[member.name] = self._value(member.shape)
        cls: Any = shape.cls
        if random.random() < max(0.02, self._wildness / 2):
            cls = random.choice(_subclasses(shape.cls))
        return cls(**members)

    def _value(self, shape: Shape) -> Any:
        if self._random.random() < self._wildness:
            return self._random.choice(_WRONG)
        return self._right(shape)

    def _right(self, shape: Shape) -> Any:
        random = self._random
        match shape:
            case BooleanShape():
                return random.random() < 0.5
            case IntegerShape(minimum=least, maximum=most):
                low = 0 if least is None else least
                return random.randint(low, low + 1000 if most is None else most)
            case NumberShape(minimum=first, maximum=last):
                start = 0.0 if first is None else first
                return round(random.uniform(start, start + 10 if last is None else last), 1)
            case StringShape(uri=True):
                return "https://example.com/a"
            case StringShape(min_length=least, max_length=most):
                return "é" * random.randint(least or 0, min(20, 20 if most is None else most))
            case DateTimeShape():
                zone = timezone(timedelta(minutes=random.randint(-900, 900)))
                return _NOON.replace(tzinfo=zone, microsecond=random.choice((0, 1, 123456)))
            case EnumShape(words=words):
                return random.choice(list(words.values()))
            case ListShape(item=item, min_items=least):
                return [self._value(item) for _ in range((least or 0) + random.randrange(2))]
            case ObjectShape():
                return self._object(shape)
            case OpenShape():
                return shape.cls.from_members({"vendorId": "v", "a": random.choice(_WRONG[:4])})
            case AnyShape():
                return random.choice((1, "a", {"a": [1.5, None]}, [_NOON], random.choice(_WRONG)))


@cache
def _subclasses(cls: type[Struct]) -> tuple[type[Struct], ...]:
    """Returns subclasses as programs write them: with a member more, another action, another name."""
    options: Any = {"kw_only": True, "frozen": True}
    return (
        defstruct("Plain", [], bases=(cls,), **options),
        defstruct("Longer", [("extra", int, 1)], bases=(cls,), **options),
        defstruct("Optional", [("extra", int | None, None)], bases=(cls,), **options),
        defstruct("Renamed", [], bases=(cls,), rename="upper", **options),
        defstruct("Other", [], bases=(cls,), namespace={"__ocpp_action__": "Reset"}, **options),
        defstruct("Tagged", [], bases=(cls,), tag=True, tag_field="kind of", **options),
    )


# Judging frames.


def _problems(text: str, case: _Outgoing) -> Iterator[str]:
    """Yields what is wrong with a frame."""
    try:
        frame = json.loads(text, object_pairs_hook=_unique)
        text.encode()
    except ValueError as error:
        yield f"no JSON: {error}"
        return
    if frame[0] == 4:
        yield from _error_problems(frame, case.protocol)
        return
    is_answer = issubclass(case.cls, Response)
    due = [3, "x"] if is_answer else [2 if case.action.answered else 6, frame[1], case.action.name]
    if frame[:-1] != due:
        yield f"{frame[:-1]} in place of {due}"
    payload = text[text.index("{") : -1].encode()
    try:
        value = parse(payload)
    except NoJson:
        yield "a payload that is no JSON"
        return
    if not oracle(case.source).allows(value):
        yield "a payload that breaks its schema"
    if case.source.version != "v16":
        yield from _big_integers(tree(case.source), value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a member occurs twice")
    return dict(pairs)


def _error_problems(frame: list[Any], protocol: Protocol) -> Iterator[str]:
    if len(frame) != 5 or frame[1] != "x":
        yield "an error frame of another form"
        return
    code, description, details = frame[2:]
    if code not in protocol.error_codes.values():
        yield f"the code {code!r}"
    if not isinstance(description, str) or len(description) > 255:
        yield "a description that is no text, or too long"
    if not isinstance(details, dict):
        yield "details that are no object"


def _big_integers(node: Node, value: Json) -> Iterator[str]:
    # VAL-02
    if isinstance(value, list) and node.item is not None:
        for item in value:
            yield from _big_integers(node.item, item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in node.members:
                yield from _big_integers(node.members[name], item)
    elif node.kind == "integer" and (not isinstance(value, int) or not -(2**31) <= value < 2**31):
        yield f"{value!r:.40} as an integer at {node.path}"


def main() -> int:
    """Runs the fuzzer once; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.outgoing", description=__doc__)
    parser.add_argument("--count", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    fuzzer = OutgoingFuzzer(arguments.seed)
    findings = 0
    for _ in range(arguments.count):
        finding = fuzzer.feed()
        if finding is not None:
            findings += 1
            sys.stdout.write(f"{finding}\n")
    sys.stdout.write(
        f"seed {arguments.seed}: {fuzzer.fed} messages, {fuzzer.sent} frames sent, {findings} bad\n"
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
