"""Checks that a simulation has kept the rules of OCPP-J, by its trace."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ._trace import Trace, TraceLine

__all__ = ["violations"]

_CALL, _RESULT, _SEND = 2, 3, 6
_PEER = {"station": "csms", "csms": "station"}


@dataclass
class _Side:
    """The messages that one end of a connection has sent, as far as they have arrived."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    """The call with each message id."""

    sent: Counter[str] = field(default_factory=Counter[str])
    """How often each was sent."""

    replies: Counter[str] = field(default_factory=Counter[str])
    """How often each was answered."""

    results: dict[str, float] = field(default_factory=dict[str, float])
    """When each was answered with a result that was surely not too late."""

    open_calls: dict[str, float] = field(default_factory=dict[str, float])


def violations(trace: Trace, *, call_timeout: float = 30.0) -> list[str]:
    """Returns the violations of OCPP-J in a trace; an empty list if there are none.

    * Time never goes back.
    * A message id stands for one message per sender and connection. # MID-03
    * A message that is sent again is the same, and has not been answered with a result. # QUE-09
    * Each reply belongs to a call of the other end, and each call has one reply at most. # SYN-02
    * Nobody sends a call while its previous one still waits for its reply. # SYN-01

    Args:
        trace: of a simulation.
        call_timeout: seconds after which both ends give a call up. A call that has waited for less than half of
            that is surely not given up, however different the latencies of two messages are.
    """
    sides: dict[tuple[int, str], _Side] = defaultdict(_Side)
    found: list[str] = []
    before = 0.0
    for line in trace.lines:
        if line.time < before:
            found.append(f"time goes back: {line}")
        before = line.time
        if line.what in _PEER:
            found += [f"{text}: {line}" for text in _broken(line, sides, call_timeout / 2)]
    return found


def _broken(line: TraceLine, sides: dict[tuple[int, str], _Side], patience: float) -> Iterator[str]:
    frame: list[Any] = json.loads(line.text)
    kind, message_id = frame[0], frame[1]
    sender = sides[line.connection, line.what]
    caller = sides[line.connection, _PEER[line.what]]
    if kind in (_CALL, _SEND):
        if sender.texts.setdefault(message_id, line.text) != line.text:
            yield "message id used twice"
        # A result that the sender had not got yet when it sent the message again is none for it.
        if line.time - sender.results.get(message_id, line.time) > patience:
            yield "sent again after its result"
        sender.sent[message_id] += 1
        if kind == _CALL:
            if any(line.time - since < patience for since in sender.open_calls.values()):
                yield "a second call while one waits"
            sender.open_calls[message_id] = line.time
        return
    caller.replies[message_id] += 1
    if message_id not in caller.texts:
        yield "reply to no call"
    elif caller.replies[message_id] > caller.sent[message_id]:
        yield "second reply"
    since = caller.open_calls.pop(message_id, None)
    if kind == _RESULT and since is not None and line.time - since < patience:
        caller.results.setdefault(message_id, line.time)
