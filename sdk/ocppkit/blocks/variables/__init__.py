"""Variables and configuration keys (functional block B): one device model for all versions of OCPP."""

from . import _setting_keys
from ._addresses import VariableAddress
from ._configuration_keys import ConfigurationKey, ConfigurationKeys
from ._declared_variables import (
    AttributeType,
    ValueRefusal,
    VariableAttribute,
    VariableCharacteristics,
)
from ._device_model import DeviceModel
from ._network_connections import (
    AccessPoint,
    NetworkConnectionProfile,
    NetworkProfileSet,
    NetworkProfileStatus,
    SetNetworkProfile,
    SetNetworkProfileAnswer,
    VirtualNetwork,
    network_profile_refusal,
)
from ._passwords import BasicAuthPasswordChanged
from ._questions import (
    BaseReportKind,
    ChangeOrigin,
    ComponentCriterion,
    GetBaseReport,
    GetReport,
    GetVariableResult,
    GetVariables,
    GetVariablesAnswer,
    KeptValueRefused,
    ReportAnswer,
    ReportData,
    ReportSelection,
    ReportStatus,
    SetVariableData,
    SetVariableResult,
    SetVariables,
    SetVariablesAnswer,
    VariableChanged,
    VariableQuery,
    VariablesReport,
    VariableStatus,
)
from ._report_collector import CollectedReport, ReportCollector
from ._reported_variables import ReportedVariables
from ._setting_keys import *  # noqa: F403 - all settings, which stand once
from ._standard_settings import VariableRules, declare_standard, model_of
from ._variables_block import VariablesBlock

__all__ = [
    "AccessPoint",
    "AttributeType",
    "BaseReportKind",
    "BasicAuthPasswordChanged",
    "ChangeOrigin",
    "CollectedReport",
    "ComponentCriterion",
    "ConfigurationKey",
    "ConfigurationKeys",
    "DeviceModel",
    "GetBaseReport",
    "GetReport",
    "GetVariableResult",
    "GetVariables",
    "GetVariablesAnswer",
    "KeptValueRefused",
    "NetworkConnectionProfile",
    "NetworkProfileSet",
    "NetworkProfileStatus",
    "ReportAnswer",
    "ReportCollector",
    "ReportData",
    "ReportSelection",
    "ReportStatus",
    "ReportedVariables",
    "SetNetworkProfile",
    "SetNetworkProfileAnswer",
    "SetVariableData",
    "SetVariableResult",
    "SetVariables",
    "SetVariablesAnswer",
    "ValueRefusal",
    "VariableAddress",
    "VariableAttribute",
    "VariableChanged",
    "VariableCharacteristics",
    "VariableQuery",
    "VariableRules",
    "VariableStatus",
    "VariablesBlock",
    "VariablesReport",
    "VirtualNetwork",
    "declare_standard",
    "model_of",
    "network_profile_refusal",
]
__all__ += _setting_keys.__all__
