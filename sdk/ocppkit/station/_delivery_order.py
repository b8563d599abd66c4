"""Which message of a queue goes next: the oldest, with two exceptions."""

from collections.abc import Collection
from typing import TypeAlias

from ocppkit.aio.lowlevel import Registration

from ._queued_message import QueuedMessage
from ._transaction_numbers import TransactionNumbers

__all__ = ["asked_for", "next_in_order"]

Queue: TypeAlias = Collection[QueuedMessage]


def next_in_order(queue: Queue, numbers: TransactionNumbers) -> QueuedMessage:
    """Returns the head, or what goes before it, if the head seems to make the CSMS close the line.

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
            numbered.add(numbers.starts(item.entry))
        elif item.entry.note is None or item.entry.note not in numbered:
            return item
    return head


def asked_for(
    queue: Queue, numbers: TransactionNumbers, registration: Registration
) -> QueuedMessage | None:
    """Returns the oldest message that the CSMS asked for while it has the station Pending. # BOOT-12

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
        numbered.add(numbers.starts(entry))
    return None
