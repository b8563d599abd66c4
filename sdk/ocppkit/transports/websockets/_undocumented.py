"""Access to parts of the package `websockets` that its documentation does not promise.

They are looked at when this package is imported, so that a release of `websockets` that changes them is told
by name at the start, and not by an AttributeError in the middle of a connection.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from websockets import frames, version
from websockets.protocol import SERVER, Protocol

__all__ = ["OLDEST", "apply_mask", "check"]

OLDEST: Final = (14, 0)
"""The oldest version that the tests run with; pyproject.toml declares it."""

_ATTRIBUTES: Final = (
    "close_rcvd",
    "close_rcvd_then_sent",
    "close_sent",
    "extensions",
    "parser_exc",
)


def check(installed: str, protocol: object) -> None:
    """Checks that the installed version has the parts that are used.

    Args:
        installed: its version.
        protocol: an instance of `websockets.protocol.Protocol`.

    Raises:
        ImportError: the version is too old, or has changed.
    """
    numbers = tuple(int(part) for part in installed.split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ImportError(
            f"websockets {installed} is too old for ocppkit, which needs {oldest} or newer; run: "
            "pip install --upgrade websockets"
        )
    missing = [name for name in _ATTRIBUTES if not hasattr(protocol, name)]
    if missing:
        raise ImportError(
            f"websockets {installed} has no Protocol.{missing[0]}, which ocppkit uses; install an "
            "older version of websockets, or a newer one of ocppkit"
        )


_BytesLike: TypeAlias = bytes | bytearray | memoryview

_apply_mask: Callable[[_BytesLike, _BytesLike], bytes] | None = getattr(frames, "apply_mask", None)
if _apply_mask is None:
    raise ImportError(
        f"websockets {version.version} has no frames.apply_mask, which ocppkit uses [install an "
        "older version of websockets, or a newer one of ocppkit]"
    )
apply_mask: Final = _apply_mask
"""Masks or unmasks the payload of a frame with its key, RFC 6455 section 5.3."""

check(version.version, Protocol(SERVER))
