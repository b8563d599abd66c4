"""Bounds have names that say what they are, and no two bounds share one."""

import itertools

import pytest

from ocppkit.codegen.model._ir import Array, Field, Kind, Ref, Scalar, Type
from ocppkit.codegen.render._constraints import constraint_name, scalars_in


@pytest.mark.parametrize(
    ("scalar", "name"),
    [
        (Scalar(Kind.STRING), None),
        (Scalar(Kind.STRING, max_length=20), "Str20"),
        (Scalar(Kind.STRING, max_length=0), "Str0"),
        (Scalar(Kind.STRING, min_length=1), "StrMin1"),
        (Scalar(Kind.STRING, min_length=0), "StrMin0"),
        (Scalar(Kind.STRING, min_length=2, max_length=5), "Str2To5"),
        (Scalar(Kind.INTEGER), None),
        (Scalar(Kind.INTEGER, minimum=0), "IntMin0"),
        (Scalar(Kind.INTEGER, maximum=9), "IntMax9"),
        (Scalar(Kind.INTEGER, minimum=0, maximum=100), "Int0To100"),
        (Scalar(Kind.INTEGER, minimum=-5, maximum=-1), "IntMinus5ToMinus1"),
        (Scalar(Kind.INTEGER, minimum=-5), "IntMinMinus5"),
        (Scalar(Kind.INTEGER, multiple_of=5), "IntStep5"),
        (Scalar(Kind.NUMBER), None),
        (Scalar(Kind.NUMBER, minimum=0), "FloatMin0"),
        (Scalar(Kind.NUMBER, minimum=-0.5, maximum=1.25), "FloatMinus0_5To1_25"),
        (Scalar(Kind.NUMBER, multiple_of=0.1), "FloatStep0_1"),
        (Scalar(Kind.NUMBER, multiple_of=0.00001), "FloatStep0_00001"),
        (Scalar(Kind.NUMBER, minimum=1e-7, multiple_of=0.1), "FloatMin0_0000001Step0_1"),
        (Scalar(Kind.NUMBER, maximum=10**20), "FloatMax100000000000000000000"),
        (Scalar(Kind.BOOLEAN), None),
        (Scalar(Kind.ANY), None),
        (Scalar(Kind.DATE_TIME), "DateTime"),
        (Scalar(Kind.URI), "Uri"),
    ],
)
def test_names(scalar: Scalar, name: str | None) -> None:
    assert constraint_name(scalar) == name
    assert name is None or name.isidentifier()


def test_no_two_bounds_share_a_name() -> None:
    bounds: list[int | float | None] = [None, -10, -1, 0, 1, 10, 0.1, -0.1]
    numbers = [
        Scalar(kind, minimum=low, maximum=high, multiple_of=step)
        for kind in (Kind.INTEGER, Kind.NUMBER)
        for low, high, step in itertools.product(bounds, bounds, [None, 1, 0.1, 10])
    ]
    texts = [
        Scalar(Kind.STRING, min_length=low, max_length=high)
        for low, high in itertools.product([None, 0, 1, 10, 11], repeat=2)
    ]
    every = [scalar for scalar in (*numbers, *texts) if scalar != Scalar(scalar.kind)]
    names = {constraint_name(scalar) for scalar in every}
    assert None not in names
    assert len(names) == len(every)


def test_scalars_are_found_inside_lists() -> None:
    inner = Scalar(Kind.STRING, max_length=5)
    types: list[Type] = [Ref("A"), inner, Array(Array(inner)), Array(Ref("A")), Scalar(Kind.ANY)]
    fields = [Field("a", "a", each, required=True) for each in types]
    assert list(scalars_in(fields)) == [inner, inner, Scalar(Kind.ANY)]
