"""Numbers: how JSON may write them, and the bounds, steps and sizes at which readers go wrong."""

import re
from collections.abc import Iterator
from fractions import Fraction
from random import Random

from corpus.literals import Literal
from corpus.nodes import Node

__all__ = ["numbers", "tokens_outside_the_grammar"]

_INTEGERS = {
    "zero": "0",
    "one": "1",
    "minus-one": "-1",
    "seven": "7",
    "minus-seven": "-7",
    "minus-zero": "-0",
    "int32-largest": "2147483647",
    "int32-above": "2147483648",
    "int32-smallest": "-2147483648",
    "int32-below": "-2147483649",
    "double-largest-exact": "9007199254740991",
    "double-inexact": "9007199254740993",
    "int64-largest": "9223372036854775807",
    "int64-above": "9223372036854775808",
    "int64-smallest": "-9223372036854775808",
    "int64-below": "-9223372036854775809",
    "uint64-largest": "18446744073709551615",
    "uint64-above": "18446744073709551616",
    "digits-31": "1" + "0" * 29 + "1",
    "digits-31-minus": "-1" + "0" * 29 + "1",
    "digits-400": "1" * 400,
}

_FRACTIONS = {
    "one-point-zero": "1.0",
    "one-exponent-zero": "1e0",
    "one-exponent-upper": "1E0",
    "one-exponent-plus": "1e+0",
    "one-exponent-minus": "10e-1",
    "zero-point-zero": "0.0",
    "minus-zero-point-zero": "-0.0",
    "zero-exponent": "0e5",
    "exponent-two": "1e2",
    "seven-point-zeros": "7.0000000000",
    "one-and-a-half": "1.5",
    "minus-one-and-a-half": "-1.5",
    "half": "0.5",
    "tenth": "0.1",
    "twentieth": "0.05",
    "third": "0.3333333333333333",
    "digits-20": "0.12345678901234567890",
    "exponent-fifteen": "1e15",
    "exponent-sixteen-odd": "9.007199254740993e15",
    "double-inexact-point-zero": "9007199254740993.0",
    "int64-largest-point-zero": "9223372036854775807.0",
    "int64-above-point-zero": "9223372036854775808.0",
    "exponent-nineteen": "1e19",
    "exponent-thirty": "1e30",
    "exponent-thirty-minus": "-1e30",
    "one-and-beneath-a-double": "1.00000000000000000001",
    "double-largest": "1.7976931348623157e308",
    "double-smallest": "5e-324",
    "above-doubles": "1e400",
    "above-doubles-minus": "-1e400",
    "below-doubles": "1e-400",
}

_STEPS = (
    *("8.1", "21.4", "0.05", "8.10", "81e-1", "0.81e1", "-8.1", "-0.05", "8.15", "8.11", "0.3"),
    *("0.7", "1.1", "2.3", "4.35", "16.1", "16.3", "32.05", "0.1", "0.01", "0.099", "0.0999999"),
    *("99999.9", "99999.95", "123456789.1", "123456789.12", "4503599627370496.5"),
    *("900719925474099.1", "1e-1", "1e-2", "5e-2", "1e22", "1e23"),
    *("0.1000000000000001", "0.30000000000000004", "6553.5", "6553.55", "22000.0"),
    # The neighbours among the doubles of what is a multiple.
    *("8.100000000000001", "8.099999999999998", "1.7000000000000002", "1.6999999999999997"),
    *("99999.90000000001", "900719925474099.2", "900719925474099.4"),
)

# No multiples, but read as the double that stands for one.
_STEPS_BENEATH_A_DOUBLE = (
    *("0.10000000000000001", "8.099999999999999", "8.1000000000000001"),
    *("8.10000000000000000001", "900719925474099.15"),
)

# Not JSON numbers, though some readers take them.
_OUTSIDE = {
    "leading-zero": "01",
    "minus-leading-zero": "-01",
    "plus": "+1",
    "point-first": ".5",
    "point-last": "1.",
    "point-then-exponent": "1.e2",
    "exponent-empty": "1e",
    "exponent-sign-only": "1e+",
    "minus-only": "-",
    "minus-space": "- 1",
    "hexadecimal": "0x10",
    "underscore": "1_000",
    "comma": "1,000",
    "nan": "NaN",
    "minus-nan": "-NaN",
    "infinity": "Infinity",
    "minus-infinity": "-Infinity",
    "inf": "inf",
    "fullwidth": "\uff11",
    "double-point": "1.2.3",
    "letter": "1f",
}


def tokens_outside_the_grammar() -> Iterator[Literal]:
    """Yields tokens at a number's place that make the text no JSON."""
    for name, text in _OUTSIDE.items():
        yield Literal(f"grammar/{name}", text, False)


def _allowed(node: Node, text: str) -> bool:
    """Applies a schema to a number, exactly, without the oracle's code."""
    value, schema = Fraction(text), node.schema
    written_as_integer = re.fullmatch(r"-?\d+", text) is not None
    # Draft 4 tells 1.0 from 1; since draft 6 an integer is any number without a fraction.
    integral = written_as_integer or (node.draft >= 6 and value.denominator == 1)
    return (
        (node.kind == "number" or integral)
        and value >= Fraction(schema.get("minimum", value))
        and value <= Fraction(schema.get("maximum", value))
        and (
            "multipleOf" not in schema or (value / Fraction(schema["multipleOf"])).denominator == 1
        )
    )


def _bounds(node: Node) -> Iterator[tuple[str, str]]:
    for keyword, outwards in (("minimum", -1), ("maximum", 1)):
        if keyword not in node.schema:
            continue
        at = int(node.schema[keyword])
        yield f"{keyword}/at", f"{at}"
        yield f"{keyword}/at-point-zero", f"{at}.0"
        yield f"{keyword}/at-exponent", f"{at}e0"
        yield f"{keyword}/inside", f"{at - outwards}"
        yield f"{keyword}/beyond", f"{at + outwards}"
        yield f"{keyword}/beyond-point-zero", f"{at + outwards}.0"
        yield f"{keyword}/beyond-by-a-tenth", _beyond(at, outwards, "1")
        yield f"{keyword}/beyond-by-a-billionth", _beyond(at, outwards, "000000001")
        yield f"{keyword}/beyond-beneath-a-double", _beyond(at, outwards, "0" * 24 + "1")


def _beyond(at: int, outwards: int, digits: str) -> str:
    """Writes a number a little outside of a bound."""
    if at * outwards > 0:
        return f"{at}.{digits}"
    if at == 0:
        return f"{'-' if outwards < 0 else ''}0.{digits}"
    # Below a positive or above a negative bound: borrow one from the whole part.
    nines = f"{10 ** len(digits) - int(digits):0{len(digits)}d}"
    whole = abs(at) - 1
    return f"{'-' if at < 0 else ''}{whole}.{nines}"


def _steps() -> Iterator[str]:
    yield from _STEPS
    random = Random("steps of a tenth")
    for _ in range(60):
        yield f"{random.randrange(-10**6, 10**6)}.{random.randrange(1, 10)}"
        yield f"{random.randrange(10**3)}.{random.randrange(10**3):03d}"
        yield f"{random.randrange(10**12)}.{random.randrange(1, 10)}"


def numbers(node: Node) -> Iterator[Literal]:
    """Yields the literals of a place with the type `integer` or `number`."""
    for name, text in (_INTEGERS | _FRACTIONS).items():
        yield Literal(f"number/{name}", text, _allowed(node, text))
    for rule, text in _bounds(node):
        yield Literal(rule, text, _allowed(node, text))
    if "multipleOf" in node.schema:
        for text in dict.fromkeys(_steps()):
            yield Literal(f"multipleOf/step {text}", text, _allowed(node, text))
        for text in _STEPS_BENEATH_A_DOUBLE:
            yield Literal(f"multipleOf/beneath-a-double {text}", text, _allowed(node, text))
