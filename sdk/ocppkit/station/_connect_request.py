"""Builds the request to connect from a network profile: URL, subprotocol, credentials and TLS."""

import base64
import ssl
from enum import IntEnum
from urllib.parse import quote, urlsplit, urlunsplit

from ocppkit.aio import Headers
from ocppkit.aio.lowlevel import ConnectRequest, refuse_old_tls
from ocppkit.core import LocalProtocolError

from ._network_profiles import NetworkProfile

__all__ = ["SecurityProfile", "connect_request", "security_of"]


class SecurityProfile(IntEnum):
    """The security profiles of OCPP, from the least to the most secure."""

    NONE = 0
    BASIC = 1
    """A password over an open connection."""

    TLS_BASIC = 2
    """A password over TLS."""

    TLS_CERTIFICATE = 3
    """A client certificate."""


def security_of(profile: NetworkProfile) -> SecurityProfile:
    """Returns the security profile that a network profile has by its URL, password and TLS context.

    Python does not tell whether a TLS context holds a client certificate: the profile does, or the
    context, if `client_context` made it.

    Raises:
        LocalProtocolError: the URL is none of a WebSocket.
    """
    scheme = urlsplit(profile.url).scheme
    if scheme not in {"ws", "wss"}:
        raise LocalProtocolError(
            "the URL of the CSMS has another scheme [it must begin with ws:// or wss://]"
        )
    if scheme == "ws":
        return SecurityProfile.NONE if profile.password is None else SecurityProfile.BASIC
    if _holds_certificate(profile):
        return SecurityProfile.TLS_CERTIFICATE
    return SecurityProfile.NONE if profile.password is None else SecurityProfile.TLS_BASIC


def _holds_certificate(profile: NetworkProfile) -> bool:
    if profile.ssl is None:
        return False
    if profile.client_certificate is not None:
        return profile.client_certificate
    return bool(getattr(profile.ssl, "holds_certificate", False))


def connect_request(
    profile: NetworkProfile, identity: str, subprotocol: str, *, insecure: bool
) -> ConnectRequest:
    """Returns the request to connect to the CSMS of a network profile.

    Raises:
        LocalProtocolError: it would not be safe, and `insecure` is not named; or the URL cannot be
            used.
    """
    if security_of(profile) is SecurityProfile.NONE and not insecure:
        raise LocalProtocolError(
            "this station has no password and no client certificate [pass password=; or pass "
            "ssl= with a context that has a client certificate, and client_certificate=True; or pass "
            "insecure=True]"
        )
    context = profile.ssl
    if urlsplit(profile.url).scheme == "ws":
        if context is not None:
            raise LocalProtocolError("ssl= is given, but the URL begins with ws:// [use wss://]")
    elif context is None:
        context = ssl.create_default_context()
        refuse_old_tls(context)
    elif not insecure:
        _check_verification(context)
    return ConnectRequest(
        url=_with_identity(profile.url, identity),
        subprotocols=(subprotocol,),
        headers=(
            () if profile.password is None else _basic_authorization(identity, profile.password)
        ),
        ssl=context,
    )


def _with_identity(url: str, identity: str) -> str:
    parts = urlsplit(url)
    if parts.username is not None:
        raise LocalProtocolError("the URL contains credentials [remove them, and pass password=]")
    # One segment, whatever stands in it. # CON-04
    path = f"{parts.path.rstrip('/')}/{quote(identity, safe='')}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def _basic_authorization(identity: str, password: str | bytes) -> Headers:
    if ":" in identity:
        raise LocalProtocolError(
            "the identity contains a colon, which Basic authentication cannot transmit [use "
            "another identity, or a client certificate]"
        )
    secret = password.encode() if isinstance(password, str) else password
    credentials = base64.b64encode(identity.encode() + b":" + secret)  # BAS-01, BAS-02
    return ((b"Authorization", b"Basic " + credentials),)


def _check_verification(context: ssl.SSLContext) -> None:
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise LocalProtocolError(
            "the TLS context does not verify the certificate of the CSMS [set verify_mode and "
            "check_hostname, or write insecure=True]"
        )  # SEC-10
    refuse_old_tls(context)
