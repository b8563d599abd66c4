"""Writes types, bounds and explanatory texts for the reference, in Markdown."""

import re
from collections.abc import Iterator

from ..model._ir import Api, Array, Doc, Ref, Scalar, Type

__all__ = ["Links", "bounds_of", "markdown", "prose", "type_in_words"]

_SPECIAL = re.compile(r"(`[^`]*`)|([\\*_\[\]|<>#])")


def markdown(text: str) -> str:
    """Escapes plain text for Markdown; text in backticks stays unchanged."""
    return _SPECIAL.sub(lambda found: found[1] or f"\\{found[2]}", text)


def prose(doc: Doc | None) -> str:
    """Returns an explanatory text with its source in small print; an empty text for `None`."""
    if doc is None:
        return ""
    return f"{markdown(doc.text)} <small>{markdown(doc.source)}</small>"


def type_in_words(type_: Type) -> str:
    """Returns a type in words, without its bounds, such as `list of SampledValueType`."""
    match type_:
        case Array(item):
            return f"list of {type_in_words(item)}"
        case Ref(name):
            return name
        case Scalar(kind):
            return str(kind)


def bounds_of(type_: Type) -> Iterator[str]:
    """Yields the bounds of a type in words, such as `at most 20 characters`; for a list also those of its items."""
    match type_:
        case Array(item, low, high):
            yield from _range_of(low, high, "items")
            yield from bounds_of(item)
        case Ref():
            pass
        case Scalar():
            yield from _range_of(type_.min_length, type_.max_length, "characters")
            yield from _range_of(type_.minimum, type_.maximum, "")
            if type_.multiple_of is not None:
                yield f"a multiple of {type_.multiple_of}"


def _range_of(low: float | None, high: float | None, unit: str) -> Iterator[str]:
    """Yields a range in words; nothing if it has no ends."""
    unit = unit.removesuffix("s") if 1 in (low, high) and None in (low, high) else unit
    match low, high:
        case None, None:
            return
        case None, most:
            text = f"at most {most}"
        case least, None:
            text = f"at least {least}"
        case least, most:
            text = f"{least} to {most}" if least != most else f"exactly {most}"
    yield f"{text} {unit}".rstrip()


class Links:
    """Creates links from one page of the reference to others of the same version.

    Args:
        api: the version.
        root: the relative path from the folder of the page to the folder of the version: empty, or `../`.
    """

    def __init__(self, api: Api, root: str) -> None:
        self._enums = api.enum_names()
        self._messages = {
            message.name: action.name for action in api.actions for message in action.messages
        }
        self._root = root

    def to(self, name: str) -> str:
        """Returns the relative path of the page about a datatype, an enum, a message or an action."""
        if name in self._messages:
            return f"{self._root}{self._messages[name]}.md"
        if name in self._messages.values():
            return f"{self._root}{name}.md"
        return f"{self._root}{'enums' if name in self._enums else 'types'}/{name}.md"

    def link(self, name: str) -> str:
        """Returns a Markdown link to the page about a name."""
        return f"[{name}]({self.to(name)})"

    def type(self, type_: Type) -> str:
        """Returns a type in words, with a link to its page."""
        match type_:
            case Array(item):
                return f"list of {self.type(item)}"
            case Ref(name):
                return self.link(name)
            case Scalar(kind):
                return str(kind)
