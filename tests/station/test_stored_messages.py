"""A message that is read back from a journal leaves with the very bytes with which it was kept."""

from collections import deque
from collections.abc import AsyncIterator
from importlib import import_module
from random import Random
from typing import Any

import pytest

from corpus.mutants import random_payload
from corpus.nodes import tree
from corpus.samples import maximal, minimal
from corpus.sources import VERSIONS, Source, sources
from ocppkit import v16
from ocppkit.core import OcppError, Offline, Role, decode_payload, encode_payload
from ocppkit.station import Entry, Stored
from ocppkit.station._queued_message import QueuedMessage
from ocppkit.station._stored_messages import IN_MEMORY, StoredMessages
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


class Counting(MemoryStore):
    """A store that counts the messages that are read back."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    async def pending(self, after: int = 0) -> AsyncIterator[Stored]:
        async for stored in super().pending(after):
            self.read += 1
            yield stored


async def filled(count: int) -> tuple[Counting, StoredMessages, deque[QueuedMessage]]:
    """Returns a store with heartbeats, and the queue of them all, none in memory."""
    store = Counting()
    entries = [
        Entry(version="1.6", action="Heartbeat", message_id=str(at), payload=b"{}")
        for at in range(count)
    ]
    seqs = await store.commit(entries)
    return (
        store,
        StoredMessages(v16.PROTOCOL, store),
        deque(QueuedMessage(None, seq=n) for n in seqs),
    )


@pytest.mark.asyncio
async def test_each_message_is_read_once_from_the_store() -> None:
    store, messages, queue = await filled(1000)
    ids = []
    while queue:
        item = queue[0]
        if item.entry is None:
            await messages.load(item, queue)
        assert item.entry is not None
        assert sum(each.entry is not None for each in queue) <= IN_MEMORY
        ids.append(item.entry.message_id)
        queue.popleft()
    assert ids == [str(at) for at in range(1000)]
    assert store.read <= 1100


@pytest.mark.asyncio
async def test_a_message_that_was_dropped_meanwhile_has_no_entry() -> None:
    store, messages, queue = await filled(1000)
    first = queue[0]
    await store.drop([first.seq])
    await messages.load(first, queue)
    assert first.entry is None
    assert store.read == 1


@pytest.mark.asyncio
async def test_messages_of_the_other_queue_are_passed_over_within_bounds() -> None:
    store, messages, queue = await filled(1000)
    rare = deque([queue[0], queue[10], queue[900]])
    await messages.load(rare[0], rare)
    assert [item.entry and item.entry.message_id for item in rare] == ["0", "10", None]
    assert store.read == IN_MEMORY


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
            assert encode_payload(messages.decode_request(entry)) == payload
            count += 1
    assert seen == {action.name for action in actions.values()}
    assert count > 20 * len(seen)
