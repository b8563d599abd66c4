"""How frames look in a log: no secret, no control character of the peer's, no endless line."""

import logging
import re
from typing import Final

__all__ = ["log_frame", "shown"]

logger = logging.getLogger("ocppkit.frames")

_LONGEST: Final = 4096

# Members whose very name says that the value is secret: 2.1 network profiles, APN and VPN settings.
_SECRET_MEMBER: Final = re.compile(
    r'("[^"]*(?:password|secret|simPin)"\s*:\s*)"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.IGNORECASE
)

# Keys and variables that hold a password: the value stands in another member beside the name.
_SECRET_KEY: Final = re.compile(
    r"authorizationkey|basicauthpassword|simpin|password", re.IGNORECASE
)
_VALUE_MEMBER: Final = re.compile(
    r'("(?:value|attributeValue)"\s*:\s*)"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.IGNORECASE
)

# ftp://user:password@host, as locations of firmware and logs have it.
_USER_INFO: Final = re.compile(r"(:(?:\\?/){2})[^/\s\"\\@]*@")


def log_frame(name: str, direction: str, data: str | bytes) -> None:
    """Logs a frame at DEBUG, to `ocppkit.frames`; costs one comparison when that level is off."""
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s %s %s", shown(name), direction, shown(data))


def shown(data: str | bytes) -> str:
    """Returns a text of the peer's as it may stand in a log."""
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    text = _USER_INFO.sub(r"\1***@", text)
    if _SECRET_KEY.search(text):
        text = _SECRET_MEMBER.sub(r'\1"***"', text)
        text = _VALUE_MEMBER.sub(r'\1"***"', text)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... ({len(text)} characters)"
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
