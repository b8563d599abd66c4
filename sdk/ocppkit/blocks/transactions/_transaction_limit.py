"""How much a transaction may cost, take or last."""

from msgspec import Struct

__all__ = ["TransactionLimit"]


class TransactionLimit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much a transaction may cost, take or last; an absent member does not limit. [E16]"""

    max_cost: float | None = None
    """In the currency of the station."""

    max_energy: float | None = None
    """In Wh."""

    max_time: int | None = None
    """Seconds from the beginning of the transaction."""

    max_soc: int | None = None
    """State of charge in percent, which the meter tells as the measurand SoC."""

    @property
    def needs_meter(self) -> bool:
        """Whether the meter must be read to know that it is reached."""
        return self.max_energy is not None or self.max_soc is not None

    def before(self, other: "TransactionLimit") -> "TransactionLimit":
        """Returns the limit whose members are those of this one, and where it has none, of the other."""
        return TransactionLimit(
            max_cost=other.max_cost if self.max_cost is None else self.max_cost,
            max_energy=other.max_energy if self.max_energy is None else self.max_energy,
            max_time=other.max_time if self.max_time is None else self.max_time,
            max_soc=other.max_soc if self.max_soc is None else self.max_soc,
        )
