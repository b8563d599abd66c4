"""Puts other words in place of what tells who charges, what lets somebody in, and which device it is.

Theory of operation: a word's replacement is made from its HMAC, so nobody without the key finds the word, not
even by trying all numbers of cards, and the same word always gets the same replacement. It has the
same length and the same kinds of characters, so that frames which were valid stay valid. Which members
hold such words are facts of each version of OCPP, the same by which logs hide them; serial numbers
and certificates are found by their names.
"""

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import shake_256
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Final, cast

import msgspec

from ocppkit.core import LocalProtocolError, Protocol, Sensitive, is_sensitive

from ._frame_reading import HIDDEN
from ._inspection import InspectedFrame

__all__ = ["Anonymiser"]

_SHORTEST_KEY: Final = 16

_SHORTEST_NAME: Final = 4
"""The length from which on the name of a station is looked for inside of other texts."""

_ATTEMPTS: Final = 100
"""How often another replacement is tried, before two words get the same one."""

_DEVICES: Final = re.compile(
    r"(?i)serial_?number$|^(?:iccid|imsi|imei|vin|csr|mac|mac_?address|evcc_?id)$|certificate(?:_?chain)?$"
)
"""Members that tell one device from all others, by name."""

_OPEN_DATA: Final = "data"
"""The member of a DataTransfer, in which nobody but the vendor knows what is what."""

_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_ARMOUR: Final = re.compile(r"-----[^-]*-----|\s+|\\n")
"""What stands around the lines of a certificate."""

_IN_URL: Final = re.compile(r"(?<=://)[^/\s@]*(?=@)|(?<=\?).+", re.DOTALL)
"""User and password, and the query."""

_WORD: Final = re.compile(r"[\w.:\-]{4,}")


class Anonymiser:
    """Replaces sensitive words in frames.

    ```python
    anonymiser = Anonymiser()
    text = anonymiser.frame('[2,"1","Authorize",{"idTag":"04E91C5A"}]', v16.PROTOCOL)
    ```

    Args:
        key: makes the replacements; a fresh one by default, which nobody knows, so that a new `Anonymiser`
            replaces the same word by another one.

    Raises:
        LocalProtocolError: the key is shorter than 16 bytes.
    """

    def __init__(self, key: bytes | None = None) -> None:
        if key is not None and len(key) < _SHORTEST_KEY:
            raise LocalProtocolError(
                f"a key of {len(key)} bytes can be guessed [take {_SHORTEST_KEY} or more random bytes]"
            )
        self._key = key or secrets.token_bytes(32)
        self._replaced: dict[str, str] = {}
        self._taken: dict[str, str] = {}

    def word(self, text: str) -> str:
        """Returns the replacement of a word: as long, with digits for digits and letters for letters.

        Words that differ in upper and lower case only keep doing so, as OCPP 1.6 compares id tags without
        regard to case.
        """
        if not text or text == HIDDEN:
            return text
        found = self._replaced.get(text)
        if found is None:
            found = self._replaced[text] = self._replacement(text)
        return found

    def frame(self, text: str, protocol: Protocol) -> str | None:
        """Returns a frame with replacements.

        Args:
            text: the frame.
            protocol: the version, whose facts name the members.

        Returns:
            `None` for a text that is not a JSON array: nobody can say what is sensitive in it.
        """
        try:
            elements = msgspec.json.decode(text, type=list[Any])
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return None
        facts = protocol.sensitive
        done = [self._element(each, facts) for each in elements[2:]]
        return msgspec.json.encode([*elements[:2], *done]).decode()

    def inspected_frame(
        self, frame: InspectedFrame, *, stations: bool = False
    ) -> InspectedFrame | None:
        """Returns a frame of a log with replacements, for `log_line` and `trace_line`.

        Args:
            frame: the frame, with the version by which it was read.
            stations: whether the name of the station is replaced too, also where the frame has it, as in
                a message id.

        Returns:
            `None` for a text that is not a JSON array, as of `frame`.
        """
        text = self.frame(frame.logged.text, frame.reading.protocol)
        if text is None:
            return None
        station = frame.logged.station
        if stations:
            replacement = self.word(station)
            if len(station) >= _SHORTEST_NAME:
                text = text.replace(station, replacement)
            station = replacement
        logged = msgspec.structs.replace(frame.logged, text=text, station=station)
        return msgspec.structs.replace(frame, logged=logged)

    def _element(self, element: Any, facts: Sensitive) -> Any:
        """Returns an element of a frame behind the message id."""
        if isinstance(element, str):
            # The action, or the description of an error, which may repeat what it is about.
            return _WORD.sub(lambda match: self._replaced.get(match[0], match[0]), element)
        return self._value(partial(is_sensitive, facts, root=element), element, [], False)

    def _value(
        self, is_secret: partial[bool], value: Any, path: list[str | int], whole: bool
    ) -> Any:
        """Returns a value with replacements.

        Args:
            is_secret: tells by path and value whether it is sensitive.
            value: untyped JSON.
            path: names and positions from the payload on.
            whole: whether everything in it is sensitive.
        """
        if isinstance(value, dict):
            members = cast("Mapping[str, Any]", value)
            return {
                name: self._value(is_secret, each, [*path, name], whole or name == _OPEN_DATA)
                for name, each in members.items()
            }
        if isinstance(value, list):
            items = cast("Sequence[Any]", value)
            return [
                self._value(is_secret, each, [*path, index], whole)
                for index, each in enumerate(items)
            ]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value[:1] in ("{", "["):
            inside = self._json_text(is_secret, value, path, whole)
            if inside is not None:
                return inside
        if whole or is_secret(path=path, value=value) or _DEVICES.search(_name(path)):
            return self.word(value) if isinstance(value, str) else self._number(value)
        if isinstance(value, str) and "://" in value:
            return _IN_URL.sub(lambda match: self.word(match[0]), value)
        return value

    def _json_text(
        self, is_secret: partial[bool], value: str, path: list[str | int], whole: bool
    ) -> str | None:
        """Returns JSON inside of a text with replacements; `None` if the text is not JSON."""
        try:
            inside = msgspec.json.decode(value)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return None
        done = self._value(is_secret, inside, path, whole)
        # What stays as it was keeps its blanks, too.
        return value if done == inside else msgspec.json.encode(done).decode()

    def _number(self, value: int | float) -> int | float:
        if isinstance(value, float):
            return value
        text = self.word(str(abs(value)))
        number = int(text) if text[0] != "0" or len(text) == 1 else int(f"1{text[1:]}")
        return -number if value < 0 else number

    def _replacement(self, text: str) -> str:
        word = text.lower()
        seed = hmac.digest(self._key, word.encode("utf-8", "surrogatepass"), "sha256")
        found = ""
        for attempt in range(_ATTEMPTS):
            # Two bytes for a character leave no digit noticeably likelier than another.
            stream = shake_256(seed + bytes([attempt])).digest(2 * len(text))
            found = _spelt(text, stream)
            # Another word must not get the same one, unless there are hardly any words so short.
            if found.lower() != word and self._taken.get(found.lower(), word) == word:
                break
        self._taken[found.lower()] = word
        return found


def _name(path: Sequence[str | int]) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _spelt(text: str, stream: bytes) -> str:
    """Returns random characters of the same kinds as those of a text."""
    kept = [False] * len(text)
    for match in _ARMOUR.finditer(text):
        kept[match.start() : match.end()] = [True] * (match.end() - match.start())
    is_hexadecimal = _HEXADECIMAL.fullmatch(text) is not None and not text.isdigit()
    lower = any(each.islower() for each in text)
    parts: list[str] = []
    for at, each in enumerate(text):
        number = int.from_bytes(stream[2 * at : 2 * at + 2])
        if kept[at]:
            parts.append(each)
        elif is_hexadecimal:
            symbol = "0123456789abcdef"[number % 16]
            parts.append(symbol if lower else symbol.upper())
        else:
            parts.append(_alike(each, number))
    return "".join(parts)


def _alike(character: str, number: int) -> str:
    if character in digits:
        return digits[number % 10]
    if character in ascii_lowercase:
        return ascii_lowercase[number % 26]
    if character in ascii_uppercase:
        return ascii_uppercase[number % 26]
    # Letters of other alphabets tell as much as those of this one.
    return "x" if character.isalnum() else character
