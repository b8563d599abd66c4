"""Decides on opening handshakes: whether a station may connect, and in which version of OCPP.

Theory of operation: `Admission.accept` reads the handshake (identity, subprotocols, credentials),
asks the authenticator, counts wrong attempts, and looks up what is known of the station. Each reason
for a refusal is raised as `BadHandshake`; `accept` turns it into an HTTP answer and reports it. Transports
send that answer; they decide nothing.

The program's functions that are called (`identify`, the authenticator, `policies`) may be slow, fail,
or return an unusable value. Each of them may take a part of the handshake's time; a failure is logged
and answered.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, TypeAlias

from msgspec.structs import replace

from ocppkit.aio import Clock, Handshake, MaybeAwaitable
from ocppkit.aio.lowlevel import Accept, Reject, loggable
from ocppkit.core import Policies, Protocol

from ._attempt_limits import GuardedAttemptLimits
from ._attempts import TooManyAttempts
from ._authentication import Authenticator, Refused, Verdict, common_names
from ._credentials import Credentials
from ._guarded_registrations import GuardedRegistrations
from ._identity import (
    BadHandshake,
    check_identity,
    identity_in,
    identity_or_empty,
    offered_subprotocols,
    refusal_event,
)
from ._read_handshake import read_credentials
from ._refused_stations import RefusalReports
from ._time_limit import with_time_limit

__all__ = ["Admission", "Identify", "UnknownSubprotocol", "WithoutSubprotocol"]

logger = logging.getLogger("ocppkit.csms")

WithoutSubprotocol: TypeAlias = Protocol | Literal["refuse", "sniff"]
"""What to do with a station that offers no subprotocol: refuse it, assume a version, or let its
messages tell."""

UnknownSubprotocol: TypeAlias = Literal["refuse", "close"]
"""What to do with a station that offers only versions not spoken here: refuse it by HTTP, as the
certification test TC_B_58_CSMS expects, or open the connection and close it, as OCPP-J has it."""

Identify: TypeAlias = Callable[[Handshake], MaybeAwaitable[str | None]]
"""Returns the identity of the station that connects, or `None` if there is no such station."""

_CHALLENGE: Final = ((b"WWW-Authenticate", b'Basic realm="ocpp", charset="UTF-8"'),)

_SHARE: Final = 0.75
"""The part of the handshake's time that one function of the program's may take, so that time is left
to answer."""


class Admission:
    """Decides whether a station may connect, and in which version of OCPP."""

    def __init__(
        self,
        protocols: Sequence[Protocol],
        *,
        authenticator: Authenticator | None,
        without_subprotocol: WithoutSubprotocol,
        unknown_subprotocol: UnknownSubprotocol,
        identify: Identify | None,
        any_identity: bool,
        spelling: Callable[[str, Protocol | None], str],
        registrations: GuardedRegistrations,
        policies: Callable[[str], MaybeAwaitable[Policies | None]],
        attempts: GuardedAttemptLimits,
        handshake_timeout: float,
        reports: RefusalReports,
    ) -> None:
        self._protocols = protocols
        self._authenticator = authenticator
        self._without_subprotocol: WithoutSubprotocol = without_subprotocol
        self._unknown_subprotocol: UnknownSubprotocol = unknown_subprotocol
        self._identify = identify
        self._any_identity = any_identity
        self._spelling = spelling
        self._registrations = registrations
        self._policies = policies
        self._attempts = attempts
        self._patience = handshake_timeout * _SHARE
        self._reports = reports

    async def accept(self, handshake: Handshake, clock: Clock) -> Accept | Reject:
        """Returns `Accept` if the connection may be opened, else `Reject`."""
        offered = offered_subprotocols(handshake)
        credentials = Credentials(identity="")
        try:
            protocol, rejected = self._choose_version(offered)
            name, identity = await self._find_identity(handshake, protocol, clock)
            credentials = read_credentials(handshake, name, identity, protocol, offered)
            await self._authenticate(credentials, clock)
        except BadHandshake as problem:
            self._report_refusal(handshake, credentials.identity, problem.status, problem)
            return problem.answer
        if rejected is not None:
            self._report_refusal(handshake, identity, None, rejected)
        record = await self._registrations.find(identity, protocol)
        if record is not None:
            identity = record.identity
        return Accept(
            subprotocol=None if protocol is None else protocol.subprotocol,
            identity=identity,
            remote_address=handshake.remote_address,
            record=record,
            common_names=common_names(handshake.peer_certificate),
            policies=await self._call_policies(identity, clock),
            reject_reason="" if rejected is None else rejected.reason,
            handshake=_without_authorization(handshake),
        )

    # Reading the handshake.

    def _choose_version(
        self, offered: Sequence[str]
    ) -> tuple[Protocol | None, BadHandshake | None]:
        """Returns the version to speak, and the reason if the connection must be closed right after
        it opens.
        """
        for protocol in self._protocols:
            if protocol.subprotocol in offered:
                return protocol, None
        spoken = ", ".join(protocol.subprotocol for protocol in self._protocols)
        if offered:
            problem = BadHandshake(
                400, f"none of the offered versions is spoken here, but {spoken}"
            )
            if self._unknown_subprotocol == "refuse":
                raise problem
            return None, problem  # SUB-04
        if self._without_subprotocol == "refuse":
            raise BadHandshake(
                400,
                f"no subprotocol is offered; spoken here: {spoken}",
                "without_subprotocol= admits such stations",
            )
        return None, None

    async def _find_identity(
        self, handshake: Handshake, protocol: Protocol | None, clock: Clock
    ) -> tuple[str, str]:
        """Returns the name in the path, and the station's identity; `identify` may derive another
        one from it.
        """
        if self._identify is None:
            identity = name = identity_in(handshake.path)
        else:
            name = identity_or_empty(handshake)
            identity = await self._call_identify(self._identify, handshake, clock)
        if protocol is not None and name and not self._any_identity:
            check_identity(name, protocol)
        return name, self._spelling(identity, protocol)

    async def _call_identify(self, identify: Identify, handshake: Handshake, clock: Clock) -> str:
        identity: object = await self._call_program("identify", identify, handshake, clock)
        if identity is None:
            raise BadHandshake(404, "no such station")  # CON-08
        if not isinstance(identity, str) or not identity:
            raise _wrong_return_value(
                "identify", identity, "return a text, or None for no such station"
            )
        return identity

    # Decisions of the authenticator and the program.

    async def _authenticate(self, credentials: Credentials, clock: Clock) -> None:
        """Asks the authenticator whether the credentials are right; raises `BadHandshake` if they
        are not.
        """
        if self._authenticator is None:
            return
        ask = self._authenticator.authenticate
        try:
            async with self._attempts.wait_for_turn(credentials, clock.time):
                decision: object = await self._call_program(
                    "the authenticator", ask, credentials, clock
                )
        except TooManyAttempts as problem:
            retry_after = (b"Retry-After", str(math.ceil(problem.retry_after)).encode())
            raise BadHandshake(429, str(problem), headers=(retry_after,)) from None
        reason = "the authenticator refused"
        if isinstance(decision, Refused):
            reason = decision.reason
            decision = decision.verdict
        if decision is Verdict.ACCEPTED:
            await self._attempts.accepted(credentials)
            return
        if not isinstance(decision, Verdict):
            raise _wrong_return_value(
                "the authenticator", decision, "return a Verdict, such as Verdict.ACCEPTED"
            )
        await self._attempts.failed(credentials, clock.time())
        if decision is Verdict.UNKNOWN:
            raise BadHandshake(404, "no such station")  # CON-08
        raise BadHandshake(  # BAS-05
            401, reason, told="wrong or missing credentials", headers=_CHALLENGE
        )

    async def _call_policies(self, identity: str, clock: Clock) -> Policies | None:
        try:
            policies: Policies | None = await self._call_program(
                "policies", self._policies, identity, clock
            )
        except BadHandshake:
            # Logged already. A station is not refused because its policies could not be looked up.
            return None
        return policies

    async def _call_program(
        self, name: str, function: Callable[[Any], object], about: Any, clock: Clock
    ) -> Any:
        """Calls a function of the program, such as `identify`, with a time limit; raises
        `BadHandshake` if it fails.
        """
        try:
            value = function(about)
            if asyncio.iscoroutine(value):
                value = await with_time_limit(value, clock, self._patience)
            return value
        except TimeoutError:
            logger.error(
                "%s did not return within %g seconds [the handshake is answered with 503]",
                name,
                self._patience,
            )
            reason = f"{name} did not return within {self._patience:g} seconds"
            raise BadHandshake(503, reason, told="no decision in time") from None
        except Exception as error:
            logger.exception("%s raised an exception [the handshake is answered with 500]", name)
            reason = f"{name} raised {type(error).__name__}"
            raise BadHandshake(500, reason, told="internal error") from error

    def _report_refusal(
        self, handshake: Handshake, identity: str, status: int | None, problem: BadHandshake
    ) -> None:
        reason = f"{problem.reason} [{problem.cure}]" if problem.cure else problem.reason
        refusal = refusal_event(reason, status, "", handshake)
        self._reports.report(replace(refusal, identity=identity or refusal.identity))


def _without_authorization(handshake: Handshake) -> Handshake:
    if not handshake.headers_named(b"authorization"):
        return handshake
    return Handshake(
        path=handshake.path,
        headers=tuple(
            (name, value) for name, value in handshake.headers if name.lower() != b"authorization"
        ),
        peer_certificate=handshake.peer_certificate,
        secure=handshake.secure,
        remote_address=handshake.remote_address,
    )


def _wrong_return_value(name: str, value: object, cure: str) -> BadHandshake:
    shown = loggable(repr(value))
    logger.error("%s returned %s [the handshake is answered with 500; %s]", name, shown, cure)
    return BadHandshake(500, f"{name} returned {shown} [{cure}]", told="internal error")
