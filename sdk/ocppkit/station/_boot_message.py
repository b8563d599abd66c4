"""Sets the reason in a station's boot message."""

from typing import Any, Final, cast

from msgspec import structs

from ocppkit.aio.lowlevel import BOOT
from ocppkit.core import LocalProtocolError, Request

__all__ = ["with_reason", "without_restart"]

_NO_RESTART: Final = "Unknown"
"""The reason of a boot without a restart; the same value in every version that has reasons."""


def with_reason(boot: Request[Any], reason: str) -> Request[Any]:
    """Returns a boot message with another reason.

    Raises:
        LocalProtocolError: the boot of this version has no reason.
    """
    if not _has_reason(boot):
        raise LocalProtocolError(
            "the message of this version has no member for a reason [leave reason= out]",
            action=BOOT,
        )
    return structs.replace(boot, reason=reason)


def without_restart(boot: Request[Any]) -> Request[Any]:
    """Returns the boot message for a station that has not restarted since its last boot.

    It must not repeat why it once restarted. # BOOT-02
    """
    if not _has_reason(boot):
        return boot
    message: Any = boot
    return cast(Request[Any], structs.replace(message, reason=type(message.reason)(_NO_RESTART)))


def _has_reason(boot: Request[Any]) -> bool:
    return "reason" in boot.__struct_fields__
