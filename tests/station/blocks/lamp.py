"""A block for tests of the driver: a lamp that a CSMS switches, which reports, remembers and has a deadline."""

from datetime import UTC, datetime
from typing import Any

from ocppkit import v201
from ocppkit.blocks import (
    Block,
    BootAccepted,
    ClockChanged,
    Command,
    CommandAnswer,
    CommandMapping,
    CsmsConnected,
    CsmsDisconnected,
    Dialect,
    Event,
    Mappings,
    Moment,
    Report,
    ReportMapping,
    ReportReply,
    ReportWriter,
    StationStarted,
)
from ocppkit.v201 import (
    ResetRequest,
    ResetResponse,
    StatusNotificationRequest,
    StatusNotificationResponse,
    TransactionEventRequest,
    TransactionEventResponse,
)


class LampState(CommandAnswer, frozen=True):
    lit: bool


class SwitchLamp(Command[LampState], frozen=True):
    on: bool


class Thanks(ReportReply, frozen=True):
    cost: float | None = None


class LampSeen(Report[ReportReply], frozen=True):
    """Lost if it cannot be sent now."""

    on: bool


class LampCounted(Report[Thanks], frozen=True):
    """Kept until it is delivered."""

    count: int


class LampLit(Event, frozen=True):
    count: int


class Lamp(Block):
    name = "lamp"

    def __init__(self, *, burns_for: float = 60.0) -> None:
        super().__init__()
        self.count = 0
        self.off_at: float | None = None
        self.heard: list[object] = []
        self._burns_for = burns_for
        self._on_command(SwitchLamp)(self._switch)
        self._on_reply(LampCounted)(lambda report, reply, now: self.heard.append((report, reply)))
        self._on_failure(LampSeen, lambda report, now: self.heard.append(report))
        for event in (BootAccepted, ClockChanged, CsmsConnected, CsmsDisconnected, StationStarted):
            self._on_event(event, lambda event, now: self.heard.append(event))

    def light(self, now: Moment) -> int:
        if self.off_at is not None:
            raise ValueError("it burns already")
        self.count += 1
        self.has_changed = True
        self.off_at = now.monotonic + self._burns_for
        self._report(LampSeen(on=True))
        self._report(LampCounted(count=self.count))
        self._tell(LampLit(count=self.count))
        return self.count

    def _switch(self, command: SwitchLamp, now: Moment) -> LampState:
        if command.on:
            self.light(now)
        return LampState(lit=command.on)

    def next_deadline(self, now: Moment) -> float | None:
        return self.off_at

    def handle_timeout(self, now: Moment) -> None:
        self.off_at = None
        self._report(LampSeen(on=False))

    def state(self) -> bytes:
        return b"%d" % self.count

    def restore(self, state: bytes, now: Moment) -> None:
        self.count = int(state)


class Follower(Block):
    """Hears of the lamp."""

    name = "follower"

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []
        self._on_event(LampLit, lambda event, now: self.counts.append(event.count))


def _transaction_event(count: int) -> TransactionEventRequest:
    return TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.UPDATED,
        timestamp=datetime(2025, 1, 1, tzinfo=UTC),
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_CLOCK,
        seq_no=count,
        transaction_info=v201.TransactionType(transaction_id="lamp"),
    )


def _status(report: LampSeen) -> StatusNotificationRequest:
    status = v201.ConnectorStatusEnumType
    return StatusNotificationRequest(
        timestamp=datetime(2025, 1, 1, tzinfo=UTC),
        connector_status=status.OCCUPIED if report.on else status.AVAILABLE,
        evse_id=1,
        connector_id=1,
    )


def _seen(request: StatusNotificationRequest) -> LampSeen:
    return LampSeen(on=request.connector_status is v201.ConnectorStatusEnumType.OCCUPIED)


def _response(request: Any, answer: LampState) -> ResetResponse:
    status = v201.ResetStatusEnumType
    return ResetResponse(status=status.ACCEPTED if answer.lit else status.REJECTED)


DIALECT = Dialect(
    Mappings(
        commands=(
            CommandMapping(
                command=SwitchLamp,
                request=ResetRequest,
                read_request=lambda request: SwitchLamp(
                    on=request.type is v201.ResetEnumType.IMMEDIATE
                ),
                write_response=_response,
                write_request=lambda command: ResetRequest(type=v201.ResetEnumType.IMMEDIATE),
                read_response=lambda command, response: LampState(
                    lit=response.status is v201.ResetStatusEnumType.ACCEPTED
                ),
            ),
        ),
        reports=(
            ReportMapping(
                request=StatusNotificationRequest,
                reports=(LampSeen,),
                read_request=_seen,
                write_response=lambda request, reply: StatusNotificationResponse(),
                read_response=lambda response: ReportReply(),
            ),
            ReportMapping(
                request=TransactionEventRequest,
                reports=(LampCounted,),
                read_request=lambda request: LampCounted(count=request.seq_no),
                write_response=lambda request, reply: TransactionEventResponse(),
                read_response=lambda response: Thanks(cost=response.total_cost),
            ),
        ),
        writers=(
            ReportWriter(report=LampSeen, write=lambda report: [_status(report)]),
            ReportWriter(
                report=LampCounted, write=lambda report: [_transaction_event(report.count)]
            ),
        ),
    )
)
