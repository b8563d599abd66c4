"""The reason for a status, as the responses of OCPP 2.x say it."""

from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v21, v201
from ocppkit.core import decode_payload, encode_payload
from ocppkit.v21.blocks import status_info as of_v21
from ocppkit.v201.blocks import status_info as of_v201

each_version = pytest.mark.parametrize(
    ("kind", "write", "read"),
    [
        (v201.StatusInfoType, of_v201.write_status_info, of_v201.read_status_info),
        (v21.StatusInfoType, of_v21.write_status_info, of_v21.read_status_info),
    ],
    ids=["2.0.1", "2.1"],
)


@each_version
def test_a_reason_is_read_as_it_was_written(
    kind: type[Any], write: Callable[..., Any], read: Callable[..., Any]
) -> None:
    assert read(write("NotEnabled", "the cache is switched off")) == (
        "NotEnabled",
        "the cache is switched off",
    )
    assert read(write("NotEnabled")) == ("NotEnabled", None)
    assert read(write(None, "a text alone")) == (None, None)


@each_version
def test_a_long_text_is_cut_off_where_the_schema_ends_it(
    kind: type[Any], write: Callable[..., Any], read: Callable[..., Any]
) -> None:
    info = write("InternalError", "x" * 5000)
    assert decode_payload(kind, encode_payload(info)) == info
    assert info.additional_info in {"x" * 512, "x" * 1024}
