"""Handler classes: one method per action, overridden with the right signature only."""

from typing import assert_type

from ocppkit import v16, v21, v201
from ocppkit.core import utcnow
from ocppkit.csms import StationHandle
from ocppkit.v16.roles import ChargePointHandlers, ConnectedChargePoint
from ocppkit.v16.roles import CsmsHandlers as CsmsHandlers16
from ocppkit.v21.roles import ConnectedStation as ConnectedStation21
from ocppkit.v21.roles import CsmsHandlers as CsmsHandlers21
from ocppkit.v201.roles import ChargingStationHandlers, ConnectedStation, CsmsHandlers


class Wallbox(ChargingStationHandlers):
    """Right ones, plain and async."""

    def reset(self, request: v201.ResetRequest) -> v201.ResetResponse:
        assert_type(request.evse_id, int | None)
        return v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)

    async def clear_cache(self, request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
        return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)


class OldWallbox(ChargePointHandlers):
    """Right ones of 1.6."""

    def clear_cache(self, request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
        return v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)


class Backend(CsmsHandlers):
    """Right ones of a CSMS."""

    async def heartbeat(
        self, station: ConnectedStation, request: v201.HeartbeatRequest
    ) -> v201.HeartbeatResponse:
        return v201.HeartbeatResponse(current_time=utcnow())

    def data_transfer(
        self, station: StationHandle, request: v201.DataTransferRequest
    ) -> v201.DataTransferResponse:
        return v201.DataTransferResponse(status=v201.DataTransferStatusEnumType.ACCEPTED)


class OldBackend(CsmsHandlers16):
    """Right ones of a Central System."""

    def heartbeat(
        self, station: ConnectedChargePoint, request: v16.HeartbeatRequest
    ) -> v16.HeartbeatResponse:
        return v16.HeartbeatResponse(current_time=utcnow())


class Streams(CsmsHandlers21):
    """A SEND has no answer."""

    async def notify_periodic_event_stream(
        self, station: ConnectedStation21, message: v21.NotifyPeriodicEventStream
    ) -> None:
        assert_type(message.id, int)


class WrongWallbox(ChargingStationHandlers):
    """Each is wrong in its own way."""

    async def reset(self, request: v201.GetLogRequest) -> v201.ResetResponse: ...  # E: request

    def clear_cache(self, request: v201.ClearCacheRequest) -> v201.ResetResponse: ...  # E: response

    def get_log(self, request: v21.GetLogRequest) -> v201.GetLogResponse: ...  # E: version

    def get_report(self, request: v201.GetReportRequest) -> None: ...  # E: no response

    def get_base_report(self) -> v201.GetBaseReportResponse: ...  # E: no request

    def unlock_connector(  # E: one parameter too many
        self, station: ConnectedStation, request: v201.UnlockConnectorRequest
    ) -> v201.UnlockConnectorResponse: ...


class WrongBackend(CsmsHandlers):
    """Each is wrong in its own way."""

    def heartbeat(self, request: v201.HeartbeatRequest) -> v201.HeartbeatResponse: ...  # E: station

    async def status_notification(  # E: no response
        self, station: ConnectedStation, request: v201.StatusNotificationRequest
    ) -> None: ...


class WrongStreams(CsmsHandlers21):
    """A SEND has no answer."""

    def notify_periodic_event_stream(  # E: a response
        self, station: ConnectedStation21, message: v21.NotifyPeriodicEventStream
    ) -> v21.HeartbeatResponse: ...
