"""Runs functional blocks on a CSMS, in the same way for stations of all versions of OCPP."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar, cast

from ocppkit.aio import MaybeAwaitable
from ocppkit.aio.lowlevel import EventListeners, Listener, await_if_needed, loggable, name_of
from ocppkit.blocks import (
    Command,
    CommandAnswer,
    Dialect,
    Report,
    ReportMapping,
    ReportReply,
    dialect_of,
)
from ocppkit.blocks.authorization import AuthorizeReply, AuthorizeReport
from ocppkit.blocks.charging import (
    ClearProfilesAnswer,
    DynamicUpdateReply,
    ProfileStatus,
    PullDynamicUpdate,
    SetProfileAnswer,
    lift_command,
    limit_command,
)
from ocppkit.blocks.provisioning import BootReply, BootReport
from ocppkit.blocks.remote_control import HeartbeatReport
from ocppkit.blocks.transactions import (
    TransactionEventType,
    TransactionLedger,
    TransactionLimit,
    TransactionRecord,
    TransactionReply,
    TransactionReport,
    TransactionRules,
)
from ocppkit.blocks.variables import (
    BaseReportKind,
    CollectedReport,
    GetBaseReport,
    GetVariableResult,
    GetVariables,
    ReportData,
    VariableAttribute,
    VariablesReport,
)
from ocppkit.core import LocalProtocolError, Mutability, Response

from .._csms import Csms
from .._handle import StationHandle
from ._authorization_service import AuthorizationQuestion, AuthorizationService, Authorize
from ._command_checks import check_command
from ._provisioning import Provisioning
from ._report_registrar import ReportHandler, ReportRegistrar
from ._station_provisioner import StationProvisioner
from ._station_reports import StationReports

__all__ = ["CsmsBlocks", "LimitTransaction", "ReportReceived"]

logger = logging.getLogger("ocppkit.csms")

A = TypeVar("A", bound=CommandAnswer)
E = TypeVar("E")
LimitTransaction: TypeAlias = Callable[[TransactionRecord], MaybeAwaitable[TransactionLimit | None]]
"""Returns what a transaction may cost, take or last; plain or async."""

T = TypeVar("T", bound=Report[Any])

_NO_UPDATE: Final = DynamicUpdateReply(status=ProfileStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class ReportReceived:
    """Event: a station has reported something. Told before the report is answered."""

    station: StationHandle
    report: Report[Any]


class CsmsBlocks:
    """Runs functional blocks on a CSMS: joins transactions, authorizes tokens, provisions stations,
    sends commands.

    ```python
    def authorize(question: AuthorizationQuestion) -> str:
        return "Accepted" if question.token.id_token in cards else "Unknown"

    blocks = CsmsBlocks(csms, authorize=authorize)

    @blocks.on(TransactionClosed)
    def closed(event: TransactionClosed) -> None:
        bill(event.record)
    ```

    Its handlers are defaults: a handler that the program registers with `csms.on` goes first.
    """

    def __init__(
        self,
        csms: Csms,
        *,
        authorize: Authorize,
        ledger: TransactionLedger | None = None,
        provisioning: Provisioning | None = None,
        limit_transaction: LimitTransaction | None = None,
    ) -> None:
        """Registers the default handlers of the blocks at a CSMS.

        Args:
            csms: the CSMS.
            authorize: returns what is said of a token, or its status alone; plain or async.
            ledger: joins the reports about transactions; an empty one by default.
            provisioning: how boots are answered; by default all are accepted at once.
            limit_transaction: returns what a transaction may cost, take or last, or `None`; plain or async.
                It is asked at each report of one that goes on; before 2.1 stations cannot be told. # E16

        Raises:
            LocalProtocolError: a version has no functional blocks.
        """
        self._csms = csms
        self._dialects = {protocol.subprotocol: dialect_of(protocol) for protocol in csms.protocols}
        self._handlers: dict[type[Report[Any]], ReportHandler] = {}
        self._authorization = AuthorizationService(authorize, clock=csms.block_access.clock)
        self._listeners = EventListeners(logger, "CSMS")
        self.ledger: Final[TransactionLedger] = TransactionLedger() if ledger is None else ledger
        """The transactions of all stations."""

        self.answer(AuthorizeReport)(self._authorize)
        self._provisioner = StationProvisioner(
            Provisioning() if provisioning is None else provisioning,
            call=self.call,
            now=csms.block_access.now,
            publish=self._listeners.publish,
        )
        self._limit_transaction = limit_transaction
        self._reports = StationReports(self._dialects, csms.block_access.clock)
        self._register_handlers()
        self.answer(BootReport)(self._answer_boot)
        self.answer(VariablesReport)(self._take_variables)
        self.answer(TransactionReport)(self._take_transaction)
        self.answer(PullDynamicUpdate)(lambda station, report: _NO_UPDATE)

    def on(self, event: type[E]) -> Callable[[Listener[E]], Listener[E]]:
        """Returns a decorator; the function is called with each event of the given type, plain or
        async.

        Events of its subclasses are told too. A plain function runs inside the event loop and must not
        block. What it raises is logged.
        """
        return self._listeners.on(event)

    def _register_handlers(self) -> None:
        for dialect in self._dialects.values():
            for request, mapping in dialect.report_of.items():
                # HeartbeatReport: the CSMS answers heartbeats itself.
                if HeartbeatReport not in mapping.reports:
                    self._csms.block_access.set_default_handler(
                        request, partial(self._handle_request, mapping)
                    )

    def answer(self, report: type[T]) -> ReportRegistrar[T]:
        """Returns a decorator; the function replies to reports of one type, from stations of any
        version.

        It replaces the one before. A report without such a function is acknowledged.
        """

        def register(handler: ReportHandler) -> None:
            self._handlers[report] = handler

        return ReportRegistrar[T](register)

    async def call(
        self,
        station: StationHandle,
        command: Command[A],
        *,
        call_timeout: float | None = None,
        checked: bool = True,
    ) -> A:
        """Sends a command to a station as a message of its version; returns the answer.

        The command is checked first by the rules with which stations refuse commands, as far as what they
        need is known; see `report`.

        Args:
            station: the station.
            command: what is wanted.
            call_timeout: seconds to wait for the answer; the connection's limit by default.
            checked: whether the command is checked; `False` leaves it to the station to refuse it.

        Raises:
            CallFailed: the station answered with an error.
            CallTimedOut: no answer came in time.
            ConnectionClosed: the connection ended; `delivered` says whether the command may have run.
            InvalidMessage: the answer breaks its schema.
            LocalProtocolError: the station's version cannot say it, or the station would refuse it;
                nothing was sent.
        """
        mapping = self._dialect_of(station).request_of.get(type(command))
        if mapping is None:
            raise LocalProtocolError(
                f"OCPP {station.protocol.version} has no message for {type(command).__name__}"
            )
        if checked:
            check_command(command, self._dialect_of(station), self._reports.variables_of(station))
        try:
            request = mapping.write_request(command)
        except ValueError as problem:
            raise LocalProtocolError(
                f"OCPP {station.protocol.version} has no message that expresses {command!r}: "
                f"{problem}"
            ) from problem
        # The generated handle has it, which this room does not know.
        response = await cast(Any, station).call(request, call_timeout=call_timeout)
        answer: A = mapping.read_response(command, response)
        return answer

    async def limit(
        self,
        station: StationHandle,
        *,
        amps: float | None = None,
        watts: float | None = None,
        evse_id: int = 0,
        transaction_id: str | None = None,
        until: datetime | None = None,
        number_phases: int | None = None,
        stack_level: int = 0,
    ) -> SetProfileAnswer:
        """Limits a station, an EVSE or a transaction to one current or power; returns the answer.

        It takes the place of the limit that was set there before. What it sends, `limit_command` says.

        Args:
            station: the station.
            amps: the greatest current of each phase.
            watts: the greatest power of all phases together, in place of `amps`.
            evse_id: the EVSE; 0 for the whole station, or for the one on which the ledger has the transaction.
            transaction_id: the transaction that is limited, if it is not the EVSE or the station.
            until: when the limit ends; without it, when it is lifted.
            number_phases: how many phases may be used; 3 by default.
            stack_level: among profiles of one purpose, that of the highest level counts.

        Raises:
            CallFailed: the station answered with an error; or what else `call` raises.
            LocalProtocolError: the limit makes no sense, or the station would refuse it; nothing was sent.
        """
        command = limit_command(
            now=self._csms.block_access.now(),
            amps=amps,
            watts=watts,
            evse_id=self._evse_of(station, evse_id, transaction_id),
            transaction_id=transaction_id,
            until=until,
            number_phases=number_phases,
            stack_level=stack_level,
        )
        return await self.call(station, command)

    async def lift_limit(
        self, station: StationHandle, *, evse_id: int = 0, transaction_id: str | None = None
    ) -> ClearProfilesAnswer:
        """Removes the limit that `limit` has set; returns the answer, which is Unknown if there is
        none.

        Args:
            station: the station.
            evse_id: as in `limit`.
            transaction_id: as in `limit`.

        Raises:
            CallFailed: the station answered with an error; or what else `call` raises.
            LocalProtocolError: the EVSE of the transaction is not known; nothing was sent.
        """
        evse_id = self._evse_of(station, evse_id, transaction_id)
        return await self.call(
            station, lift_command(evse_id=evse_id, transaction_id=transaction_id)
        )

    async def report(
        self,
        station: StationHandle,
        kind: str = BaseReportKind.FULL_INVENTORY,
        *,
        patience: float = 30.0,
        remember: bool = False,
    ) -> CollectedReport:
        """Asks a station for all its variables; returns them when all parts have arrived. # B07

        Of OCPP 1.6 these are its configuration keys.

        Args:
            station: the station.
            kind: a `BaseReportKind`; OCPP 1.6 has one report only.
            patience: seconds to wait for the next part.
            remember: whether commands to the station are checked by what it tells, such as its limits and
                what can only be read, until it boots again. A full inventory takes about half a megabyte.

        Returns:
            The report; one that is not complete if no further part came, or the connection was lost.

        Raises:
            CallFailed: the station answered with an error; or what else `call` raises.
        """
        report = await self._requested_report(station, kind, patience)
        if remember:
            self._reports.remember(station, report)
        return report

    async def _requested_report(
        self, station: StationHandle, kind: str, patience: float
    ) -> CollectedReport:
        if GetBaseReport not in self._dialect_of(station).request_of:
            got = await self.call(station, GetVariables(data=None))
            return CollectedReport(status="Accepted", data=tuple(map(_report_data, got.results)))
        return await self._reports.collect(
            station.identity,
            lambda number: self.call(station, GetBaseReport(request_id=number, report_base=kind)),
            patience,
        )

    async def close(self) -> None:
        """Cancels running async listeners and the provisioning of stations."""
        await self._provisioner.close()
        await self._listeners.cancel()

    async def _handle_request(
        self, mapping: ReportMapping[Any, Any, Any], station: StationHandle, request: Any
    ) -> Response:
        report = mapping.read_request(request)
        self._listeners.publish(ReportReceived(station, report))
        handler = self._handlers.get(type(report))
        reply = (
            ReportReply() if handler is None else await await_if_needed(handler(station, report))
        )
        response: Response = mapping.write_response(request, reply)
        return response

    def _evse_of(self, station: StationHandle, evse_id: int, transaction_id: str | None) -> int:
        if evse_id or transaction_id is None:
            return evse_id
        record = self.ledger.get(station.identity, transaction_id)
        return 0 if record is None else record.evse_id or 0

    def _dialect_of(self, station: StationHandle) -> Dialect:
        return self._dialects[station.protocol.subprotocol]

    def _take_variables(self, station: StationHandle, report: VariablesReport) -> ReportReply:
        self._reports.add_part(station.identity, report)
        return ReportReply()

    async def _answer_boot(self, station: StationHandle, report: BootReport) -> BootReply:
        # What it can do may be another after a restart.
        self._reports.forget(station.identity)
        return await self._provisioner.answer(station, report)

    async def _authorize(self, station: StationHandle, report: AuthorizeReport) -> AuthorizeReply:
        question = AuthorizationQuestion(station=station.identity, token=report.id_token)
        return AuthorizeReply(id_token_info=await self._authorization.decide(question))

    async def _take_transaction(
        self, station: StationHandle, report: TransactionReport
    ) -> TransactionReply:
        identity = station.identity
        begins = report.event_type is TransactionEventType.STARTED
        # TX6-02: only 1.6 begins a transaction without an id.
        number = (
            self.ledger.number(identity, report)
            if begins and report.transaction_id is None
            else None
        )
        for event in self.ledger.add_report(identity, report):
            self._listeners.publish(event)
        limit = await self._limit_of(station, report)
        if report.id_token is None:
            return TransactionReply(number=number, transaction_limit=limit)
        question = AuthorizationQuestion(
            station=identity, token=report.id_token, evse_id=report.evse_id, in_transaction=True
        )
        info = await self._authorization.decide(question)
        return TransactionReply(id_token_info=info, number=number, transaction_limit=limit)

    async def _limit_of(
        self, station: StationHandle, report: TransactionReport
    ) -> TransactionLimit | None:
        identity, name = station.identity, report.transaction_id
        if not self._dialect_of(station).rules(TransactionRules).confirms_limits:
            return None
        record = None if name is None else self.ledger.get(identity, name)
        if self._limit_transaction is None or record is None or record.ended_at is not None:
            return None
        try:
            return await await_if_needed(self._limit_transaction(record))
        except Exception:
            logger.exception(
                "%s: %s failed [transaction %s gets no new limit]",
                loggable(identity),
                name_of(self._limit_transaction),
                loggable(record.transaction_id),
            )
            return None


def _report_data(result: GetVariableResult) -> ReportData:
    attribute = VariableAttribute(
        type=result.attribute_type,
        value=result.value,
        mutability=result.mutability or Mutability.READ_WRITE,
    )
    return ReportData(
        address=result.address, attributes=(attribute,), characteristics=result.characteristics
    )
