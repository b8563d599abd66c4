"""The options of a connection and the values that endpoints get are the same list."""

from dataclasses import fields
from typing import get_type_hints

from ocppkit.aio.lowlevel import ConnectionOptions, Settings
from ocppkit.csms import CsmsOptions
from ocppkit.station import StationOptions


def test_every_option_is_a_setting_of_the_same_type() -> None:
    settings = {field.name: get_type_hints(Settings)[field.name] for field in fields(Settings)}
    assert get_type_hints(ConnectionOptions) == settings


def test_both_roles_take_the_options_of_a_connection() -> None:
    shared = get_type_hints(ConnectionOptions).items()
    assert shared <= get_type_hints(CsmsOptions).items()
    assert shared <= get_type_hints(StationOptions).items()
