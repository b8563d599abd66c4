"""The slot for our outstanding call: its table in Markdown, and its picture."""

from typing import Final

from ocppkit.core.engine._calls import TRANSITIONS, Input, Slot

from ._svg import box, curve, figure, words

__all__ = ["state_picture", "state_table"]

_WIDTH, _HEIGHT = 640, 380
_BOX = (110, 40)

_PLACES: Final = {
    Slot.FREE: (110, 110),
    Slot.WAITING: (530, 110),
    Slot.ABANDONED: (320, 225),
    Slot.LOST: (320, 350),
}

# From, to: the way of the arrow, then where its words stand and how they are aligned.
_WAYS: Final = {
    (Slot.FREE, Slot.WAITING): ("M165 100 475 100", 320, 92, "middle"),
    (Slot.WAITING, Slot.FREE): ("M475 122 165 122", 320, 139, "middle"),
    (Slot.FREE, Slot.FREE): ("M85 90C65 40 155 40 135 90", 110, 44, "middle"),
    (Slot.WAITING, Slot.WAITING): ("M505 90C485 40 575 40 555 90", 530, 30, "middle"),
    (Slot.ABANDONED, Slot.ABANDONED): ("M290 245C265 290 205 258 265 235", 222, 272, "end"),
    (Slot.WAITING, Slot.ABANDONED): ("M530 130C530 190 460 225 375 225", 470, 180, "end"),
    (Slot.ABANDONED, Slot.FREE): ("M265 220C180 220 130 180 130 130", 218, 178, "middle"),
    (Slot.FREE, Slot.LOST): ("M95 130C95 280 160 350 265 350", 124, 314, "end"),
    (Slot.ABANDONED, Slot.LOST): ("M320 245 320 330", 327, 292, "start"),
    (Slot.WAITING, Slot.LOST): ("M570 130C590 280 520 350 375 350", 546, 314, "start"),
}


def state_table() -> str:
    """Returns the table: what happens, by input and state."""
    states = [slot for slot in Slot if any(slot is state for state, _ in TRANSITIONS)]
    rows = [
        "| | " + " | ".join(f"`{state}`" for state in states) + " |",
        "|---" * (len(states) + 1) + "|",
    ]
    for each in Input:
        cells = [TRANSITIONS.get((state, each)) for state in states]
        texts = [f"{cell[0]}, then `{cell[1]}`" if cell else "cannot happen" for cell in cells]
        rows.append(f"| **{each}** | " + " | ".join(texts).replace("_", " ") + " |")
    return "\n".join(rows)


def state_picture() -> str:
    """Returns the same as a picture; a way that is new needs a place in it first."""
    ways: dict[tuple[Slot, Slot], list[str]] = {}
    for (state, each), (deed, following) in TRANSITIONS.items():
        ways.setdefault((state, following), []).append(f"{each}: {deed}".replace("_", " "))
    parts = [box(*_PLACES[slot], *_BOX, slot) for slot in Slot]
    for way, labels in ways.items():
        path, x, y, anchor = _WAYS[way]
        parts.append(curve("states", path))
        parts.extend(
            words(x, y + 15 * line, label, anchor=anchor) for line, label in enumerate(labels)
        )
    return figure("states", "States of the slot for our call", _WIDTH, _HEIGHT, parts)
