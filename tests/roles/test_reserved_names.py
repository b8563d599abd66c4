"""No action can be given a method that hides what every role has."""

import inspect
import re

import pytest

from ocppkit.codegen.model._naming import METHODS
from ocppkit.csms import StationHandle
from ocppkit.station import Station


@pytest.mark.parametrize("role", [Station, StationHandle])
def test_every_public_name_of_a_role_is_reserved(role: type[object]) -> None:
    attributes = re.findall(r"self\.([a-z]\w*)(?:: [^=]+)? = ", inspect.getsource(role))
    names = {name for name in [*dir(role), *attributes] if not name.startswith("_")}
    assert len(names) >= 8
    assert names <= METHODS
