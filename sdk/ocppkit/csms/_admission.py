"""The handshake's one home: whether a station may open a connection, and in which version of OCPP.

Theory of operation: `examine` is pure. It reads a `Handshake` and says what can be said without
asking anybody: identity, subprotocol, credentials, or the refusal. `Door.accept` then asks the
authenticator, counts wrong attempts, and looks up whether the station is registered. Adapters of
WebSocket libraries call it and translate its answer; they hold no policy.
"""

import logging
import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from ocppkit.aio import Clock, Handshake, MaybeAwaitable
from ocppkit.aio.lowlevel import Accept, Reject, resolved
from ocppkit.core import Policies, Protocol

from ._authentication import AttemptLimiter, Authenticator, Credentials, Verdict, common_names
from ._identity import BadHandshake, identity_in, offered_subprotocols, password_in

__all__ = ["Admission", "CheckedHandshake", "UnknownSubprotocol", "WithoutSubprotocol", "examine"]

logger = logging.getLogger("ocppkit.csms")

WithoutSubprotocol: TypeAlias = Protocol | Literal["refuse", "sniff"]
"""What to do with a station that offers no subprotocol: refuse it, take its version for granted,
or let the first message tell."""

UnknownSubprotocol: TypeAlias = Literal["refuse", "close"]
"""What to do with a station that offers only versions not spoken here: refuse it by HTTP, as the
certification test TC_B_58_CSMS expects, or open the connection and close it, as OCPP-J has it."""

_CHALLENGE: Final = ((b"WWW-Authenticate", b'Basic realm="ocpp", charset="UTF-8"'),)


class CheckedHandshake(NamedTuple):
    """A handshake that is in order as far as can be seen without asking anybody."""

    subprotocol: str | None
    credentials: Credentials
    farewell: str = ""
    """Why the connection is opened only to be closed; empty: it is not."""


def examine(
    handshake: Handshake,
    protocols: Sequence[Protocol],
    without_subprotocol: WithoutSubprotocol,
    unknown_subprotocol: UnknownSubprotocol,
) -> CheckedHandshake | Reject:
    """Returns what a handshake asks for, or why it is refused."""
    try:
        identity = identity_in(handshake.path)
        offered = offered_subprotocols(handshake)
        chosen = _chosen(offered, protocols)
        farewell = ""
        if chosen is None:
            spoken = ", ".join(protocol.subprotocol for protocol in protocols)
            if not offered and without_subprotocol == "refuse":
                raise BadHandshake(400, f"no subprotocol is offered; spoken here: {spoken}")
            if offered:
                farewell = f"none of the offered versions is spoken here, but {spoken}"
                if unknown_subprotocol == "refuse":
                    raise BadHandshake(400, farewell)
        return CheckedHandshake(
            subprotocol=chosen,
            farewell=farewell,
            credentials=Credentials(
                identity=identity,
                password=password_in(handshake, identity),
                certificate=handshake.peer_certificate,
                secure=handshake.secure,
                remote_address=handshake.remote_address,
            ),
        )
    except BadHandshake as problem:
        return _reject(problem.status, problem.reason)


class Admission:
    """Opens to those who may come in."""

    def __init__(
        self,
        protocols: Sequence[Protocol],
        *,
        authenticator: Authenticator | None,
        without_subprotocol: WithoutSubprotocol,
        unknown_subprotocol: UnknownSubprotocol,
        registered: Callable[[str], MaybeAwaitable[bool]],
        policies: Callable[[str], MaybeAwaitable[Policies | None]],
        attempts: AttemptLimiter,
    ) -> None:
        self._protocols = protocols
        self._authenticator = authenticator
        self._without_subprotocol: WithoutSubprotocol = without_subprotocol
        self._unknown_subprotocol: UnknownSubprotocol = unknown_subprotocol
        self._registered = registered
        self._policies = policies
        self._attempts = attempts

    async def accept(self, handshake: Handshake, clock: Clock) -> Accept | Reject:
        """Returns whether the connection may be opened."""
        knock = examine(
            handshake, self._protocols, self._without_subprotocol, self._unknown_subprotocol
        )
        if isinstance(knock, CheckedHandshake):
            knock = await self._authenticated(knock, clock) or knock
        if isinstance(knock, Reject):
            # What a stranger tries is no news; a station that is set up wrongly waits for somebody.
            level = logging.WARNING if knock.status == 400 else logging.INFO
            logger.log(
                level, "%s refused: %d %s", handshake.remote_address, knock.status, knock.reason
            )
            return knock
        identity = knock.credentials.identity
        return Accept(
            subprotocol=knock.subprotocol,
            identity=identity,
            remote_address=handshake.remote_address,
            registered=await resolved(self._registered(identity)),
            common_names=common_names(handshake.peer_certificate),
            policies=await resolved(self._policies(identity)),
            farewell=knock.farewell,
        )

    async def _authenticated(self, knock: CheckedHandshake, clock: Clock) -> Reject | None:
        if self._authenticator is None:
            return None
        loggable = knock.credentials
        wait = self._attempts.wait(loggable.remote_address, loggable.identity, clock.time())
        if wait > 0:
            retry_after = (b"Retry-After", str(math.ceil(wait)).encode())
            return Reject(status=429, reason="too many wrong attempts", headers=(retry_after,))
        with self._attempts.deciding(loggable.remote_address, loggable.identity):
            verdict = await resolved(self._authenticator.authenticate(loggable))
        if verdict is Verdict.ACCEPTED:
            return None
        self._attempts.failed(loggable.remote_address, loggable.identity, clock.time())
        if verdict is Verdict.UNKNOWN:
            return _reject(404, "no such station")  # CON-08
        return _reject(401, "wrong or missing credentials")  # BAS-05


def _chosen(offered: Sequence[str], protocols: Sequence[Protocol]) -> str | None:
    for protocol in protocols:
        if protocol.subprotocol in offered:
            return protocol.subprotocol
    return None


def _reject(status: int, reason: str) -> Reject:
    return Reject(status=status, reason=reason, headers=_CHALLENGE if status == 401 else ())
