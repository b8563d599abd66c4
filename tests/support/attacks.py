"""Texts of up to a megabyte that are as expensive as possible to parse, and compressed frames with them."""

import random
import string
import zlib
from collections.abc import Sequence

__all__ = ["ATTACKS", "compressed_frames"]

MOST = 1 << 20
NOISE = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=8000))
"""Does not compress, so that a text with it stays below the greatest ratio that is inflated."""

CUSTOM = '[2,"1","Heartbeat",{"customData":{"vendorId":"v","x":['
DETAILS = '[4,"1","E","d",{"x":['
REPORT = (
    '[2,"1","NotifyReport",{"requestId":1,"generatedAt":"2024-01-01T00:00:00Z","seqNo":0,'
    '"reportData":['
)


def filled(head: str, unit: str, tail: str, most: int = MOST - len(NOISE) - 100) -> str:
    """Returns a text of repeated units, as long as the limits on bytes and elements allow."""
    count = (most - len(head) - len(tail)) // (len(unit) + 1)
    return head + ",".join([unit] * count) + tail


def members(count: int) -> str:
    return ",".join(f'"{number:x}":1' for number in range(count))


ATTACKS: dict[str, str] = {
    "details-lists": filled(DETAILS, "[]", "]}]"),
    "details-objects": filled(DETAILS, "{}", "]}]"),
    "details-numbers": filled(DETAILS, "1", "]}]"),
    "details-within-bounds": filled(DETAILS, "[]", "]}]", 190_000),
    "details-members": '[4,"1","E","d",{' + members(60_000) + "}]",
    "result-lists": filled('[3,"1",{"x":[', "[]", "]}]"),
    "custom-lists": filled(CUSTOM, "[]", "]}}]"),
    "custom-objects": filled(CUSTOM, "{}", "]}}]"),
    "custom-strings": filled(CUSTOM, '""', "]}}]"),
    "custom-escapes": filled(CUSTOM, '"\\n"', "]}}]"),
    "custom-deep": filled(CUSTOM, "[" * 55 + "]" * 55, "]}}]"),
    "custom-deep-within-bounds": filled(CUSTOM, "[" * 55 + "]" * 55, "]}}]", 125_000),
    "custom-members": CUSTOM[:-5] + members(60_000) + "}}]",
    "unknown-members": '[2,"1","Heartbeat",{' + members(60_000) + "}]",
    "backslashes": CUSTOM + '"' + "\\\\" * 500_000 + '"]}}]',
    "quotation-marks": CUSTOM + '"' + '\\"' * 500_000 + '"]}}]',
    "digits": CUSTOM + "9" * 1_000_000 + "]}}]",
    "brackets": "[" * (MOST - 10_000),
    "braces": '{"":' * 250_000,
    "no-json": "x" * (MOST - 10_000),
    "empty-items": filled(REPORT, "{}", "]}]", 190_000),
    "wrong-items": filled(REPORT, '{"component":{"nam":"x"},"variable":{"nam":1}}', "]}]", 900_000),
}


def compressed_frames(texts: Sequence[str], most: int = 1 << 16) -> bytes:
    """Returns compressed frames with these texts again and again, masked with zeros.

    Args:
        texts: what to send.
        most: how many bytes to send at most, unless the first text alone needs more.
    """
    squeeze = zlib.compressobj(wbits=-15)
    out = bytearray()
    while True:
        for text in texts:
            data = squeeze.compress(text.encode()) + squeeze.flush(zlib.Z_SYNC_FLUSH)
            data = data.removesuffix(b"\0\0\xff\xff")
            frame = _head(len(data)) + b"\0\0\0\0" + data
            if out and len(out) + len(frame) > most:
                return bytes(out)
            out += frame


def _head(size: int) -> bytes:
    if size < 126:
        return bytes((0xC1, 0x80 | size))
    if size < 1 << 16:
        return bytes((0xC1, 0x80 | 126)) + size.to_bytes(2, "big")
    return bytes((0xC1, 0x80 | 127)) + size.to_bytes(8, "big")
