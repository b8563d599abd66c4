"""`CsmsBlocks`: what a CSMS does with functional blocks, the same for stations of all OCPP versions."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast, overload

from ocppkit.aio import MaybeAwaitable
from ocppkit.aio.lowlevel import EventListeners, Listener, resolved
from ocppkit.blocks import (
    Command,
    CommandAnswer,
    Report,
    ReportMapping,
    ReportReply,
    dialect_of,
)
from ocppkit.blocks.authorization import AuthorizeReply, AuthorizeReport
from ocppkit.blocks.remote_control import HeartbeatReport
from ocppkit.blocks.transactions import (
    TransactionEventType,
    TransactionLedger,
    TransactionReply,
    TransactionReport,
)
from ocppkit.core import LocalProtocolError, Response

from .._csms import Csms
from .._handle import StationHandle
from ._authorization_service import AuthorizationQuestion, AuthorizationService, Authorize

__all__ = ["CsmsBlocks", "ReportReceived", "ReportRegistrar"]

logger = logging.getLogger("ocppkit.csms")

A = TypeVar("A", bound=CommandAnswer)
P = TypeVar("P", bound=ReportReply)
E = TypeVar("E")
T_co = TypeVar("T_co", bound=Report[Any], covariant=True)

ReportHandler = Callable[[StationHandle, Any], MaybeAwaitable[ReportReply]]


class ReportRegistrar(Generic[T_co]):
    """Takes the handler of one type of report: `(station, report) -> reply`, plain or `async`."""

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


@dataclass(frozen=True, slots=True)
class ReportReceived:
    """A station has reported something; told before it is answered."""

    station: StationHandle
    report: Report[Any]


class CsmsBlocks:
    """Functional blocks on a CSMS.

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
    ) -> None:
        """Joins blocks to a CSMS.

        Args:
            csms: the CSMS.
            authorize: returns what is said of a token, or its status alone; plain or async.
            ledger: joins the reports about transactions; an empty one by default.

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
        self._receive_all()
        self.answer(TransactionReport)(self._take_transaction)

    def on(self, event: type[E]) -> Callable[[Listener[E]], Listener[E]]:
        """Returns the decorator of a function that is called with each event of a type, plain or async.

        Events of its subclasses are told too. A plain function runs inside the event loop and must not
        block. What it raises is logged.
        """
        return self._listeners.on(event)

    def _receive_all(self) -> None:
        for dialect in self._dialects.values():
            for request, mapping in dialect.report_of.items():
                # HeartbeatReport: the CSMS answers heartbeats itself.
                if HeartbeatReport not in mapping.reports:
                    self._csms.block_access.set_default_handler(
                        request, partial(self._received, mapping)
                    )

    def answer(self, report: type[T_co]) -> ReportRegistrar[T_co]:
        """Returns the decorator of the function that replies to one type of report, of any version.

        It replaces the one before. A report without such a function is acknowledged.
        """

        def register(handler: ReportHandler) -> None:
            self._handlers[report] = handler

        return ReportRegistrar[T_co](register)

    async def call(
        self, station: StationHandle, command: Command[A], *, call_timeout: float | None = None
    ) -> A:
        """Sends a command to a station, in the messages of its version, and returns the answer.

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
        dialect = self._dialects[station.protocol.subprotocol]
        mapping = dialect.request_of.get(type(command))
        if mapping is None:
            raise LocalProtocolError(
                f"OCPP {station.protocol.version} has no message for {type(command).__name__}"
            )
        try:
            request = mapping.write_request(command)
        except ValueError as problem:
            raise LocalProtocolError(
                f"OCPP {station.protocol.version} cannot say {command!r}: {problem}"
            ) from problem
        # The generated handle has it, which this room does not know.
        response = await cast(Any, station).call(request, call_timeout=call_timeout)
        answer: A = mapping.read_response(command, response)
        return answer

    async def close(self) -> None:
        """Ends the async listeners that still run."""
        await self._listeners.cancel()

    async def _received(
        self, mapping: ReportMapping[Any, Any, Any], station: StationHandle, request: Any
    ) -> Response:
        report = mapping.read_request(request)
        self._listeners.tell(ReportReceived(station, report))
        handler = self._handlers.get(type(report))
        reply = ReportReply() if handler is None else await resolved(handler(station, report))
        response: Response = mapping.write_response(request, reply)
        return response

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
