"""A message that is read back from a journal leaves with the very bytes with which it was kept."""

from importlib import import_module
from random import Random
from typing import Any

import pytest

from corpus.mutants import random_payload
from corpus.nodes import tree
from corpus.samples import maximal, minimal
from corpus.sources import VERSIONS, Source, sources
from ocppkit.core import OcppError, Offline, Role, decode_payload, encode_payload
from ocppkit.station import Entry
from ocppkit.station._stored_messages import StoredMessages
from support.memory_store import MemoryStore


def kept_actions(version: str) -> dict[str, Any]:
    """Returns the actions whose messages must arrive, by the name of the request's schema."""
    protocol: Any = import_module(f"ocppkit.{version}").PROTOCOL
    return {
        action.request.__name__: action
        for action in protocol.actions.values()
        if action.offline is not Offline.DROP and Role.STATION in action.senders
    }


def payloads_of(message: Source, request: Any) -> list[bytes]:
    """Returns messages that can be sent, small, whole and at random."""
    node = tree(message)
    texts = [minimal(node).encode(), maximal(node).encode()]
    texts += [random_payload(message, Random(f"{message}/{number}")) for number in range(100)]
    found: list[bytes] = []
    for text in texts:
        try:
            found.append(encode_payload(decode_payload(request, text)))
        except OcppError:
            continue
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_mid_03_what_is_repeated_after_a_restart_is_the_same(version: str) -> None:
    protocol: Any = import_module(f"ocppkit.{version}").PROTOCOL
    messages = StoredMessages(protocol, MemoryStore())
    actions = kept_actions(version)
    seen: set[str] = set()
    count = 0
    for message in sources(version):
        action = actions.get(message.class_name)
        if action is None:
            continue
        seen.add(action.name)
        for payload in payloads_of(message, action.request):
            entry = Entry(
                version=protocol.version, action=action.name, message_id="m", payload=payload
            )
            assert encode_payload(messages.request(entry)) == payload
            count += 1
    assert seen == {action.name for action in actions.values()}
    assert count > 20 * len(seen)
