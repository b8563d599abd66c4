"""Values that a schema does not list keep their text, and can be copied and pickled."""

import copy
import pickle
from collections.abc import Callable

import pytest

from ocppkit import v201


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
@pytest.mark.parametrize("word", ["Immediate", "Soon"])
def test_a_clone_is_the_same_value(
    word: str, clone: Callable[[v201.ResetEnumType], v201.ResetEnumType]
) -> None:
    value = v201.ResetEnumType.unknown(word)
    cloned = clone(value)
    assert type(cloned) is v201.ResetEnumType
    assert (cloned, cloned.name, cloned.is_known) == (value, value.name, word == "Immediate")
    assert (cloned is v201.ResetEnumType.IMMEDIATE) == (word == "Immediate")
