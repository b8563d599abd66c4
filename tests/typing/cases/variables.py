"""A standard key gives its value's type."""

from datetime import datetime
from typing import assert_type

from ocppkit import v21
from ocppkit.core import VariableKey
from ocppkit.v16 import variables as keys
from ocppkit.v21 import variables
from ocppkit.v21.values import ReasonCode


def read(key: VariableKey[int], text: str) -> int:
    return key.parse(text)


assert_type(keys.HEARTBEAT_INTERVAL.parse("300"), int)
assert_type(keys.LOCAL_PRE_AUTHORIZE.parse("true"), bool)
assert_type(variables.OCPPCommCtrlr.HEARTBEAT_INTERVAL.parse("300"), int)
assert_type(variables.ClockCtrlr.DATE_TIME.parse("2026-05-06T12:00:00Z"), datetime)
assert_type(variables.SampledDataCtrlr.TX_ENDED_MEASURANDS.parse("Voltage"), tuple[str, ...])
assert_type(variables.AnyComponent.ACTIVE.at("Sensor").parse("true"), bool)
read(variables.OCPPCommCtrlr.HEARTBEAT_INTERVAL, "300")
v21.StatusInfoType(reason_code=ReasonCode.NOT_FOUND)

read(variables.ClockCtrlr.DATE_TIME, "300")  # E: a point in time is no integer
keys.HEARTBEAT_INTERVAL.format("300")  # E: it writes integers
print(variables.OCPPCommCtrlr.HEARTBEAT_INTERVALL)  # E: there is no such variable
