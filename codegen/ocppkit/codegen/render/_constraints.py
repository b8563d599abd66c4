"""The names of bounded scalars: `Str20` is a text of at most 20 characters in every flavour."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from ..model._ir import Array, Field, Kind, Scalar

__all__ = ["constraint_name", "scalars"]

_STEMS = {Kind.STRING: "Str", Kind.INTEGER: "Int", Kind.NUMBER: "Float"}


def constraint_name(scalar: Scalar) -> str | None:
    """Returns the name of a scalar's bounds, or `None` where it has none."""
    if scalar.kind is Kind.DATE_TIME:
        return "DateTime"
    if scalar.kind is Kind.URI:
        return "Uri"
    if scalar.kind not in _STEMS:
        return None
    parts = [
        _span(scalar.min_length, scalar.max_length) or "",
        _span(scalar.minimum, scalar.maximum) or "",
        "" if scalar.multiple_of is None else f"Step{_digits(scalar.multiple_of)}",
    ]
    if scalar.kind is Kind.STRING and scalar.min_length is None and scalar.max_length is not None:
        parts[0] = _digits(scalar.max_length)  # Str20 reads as the specification's own string types
    return _STEMS[scalar.kind] + "".join(parts) if any(parts) else None


def _span(low: float | None, high: float | None) -> str | None:
    if low is not None and high is not None:
        return f"{_digits(low)}To{_digits(high)}"
    if low is not None:
        return f"Min{_digits(low)}"
    return None if high is None else f"Max{_digits(high)}"


def _digits(number: float) -> str:
    # Without an exponent: 1e-05 would be no part of a name.
    plain = format(Decimal(str(abs(number))), "f")
    return ("Minus" if number < 0 else "") + plain.replace(".", "_")


def scalars(fields: Iterable[Field]) -> Iterator[Scalar]:
    """Yields the scalars of members, those in lists included."""
    for field in fields:
        type_ = field.type
        while isinstance(type_, Array):
            type_ = type_.item
        if isinstance(type_, Scalar):
            yield type_
