"""Chooses names for types with bounds: `Str20` is a text of at most 20 characters, in each flavour."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from ..model._ir import Array, Field, Kind, Scalar

__all__ = ["constraint_name", "scalars_in"]

_STEMS = {Kind.STRING: "Str", Kind.INTEGER: "Int", Kind.NUMBER: "Float"}


def constraint_name(scalar: Scalar) -> str | None:
    """Returns the name of a scalar type with bounds, such as `Str20`; `None` if it has no bounds."""
    if scalar.kind is Kind.DATE_TIME:
        return "DateTime"
    if scalar.kind is Kind.URI:
        return "Uri"
    if scalar.kind not in _STEMS:
        return None
    parts = [
        _span_in_name(scalar.min_length, scalar.max_length) or "",
        _span_in_name(scalar.minimum, scalar.maximum) or "",
        "" if scalar.multiple_of is None else f"Step{_digits_in_name(scalar.multiple_of)}",
    ]
    if scalar.kind is Kind.STRING and scalar.min_length is None and scalar.max_length is not None:
        parts[0] = _digits_in_name(
            scalar.max_length
        )  # Str20 reads as the specification's own string types
    return _STEMS[scalar.kind] + "".join(parts) if any(parts) else None


def _span_in_name(low: float | None, high: float | None) -> str | None:
    if low is not None and high is not None:
        return f"{_digits_in_name(low)}To{_digits_in_name(high)}"
    if low is not None:
        return f"Min{_digits_in_name(low)}"
    return None if high is None else f"Max{_digits_in_name(high)}"


def _digits_in_name(number: float) -> str:
    # Without an exponent, because 1e-05 cannot be part of a name.
    plain = format(Decimal(str(abs(number))), "f")
    return ("Minus" if number < 0 else "") + plain.replace(".", "_")


def scalars_in(fields: Iterable[Field]) -> Iterator[Scalar]:
    """Yields the scalar types of members and of the items of their lists."""
    for field in fields:
        type_ = field.type
        while isinstance(type_, Array):
            type_ = type_.item
        if isinstance(type_, Scalar):
            yield type_
