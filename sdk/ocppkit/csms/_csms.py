"""The CSMS: one server for stations of all versions of OCPP."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from ssl import SSLContext
from typing import Any, TypeVar

from typing_extensions import Unpack

from ocppkit.aio import Clock, Handshake, MaybeAwaitable, VendorRequest
from ocppkit.aio.lowlevel import (
    Accept,
    AnyHandler,
    AttachedConnection,
    ConnectionOptions,
    HandlerTable,
    Reject,
    Settings,
    Wire,
    refuse_old_tls,
)
from ocppkit.core import (
    Limits,
    LocalProtocolError,
    Message,
    Policies,
    Protocol,
    Response,
    Role,
    StationRequest,
    StationSend,
    utcnow,
)
from ocppkit.quirks import Quirks

from ._admission import Admission, Identify, UnknownSubprotocol, WithoutSubprotocol
from ._answer_store import AnswerStore
from ._attempt_limits import AttemptLimits, GuardedAttemptLimits
from ._attempts import AttemptLimiter
from ._authentication import Authenticator
from ._boot_gate import BootGate, UnknownStations
from ._csms_block_access import CsmsBlockAccess
from ._csms_fleet_access import CsmsFleetAccess
from ._directory import Directory, MemoryDirectory
from ._dispatch import Dispatcher
from ._guarded_registrations import GuardedRegistrations
from ._handle import StationHandle
from ._handle_classes import station_handle_class
from ._heartbeats import heartbeat_handlers
from ._identity import refusal_event
from ._refused_stations import RefusalReports
from ._registrar import CsmsRegistrar
from ._registrations import MemoryRegistrations, Registrations
from ._reject_after_open import RejectAfterOpen
from ._repeated_calls import AnswerMemory
from ._session import SessionContext, StationSession
from ._stations import Stations
from ._version_sniffing import VersionMemory, VersionSniffer

__all__ = ["Csms", "CsmsOptions"]

F = TypeVar("F", bound=Callable[[StationHandle, Any], MaybeAwaitable[Response | None]])
Q = TypeVar("Q", bound=StationRequest[Any] | StationSend | VendorRequest[Any])


class CsmsOptions(ConnectionOptions, total=False):
    """Keyword options of a CSMS that concern open connections."""


def _no_policies(identity: str) -> Policies | None:
    return None


def _do_nothing() -> None:
    pass


class Csms:
    """A charging station management system (in OCPP 1.6: Central System).

    It needs a transport to be reached, such as `ocppkit.transports.websockets`.
    """

    def __init__(
        self,
        *protocols: Protocol,
        authenticator: Authenticator | None = None,
        insecure: bool = False,
        attempts: AttemptLimits | None = None,
        without_subprotocol: WithoutSubprotocol = "refuse",
        unknown_subprotocol: UnknownSubprotocol = "refuse",
        identify: Identify | None = None,
        any_identity: bool = False,
        boot_gate: bool = True,
        registrations: Registrations | None = None,
        unknown: UnknownStations | None = None,
        directory: Directory | None = None,
        policies: Callable[[str], MaybeAwaitable[Policies | None]] = _no_policies,
        quirks: Quirks | None = None,
        check_serial_number: bool = True,
        idle_timeout: float = 0.0,
        answer_repeats: bool | AnswerStore = False,
        answer_heartbeats: bool = True,
        wall_clock: Callable[[], datetime] = utcnow,
        **options: Unpack[CsmsOptions],
    ) -> None:
        """Creates a CSMS. It serves no connection until a transport runs it.

        Args:
            protocols: the versions of OCPP to speak, such as `v201.PROTOCOL`, in order of
                preference.
            authenticator: decides who may connect.
            insecure: serve without an authenticator: everybody may connect, under any name.
            attempts: limits wrong attempts to authenticate; an `AttemptLimiter` by default.
            without_subprotocol: what to do with a station that names no version: `"refuse"` it,
                take this version for granted, or `"sniff"` its messages until one tells.
            unknown_subprotocol: what to do with a station that offers only other versions:
                `"refuse"` it, or open the connection and `"close"` it, as OCPP-J has it.
            identify: returns the identity of the station that a handshake is of, for paths that say
                more than the last segment: `/tenantA/CP1` and `/tenantB/CP1` may be two stations.
                The user name of Basic authentication may be that identity or the last segment.
            any_identity: let stations of OCPP 2.x have identities longer than 48 characters, or with
                characters that OCPP does not allow. # CON-06
            boot_gate: answer a station with SecurityError until its boot was accepted. Stations
                that only reconnect do not boot again: `registrations` remembers their boots.
            registrations: how boots were answered, over restarts: `SqliteRegistrations(path)` keeps
                that in a file. In memory by default, so that a restart forgets it.
            unknown: what to do with the messages of a station of whose boot nothing is known:
                `"serve"` it or `"refuse"` it. By default each version does as it may: 1.6 serves,
                where the refusal is only recommended (ERR-19), 2.x refuses (B01.FR.10).
            directory: where the live stations are kept; in memory by default.
            answer_repeats: remember answers to transaction messages for a day and, when a station
                repeats one with the same id and payload, over a new connection or after a boot
                perhaps, answer it again without handling it again; while its handler still runs,
                wait for that. `SqliteAnswers(path)` remembers over restarts. # MID-03, QUE-12
            answer_heartbeats: answer heartbeats with the time where they have no handler.
            wall_clock: tells that time; the system's by default.
            policies: says of each station that connects, by its identity, how strictly it is read
                and written to, where that differs from `inbound` and `outbound`. What only the
                boot tells, the vendor for instance, comes later: see `StationHandle.use_policies`.
            quirks: what stations of certain vendors do otherwise: each is read and written to by the
                profile that its boot, or what `registrations` remember of it, names, on top of its
                policies. `Quirks()` has the profiles that ship.
            check_serial_number: close the connection of a station whose boot names another serial
                number than its client certificate, as security profile 3 demands.
            idle_timeout: seconds without a message after which a connection is closed, though
                something answers its pings; zero for never. Well above the heartbeat interval.
            options: see `CsmsOptions`.
        """
        if not protocols:
            raise LocalProtocolError(
                "Csms() got no version of OCPP [pass one or more, such as v201.PROTOCOL]"
            )
        if isinstance(without_subprotocol, Protocol) and without_subprotocol not in protocols:
            raise LocalProtocolError(
                "without_subprotocol= names a version that this Csms does not speak [pass that "
                "protocol too]"
            )
        if quirks is not None:
            quirks.check(*protocols)
        self.protocols = protocols
        self.stations: Stations = Stations(directory or MemoryDirectory(), self._clock, wall_clock)
        """The stations that are connected now."""

        self._handlers = HandlerTable(Role.CSMS, *protocols)
        if answer_heartbeats:
            for request, handler in heartbeat_handlers(protocols, wall_clock).items():
                self._handlers.set_default(request, handler)
        self.dispatcher: Dispatcher = Dispatcher(self._handlers)
        """Runs the handlers for messages that another process has received."""

        self._settings = Settings(**options)
        self._insecure = insecure
        self._has_authenticator = authenticator is not None
        self._without_subprotocol: WithoutSubprotocol = without_subprotocol
        self._versions = VersionMemory(protocols)
        self._by_subprotocol = {protocol.subprotocol: protocol for protocol in protocols}
        self._refusals = RefusalReports(self._clock, self._settings.observer, self.stations.refused)
        registered = GuardedRegistrations(
            MemoryRegistrations() if registrations is None else registrations, self._clock
        )
        self._has_registrations = registrations is not None
        self._attempts = GuardedAttemptLimits(AttemptLimiter() if attempts is None else attempts)
        self._admission = Admission(
            protocols,
            authenticator=authenticator,
            without_subprotocol=without_subprotocol,
            unknown_subprotocol=unknown_subprotocol,
            identify=identify,
            any_identity=any_identity,
            spelling=self.stations.spelling,
            handshake_timeout=self._settings.limits.handshake_timeout,
            reports=self._refusals,
            registrations=registered,
            policies=policies,
            attempts=self._attempts,
        )
        self._context = SessionContext(
            dispatcher=self.dispatcher,
            fast_paths=self._handlers.fast_path,
            handles={each.subprotocol: station_handle_class(each) for each in protocols},
            stations=self.stations,
            settings=self._settings,
            gate=BootGate(protocols, unknown, closed=boot_gate),
            registrations=registered,
            quirks=quirks,
            wall_clock=wall_clock,
            check_serial_number=check_serial_number,
            idle_timeout=idle_timeout,
            memory=_create_answer_memory(answer_repeats, protocols),
        )

    def on(self, request: type[Q]) -> CsmsRegistrar[Q]:
        """Returns a decorator that registers a function as the handler of one request, OCPP's or a
        vendor's.

        The handler is `(station, request) -> response`, plain or `async`. A plain one runs inside
        the event loop and must not block.

        Raises:
            WrongVersion: the request is of a version that is not spoken here.
            LocalProtocolError: stations never send it.
        """
        self._handlers.check(request)
        return CsmsRegistrar[Q](lambda handler: self._handlers.add(request, handler))

    def add_handlers(self, handlers: object) -> None:
        """Registers the methods of an object as handlers: each one that its class overrides.

        Args:
            handlers: an instance of your subclass of a version's `CsmsHandlers`.
        """
        self._handlers.add_methods(handlers)

    def fallback(self, handler: F) -> F:
        """Registers a function as the handler of all messages that have no other handler. Can be
        used as a decorator.

        ```python
        @csms.fallback
        async def forward(station: StationHandle, request: Message) -> Response:
            return await back_end.ask(station.identity, request)
        ```

        It gets the requests of every version that is spoken, BootNotification and DataTransfer too, and
        messages that are never answered (`Send`), whose result is ignored. Heartbeats are answered with
        the time, unless `answer_heartbeats=False`. To answer with an error, such as NotSupported, it
        raises `CallRefused`.

        Args:
            handler: `(station, request) -> response`, plain or `async`.

        Raises:
            LocalProtocolError: there is a fallback already.
        """
        self._handlers.set_fallback(handler)
        return handler

    # What the driver of functional blocks calls.

    @property
    def block_access(self) -> CsmsBlockAccess:
        """Access for `ocppkit.csms.blocks`; programs use the public methods instead."""
        return CsmsBlockAccess(
            clock=self._clock,
            now=self._context.wall_clock,
            set_default_handler=self._set_default_handler,
        )

    # What a node of a fleet calls.

    @property
    def fleet_access(self) -> CsmsFleetAccess:
        """Access for `ocppkit.fleet`; programs use the public methods instead."""
        return CsmsFleetAccess(
            protocols=self.protocols,
            stations=self.stations,
            clock=self._clock,
            now=self._context.wall_clock,
            share_registrations=self._share_registrations,
            share_attempts=self._attempts.use,
        )

    def _share_registrations(self, store: Registrations) -> None:
        if not self._has_registrations:
            self._context.registrations.use(store)

    def _set_default_handler(self, request: type[Message], handler: AnyHandler) -> None:
        self._handlers.check(request)
        self._handlers.set_default(request, handler)

    # What transports call.

    @property
    def limits(self) -> Limits:
        """The limits of each connection; the transport enforces those on message sizes and pings."""
        return self._settings.limits

    def check_startable(self, tls: SSLContext | None = None) -> None:
        """Checks that the CSMS is safe to serve: without `insecure=True` it needs an authenticator
        and a current version of TLS.

        Args:
            tls: what it is to be served with; if it leaves the oldest version to OpenSSL, that is
                set to 1.2.

        Raises:
            LocalProtocolError: there is no authenticator, or TLS would be older than 1.2.
        """
        if tls is not None and not self._insecure:
            refuse_old_tls(tls)
        if not self._has_authenticator and not self._insecure:
            raise LocalProtocolError(
                "this Csms has no authenticator [give it one, such as "
                "authenticator=PasswordAuthenticator(passwords.get), or write insecure=True "
                "to let everybody in]"
            )

    async def accept(self, handshake: Handshake) -> Accept | Reject:
        """Decides whether a station may open a connection."""
        self.check_startable()
        return await self._admission.accept(handshake, self._clock())

    def report_refusal(
        self,
        reason: str,
        *,
        remote_address: str = "",
        status: int | None = None,
        handshake: Handshake | None = None,
    ) -> None:
        """Reports a connection that the transport refused, so that `accept` was not called or did
        not decide.

        Refusals by `accept` are reported already.

        Args:
            reason: why, for the operator, such as "the TLS handshake failed: no shared cipher".
            remote_address: who it was, where that is not in `handshake`.
            status: the HTTP status of the answer; `None` if there was no HTTP to answer.
            handshake: what was asked for, as far as it was read.
        """
        self._refusals.report(refusal_event(reason, status, remote_address, handshake))

    def attach(
        self, accept: Accept, wire: Wire, *, finished: Callable[[], None] = _do_nothing
    ) -> AttachedConnection:
        """Starts the session of a station whose connection was accepted and is now open.

        Args:
            accept: what `accept` returned.
            wire: the connection; it is started here.
            finished: called when the connection has ended and nothing of it runs any more.

        Returns:
            What can shut the connection down.
        """
        protocol = self._protocol_of(accept)
        attached: RejectAfterOpen | StationSession | VersionSniffer
        if accept.reject_reason:
            attached = RejectAfterOpen(wire, accept.reject_reason, finished)
        elif protocol is not None:
            attached = StationSession(self._context, accept, wire, protocol, finished)
        else:
            attached = VersionSniffer(
                accept,
                wire,
                self.protocols,
                self._versions,
                lambda protocol: StationSession(self._context, accept, wire, protocol, finished),
                self._settings,
                self._clock(),
                finished,
            )
        attached.begin()
        return attached

    def _protocol_of(self, accept: Accept) -> Protocol | None:
        if accept.subprotocol is not None:
            return self._by_subprotocol[accept.subprotocol]
        return (
            self._without_subprotocol if isinstance(self._without_subprotocol, Protocol) else None
        )

    def _clock(self) -> Clock:
        return self._settings.clock or asyncio.get_running_loop()


def _create_answer_memory(
    answer_repeats: bool | AnswerStore, protocols: Sequence[Protocol]
) -> AnswerMemory | None:
    if isinstance(answer_repeats, bool):
        return AnswerMemory(protocols) if answer_repeats else None
    return AnswerMemory(protocols, answer_repeats)
