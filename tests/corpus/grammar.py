"""Whole payloads: texts that are no JSON, more than JSON, or JSON of an unusual dress."""

from collections.abc import Iterator

from corpus.literals import quote
from corpus.nodes import Node
from corpus.samples import maximal, minimal

__all__ = ["whole_texts"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _dressed(text: str) -> Iterator[tuple[str, bytes, bool]]:
    data = text.encode()
    yield "spaces-around", b" \t\r\n" + data + b"\n \r\t", True
    yield "form-feed-before", b"\x0c" + data, False
    yield "no-break-space-before", "\u00a0".encode() + data, False
    yield "byte-order-mark", _BYTE_ORDER_MARK + data, False
    yield "utf-16", text.encode("utf-16"), False
    yield "utf-16-no-mark", text.encode("utf-16-le"), False
    yield "nul-after", data + b"\0", False


def _cut_or_continued(text: str) -> Iterator[tuple[str, bytes, bool]]:
    data = text.encode()
    yield "cut-off", data[:-1], False
    yield "cut-in-half", data[: len(data) // 2], False
    yield "twice", data + data, False
    yield "brace-after", data + b"}", False
    yield "brace-before", b"{" + data, False
    yield "comma-after", data + b",", False
    yield "comment-before", b"/* x */" + data, False
    yield "comment-after", data + b"// x", False
    yield "comma-before-brace", data[:-1] + b",}", False
    yield "colon-before-brace", data[:-1] + b":}", False
    yield "name-only", data[:-1] + (b"," if len(data) > 2 else b"") + b'"customData"}', False
    yield "name-unquoted", b"{a:1}", False
    yield "name-number", b"{1:1}", False
    yield "wrapped-in-text", quote(text).encode(), False
    yield "nothing", b"", False
    yield "blank", b"  ", False
    yield "python", b"{'a': None}", False
    yield "nan", b"NaN", False


def whole_texts(root: Node) -> Iterator[tuple[str, bytes, bool | None]]:
    """Yields (rule, data, whether it is meant to be valid) for a whole payload."""
    for name, data, valid in (*_dressed(minimal(root)), *_cut_or_continued(minimal(root))):
        yield f"text/{name}", data, valid
    yield "text/maximal", maximal(root).encode(), True
    for name, data, valid in _dressed(maximal(root)):
        yield f"text/maximal-{name}", data, valid
