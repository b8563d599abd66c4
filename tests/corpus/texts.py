"""Strings: lengths counted in code points, words of enums, and what JSON escapes can hide."""

from collections.abc import Iterator

from corpus.literals import Literal, quote
from corpus.nodes import Node

__all__ = ["enum_words", "strings", "tokens_outside_the_grammar"]

# One code point each: one, two, three and four bytes of UTF-8.
_ALPHABETS = {"ascii": "a", "latin": "\u00e9", "euro": "\u20ac", "astral": "\U0001f50c"}
_ACCENT = "\u0301"

_CONTENT = {
    "one": "x",
    "blank": " ",
    "digits": "42",
    "word-true": "true",
    "word-null": "null",
    "quote-and-backslash": '"\\',
    "slash": "/",
    "controls": "\b\f\n\r\t\u0001\u001f",
    "nul": "\u0000",
    "delete": "\u007f",
    "line-separators": "\u2028\u2029",
    "byte-order-mark": "\ufeff",
    "noncharacter": "\uffff",
    "last-code-point": "\U0010ffff",
    "right-to-left": "\u202e\u05d0",
    "html": "<&>'",
    "combining": "e" + _ACCENT,
}

_ESCAPED = {
    "letter": '"\\u0041"',
    "upper-case-hexadecimal": '"\\u00E9"',
    "lower-case-hexadecimal": '"\\u00e9"',
    "slash": '"\\/"',
    "surrogate-pair": '"\\ud83d\\udd0c"',
    "nul": '"\\u0000"',
}

_LONE_SURROGATES = {
    "high": '"\\ud83d"',
    "low": '"\\udd0c"',
    "swapped": '"\\udd0c\\ud83d"',
    "high-then-letter": '"\\ud83da"',
}

# Tokens that are no JSON strings.
_OUTSIDE = {
    "raw-newline": '"a\nb"',
    "raw-tab": '"a\tb"',
    "raw-nul": '"a\u0000b"',
    "unknown-escape": '"\\x41"',
    "escape-cut-off": '"\\u004"',
    "escape-not-hexadecimal": '"\\u00zz"',
    "escape-at-the-end": '"\\"',
    "single-quotes": "'a'",
    "no-quotes": "a",
    "not-closed": '"a',
}


def tokens_outside_the_grammar() -> Iterator[Literal]:
    """Yields tokens at a string's place that make the text no JSON."""
    for name, text in _OUTSIDE.items():
        yield Literal(f"grammar/{name}", text, False)


def _of_length(length: int) -> Iterator[tuple[str, str]]:
    for name, letter in _ALPHABETS.items():
        yield name, quote(letter * length)
    yield "combining", quote(("e" + _ACCENT) * (length // 2) + "e" * (length % 2))
    yield "escaped", '"' + "\\u0041" * length + '"'
    yield "escaped-astral", '"' + "\\ud83d\\udd0c" * length + '"'


def _lengths(node: Node) -> Iterator[Literal]:
    least, most = node.schema.get("minLength", 0), node.schema.get("maxLength")
    if most is not None:
        for name, text in _of_length(most):
            yield Literal(f"maxLength/at-{name}", text, True)
        for name, text in _of_length(most + 1):
            yield Literal(f"maxLength/above-{name}", text, False)
        yield Literal("maxLength/below", quote("a" * (most - 1)), most > least)
        yield Literal("maxLength/twice", quote("a" * most * 2), False)
    if least:
        for name, text in _of_length(least):
            yield Literal(f"minLength/at-{name}", text, True)
        for name, text in _of_length(least - 1):
            yield Literal(f"minLength/below-{name}", text, False)


def strings(node: Node) -> Iterator[Literal]:
    """Yields the literals of a place with the type `string`, without format or enum."""
    yield from _lengths(node)
    least, most = node.schema.get("minLength", 0), node.schema.get("maxLength", 40)
    yield Literal("string/empty", '""', least == 0)
    for name, value in _CONTENT.items():
        yield Literal(f"string/{name}", quote(value), least <= len(value) <= most)
    for name, text in _ESCAPED.items():
        yield Literal(f"string/escaped-{name}", text, least <= 1 <= most)
    for name, text in _LONE_SURROGATES.items():
        # Grammatical, but no text: it has no UTF-8 form, so nobody could pass it on.
        yield Literal(f"string/lone-surrogate-{name}", text, None)


def _misspelt(word: str) -> Iterator[tuple[str, str]]:
    yield "lower-case", word.lower()
    yield "upper-case", word.upper()
    yield "swapped-case", word.swapcase()


def enum_words(node: Node) -> Iterator[Literal]:
    """Yields the literals of a place with an enum."""
    words: tuple[str, ...] = tuple(node.schema["enum"])
    for word in words:
        yield Literal(f"enum/word {word}", quote(word), True)
        for rule, misspelt in _misspelt(word):
            yield Literal(f"enum/{rule} {word}", quote(misspelt), misspelt in words)
    first = words[0]
    yield Literal("enum/escaped", f'"\\u{ord(first[0]):04x}{first[1:]}"', True)
    for rule, other in (
        ("empty", ""),
        ("unknown", "Unheard-of"),
        ("space-before", f" {first}"),
        ("space-after", f"{first} "),
        ("nul-after", f"{first}\u0000"),
        ("prefix", first[:-1]),
        ("longer", f"{first}s"),
        ("twice", first * 2),
        ("python-name", first.replace(".", "_").replace("-", "_").upper() + "_"),
    ):
        yield Literal(f"enum/{rule}", quote(other), other in words)
    for index in range(len(words)):
        if str(index) not in words:
            yield Literal("enum/index", str(index), False)
            break
