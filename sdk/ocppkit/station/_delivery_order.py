"""Chooses the message of a queue that is sent next: usually the oldest."""

from collections.abc import Collection
from typing import TypeAlias

from ocppkit.aio.lowlevel import Registration

from ._queued_message import QueuedMessage
from ._transaction_numbers import TransactionNumbers

__all__ = ["next_in_order", "next_triggered"]

Queue: TypeAlias = Collection[QueuedMessage]


def next_in_order(queue: Queue, numbers: TransactionNumbers) -> QueuedMessage:
    """Returns the oldest message, or a later one while the CSMS seems to close the connection
    because of the oldest.

    A message that needs the number of a suspect transaction does not pass it.

    Args:
        queue: what waits, the oldest first; not empty.
        numbers: tells which messages number a transaction.
    """
    head = next(iter(queue))
    if not head.is_suspect:
        return head
    numbered: set[str | None] = {None}
    for item in queue:
        if item.entry is None:
            break
        if item.is_suspect:
            numbered.add(numbers.note_of_start(item.entry))
        elif item.entry.note is None or item.entry.note not in numbered:
            return item
    return head


def next_triggered(
    queue: Queue, numbers: TransactionNumbers, registration: Registration
) -> QueuedMessage | None:
    """Returns the oldest message that the CSMS asked for while the station is Pending. # BOOT-12

    One that needs the number of a transaction does not pass the message that begins it.

    Args:
        queue: what waits, the oldest first.
        numbers: tells which messages number a transaction.
        registration: tells what the CSMS has asked for.
    """
    numbered: set[str | None] = set()
    all_known = True
    for item in queue:
        entry = item.entry
        if entry is None:
            all_known = False
            continue
        has_number = entry.note is None or (all_known and entry.note not in numbered)
        if item.triggered is not None and registration.may_send(item.triggered) and has_number:
            return item
        numbered.add(numbers.note_of_start(entry))
    return None
