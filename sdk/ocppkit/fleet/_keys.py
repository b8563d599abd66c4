"""Keys and subjects on the bus for identities that may have any characters."""

import re
from typing import Final

__all__ = ["identity_of", "key_of"]

# The dot would divide a subject into words, and `=` begins an escape.
_ESCAPED: Final = re.compile(rb"[^-_a-zA-Z0-9]")
_ESCAPE: Final = re.compile(rb"=([0-9A-F]{2})")


def key_of(identity: str) -> str:
    """Returns a text as one word of letters, digits, `-` and `_`; each other byte of its UTF-8 becomes `=XX`."""
    return _ESCAPED.sub(lambda found: b"=%02X" % found[0][0], identity.encode()).decode()


def identity_of(key: str) -> str:
    """Returns the text that a key was made of.

    Raises:
        ValueError: `key_of` makes no such key.
    """
    identity = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), key.encode()).decode()
    if key_of(identity) != key:
        raise ValueError(f"no key of an identity: {key!r}")
    return identity
