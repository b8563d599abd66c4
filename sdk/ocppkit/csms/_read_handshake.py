"""Reads a station's identity and credentials from its opening handshake."""

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Reject
from ocppkit.core import Protocol

from ._credentials import Credentials, UnusableAuthorization, password_in
from ._identity import BadHandshake, identity_in, offered_subprotocols

__all__ = ["read_credentials", "read_handshake"]


def read_handshake(handshake: Handshake, protocol: Protocol | None = None) -> Credentials | Reject:
    """Returns identity, offered subprotocols and credentials of a station that wants to connect.

    For programs that decide on handshakes without a `Csms`, such as a proxy. Nothing is checked.

    ```python
    async def accept(self, handshake: Handshake) -> Accept | Reject:
        station = read_handshake(handshake)
        if isinstance(station, Reject):
            return station
        ...
    ```

    Args:
        handshake: the station's request.
        protocol: the version that will be spoken, if that is known: in OCPP 2.x the user name may
            differ from the identity in case. # CON-06

    Returns:
        What was read, or the refusal with which to answer if the path ends in no identity. # CON-05
    """
    try:
        identity = identity_in(handshake.path)
    except BadHandshake as problem:
        return problem.answer
    offered = offered_subprotocols(handshake)
    return read_credentials(handshake, identity, identity, protocol, offered)


def read_credentials(
    handshake: Handshake,
    name: str,
    identity: str,
    protocol: Protocol | None,
    offered: tuple[str, ...],
) -> Credentials:
    """Returns the credentials in a handshake.

    Args:
        handshake: the request.
        name: the last segment of the path, if that can be an identity.
        identity: the station's identity, which may be another one than `name`.
        protocol: the version that will be spoken, if that is known.
        offered: the subprotocols that the station offers.
    """
    headers = handshake.headers_named(b"authorization")
    authorization = b", ".join(headers) if headers else None
    any_case = protocol is not None and protocol.identity_ignores_case
    password, problem = None, ""
    try:
        user_names = (name, identity) if name else (identity,)
        password = password_in(authorization, user_names, any_case)
    except UnusableAuthorization as error:
        problem = str(error)
    path, _, query = handshake.path.partition("?")
    return Credentials(
        identity=identity,
        password=password,
        password_problem=problem,
        authorization=authorization,
        path=path,
        query=query,
        headers=handshake.headers,
        subprotocols=offered,
        certificate=handshake.peer_certificate,
        secure=handshake.secure,
        remote_address=handshake.remote_address,
    )
