"""The settings of a station that does not have them: those that `model_of` declares."""

from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import dialect_of
from ocppkit.blocks.variables import (
    AUTH_CACHE_ENABLED,
    AUTHORIZE_REMOTE_START,
    EV_CONNECTION_TIME_OUT,
    HEARTBEAT_INTERVAL,
    LIMIT_CHANGE_SIGNIFICANCE,
    LOCAL_AUTH_LIST_ENABLED,
    LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE,
    LOCAL_AUTHORIZE_OFFLINE,
    OFFLINE_THRESHOLD,
    ORGANIZATION_NAME,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    STOP_TX_ON_INVALID_ID,
    TX_STOP_POINT,
    DeviceModel,
    VariableRules,
    model_of,
)
from ocppkit.core import Protocol, VariableKey

SETTINGS: list[VariableKey[Any]] = [
    AUTHORIZE_REMOTE_START,
    AUTH_CACHE_ENABLED,
    EV_CONNECTION_TIME_OUT,
    HEARTBEAT_INTERVAL,
    LIMIT_CHANGE_SIGNIFICANCE,
    LOCAL_AUTHORIZE_OFFLINE,
    LOCAL_AUTH_LIST_ENABLED,
    LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE,
    OFFLINE_THRESHOLD,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    STOP_TX_ON_INVALID_ID,
    TX_STOP_POINT,
]


@pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version
)
def test_a_setting_is_the_same_whether_it_is_declared_or_not(protocol: Protocol) -> None:
    declared = model_of(dialect_of(protocol).rules(VariableRules), evses={1: (1,)})
    compared = [each for each in SETTINGS if each in declared]
    assert SAMPLED_DATA_TX_UPDATED_INTERVAL in compared
    for key in compared:
        assert DeviceModel().setting(key) == declared[key] == declared.setting(key), key


def test_a_setting_that_has_been_set_counts() -> None:
    model = DeviceModel()
    model[EV_CONNECTION_TIME_OUT] = 0
    assert model.setting(EV_CONNECTION_TIME_OUT) == 0


def test_a_variable_without_a_standard_value_is_no_setting() -> None:
    with pytest.raises(KeyError, match="has no standard value"):
        DeviceModel().setting(ORGANIZATION_NAME)
