"""Frames that are right, nearly right, spoilt, or no frames at all."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from ocppkit.core import Role

__all__ = ["FrameMaker"]

_EXAMPLES = Path(__file__).parents[1] / "core" / "examples.jsonl"

_NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.0, 1e308, -0.0, 2**31, 2**63, 10**39, 10**40, 10**400, "", " ",
    "\x00", "\u202e", "é" * 40, "x" * 256, "-1", "1", "Accepted", "2025-06-01T10:00:00Z",
    "2016-12-31T23:59:60Z", [], [[]], {}, {"": {}}, {"customData": {"vendorId": "v", "a": [1]}},
)  # fmt: skip

_TEXTS = (
    b"", b"[", b"]", b"{}", b"[]", b"[[]]", b"null", b"2", b'"', b"\xff", b"\xef\xbb\xbf[]",
    b'[2,"x","Heartbeat",{}]]', b'[2 ,\t"x"\n,"Heartbeat", {} ]', b"[" * 2000, b'{"a":' * 2000,
    b'[2,"x","Heartbeat",' + b"[" * 64 + b"]" * 64 + b"]", b"[" + b"9" * 5000 + b"]",
)  # fmt: skip


_ANSWERS = (
    b'[3,"x",{"status":"Accepted"}]',
    b'[3,"x",{"status":"Rejected","data":"d"}]',
    b'[4,"x","GenericError","no",{}]',
    b'[5,"x","GenericError","no",{}]',
)
"""To the call that the receiver always waits for, once the id is set."""


@cache
def _examples() -> dict[tuple[str, Role], tuple[bytes, ...]]:
    """Returns texts by version and receiver."""
    texts: dict[tuple[str, Role], tuple[bytes, ...]] = {}
    roles = {"cs": Role.STATION, "csms": Role.CSMS}
    for line in _EXAMPLES.read_text("utf-8").splitlines():
        each = json.loads(line)
        receiver = roles[each["receiver"]] if "receiver" in each else roles[each["sender"]].peer
        text = each["raw"] if "raw" in each else json.dumps(each["frame"])
        key = each["version"], receiver
        texts[key] = (*texts.get(key, _ANSWERS), text.encode())
    return texts


class FrameMaker:
    """Makes frames from a source of chance."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._twists: tuple[Callable[[bytes], bytes], ...] = (
            self._cut,
            self._insert,
            self._double,
            self._flip,
            self._swap_case,
        )

    def make(self, version: str, receiver: Role, own_id: str) -> str | bytes:
        """Returns one frame.

        Args:
            version: what the receiver speaks; most frames are of that version.
            receiver: which end it is; most frames are for that end.
            own_id: the message id of the call that it waits for; some frames answer it.
        """
        random = self._random
        examples = _examples()
        common = random.random() < 0.85
        key = (version, receiver) if common else random.choice(list(examples))
        data = random.choice(_TEXTS if random.random() < 0.02 else examples[key])
        if random.random() < 0.8:
            data = self._bent(data, own_id)
        for _ in range(random.choice((0, 0, 0, 0, 1, 2, 4))):
            data = random.choice(self._twists)(data)
        return data if random.random() < 0.5 else data.decode("utf-8", "surrogateescape")

    def _bent(self, data: bytes, own_id: str) -> bytes:
        """Changes the elements of a frame and the members of its payload."""
        random = self._random
        try:
            frame: Any = json.loads(data)
        except (ValueError, RecursionError):
            return data
        if isinstance(frame, list) and len(frame) > 1:
            if random.random() < 0.7:
                frame[1] = random.choice((own_id, own_id, own_id, "x", "y", "z" * 37))
            for _ in range(random.choice((0, 0, 1, 1, 2))):
                self._bend(frame)
        return json.dumps(frame, ensure_ascii=random.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        )

    def _bend(self, holder: list[Any] | dict[str, Any]) -> None:
        """Changes one place in a value, at any depth."""
        random = self._random
        while True:
            keys: list[Any] = [*holder] if isinstance(holder, dict) else [*range(len(holder))]
            if not keys:
                return
            key: Any = random.choice(keys)
            inner: Any = holder[key]
            if isinstance(inner, list | dict) and inner and random.random() < 0.8:
                holder = inner
                continue
            break
        if random.random() < 0.25:
            del holder[key]
            return
        # A copy: what is put in may be bent as well.
        value = deepcopy(random.choice(_NASTY))
        if random.random() < 0.6:
            holder[key] = value
        elif isinstance(holder, dict):
            holder["unknown"] = value
        else:
            holder.insert(key, value)

    def _at(self, data: bytes) -> int:
        return self._random.randint(0, len(data))

    def _cut(self, data: bytes) -> bytes:
        first, last = sorted((self._at(data), self._at(data)))
        return data[:first] + data[last:] if self._random.random() < 0.5 else data[:last]

    def _insert(self, data: bytes) -> bytes:
        at = self._at(data)
        return (
            data[:at]
            + self._random.choice((*_TEXTS[:10], b'"', b"\\", b",", b"1" * 41))
            + data[at:]
        )

    def _double(self, data: bytes) -> bytes:
        first, last = sorted((self._at(data), self._at(data)))
        return data[:last] + data[first:]

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self._random.randrange(len(data))
        return data[:at] + bytes((data[at] ^ (1 << self._random.randrange(8)),)) + data[at + 1 :]

    def _swap_case(self, data: bytes) -> bytes:
        at = self._at(data)
        return data[:at] + data[at:].swapcase()
