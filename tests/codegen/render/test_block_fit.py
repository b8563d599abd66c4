"""A functional block is left out of a version that lacks what its template uses."""

from dataclasses import replace

import pytest

from ocppkit.codegen import Api, Job, LoadedJob
from ocppkit.codegen.render._block_fit import missing_in_version
from ocppkit.codegen.render._flavours import render_flavour


@pytest.fixture(scope="module")
def api() -> Api:
    return LoadedJob(Job("2.0.1", "acme", flavours=("msgspec",))).api


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("from ..enums import ResetEnumType\nResetEnumType.IMMEDIATE\nResetEnumType.unknown", None),
        (
            "from ..enums import ResetEnumType\nResetEnumType.SOON",
            "ResetEnumType has no value SOON",
        ),
        ("from x import ResetEnumType\nResetEnumType.SOON", None),
        ("from ..messages import RestRequest", "there is no RestRequest"),
        ("from ..messages import ResetRequest\nResetRequest(type=1)\nResetRequest(**all)", None),
        (
            "from ..messages import ResetRequest\nResetRequest(type=1, soon=2)",
            "ResetRequest has no member soon",
        ),
        (
            "from ..messages import ResetRequest\nResetRequest(evse_id=1)",
            "ResetRequest requires the member type",
        ),
        (
            "from ..messages import ResetRequest\ndef f(one: ResetRequest, *, two: int):\n"
            "    return one.evse_id, one.soon, two.soon",
            "ResetRequest has no member soon",
        ),
        ("from . import charging, tokens", "there is no block charging"),
        ("from .charging import f", "there is no block charging"),
        ("from .tokens import f\nfrom .. import variables", None),
    ],
)
def test_what_a_version_lacks(api: Api, text: str, lacking: str | None) -> None:
    assert missing_in_version(api, text, left_out=("charging",)) == lacking


def _emitted(api: Api) -> dict[str, str]:
    return render_flavour(api, "acme", "msgspec", (), lambda done, total: None)


def test_the_shipped_version_has_them_all(api: Api) -> None:
    assert "# Left out" not in _emitted(api)["acme/blocks/__init__.py"]


def test_a_value_that_is_gone_takes_its_block_along_and_says_so(api: Api) -> None:
    enums = [
        (
            replace(each, members=tuple(one for one in each.members if one.value != "UnlockFailed"))
            if each.name == "UnlockStatusEnumType"
            else each
        )
        for each in api.enums
    ]
    files = _emitted(replace(api, enums=tuple(enums)))
    assert "acme/blocks/remote_control.py" not in files
    assert "acme/blocks/charging.py" in files
    first = files["acme/blocks/__init__.py"]
    assert "# Left out: remote_control: UnlockStatusEnumType has no value UNLOCK_FAILED.\n" in first
    assert "remote_control.MAPPINGS" not in first


def test_a_member_that_the_template_asks_for_is_gone(api: Api) -> None:
    datatypes = [
        (
            replace(each, fields=tuple(one for one in each.fields if one.name != "public_key"))
            if each.name == "SignedMeterValueType"
            else each
        )
        for each in api.datatypes
    ]
    files = _emitted(replace(api, datatypes=tuple(datatypes)))
    assert "acme/blocks/transactions.py" not in files
    assert "# Left out: transactions: " in files["acme/blocks/__init__.py"]
