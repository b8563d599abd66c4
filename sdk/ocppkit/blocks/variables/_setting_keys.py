"""Typed keys of the settings that blocks read, by their names in OCPP 2.1.

A block reads a setting when it needs it: `model.setting(EV_CONNECTION_TIME_OUT)`. Configuration keys of
OCPP 1.6 that mean the same lead to these.
"""

from typing import Final

from ocppkit.core import (
    BooleanKey,
    DataType,
    DateTimeKey,
    DecimalKey,
    IntegerKey,
    ListKey,
    Mutability,
    TextKey,
)

__all__ = [
    "ACTIVE_NETWORK_PROFILE",
    "ADDITIONAL_ROOT_CERTIFICATE_CHECK",
    "ALIGNED_DATA_ENABLED",
    "ALIGNED_DATA_INTERVAL",
    "ALIGNED_DATA_MEASURANDS",
    "ALIGNED_DATA_SEND_DURING_IDLE",
    "ALIGNED_DATA_TX_ENDED_INTERVAL",
    "ALIGNED_DATA_TX_ENDED_MEASURANDS",
    "ALLOW_RESET",
    "ALLOW_SECURITY_PROFILE_DOWNGRADE",
    "AUTHORIZE_REMOTE_START",
    "AUTH_CACHE_AVAILABLE",
    "AUTH_CACHE_DISABLE_POST_AUTHORIZE",
    "AUTH_CACHE_ENABLED",
    "AUTH_CACHE_LIFE_TIME",
    "AUTH_CACHE_POLICY",
    "AUTH_CACHE_STORAGE",
    "AUTH_ENABLED",
    "BASIC_AUTH_PASSWORD",
    "BYTES_PER_GET_REPORT",
    "BYTES_PER_GET_VARIABLES",
    "BYTES_PER_SET_VARIABLES",
    "CERTIFICATE_ENTRIES",
    "CHARGE_POINT",
    "CHARGING_PROFILE_ENTRIES",
    "CONFIGURATION_VALUE_SIZE",
    "CONNECTOR_AVAILABILITY_STATE",
    "CONNECTOR_AVAILABLE",
    "CONNECTOR_PHASE_ROTATION",
    "CONNECTOR_SUPPLY_PHASES",
    "CONNECTOR_TYPE",
    "CUSTOM_TRIGGERS",
    "DATE_TIME",
    "DISABLE_REMOTE_AUTHORIZATION",
    "EVSE_AVAILABILITY_STATE",
    "EVSE_AVAILABLE",
    "EVSE_POWER",
    "EVSE_SUPPLY_PHASES",
    "EV_CONNECTION_TIME_OUT",
    "FILE_TRANSFER_PROTOCOLS",
    "HEARTBEAT_INTERVAL",
    "ITEMS_PER_GET_REPORT",
    "ITEMS_PER_GET_VARIABLES",
    "ITEMS_PER_SET_VARIABLES",
    "LIMIT_CHANGE_SIGNIFICANCE",
    "LOCAL_AUTHORIZE_OFFLINE",
    "LOCAL_AUTH_LIST_AVAILABLE",
    "LOCAL_AUTH_LIST_BYTES_PER_MESSAGE",
    "LOCAL_AUTH_LIST_DISABLE_POST_AUTHORIZE",
    "LOCAL_AUTH_LIST_ENABLED",
    "LOCAL_AUTH_LIST_ENTRIES",
    "LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE",
    "LOCAL_PRE_AUTHORIZE",
    "MASTER_PASS_GROUP_ID",
    "MAX_CERTIFICATE_CHAIN_SIZE",
    "MAX_ENERGY_ON_INVALID_ID",
    "MESSAGE_ATTEMPTS",
    "MESSAGE_ATTEMPT_INTERVAL",
    "MESSAGE_TIMEOUT",
    "MINIMUM_STATUS_DURATION",
    "NETWORK_CONFIGURATION_PRIORITY",
    "NETWORK_PROFILE_CONNECTION_ATTEMPTS",
    "NOTIFY_CHARGING_LIMIT_WITH_SCHEDULES",
    "NUMBER_OF_CONNECTORS",
    "OFFLINE_QUEUING_SEVERITY",
    "OFFLINE_THRESHOLD",
    "OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED",
    "ORGANIZATION_NAME",
    "PERIODS_PER_SCHEDULE",
    "PHASES_3_TO_1",
    "PROFILE_STACK_LEVEL",
    "QUEUE_ALL_MESSAGES",
    "RATE_UNIT",
    "REPORTING_VALUE_SIZE",
    "RESERVATION_AVAILABLE",
    "RESERVATION_ENABLED",
    "RESERVATION_NON_EVSE_SPECIFIC",
    "RESET_RETRIES",
    "RETRY_BACK_OFF_RANDOM_RANGE",
    "RETRY_BACK_OFF_REPEAT_TIMES",
    "RETRY_BACK_OFF_WAIT_MINIMUM",
    "SAMPLED_DATA_ENABLED",
    "SAMPLED_DATA_TX_ENDED_INTERVAL",
    "SAMPLED_DATA_TX_ENDED_MEASURANDS",
    "SAMPLED_DATA_TX_STARTED_MEASURANDS",
    "SAMPLED_DATA_TX_UPDATED_INTERVAL",
    "SAMPLED_DATA_TX_UPDATED_MEASURANDS",
    "SECURITY_IDENTITY",
    "SECURITY_PROFILE",
    "SMART_CHARGING_AVAILABLE",
    "SMART_CHARGING_ENABLED",
    "STATION_AVAILABILITY_STATE",
    "STATION_AVAILABLE",
    "STATION_SUPPLY_PHASES",
    "STOP_TRANSACTION_MAX_METER_VALUES",
    "STOP_TX_ON_EV_SIDE_DISCONNECT",
    "STOP_TX_ON_INVALID_ID",
    "SUPPORTED_FEATURE_PROFILES",
    "SUPPORTS_DYNAMIC_PROFILES",
    "TIME_SOURCE",
    "TX_ALLOW_ENERGY_TRANSFER_RESUMPTION",
    "TX_BEFORE_ACCEPTED_ENABLED",
    "TX_RESUMPTION_TIMEOUT",
    "TX_START_POINT",
    "TX_STOP_POINT",
    "UNLOCK_ON_EV_SIDE_DISCONNECT",
    "WEB_SOCKET_PING_INTERVAL",
]

CHARGE_POINT: Final = "ChargePoint"
"""The component of settings that have none: configuration keys that only OCPP 1.6, or the program, has."""

_READ_ONLY: Final = (Mutability.READ_ONLY,)
_READ_WRITE: Final = (Mutability.READ_WRITE,)
_WRITE_ONLY: Final = (Mutability.WRITE_ONLY,)


class _KeyFactory:
    """Creates the keys of one component."""

    def __init__(self, component: str) -> None:
        self._component = component

    def integer(
        self,
        name: str,
        instance: str | None = None,
        *,
        unit: str | None = None,
        mutability: tuple[Mutability, ...] = _READ_WRITE,
    ) -> IntegerKey:
        return IntegerKey(
            component=self._component,
            name=name,
            data_type=DataType.INTEGER,
            mutability=mutability,
            instance=instance,
            units=() if unit is None else (unit,),
        )

    def decimal(
        self,
        name: str,
        *,
        unit: str | None = None,
        mutability: tuple[Mutability, ...] = _READ_WRITE,
    ) -> DecimalKey:
        return DecimalKey(
            component=self._component,
            name=name,
            data_type=DataType.DECIMAL,
            mutability=mutability,
            units=() if unit is None else (unit,),
        )

    def boolean(self, name: str, *, mutability: tuple[Mutability, ...] = _READ_WRITE) -> BooleanKey:
        return BooleanKey(
            component=self._component, name=name, data_type=DataType.BOOLEAN, mutability=mutability
        )

    def text(self, name: str, *, mutability: tuple[Mutability, ...] = _READ_WRITE) -> TextKey:
        return TextKey(
            component=self._component, name=name, data_type=DataType.STRING, mutability=mutability
        )

    def option(self, name: str, *, mutability: tuple[Mutability, ...] = _READ_WRITE) -> TextKey:
        return TextKey(
            component=self._component,
            name=name,
            data_type=DataType.OPTION_LIST,
            mutability=mutability,
        )

    def members(self, name: str, *, mutability: tuple[Mutability, ...] = _READ_WRITE) -> ListKey:
        return ListKey(
            component=self._component,
            name=name,
            data_type=DataType.MEMBER_LIST,
            mutability=mutability,
        )

    def sequence(self, name: str, *, mutability: tuple[Mutability, ...] = _READ_WRITE) -> ListKey:
        return ListKey(
            component=self._component,
            name=name,
            data_type=DataType.SEQUENCE_LIST,
            mutability=mutability,
        )

    def date_time(
        self, name: str, *, mutability: tuple[Mutability, ...] = _READ_WRITE
    ) -> DateTimeKey:
        return DateTimeKey(
            component=self._component,
            name=name,
            data_type=DataType.DATE_TIME,
            mutability=mutability,
        )


_DEVICE: Final = _KeyFactory("DeviceDataCtrlr")
_CLOCK: Final = _KeyFactory("ClockCtrlr")
_COMMUNICATION: Final = _KeyFactory("OCPPCommCtrlr")
_MONITORING: Final = _KeyFactory("MonitoringCtrlr")
_SECURITY: Final = _KeyFactory("SecurityCtrlr")
_TX: Final = _KeyFactory("TxCtrlr")
_SAMPLED: Final = _KeyFactory("SampledDataCtrlr")
_ALIGNED: Final = _KeyFactory("AlignedDataCtrlr")
_AUTH: Final = _KeyFactory("AuthCtrlr")
_CACHE: Final = _KeyFactory("AuthCacheCtrlr")
_LIST: Final = _KeyFactory("LocalAuthListCtrlr")
_RESERVATION: Final = _KeyFactory("ReservationCtrlr")
_CHARGING: Final = _KeyFactory("SmartChargingCtrlr")
_CUSTOMIZATION: Final = _KeyFactory("CustomizationCtrlr")
_EVSE: Final = _KeyFactory("EVSE")
_CONNECTOR: Final = _KeyFactory("Connector")
_STATION: Final = _KeyFactory("ChargingStation")
_CHARGE_POINT: Final = _KeyFactory(CHARGE_POINT)

# What the CSMS and the station exchange at all.
ITEMS_PER_GET_REPORT: Final = _DEVICE.integer("ItemsPerMessage", "GetReport", mutability=_READ_ONLY)
ITEMS_PER_GET_VARIABLES: Final = _DEVICE.integer(
    "ItemsPerMessage", "GetVariables", mutability=_READ_ONLY
)
ITEMS_PER_SET_VARIABLES: Final = _DEVICE.integer(
    "ItemsPerMessage", "SetVariables", mutability=_READ_ONLY
)
BYTES_PER_GET_REPORT: Final = _DEVICE.integer(
    "BytesPerMessage", "GetReport", unit="B", mutability=_READ_ONLY
)
BYTES_PER_GET_VARIABLES: Final = _DEVICE.integer(
    "BytesPerMessage", "GetVariables", unit="B", mutability=_READ_ONLY
)
BYTES_PER_SET_VARIABLES: Final = _DEVICE.integer(
    "BytesPerMessage", "SetVariables", unit="B", mutability=_READ_ONLY
)
CONFIGURATION_VALUE_SIZE: Final = _DEVICE.integer("ConfigurationValueSize", mutability=_READ_ONLY)
REPORTING_VALUE_SIZE: Final = _DEVICE.integer("ReportingValueSize", mutability=_READ_ONLY)
DATE_TIME: Final = _CLOCK.date_time("DateTime", mutability=_READ_ONLY)
TIME_SOURCE: Final = _CLOCK.sequence("TimeSource")

# The connection to the CSMS.
ACTIVE_NETWORK_PROFILE: Final = _COMMUNICATION.integer(
    "ActiveNetworkProfile", mutability=_READ_ONLY
)
FILE_TRANSFER_PROTOCOLS: Final = _COMMUNICATION.members(
    "FileTransferProtocols", mutability=_READ_ONLY
)
HEARTBEAT_INTERVAL: Final = _COMMUNICATION.integer("HeartbeatInterval", unit="s")
MESSAGE_ATTEMPT_INTERVAL: Final = _COMMUNICATION.integer(
    "MessageAttemptInterval", "TransactionEvent", unit="s"
)
MESSAGE_ATTEMPTS: Final = _COMMUNICATION.integer("MessageAttempts", "TransactionEvent")
MESSAGE_TIMEOUT: Final = _COMMUNICATION.integer(
    "MessageTimeout", "Default", unit="s", mutability=_READ_ONLY
)
NETWORK_CONFIGURATION_PRIORITY: Final = _COMMUNICATION.sequence("NetworkConfigurationPriority")
NETWORK_PROFILE_CONNECTION_ATTEMPTS: Final = _COMMUNICATION.integer(
    "NetworkProfileConnectionAttempts"
)
OFFLINE_THRESHOLD: Final = _COMMUNICATION.integer("OfflineThreshold", unit="s")
QUEUE_ALL_MESSAGES: Final = _COMMUNICATION.boolean("QueueAllMessages")
RESET_RETRIES: Final = _COMMUNICATION.integer("ResetRetries")
RETRY_BACK_OFF_RANDOM_RANGE: Final = _COMMUNICATION.integer("RetryBackOffRandomRange", unit="s")
RETRY_BACK_OFF_REPEAT_TIMES: Final = _COMMUNICATION.integer("RetryBackOffRepeatTimes")
RETRY_BACK_OFF_WAIT_MINIMUM: Final = _COMMUNICATION.integer("RetryBackOffWaitMinimum", unit="s")
UNLOCK_ON_EV_SIDE_DISCONNECT: Final = _COMMUNICATION.boolean("UnlockOnEVSideDisconnect")
WEB_SOCKET_PING_INTERVAL: Final = _COMMUNICATION.integer("WebSocketPingInterval", unit="s")
OFFLINE_QUEUING_SEVERITY: Final = _MONITORING.integer("OfflineQueuingSeverity")

# Security.
ADDITIONAL_ROOT_CERTIFICATE_CHECK: Final = _SECURITY.boolean(
    "AdditionalRootCertificateCheck", mutability=_READ_ONLY
)
ALLOW_SECURITY_PROFILE_DOWNGRADE: Final = _SECURITY.boolean(
    "AllowSecurityProfileDowngrade", mutability=_READ_ONLY
)
BASIC_AUTH_PASSWORD: Final = _SECURITY.text("BasicAuthPassword", mutability=_WRITE_ONLY)
CERTIFICATE_ENTRIES: Final = _SECURITY.integer("CertificateEntries", mutability=_READ_ONLY)
MAX_CERTIFICATE_CHAIN_SIZE: Final = _SECURITY.integer(
    "MaxCertificateChainSize", unit="B", mutability=_READ_ONLY
)
ORGANIZATION_NAME: Final = _SECURITY.text("OrganizationName")
SECURITY_IDENTITY: Final = _SECURITY.text("Identity", mutability=_READ_ONLY)
SECURITY_PROFILE: Final = _SECURITY.integer("SecurityProfile", mutability=_READ_ONLY)

# Transactions and metering.
EV_CONNECTION_TIME_OUT: Final = _TX.integer("EVConnectionTimeOut", unit="s")
MAX_ENERGY_ON_INVALID_ID: Final = _TX.integer("MaxEnergyOnInvalidId", unit="Wh")
STOP_TX_ON_EV_SIDE_DISCONNECT: Final = _TX.boolean("StopTxOnEVSideDisconnect")
STOP_TX_ON_INVALID_ID: Final = _TX.boolean("StopTxOnInvalidId")
TX_BEFORE_ACCEPTED_ENABLED: Final = _TX.boolean("TxBeforeAcceptedEnabled")
TX_ALLOW_ENERGY_TRANSFER_RESUMPTION: Final = _TX.boolean("AllowEnergyTransferResumption")
TX_RESUMPTION_TIMEOUT: Final = _TX.integer("ResumptionTimeout", unit="s")
TX_START_POINT: Final = _TX.members("TxStartPoint")
TX_STOP_POINT: Final = _TX.members("TxStopPoint")
SAMPLED_DATA_ENABLED: Final = _SAMPLED.boolean("Enabled")
SAMPLED_DATA_TX_ENDED_INTERVAL: Final = _SAMPLED.integer("TxEndedInterval", unit="s")
SAMPLED_DATA_TX_ENDED_MEASURANDS: Final = _SAMPLED.members("TxEndedMeasurands")
SAMPLED_DATA_TX_STARTED_MEASURANDS: Final = _SAMPLED.members("TxStartedMeasurands")
SAMPLED_DATA_TX_UPDATED_INTERVAL: Final = _SAMPLED.integer("TxUpdatedInterval", unit="s")
SAMPLED_DATA_TX_UPDATED_MEASURANDS: Final = _SAMPLED.members("TxUpdatedMeasurands")
ALIGNED_DATA_ENABLED: Final = _ALIGNED.boolean("Enabled")
ALIGNED_DATA_INTERVAL: Final = _ALIGNED.integer("Interval", unit="s")
ALIGNED_DATA_MEASURANDS: Final = _ALIGNED.members("Measurands")
ALIGNED_DATA_SEND_DURING_IDLE: Final = _ALIGNED.boolean("SendDuringIdle")
ALIGNED_DATA_TX_ENDED_INTERVAL: Final = _ALIGNED.integer("TxEndedInterval", unit="s")
ALIGNED_DATA_TX_ENDED_MEASURANDS: Final = _ALIGNED.members("TxEndedMeasurands")

# Authorization.
AUTHORIZE_REMOTE_START: Final = _AUTH.boolean("AuthorizeRemoteStart")
AUTH_ENABLED: Final = _AUTH.boolean("Enabled")
DISABLE_REMOTE_AUTHORIZATION: Final = _AUTH.boolean("DisableRemoteAuthorization")
LOCAL_AUTHORIZE_OFFLINE: Final = _AUTH.boolean("LocalAuthorizeOffline")
LOCAL_PRE_AUTHORIZE: Final = _AUTH.boolean("LocalPreAuthorize")
MASTER_PASS_GROUP_ID: Final = _AUTH.text("MasterPassGroupId")
OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED: Final = _AUTH.boolean("OfflineTxForUnknownIdEnabled")
AUTH_CACHE_AVAILABLE: Final = _CACHE.boolean("Available", mutability=_READ_ONLY)
AUTH_CACHE_DISABLE_POST_AUTHORIZE: Final = _CACHE.boolean("DisablePostAuthorize")
AUTH_CACHE_ENABLED: Final = _CACHE.boolean("Enabled")
AUTH_CACHE_LIFE_TIME: Final = _CACHE.integer("LifeTime", unit="s")
AUTH_CACHE_POLICY: Final = _CACHE.option("Policy")
AUTH_CACHE_STORAGE: Final = _CACHE.integer("Storage", unit="B", mutability=_READ_ONLY)
LOCAL_AUTH_LIST_AVAILABLE: Final = _LIST.boolean("Available", mutability=_READ_ONLY)
LOCAL_AUTH_LIST_BYTES_PER_MESSAGE: Final = _LIST.integer(
    "BytesPerMessage", unit="B", mutability=_READ_ONLY
)
LOCAL_AUTH_LIST_DISABLE_POST_AUTHORIZE: Final = _LIST.boolean("DisablePostAuthorize")
LOCAL_AUTH_LIST_ENABLED: Final = _LIST.boolean("Enabled")
LOCAL_AUTH_LIST_ENTRIES: Final = _LIST.integer("Entries", mutability=_READ_ONLY)
LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE: Final = _LIST.integer("ItemsPerMessage", mutability=_READ_ONLY)

# Reservation and smart charging.
RESERVATION_AVAILABLE: Final = _RESERVATION.boolean("Available", mutability=_READ_ONLY)
RESERVATION_ENABLED: Final = _RESERVATION.boolean("Enabled")
RESERVATION_NON_EVSE_SPECIFIC: Final = _RESERVATION.boolean(
    "NonEvseSpecific", mutability=_READ_ONLY
)
CHARGING_PROFILE_ENTRIES: Final = _CHARGING.integer(
    "Entries", "ChargingProfiles", mutability=_READ_ONLY
)
LIMIT_CHANGE_SIGNIFICANCE: Final = _CHARGING.decimal("LimitChangeSignificance", unit="Percent")
NOTIFY_CHARGING_LIMIT_WITH_SCHEDULES: Final = _CHARGING.boolean("NotifyChargingLimitWithSchedules")
PERIODS_PER_SCHEDULE: Final = _CHARGING.integer("PeriodsPerSchedule", mutability=_READ_ONLY)
PHASES_3_TO_1: Final = _CHARGING.boolean("Phases3to1", mutability=_READ_ONLY)
PROFILE_STACK_LEVEL: Final = _CHARGING.integer("ProfileStackLevel", mutability=_READ_ONLY)
RATE_UNIT: Final = _CHARGING.members("RateUnit", mutability=_READ_ONLY)
SMART_CHARGING_AVAILABLE: Final = _CHARGING.boolean("Available", mutability=_READ_ONLY)
SMART_CHARGING_ENABLED: Final = _CHARGING.boolean("Enabled")
SUPPORTS_DYNAMIC_PROFILES: Final = _CHARGING.boolean(
    "SupportsDynamicProfiles", mutability=_READ_ONLY
)

# Remote control.
CUSTOM_TRIGGERS: Final = _CUSTOMIZATION.members("CustomTriggers", mutability=_READ_ONLY)

# Of the station, an EVSE or a connector: `KEY.on_evse(...)` is the key of one.
ALLOW_RESET: Final = _EVSE.boolean("AllowReset", mutability=_READ_ONLY)
CONNECTOR_AVAILABILITY_STATE: Final = _CONNECTOR.option("AvailabilityState", mutability=_READ_ONLY)
CONNECTOR_AVAILABLE: Final = _CONNECTOR.boolean("Available", mutability=_READ_ONLY)
CONNECTOR_SUPPLY_PHASES: Final = _CONNECTOR.integer("SupplyPhases", mutability=_READ_ONLY)
CONNECTOR_TYPE: Final = _CONNECTOR.text("ConnectorType", mutability=_READ_ONLY)
EVSE_AVAILABILITY_STATE: Final = _EVSE.option("AvailabilityState", mutability=_READ_ONLY)
EVSE_AVAILABLE: Final = _EVSE.boolean("Available", mutability=_READ_ONLY)
EVSE_POWER: Final = _EVSE.decimal("Power", unit="W", mutability=_READ_ONLY)
EVSE_SUPPLY_PHASES: Final = _EVSE.integer("SupplyPhases", mutability=_READ_ONLY)
STATION_AVAILABILITY_STATE: Final = _STATION.option("AvailabilityState", mutability=_READ_ONLY)
STATION_AVAILABLE: Final = _STATION.boolean("Available", mutability=_READ_ONLY)
STATION_SUPPLY_PHASES: Final = _STATION.integer("SupplyPhases", mutability=_READ_ONLY)

# What only OCPP 1.6 has.
CONNECTOR_PHASE_ROTATION: Final = _CHARGE_POINT.members("ConnectorPhaseRotation")
MINIMUM_STATUS_DURATION: Final = _CHARGE_POINT.integer("MinimumStatusDuration", unit="s")
NUMBER_OF_CONNECTORS: Final = _CHARGE_POINT.integer("NumberOfConnectors", mutability=_READ_ONLY)
STOP_TRANSACTION_MAX_METER_VALUES: Final = _CHARGE_POINT.integer(
    "StopTransactionMaxMeterValues", mutability=_READ_ONLY
)
SUPPORTED_FEATURE_PROFILES: Final = _CHARGE_POINT.members(
    "SupportedFeatureProfiles", mutability=_READ_ONLY
)
