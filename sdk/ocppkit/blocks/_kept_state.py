"""The stored state of a block: JSON with a format number."""

from typing import Final, TypeVar

import msgspec
from msgspec import Struct

__all__ = ["FORMAT", "KeptState", "restored"]

FORMAT: Final = 1
"""The format that this release writes, of all blocks."""

S = TypeVar("S", bound="KeptState")


class KeptState(Struct, frozen=True, kw_only=True):
    """Base class of the stored states of blocks."""

    format: int = FORMAT


def restored(cls: type[S], state: bytes, what: str) -> S:
    """Decodes a stored state.

    Args:
        cls: what it holds.
        state: what was kept.
        what: what it is, for the error.

    Raises:
        ValueError: it is torn, of another program, or of a later format.
    """
    try:
        found = msgspec.json.decode(state, type=KeptState).format
        if found != FORMAT:
            raise ValueError(
                f"{what} of format {found}, not {FORMAT}: a newer release has written it"
            )
        return msgspec.json.decode(state, type=cls)
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is not {what}: {error}") from error
