"""How frames look in a log: no secret, no control character of the peer's, no endless line."""

import logging
import re
from collections.abc import Sequence
from functools import partial
from typing import Final

__all__ = ["frames_are_logged", "log_frame", "loggable"]

logger = logging.getLogger("ocppkit.frames")

_LONGEST: Final = 4096

_SECRETS: Final = (r"[^\"\\]*(?:password|secret)", "simPin")
"""Members whose very name says that the value is secret: 2.1 network profiles, APN and VPN settings."""

_SECRET_KEY: Final = re.compile(
    r"authorizationkey|basicauthpassword|simpin|password|secret", re.IGNORECASE
)
"""Keys and variables that hold a secret: the value stands in another member beside the name."""

_VALUES: Final = ("value", "attributeValue", "actualValue")

_VPN: Final = re.compile(r'"vpn"', re.IGNORECASE)
"""The one object whose `key` is no name."""

_ID_TOKENS: Final = (
    *("idTag", "parentIdTag"),  # 1.6
    *("idToken", "additionalIdToken", "customerIdentifier", "idTokens", "prioritizedEMAIDs"),  # 2.x
    # Contract certificates, whole, hashed, and on their way to the vehicle.
    *("certificate", "issuerNameHash", "issuerKeyHash", "exiRequest", "exiResponse"),
)
"""Members that tell who charges."""

_CERTIFICATE: Final = re.compile(r'"issuerKeyHash"', re.IGNORECASE)
"""Beside it a serial number is one of a certificate."""

_PIN: Final = re.compile("KeyCode", re.IGNORECASE)
"""An idToken of this type is a PIN. # C04.FR.04"""

_STRING: Final = r'"(?:[^"\\]++|\\.)*+(?:"|\Z)'
_VALUE: Final = rf"(?:{_STRING}|\[(?:\s*+{_STRING}\s*+,?)*+\]?|[-+.\w]++)"


def _members(names: Sequence[str]) -> re.Pattern[str]:
    """Finds the values of members; also of those in JSON inside a text, as DataTransfer may have it."""
    name = "|".join(names)
    plain = rf'(?P<plain>(?<!\\)"(?:{name})"\s*:\s*){_VALUE}'
    inside = rf'(?P<inside>(?<!\\)\\++"(?:{name})\\++"\s*:\s*)(?:\\++"[^"]*+"?|[-+.\w]++)'
    return re.compile(f"{plain}|{inside}", re.IGNORECASE)


_SECRET_MEMBER: Final = _members(_SECRETS)
_VALUE_MEMBER: Final = _members(_VALUES)
_KEY_MEMBER: Final = _members(("key",))
_ID_TOKEN_MEMBER: Final = _members(_ID_TOKENS)
_SERIAL_NUMBER_MEMBER: Final = _members(("serialNumber",))

# ftp://user:password@host, as locations of firmware and logs have it.
_USER_INFO: Final = re.compile(r"(:(?:\\?/){2})[^/\s\"\\@]*@")


frames_are_logged: Final = partial(logger.isEnabledFor, logging.DEBUG)
"""Says whether anybody looks at frames; to be asked before anything is done for them."""


def log_frame(name: str, direction: str, data: str | bytes, hide_id_tokens: bool = False) -> None:
    """Logs a frame at DEBUG, to `ocppkit.frames`; costs one comparison when that level is off."""
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s %s %s", loggable(name), direction, loggable(data, hide_id_tokens))


def loggable(data: str | bytes, hide_id_tokens: bool = False) -> str:
    """Returns a text of the peer's as it may stand in a log.

    Args:
        data: the text, a frame perhaps.
        hide_id_tokens: hide who charges, beside secrets, which are always hidden.
    """
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    text = _USER_INFO.sub(r"\1***@", text)
    if _SECRET_KEY.search(text):
        text = _hidden(text, _SECRET_MEMBER, _VALUE_MEMBER)
        if _VPN.search(text):
            text = _hidden(text, _KEY_MEMBER)
    if hide_id_tokens or _PIN.search(text):
        text = _hidden(text, _ID_TOKEN_MEMBER)
        if _CERTIFICATE.search(text):
            text = _hidden(text, _SERIAL_NUMBER_MEMBER)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... ({len(text)} characters)"
    return text if text.isprintable() else "".join(map(_escaped, text))


def _hidden(text: str, *members: re.Pattern[str]) -> str:
    for pattern in members:
        text = pattern.sub(_blank, text)
    return text


def _blank(match: re.Match[str]) -> str:
    return f'{match["plain"] or match["inside"]}"***"'


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
