"""Variables and configuration (functional block B): one device model for all OCPP versions."""

from ._device_model import DeviceModel

__all__ = ["DeviceModel"]
