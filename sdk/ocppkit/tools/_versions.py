"""The versions of OCPP that the tools know, each loaded when it is first needed."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Final

from ocppkit.core import LocalProtocolError, Protocol

__all__ = ["VERSIONS", "load_protocol", "load_protocols", "version_number"]

_PACKAGES: Final = {"1.6": "ocppkit.v16", "2.0.1": "ocppkit.v201", "2.1": "ocppkit.v21"}

VERSIONS: Final = tuple(_PACKAGES)
"""The names of the versions, the oldest first."""


def version_number(name: str) -> str:
    """Returns the number in the name of a version or subprotocol: `1.6` for `1.6`, `1.6J` and `ocpp1.6`."""
    return name.strip().lower().removeprefix("ocpp").removesuffix("j")


@cache
def load_protocol(version: str) -> Protocol:
    """Returns a version of OCPP by its name.

    Args:
        version: `1.6`, `2.0.1` or `2.1`; also as a subprotocol (`ocpp1.6`), or with a J (`1.6J`).

    Raises:
        LocalProtocolError: no version has this name.
    """
    name = version_number(version)
    if name not in _PACKAGES:
        raise LocalProtocolError(
            f"there is no OCPP version {version!r} [name one of {', '.join(_PACKAGES)}]"
        )
    protocol: Protocol = import_module(_PACKAGES[name]).PROTOCOL
    return protocol


def load_protocols(versions: Iterable[str] = VERSIONS) -> tuple[Protocol, ...]:
    """Returns versions of OCPP by their names; all of them, the oldest first, if none is named."""
    return tuple(load_protocol(each) for each in versions)
