"""Sweeps: every place that is wanted, every value in order, nothing for absent members."""

from ocppkit import v16
from ocppkit.core import Opt, Payload
from ocppkit.core.payloads._field_expression import compile_expression, field_expressions
from ocppkit.core.payloads._shape import IntegerShape, ObjectShape, StringShape, shape_of


class Leaf(Payload, kw_only=True, frozen=True):
    """Two values, one of them optional."""

    one: int
    two: Opt[int] = None
    name: Opt[str] = None


class Tree(Payload, kw_only=True, frozen=True):
    """Objects and lists, required and optional, and itself."""

    leaf: Leaf
    leaves: list[Leaf]
    more: Opt[list[list[Leaf]]] = None
    spare: Opt[Leaf] = None
    numbers: Opt[list[int]] = None
    tree: Opt["Tree"] = None


def collected(payload):
    """What each sweep for integers collects."""
    places = field_expressions(
        shape_of(type(payload)), lambda place: isinstance(place, IntegerShape)
    )
    return [found(sweep, "True", payload) for sweep in places]


def found(sweep, condition, payload):
    """What a sweep finds; nothing may be anything that is false."""
    return compile_expression(sweep.find(condition), {"seven": 7})(payload) or []


def leaf(one, two=None):
    return Leaf(one=one, two=two)


def test_values_come_in_order_place_by_place():
    tree = Tree(
        leaf=leaf(1, 2),
        leaves=[leaf(3), leaf(4, 5)],
        more=[[leaf(6, 7)], [], [leaf(8), leaf(9)]],
        spare=leaf(10, 11),
        numbers=[12, 13],
    )
    assert collected(tree) == [
        *([1], [2], [3, 4], [5], [6, 8, 9], [7], [10], [11], [12, 13]),
        # Itself, which is not there.
        [],
    ]


def test_absent_members_have_no_values():
    assert collected(Tree(leaf=leaf(0), leaves=[])) == [[0], *([[]] * 9)]


def test_a_class_within_itself_ends_its_sweep():
    inner = Tree(leaf=leaf(1), leaves=[])
    *_, last = field_expressions(shape_of(Tree), lambda place: isinstance(place, StringShape))
    assert isinstance(last.shape, ObjectShape)
    assert found(last, "True", Tree(leaf=leaf(2), leaves=[], tree=inner)) == [inner]


def test_a_comprehension_is_asked_only_where_a_list_is_on_the_way():
    texts = [
        sweep.find("{0} == seven")
        for sweep in field_expressions(
            shape_of(Tree), lambda place: isinstance(place, IntegerShape)
        )
    ]
    loops = [text.count(" for ") for text in texts]
    assert loops == [0, 0, 1, 2, 2, 3, 0, 0, 1, 0]


def test_only_values_that_meet_the_condition_are_found():
    first, second, third, *_ = field_expressions(
        shape_of(Tree), lambda place: isinstance(place, IntegerShape)
    )
    tree = Tree(leaf=leaf(7, 8), leaves=[leaf(6), leaf(7), leaf(8)])
    assert found(first, "{0} == seven", tree) == [7]
    assert found(second, "{0} == seven", tree) == []
    assert found(third, "{0} >= seven", tree) == [7, 8]


def test_a_class_without_wanted_places_has_no_sweep():
    assert not list(field_expressions(shape_of(v16.HeartbeatRequest), lambda place: True))
