"""Logs frames without secrets and control characters, and in limited length.

Theory of operation: what is logged may be cut off or no JSON at all, and may be a megabyte of somebody's
malice. So nothing is parsed: patterns find the members that the facts of the version name, in the text as
it stands, and put asterisks in place of their values. Where the facts say that a value is secret if
something beside it is the name of a secret, such a name anywhere in the frame hides all such values.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from ocppkit.core import Protocol

__all__ = ["frame_text", "frames_are_logged", "log_frame", "loggable"]

logger = logging.getLogger("ocppkit.frames")

_LONGEST: Final = 4096

_SPEAKING: Final = (r"[^\"\\]*(?:password|secret)", "simPin", "authorization_?key")
"""Members whose very name says that the value is secret, also in what vendors add."""

_SECRET_NAMES: Final = ("AuthorizationKey", "BasicAuthPassword", "Password", "Secret", "Pin")
_VALUES: Final = ("value", "attributeValue", "actualValue")
"""What is looked for in a text of no known version."""

_CERTIFICATE: Final = re.compile(r'"issuerKeyHash"', re.IGNORECASE)
"""Beside it a serial number is one of a contract certificate, which tells who charges."""

_PIN: Final = re.compile("KeyCode", re.IGNORECASE)
"""An idToken of this type is a PIN. # C04.FR.04"""

_STRING: Final = r'"(?:[^"\\]++|\\.)*+(?:"|\Z)'
_VALUE: Final = rf"(?:{_STRING}|(?P<opened>[\[{{])|[-+.\w]++)"

_TOKENS: Final = re.compile(rf"{_STRING}|[\[\]{{}}]")
_QUOTE: Final = re.compile(r'(?<!\\)"|\Z')


def _member_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Returns a pattern that finds the values of members, also within JSON inside a text, as in
    DataTransfer.
    """
    name = "|".join(names)
    plain = rf'(?P<plain>(?<!\\)"(?:{name})"\s*:\s*){_VALUE}'
    inside = (
        rf'(?P<inside>(?<!\\)\\++"(?:{name})\\++"\s*:\s*)'
        r'(?:\\++"[^"]*+"?|(?P<opened_inside>[\[{])|[-+.\w]++)'
    )
    return re.compile(f"{plain}|{inside}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _SecretPatterns:
    """The patterns that find secrets and personal data in the frames of one version."""

    secret_members: re.Pattern[str]
    names_secret: re.Pattern[str]
    named_values: re.Pattern[str]
    personal_members: re.Pattern[str]


@lru_cache(maxsize=64)
def _patterns(
    secret: frozenset[str],
    personal: frozenset[str],
    values: tuple[str, ...],
    secret_names: tuple[str, ...],
) -> _SecretPatterns:
    names = "|".join(map(re.escape, secret_names))
    return _SecretPatterns(
        secret_members=_member_pattern((*_SPEAKING, *map(re.escape, sorted(secret)))),
        # What goes on in small letters is another word: `WebSocketPingInterval` names no PIN.
        names_secret=re.compile(f"(?i:{names})s?(?![a-z])"),
        named_values=_member_pattern(map(re.escape, values)),
        personal_members=_member_pattern(map(re.escape, sorted(personal))),
    )


_SERIAL_NUMBER_MEMBER: Final = _member_pattern(("serialNumber",))
_ID_TOKEN_MEMBER: Final = _member_pattern(("idToken", "additionalIdToken"))
_NO_NAMES: Final[frozenset[str]] = frozenset()
_OF_NO_VERSION: Final = _patterns(_NO_NAMES, _NO_NAMES, _VALUES, _SECRET_NAMES)

# ftp://user:password@host, as locations of firmware and logs have it.
_USER_INFO: Final = re.compile(r"(:(?:\\?/){2})[^/\s\"\\@]*@")
_CUT_USER_INFO: Final = re.compile(r"(:(?:\\?/){2})[^/\s\"\\@]*\Z")

frames_are_logged: Final = partial(logger.isEnabledFor, logging.DEBUG)
"""Says whether anybody looks at frames; to be asked before anything is done for them."""


def log_frame(
    name: str,
    direction: str,
    data: str | bytes,
    protocol: Protocol,
    hide_id_tokens: bool = False,
) -> None:
    """Logs a frame at DEBUG to `ocppkit.frames`. It is nearly free when that level is off.

    Args:
        name: the station's identity.
        direction: an arrow.
        data: the frame.
        protocol: the version, whose facts name the members that are not shown.
        hide_id_tokens: hide who charges, beside secrets, which are always hidden.
    """
    if logger.isEnabledFor(logging.DEBUG):
        text = frame_text(data, protocol, hide_id_tokens)
        logger.debug("%s %s %s", loggable(name), direction, text)


def frame_text(data: str | bytes, protocol: Protocol, hide_id_tokens: bool = False) -> str:
    """Returns the text of a frame as `log_frame` logs it."""
    return _printable(_redact(_as_text(data), _patterns_of(protocol), hide_id_tokens))


def loggable(data: str | bytes) -> str:
    """Returns a text of the peer, such as an identity or a reason, without control characters and
    secrets, for a log line.
    """
    return _printable(_redact(_as_text(data), _OF_NO_VERSION, hide_personal=False))


def _patterns_of(protocol: Protocol) -> _SecretPatterns:
    facts = protocol.sensitive
    return _patterns(facts.secret, facts.personal, tuple(facts.named_values), facts.secret_names)


def _redact(whole: str, patterns: _SecretPatterns, hide_personal: bool) -> str:
    """Returns a text without secrets, cut to the length that is logged; the whole text is searched
    for names of secrets.
    """
    text = _USER_INFO.sub(r"\1***@", whole[:_LONGEST])
    if len(whole) > _LONGEST:
        text = _CUT_USER_INFO.sub(r"\1***", text)
    if '"' in text:
        for members in _patterns_to_hide(whole, patterns, hide_personal):
            text = _with_hidden_values(text, members)
    return text if len(whole) <= _LONGEST else f"{text}... ({len(whole)} characters)"


def _patterns_to_hide(
    text: str, patterns: _SecretPatterns, hide_personal: bool
) -> Iterator[re.Pattern[str]]:
    yield patterns.secret_members
    if patterns.names_secret.search(text):
        yield patterns.named_values
    if hide_personal:
        yield patterns.personal_members
        if _CERTIFICATE.search(text):
            yield _SERIAL_NUMBER_MEMBER
    elif _PIN.search(text):
        yield _ID_TOKEN_MEMBER


def _as_text(data: str | bytes) -> str:
    return data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data


def _printable(text: str) -> str:
    """Returns a text with control characters escaped."""
    return text if text.isprintable() else "".join(map(_escaped, text))


def _with_hidden_values(text: str, members: re.Pattern[str]) -> str:
    """Replaces the values of members by asterisks, whatever their types are."""
    parts: list[str] = []
    at = 0
    for match in members.finditer(text):
        if match.start() >= at:
            parts += text[at : match.start()], match["plain"] or match["inside"], '"***"'
            at = _end_of_value(text, match)
    return "".join((*parts, text[at:]))


def _end_of_value(text: str, match: re.Match[str]) -> int:
    """Returns the position at which the value of a member ends."""
    if match["opened_inside"]:
        # The JSON inside a text ends where the text does.
        return _position_of(_QUOTE.search(text, match.end()), text)
    if not match["opened"]:
        return match.end()
    depth = 0
    for token in _TOKENS.finditer(text, match.start("opened")):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def _position_of(match: re.Match[str] | None, text: str) -> int:
    return len(text) if match is None else match.start()


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
