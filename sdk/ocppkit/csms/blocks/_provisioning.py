"""Decides how boots are answered, and sets variables of a station before its boot is accepted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from ocppkit.aio import MaybeAwaitable
from ocppkit.blocks.provisioning import BootReport
from ocppkit.blocks.variables import SetVariableData, SetVariableResult
from ocppkit.core import VariableKey

__all__ = ["BootQuestion", "DecideBoot", "Provisioning", "ProvisioningFailed", "StationProvisioned"]

T = TypeVar("T")

_INTERVAL: Final = 300
_RETRY_INTERVAL: Final = 60


@dataclass(frozen=True, slots=True)
class BootQuestion:
    """The question whether a station that boots may be served."""

    station: str
    """Its identity."""

    boot: BootReport


DecideBoot: TypeAlias = Callable[[BootQuestion], MaybeAwaitable[str]]
"""Returns Accepted, Pending or Rejected; plain or async."""


@dataclass(frozen=True, slots=True)
class StationProvisioned:
    """Event: a station has accepted all wanted values, so its next boot will be accepted."""

    station: str


@dataclass(frozen=True, slots=True)
class ProvisioningFailed:
    """Event: a station refused a wanted value. It stays Pending, and the value is set again at its
    next boot.
    """

    station: str
    problem: str
    results: Mapping[str, SetVariableResult]
    """What it answered, by the name of the key."""


def _accept_all(question: BootQuestion) -> str:
    return "Accepted"


class Provisioning:
    """The values that a CSMS sets on a station before it accepts the station's boot.

    ```python
    provisioning = Provisioning()
    provisioning.want(HEARTBEAT_INTERVAL, 300)
    blocks = CsmsBlocks(csms, authorize=authorize, provisioning=provisioning)
    ```

    A station that boots is Pending until it has taken all values; then it is asked to boot again, and
    accepted. Without values, boots are answered at once. # B02
    """

    def __init__(
        self,
        accept: DecideBoot = _accept_all,
        *,
        interval: int = _INTERVAL,
        retry_interval: int = _RETRY_INTERVAL,
    ) -> None:
        """Creates a provisioning that sets no value yet.

        Args:
            accept: decides whether a station may be served; all by default.
            interval: seconds between the heartbeats of a station that is accepted.
            retry_interval: seconds after which one that is not boots again.
        """
        self.accept: DecideBoot = accept
        self.interval: int = interval
        self.retry_interval: int = retry_interval
        self.ready: set[str] = set()
        """The stations that have taken all values, and have not booted since."""

        self._wanted: dict[str, SetVariableData] = {}

    def want(self, key: VariableKey[T], value: T) -> None:
        """Sets a variable of each station to a value before the station's boot is accepted.

        Raises:
            ValueError: the value is none that the variable can have.
        """
        self._wanted[str(key)] = SetVariableData.of(key, value)

    @property
    def wanted(self) -> Mapping[str, SetVariableData]:
        """The values that each station must have before its boot is accepted, by the name of the
        key.
        """
        return self._wanted
