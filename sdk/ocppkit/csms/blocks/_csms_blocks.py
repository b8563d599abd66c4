"""Runs functional blocks on a CSMS, in the same way for stations of all versions of OCPP."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Final, Generic, TypeVar, cast, overload

from ocppkit.aio import MaybeAwaitable, current_call
from ocppkit.aio.lowlevel import EventListeners, Listener, loggable, resolved, wait_until
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
from ocppkit.blocks.provisioning import BootReply, BootReport
from ocppkit.blocks.remote_control import HeartbeatReport, MessageTrigger, RequestTrigger
from ocppkit.blocks.transactions import (
    TransactionEventType,
    TransactionLedger,
    TransactionReply,
    TransactionReport,
)
from ocppkit.blocks.variables import (
    BaseReportKind,
    CollectedReport,
    GetBaseReport,
    GetVariableResult,
    GetVariables,
    ReportCollector,
    ReportData,
    ReportStatus,
    SetVariableResult,
    SetVariables,
    VariableAttribute,
    VariablesReport,
    VariableStatus,
)
from ocppkit.core import LocalProtocolError, Mutability, OcppError, Response

from .._csms import Csms
from .._handle import StationHandle
from ._authorization_service import AuthorizationQuestion, AuthorizationService, Authorize
from ._provisioning import BootQuestion, Provisioning, ProvisioningFailed, StationProvisioned

__all__ = ["CsmsBlocks", "ReportReceived", "ReportRegistrar"]

logger = logging.getLogger("ocppkit.csms")

A = TypeVar("A", bound=CommandAnswer)
P = TypeVar("P", bound=ReportReply)
E = TypeVar("E")
T_co = TypeVar("T_co", bound=Report[Any], covariant=True)

ReportHandler = Callable[[StationHandle, Any], MaybeAwaitable[ReportReply]]


class ReportRegistrar(Generic[T_co]):
    """A decorator that registers the handler of one type of report, a function `(station, report)
    -> reply`, plain or `async`.
    """

    def __init__(self, register: Callable[[ReportHandler], None]) -> None:
        self._register = register

    @overload
    def __call__(
        self: "ReportRegistrar[Report[P]]",
        handler: Callable[[StationHandle, T_co], Coroutine[Any, Any, P]],
    ) -> Callable[[StationHandle, T_co], Coroutine[Any, Any, P]]: ...

    @overload
    def __call__(
        self: "ReportRegistrar[Report[P]]", handler: Callable[[StationHandle, T_co], P]
    ) -> Callable[[StationHandle, T_co], P]: ...

    def __call__(self, handler: ReportHandler) -> ReportHandler:
        self._register(handler)
        return handler


_TAKEN: Final = frozenset({VariableStatus.ACCEPTED, VariableStatus.REBOOT_REQUIRED})


@dataclass(slots=True, eq=False)
class _PartialReport:
    """A report of variables that is still arriving, in parts."""

    collector: ReportCollector = field(default_factory=ReportCollector)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


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
    ) -> None:
        """Registers the default handlers of the blocks at a CSMS.

        Args:
            csms: the CSMS.
            authorize: returns what is said of a token, or its status alone; plain or async.
            ledger: joins the reports about transactions; an empty one by default.
            provisioning: how boots are answered; by default all are accepted at once.

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
        self._provisioning = Provisioning() if provisioning is None else provisioning
        self._tasks: set[asyncio.Task[None]] = set()
        self._collections: dict[tuple[str, int], _PartialReport] = {}
        self._request_ids = count(1)
        self._register_handlers()
        self.answer(BootReport)(self._answer_boot)
        self.answer(VariablesReport)(self._take_variables)
        self.answer(TransactionReport)(self._take_transaction)

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

    def answer(self, report: type[T_co]) -> ReportRegistrar[T_co]:
        """Returns a decorator; the function replies to reports of one type, from stations of any
        version.

        It replaces the one before. A report without such a function is acknowledged.
        """

        def register(handler: ReportHandler) -> None:
            self._handlers[report] = handler

        return ReportRegistrar[T_co](register)

    async def call(
        self, station: StationHandle, command: Command[A], *, call_timeout: float | None = None
    ) -> A:
        """Sends a command to a station as a message of its version; returns the answer.

        Args:
            station: the station.
            command: what is wanted.
            call_timeout: seconds to wait for the answer; the connection's limit by default.

        Raises:
            CallFailed: the station answered with an error.
            CallTimedOut: no answer came in time.
            ConnectionClosed: the connection ended; `delivered` says whether the command may have run.
            InvalidMessage: the answer breaks its schema.
            LocalProtocolError: the station's version cannot say it; nothing was sent.
        """
        mapping = self._dialect_of(station).request_of.get(type(command))
        if mapping is None:
            raise LocalProtocolError(
                f"OCPP {station.protocol.version} has no message for {type(command).__name__}"
            )
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

    async def report(
        self,
        station: StationHandle,
        kind: str = BaseReportKind.FULL_INVENTORY,
        *,
        patience: float = 30.0,
    ) -> CollectedReport:
        """Asks a station for all its variables; returns them when all parts have arrived. # B07 #
        B07

        Of OCPP 1.6 these are its configuration keys.

        Args:
            station: the station.
            kind: a `BaseReportKind`; OCPP 1.6 has one report only.
            patience: seconds to wait for the next part.

        Returns:
            The report; one that is not complete if no further part came, or the connection was lost.

        Raises:
            CallFailed: the station answered with an error; or what else `call` raises.
        """
        if GetBaseReport not in self._dialect_of(station).request_of:
            got = await self.call(station, GetVariables(data=None))
            return CollectedReport(status="Accepted", data=tuple(map(_report_data, got.results)))
        request_id = next(self._request_ids)
        collection = _PartialReport()
        self._collections[station.identity, request_id] = collection
        try:
            answer = await self.call(
                station, GetBaseReport(request_id=request_id, report_base=kind)
            )
            if answer.status != ReportStatus.ACCEPTED:
                return CollectedReport(status=answer.status)
            await self._wait_for_parts(collection, patience)
            return collection.collector.report()
        finally:
            del self._collections[station.identity, request_id]

    async def close(self) -> None:
        """Cancels running async listeners and the provisioning of stations."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._listeners.cancel()

    async def _handle_request(
        self, mapping: ReportMapping[Any, Any, Any], station: StationHandle, request: Any
    ) -> Response:
        report = mapping.read_request(request)
        self._listeners.tell(ReportReceived(station, report))
        handler = self._handlers.get(type(report))
        reply = ReportReply() if handler is None else await resolved(handler(station, report))
        response: Response = mapping.write_response(request, reply)
        return response

    def _dialect_of(self, station: StationHandle) -> Dialect:
        return self._dialects[station.protocol.subprotocol]

    def _take_variables(self, station: StationHandle, report: VariablesReport) -> ReportReply:
        collection = self._collections.get((station.identity, report.request_id))
        if collection is not None:
            collection.collector.hear(report)
            collection.changed.set()
        return ReportReply()

    async def _wait_for_parts(self, collection: _PartialReport, patience: float) -> None:
        clock = self._csms.block_access.clock()
        while not collection.collector.is_complete:
            collection.changed.clear()
            changed = asyncio.ensure_future(collection.changed.wait())
            try:
                await wait_until(clock, clock.time() + patience, changed)
                if not changed.done():
                    return
            finally:
                changed.cancel()

    async def _answer_boot(self, station: StationHandle, report: BootReport) -> BootReply:
        provisioning = self._provisioning
        status = await resolved(provisioning.accept(BootQuestion(station.identity, report)))
        if status == "Accepted" and provisioning.wanted:
            if station.identity in provisioning.ready:
                provisioning.ready.remove(station.identity)
            else:
                # B02: commands may be sent once the station is Pending.
                status = "Pending"
                current_call().after_response(lambda: self._start(self._provision(station)))
        accepted = status == "Accepted"
        return BootReply(
            status=status,
            current_time=self._csms.block_access.now(),
            interval=provisioning.interval if accepted else provisioning.retry_interval,
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            logger.error(
                "provisioning a station failed with an exception [it stays Pending until its "
                "next boot]",
                exc_info=problem,
            )

    async def _provision(self, station: StationHandle) -> None:
        identity, results = station.identity, dict[str, SetVariableResult]()
        problem = ""
        try:
            for name, wanted in self._provisioning.wanted.items():
                # One at a time: OCPP 1.6 has no other way, and a station may bound the number.
                answer = await self.call(station, SetVariables(data=(wanted,)))
                if len(answer.results) != 1:
                    problem = f"{name}: {len(answer.results)} answers to one question"
                    continue
                (results[name],) = answer.results
                if results[name].status not in _TAKEN:
                    problem = f"{name}: {results[name].status}"
        except OcppError as error:
            problem = str(error)
        if problem:
            logger.warning(
                "%s: a variable could not be set: %s [the station stays Pending, and is tried "
                "again at its next boot]",
                loggable(identity),
                loggable(problem),
            )
            self._listeners.tell(ProvisioningFailed(identity, problem, results))
            return
        self._provisioning.ready.add(identity)
        self._listeners.tell(StationProvisioned(identity))
        try:
            boot = RequestTrigger(requested_message=MessageTrigger.BOOT_NOTIFICATION)
            await self.call(station, boot)
        except OcppError as error:
            # It boots by itself when its interval is over.
            logger.info(
                "%s: did not boot when it was asked to: %s [its next boot is accepted]",
                loggable(identity),
                error,
            )

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
        for event in self.ledger.hear(identity, report):
            self._listeners.tell(event)
        if report.id_token is None:
            return TransactionReply(number=number)
        question = AuthorizationQuestion(
            station=identity, token=report.id_token, evse_id=report.evse_id, in_transaction=True
        )
        info = await self._authorization.decide(question)
        return TransactionReply(id_token_info=info, number=number)


def _report_data(result: GetVariableResult) -> ReportData:
    attribute = VariableAttribute(
        type=result.attribute_type,
        value=result.value,
        mutability=result.mutability or Mutability.READ_WRITE,
    )
    return ReportData(
        address=result.address, attributes=(attribute,), characteristics=result.characteristics
    )
