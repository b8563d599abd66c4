"""Which members of a version hold what must not be shown."""

import msgspec
import pytest

from ocppkit import v16, v201
from ocppkit.core import Sensitive, is_sensitive


def test_a_version_names_its_sensitive_members():
    assert "idTag" in v16.PROTOCOL.sensitive.personal
    assert "simPin" in v201.PROTOCOL.sensitive.secret
    bare = msgspec.structs.replace(v16.PROTOCOL, actions={})
    assert bare.sensitive == Sensitive()


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ([], {}, False),
        (["idTag"], {"idTag": "x"}, True),
        (["connectorId"], {"connectorId": 1}, False),
        (["value"], {"key": "AuthorizationKey", "value": "x"}, True),
        (["value"], {"key": "HeartbeatInterval", "value": "x"}, False),
        (["value"], {"value": "x"}, True),
        (["value"], {"value": 7}, False),
        (["password", 0], {"password": ["x"]}, True),
        (["sampledValue", 0, "value"], {"sampledValue": [{"value": "x"}]}, False),
    ],
)
def test_a_value_is_sensitive_by_its_name_or_by_what_stands_beside_it(path, root, expected):
    value = root
    for step in path:
        value = value[step]
    assert is_sensitive(v16.PROTOCOL.sensitive, path, root, value) is expected
