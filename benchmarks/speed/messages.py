"""The messages of the benchmarks: those that a station usually sends, and the longest ones."""

import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

__all__ = ["MESSAGE_ID", "SAMPLES", "Sample", "frame", "sample"]

MESSAGE_ID: Final = "0f3d6c9e-6a1c-4a57-9f5e-2b1d7c3a9e10"
_TIME: Final = "2025-06-01T10:00:00Z"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """A request as a frame."""

    version: str
    name: str
    action: str
    payload: Json

    @property
    def protocol(self) -> Any:
        """The version that it belongs to."""
        # Looked up late: the peers' programs use samples too, and shall not have ocppkit in memory.
        return import_module(_PACKAGES[self.version]).PROTOCOL

    @property
    def title(self) -> str:
        """Names it in tables."""
        return f"{self.version} {self.name}"

    @property
    def text(self) -> str:
        """The frame."""
        return frame(self.action, self.payload)


_PACKAGES: Final = {"1.6": "ocppkit.v16", "2.0.1": "ocppkit.v201"}


def frame(action: str, payload: Json, message_id: str = MESSAGE_ID) -> str:
    """Returns a CALL."""
    return json.dumps([2, message_id, action, payload], separators=(",", ":"))


def _sampled_16(at: int) -> Json:
    return {
        "value": f"{1200 + at}.5",
        "context": "Sample.Periodic",
        "format": "Raw",
        "measurand": "Energy.Active.Import.Register",
        "phase": "L1",
        "unit": "Wh",
    }


def _sampled_201(at: int) -> Json:
    return {
        "value": 1200.5 + at,
        "context": "Sample.Periodic",
        "measurand": "Energy.Active.Import.Register",
        "phase": "L1",
        "unitOfMeasure": {"unit": "Wh", "multiplier": 0},
    }


def meter_values(version: str, moments: int, values: int) -> Json:
    """Returns a MeterValues with so many values at each of so many moments."""
    sampled = _sampled_16 if version == "1.6" else _sampled_201
    taken = [
        {"timestamp": _TIME, "sampledValue": [sampled(at) for at in range(values)]}
        for _ in range(moments)
    ]
    if version == "1.6":
        return {"connectorId": 1, "transactionId": 4711, "meterValue": taken}
    return {"evseId": 1, "meterValue": taken}


def _periods(count: int) -> list[Json]:
    return [{"startPeriod": 900 * at, "limit": 16.1 + at, "numberPhases": 3} for at in range(count)]


_PROFILE_16: Final[Json] = {
    "connectorId": 1,
    "csChargingProfiles": {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "duration": 45000,
            "startSchedule": _TIME,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": _periods(50),
        },
    },
}

_PROFILE_201: Final[Json] = {
    "evseId": 1,
    "chargingProfile": {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1,
                "duration": 45000,
                "startSchedule": _TIME,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": _periods(50),
            }
        ],
    },
}

_TRANSACTION_EVENT: Final[Json] = {
    "eventType": "Updated",
    "timestamp": _TIME,
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 3,
    "transactionInfo": {"transactionId": MESSAGE_ID, "chargingState": "Charging"},
    "evse": {"id": 1, "connectorId": 1},
    "idToken": {"idToken": "045918E24B4D80", "type": "ISO14443"},
    "meterValue": [{"timestamp": _TIME, "sampledValue": [_sampled_201(at) for at in range(3)]}],
}


def _report_item(at: int) -> Json:
    return {
        "component": {"name": "EVSE", "instance": f"{at}", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
        "variableAttribute": [
            {
                "type": "Actual",
                "value": "Available",
                "mutability": "ReadOnly",
                "persistent": False,
                "constant": False,
            }
        ],
        "variableCharacteristics": {
            "dataType": "OptionList",
            "valuesList": "Available,Occupied,Reserved,Unavailable,Faulted",
            "supportsMonitoring": True,
        },
    }


_REPORT: Final[Json] = {
    "requestId": 1,
    "generatedAt": _TIME,
    "seqNo": 0,
    "tbc": False,
    "reportData": [_report_item(at) for at in range(30)],
}

SAMPLES: Final = (
    Sample("1.6", "Heartbeat", "Heartbeat", {}),
    Sample("1.6", "Authorize", "Authorize", {"idTag": "045918E24B4D80"}),
    Sample(
        "1.6",
        "BootNotification",
        "BootNotification",
        {
            "chargePointVendor": "ACME",
            "chargePointModel": "Wall-11",
            "chargePointSerialNumber": "SN-0001",
            "firmwareVersion": "1.2.3",
            "iccid": "8931080019073700000",
        },
    ),
    Sample(
        "1.6",
        "StatusNotification",
        "StatusNotification",
        {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": _TIME},
    ),
    Sample("1.6", "MeterValues", "MeterValues", meter_values("1.6", 1, 3)),
    Sample("1.6", "MeterValues 4 x 20", "MeterValues", meter_values("1.6", 4, 20)),
    Sample("1.6", "SetChargingProfile x 50", "SetChargingProfile", _PROFILE_16),
    Sample("2.0.1", "Heartbeat", "Heartbeat", {}),
    Sample(
        "2.0.1",
        "Authorize",
        "Authorize",
        {"idToken": {"idToken": "045918E24B4D80", "type": "ISO14443"}},
    ),
    Sample(
        "2.0.1",
        "BootNotification",
        "BootNotification",
        {
            "reason": "PowerUp",
            "chargingStation": {
                "model": "Wall-11",
                "vendorName": "ACME",
                "serialNumber": "SN-0001",
                "firmwareVersion": "1.2.3",
                "modem": {"iccid": "8931080019073700000"},
            },
        },
    ),
    Sample(
        "2.0.1",
        "StatusNotification",
        "StatusNotification",
        {"timestamp": _TIME, "connectorStatus": "Available", "evseId": 1, "connectorId": 1},
    ),
    Sample("2.0.1", "MeterValues", "MeterValues", meter_values("2.0.1", 1, 3)),
    Sample("2.0.1", "MeterValues 4 x 20", "MeterValues", meter_values("2.0.1", 4, 20)),
    Sample("2.0.1", "SetChargingProfile x 50", "SetChargingProfile", _PROFILE_201),
    Sample("2.0.1", "TransactionEvent", "TransactionEvent", _TRANSACTION_EVENT),
    Sample("2.0.1", "NotifyReport x 30", "NotifyReport", _REPORT),
)


def sample(version: str, name: str) -> Sample:
    """Returns one of the samples."""
    return next(one for one in SAMPLES if (one.version, one.name) == (version, name))
