"""A message that waits in a delivery queue, and what has happened to it so far."""

from dataclasses import dataclass
from typing import Any, Final

from ocppkit.core import Action, Request

from ._deliveries import Delivery
from ._journal import Entry

__all__ = ["MessageHold", "QueuedMessage"]

SUSPECT_LOSSES: Final = 5
"""After so many connections that the CSMS closed while it had a message, the next one goes first."""


@dataclass(slots=True, eq=False)
class MessageHold:
    """Holds messages back until another one, such as a response, has been sent."""

    is_released: bool = False


@dataclass(slots=True, eq=False)
class QueuedMessage:
    """A message in a delivery queue."""

    entry: Entry | None
    """`None` while it is in the store only."""

    request: Request[Any] | None = None
    """`None` until it is decoded."""

    timeout: float | None = None
    delivery: Delivery[Any] | None = None
    """`None` if an earlier run of the program had left it."""

    failures: int = 0
    losses: int = 0
    """Connections that the CSMS closed while it had this message."""

    was_overtaken: bool = False
    """Whether a later message was delivered since this one became suspect."""

    refused_unregistered: bool = False
    """Whether it was refused because the CSMS had lost our registration, which costs no attempt once."""

    disconnections: int = 0
    """How many connections had ended when it was made."""

    may_have_left: bool = False
    """Whether the CSMS may have it already, so that its bytes must not change."""

    triggered: Action | None = None
    """Its action, if the CSMS asked for it while it had the station Pending. # BOOT-12"""

    transaction: str | None = None
    """The transaction that it belongs to: its id, or the note where it has none yet."""

    hold: MessageHold | None = None
    """What keeps it from leaving, if something does."""

    seq: int = 0
    """Its number in the store, once it is there."""

    @property
    def is_held(self) -> bool:
        """Whether the message is held back for now."""
        return self.hold is not None and not self.hold.is_released

    @property
    def is_suspect(self) -> bool:
        """Whether the CSMS seems to close connections because of this message, so that the next
        message is sent first.
        """
        return self.losses >= SUSPECT_LOSSES and not self.was_overtaken

    def note_overtaken(self) -> None:
        """Notes that a later message was delivered.

        It tells nothing of one that is not suspect: what the CSMS asks for while the station is
        Pending goes first as well.
        """
        self.was_overtaken = self.losses >= SUSPECT_LOSSES
