"""Creates TLS contexts with the versions, cipher suites and certificates that OCPP demands.

OCPP wants a CSMS to speak four cipher suites of TLS 1.2 (SEC-07), and a station two of them (SEC-08):

* TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and ..._256_GCM_SHA384: they need an ECDSA certificate.
* TLS_RSA_WITH_AES_128_GCM_SHA256 and ..._256_GCM_SHA384: they need an RSA certificate.

The contexts of Python's `ssl` lack the latter two. Their keys are exchanged by RSA alone: whoever gets
the server's private key can decrypt what was recorded earlier. OCPP keeps them for stations whose
hardware knows nothing better. They are the last choice here, and `rsa_key_exchange=False` switches them off.
"""

import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Final, TypeAlias, TypeVar

from ocppkit.core import LocalProtocolError

__all__ = [
    "Certificate",
    "ClientContext",
    "ServerContext",
    "client_context",
    "holds_certificate",
    "refuse_old_tls",
    "server_context",
]

_logger = logging.getLogger("ocppkit.aio")

C = TypeVar("C", bound=ssl.SSLContext)

_Path: TypeAlias = str | PathLike[str]

Certificate: TypeAlias = _Path | tuple[_Path, _Path]
"""A PEM file with a certificate chain and its private key, or two files: the chain and the key."""

_DEMANDED: Final = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
}
"""Suites by OpenSSL's names, with the names of the specification. # SEC-07"""

_RSA_KEY_EXCHANGE: Final = {
    "AES128-GCM-SHA256": "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "AES256-GCM-SHA384": "TLS_RSA_WITH_AES_256_GCM_SHA384",
}

_MORE: Final = (
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
"""Suites that OCPP allows and that are as strong as the first two it demands."""

_ROUND_TRIPS: Final = 5
"""More than a handshake of TLS 1.2 takes."""


class ClientContext(ssl.SSLContext):
    """A station's TLS context. Create it with `client_context`."""

    holds_certificate: bool = False
    """Whether the station can show a client certificate, as security profile 3 needs."""


class ServerContext(ssl.SSLContext):
    """A CSMS's TLS context. Create it with `server_context`."""

    missing_suites: tuple[str, ...] = ()
    """Cipher suites that OCPP demands and that this context cannot use, for want of a certificate."""

    _files: "_ServerFiles"
    _fresh: ssl.SSLContext | None = None

    def remember(self, files: "_ServerFiles") -> None:
        """Remembers the files that were loaded. Called by `server_context`."""
        self._files = files
        self.missing_suites = _missing_suites(files)

    def reload(self) -> None:
        """Reads all files again: certificates, keys, authorities and revocation lists.

        New connections are served with what was read, and none goes on with a TLS session from
        before; open ones live on. It takes some milliseconds.

        Raises:
            LocalProtocolError: a file cannot be used; the former ones stay in use.
        """
        fresh = _load_server_files(self._files, ssl.SSLContext)
        self.remember(self._files)
        self._fresh = fresh
        _logger.info("TLS: the certificates were read again; new connections use them")

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Starts TLS on a connection, as event loops do, with the newest certificates."""
        # Loading new files into this context would break it if one of them cannot be used, and
        # its cache of sessions would let in stations that were revoked since.
        wrap = super().wrap_bio if self._fresh is None else self._fresh.wrap_bio
        return wrap(incoming, outgoing, server_side, server_hostname, session)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServerFiles:
    certificates: tuple[Certificate, ...]
    client_authority: _Path | None
    revocation_list: _Path | None
    suites: tuple[str, ...]
    password: str | None


def server_context(
    *certificates: Certificate,
    client_authority: _Path | None = None,
    revocation_list: _Path | None = None,
    rsa_key_exchange: bool = True,
    password: str | None = None,
) -> ServerContext:
    """Returns a TLS context for a CSMS: TLS 1.2 and 1.3, with the suites that OCPP demands.

    ```python
    context = server_context("rsa.pem", "ecdsa.pem", client_authority="stations.pem")
    async with websockets.serve(csms, port=443, ssl=context):
        loop.add_signal_handler(signal.SIGHUP, context.reload)
    ```

    Each demanded suite is tried out once, in memory. One that needs another certificate is a
    warning in the log, and stands in `missing_suites`.

    Args:
        certificates: the CSMS's certificates: one with an RSA key and one with an ECDSA key, so that
            all four suites can be used.
        client_authority: a PEM file with the authorities that sign the stations' certificates, for
            security profile 3: a station without a valid certificate cannot connect.
        revocation_list: a PEM file with the revocation lists (CRLs) of these authorities. A station
            whose certificate is on one cannot connect; nor can any, once a list has expired.
        rsa_key_exchange: speak TLS_RSA suites too, as OCPP demands, though they lack forward secrecy.
        password: decrypts the private keys.

    Raises:
        LocalProtocolError: a file cannot be used, or this OpenSSL does not know a demanded suite.
    """
    if not certificates:
        raise LocalProtocolError(
            "server_context() got no certificate [give the path of a PEM file]"
        )
    if revocation_list is not None and client_authority is None:
        raise LocalProtocolError(
            "revocation_list= is given without client_authority=, so that no client certificate "
            "is checked [give both]"
        )
    files = _ServerFiles(
        certificates=certificates,
        client_authority=client_authority,
        revocation_list=revocation_list,
        suites=_suites(rsa_key_exchange),
        password=password,
    )
    context = _load_server_files(files, ServerContext)
    context.remember(files)
    for suite in context.missing_suites:
        kind = "ECDSA" if "ECDSA" in suite else "RSA"
        _logger.warning(
            "TLS: cipher suite %s cannot be used: no %s certificate [OCPP demands it: pass a "
            "second certificate to server_context]",
            suite,
            kind,
        )
    return context


def client_context(
    certificate: Certificate | None = None,
    *,
    authority: _Path | None = None,
    rsa_key_exchange: bool = True,
    password: str | None = None,
) -> ClientContext:
    """Returns a TLS context for a station, which verifies the CSMS: TLS 1.2 and 1.3.

    Args:
        certificate: the station's client certificate, for security profile 3.
        authority: a PEM file with the authorities that may have signed the CSMS's certificate;
            those of the operating system by default.
        rsa_key_exchange: speak TLS_RSA suites too, for a CSMS that has only an RSA certificate and
            no better suite.
        password: decrypts the private key.

    Raises:
        LocalProtocolError: a file cannot be used, or this OpenSSL does not know a demanded suite.
    """
    context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)
    _restrict_suites(context, _suites(rsa_key_exchange))
    if authority is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        _load_authority(context, authority, "authority")
    if certificate is not None:
        _load_certificate(context, certificate, password)
        context.holds_certificate = True
    return context


def holds_certificate(context: ssl.SSLContext) -> bool | None:
    """Returns whether a station's context has a client certificate; `None` if the context cannot
    tell.

    Only contexts that `client_context` has made can tell.
    """
    return context.holds_certificate if isinstance(context, ClientContext) else None


def refuse_old_tls(context: ssl.SSLContext) -> None:
    """Makes a context refuse TLS versions before 1.2. # SEC-05

    Some builds of Python, Debian's among them, leave the oldest version to OpenSSL. Contexts that say
    nothing of their own are set to 1.2.

    Raises:
        LocalProtocolError: the context allows older versions by name.
    """
    if context.minimum_version is ssl.TLSVersion.MINIMUM_SUPPORTED:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    if context.minimum_version < ssl.TLSVersion.TLSv1_2:
        raise LocalProtocolError(
            "the TLS context allows versions before 1.2 [use server_context() or "
            "client_context(), or set minimum_version]"
        )


def _suites(rsa_key_exchange: bool) -> tuple[str, ...]:
    # The order is the server's preference: forward secrecy first. # SEC-08
    return (*_DEMANDED, *_MORE, *(_RSA_KEY_EXCHANGE if rsa_key_exchange else ()))


def _load_server_files(files: _ServerFiles, kind: type[C]) -> C:
    context = kind(ssl.PROTOCOL_TLS_SERVER)
    _restrict_suites(context, files.suites)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    for certificate in files.certificates:
        _load_certificate(context, certificate, files.password)
    if files.client_authority is not None:
        _load_authority(context, files.client_authority, "client_authority")
        context.verify_mode = ssl.CERT_REQUIRED
        # A station that goes on with a session from a ticket is not verified again.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    if files.revocation_list is not None:
        _load_authority(context, files.revocation_list, "revocation_list")
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _restrict_suites(context: ssl.SSLContext, suites: Sequence[str]) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # SEC-05
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION  # SEC-09
    context.set_ciphers(":".join(suites))
    known = {cipher["name"] for cipher in context.get_ciphers()}
    for name, title in {**_DEMANDED, **_RSA_KEY_EXCHANGE}.items():
        if name in suites and name not in known:
            raise LocalProtocolError(
                f"{ssl.OPENSSL_VERSION} does not know {title}, which OCPP demands; use another "
                "build of OpenSSL, or, for a TLS_RSA suite, rsa_key_exchange=False"
            )


def _load_certificate(
    context: ssl.SSLContext, certificate: Certificate, password: str | None
) -> None:
    chain, key = certificate if isinstance(certificate, tuple) else (certificate, None)
    try:
        # Without a password, OpenSSL would ask for one at the terminal.
        context.load_cert_chain(chain, key, password or "")
    except (OSError, ValueError) as problem:
        raise LocalProtocolError(
            f"certificate {chain}: {problem} [pass a PEM file with the chain, and the private "
            "key in it or in a second file]"
        ) from problem


def _load_authority(context: ssl.SSLContext, path: _Path, what: str) -> None:
    try:
        context.load_verify_locations(path)
    except OSError as problem:
        raise LocalProtocolError(f"{what} {path}: {problem} [pass a PEM file]") from problem


def _missing_suites(files: _ServerFiles) -> tuple[str, ...]:
    """Returns the demanded cipher suites with which no handshake succeeds."""
    anybody = _load_server_files(
        replace(files, client_authority=None, revocation_list=None), ssl.SSLContext
    )
    demanded = {**_DEMANDED, **_RSA_KEY_EXCHANGE}
    wanted = [name for name in demanded if name in files.suites]
    return tuple(demanded[name] for name in wanted if not _can_negotiate(anybody, name))


def _can_negotiate(server: ssl.SSLContext, suite: str) -> bool:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(suite)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True))
    for _ in range(_ROUND_TRIPS):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return all(end.version() is not None for end in ends)
