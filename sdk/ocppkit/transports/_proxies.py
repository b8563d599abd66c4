"""Finds the station behind reverse proxies: its address, its TLS and its client certificate.

A proxy in front of the CSMS hides all three and repeats them in headers. Anybody can send such
headers, so they are read only if the connection comes from an address that was named as a proxy.
All transports use this one translation, so that they agree on who a station is.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from logging import getLogger
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import loggable
from ocppkit.core import LocalProtocolError

from ._forwarded_certificate import BadCertificate, read_certificate

__all__ = ["Proxies", "proxy_translation", "unchanged_handshake"]

logger = getLogger("ocppkit.transports")

Proxies: TypeAlias = Callable[[Handshake], Handshake]
"""Returns a handshake as the station sent it: with its own address, TLS and certificate."""

_Address: TypeAlias = IPv4Address | IPv6Address
_Network: TypeAlias = IPv4Network | IPv6Network

_UNIX: Final = "unix"
"""Names a proxy that connects over a Unix socket, which has no address."""

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_PARAMETER: Final = r'\s*+([A-Za-z]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^\s;,"]*+)\s*+'
_PARAMETERS: Final = re.compile(_PARAMETER)
_ELEMENT: Final = re.compile(rf"(?:{_PARAMETER}(?:;|\Z))+")
_ELEMENTS: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+"?)++')
"""The parts of a `Forwarded` header, RFC 7239 section 4."""


def proxy_translation(
    trusted: Sequence[str],
    client_certificate_header: str | None = None,
    *,
    keep_certificate: bool = False,
) -> Proxies:
    """Returns a function that replaces what a handshake says about the proxy by what the proxy says
    about the station.

    Args:
        trusted: addresses and networks of the proxies, such as `"10.0.0.5"` or `"10.0.0.0/8"`;
            `"unix"` for one that connects over a Unix socket.
        client_certificate_header: the header in which these proxies hand over the client
            certificate that they have verified.
        keep_certificate: whether the handshake's certificate is the station's already; otherwise
            it is the proxy's own, and is dropped.

    Raises:
        LocalProtocolError: an entry is no address, or a header is named but no proxy.
    """
    if isinstance(trusted, str):
        raise LocalProtocolError(
            f"trusted_proxies must be a list of addresses, not a string [write [{trusted!r}]]"
        )
    if client_certificate_header is not None:
        if not trusted:
            raise LocalProtocolError(
                "client_certificate_header needs trusted_proxies: without them any client could "
                "send that header; name the addresses of your proxies"
            )
        if _TOKEN.fullmatch(client_certificate_header) is None:
            raise LocalProtocolError(
                f"client_certificate_header is not a header name: {client_certificate_header!r}"
            )
    if not trusted:
        return unchanged_handshake
    networks = tuple(_network(entry) for entry in trusted if entry != _UNIX)
    return _HandshakeBehindProxy(
        networks, _UNIX in trusted, client_certificate_header, keep_certificate
    )


def unchanged_handshake(handshake: Handshake) -> Handshake:
    """Returns the handshake unchanged, as for a connection without a proxy."""
    return handshake


class _HandshakeBehindProxy:
    """Reads the station's address, TLS and certificate from a handshake that came through a trusted
    proxy.
    """

    def __init__(
        self,
        networks: tuple[_Network, ...],
        unix: bool,
        certificate_header: str | None,
        keep_certificate: bool,
    ) -> None:
        self._networks = networks
        self._unix = unix
        self._keep_certificate = keep_certificate
        self._certificate_header = (
            None if certificate_header is None else certificate_header.encode()
        )

    def __call__(self, handshake: Handshake) -> Handshake:
        """Returns the handshake with what the proxy says about the station."""
        if not self._is_proxy(handshake.remote_address):
            return handshake
        by_list = _header_elements(handshake, b"x-forwarded-for")
        by_standard, protocols = _forwarded(handshake)
        if by_list or by_standard:
            handshake = replace(
                handshake,
                remote_address=self._station(handshake.remote_address, by_list, by_standard),
                secure=_is_secure([*protocols, *_header_elements(handshake, b"x-forwarded-proto")]),
            )
        if self._certificate_header is not None:
            certificate = self._certificate(handshake, self._certificate_header)
            return replace(handshake, peer_certificate=certificate)
        return handshake if self._keep_certificate else replace(handshake, peer_certificate=None)

    def _station(self, proxy: str, by_list: list[str], by_standard: list[str]) -> str:
        found = {self._station_address(proxy, hops) for hops in (by_list, by_standard) if hops}
        if len(found) == 1:
            return found.pop()
        # A proxy writes one of the two headers, and hands on the other as the client sent it.
        logger.warning(
            "%s: X-Forwarded-For and Forwarded name different stations: "
            "the proxy's address is used [let the proxy remove the header that it does not write]",
            proxy,
        )
        return proxy

    def _station_address(self, proxy: str, hops: list[str]) -> str:
        """Returns the right-most address that is not one of our proxies; addresses to the left of
        it may be forged.
        """
        known = proxy
        for hop in reversed(hops):
            address = _address(hop)
            if address is None:
                # `unknown` or a made-up name, RFC 7239 section 6.3.
                return known
            known = str(address)
            if not self._is_proxy(known):
                return known
        return known

    def _is_proxy(self, text: str) -> bool:
        if not text:
            return self._unix
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)

    def _certificate(self, handshake: Handshake, header: bytes) -> Mapping[str, Any] | None:
        values = [value for value in handshake.headers_named(header) if value.strip()]
        if not values:
            return None
        try:
            if len(values) > 1:
                raise BadCertificate("the header occurs more than once")
            return read_certificate(values[0].decode("latin-1"))
        except BadCertificate as problem:
            logger.warning(
                "%s: client certificate in %s not read: %s [let the proxy send it in one of the "
                "forms that the guide on security profiles lists]",
                loggable(handshake.remote_address),
                header.decode(),
                problem,
            )
            return None


def _network(text: str) -> _Network:
    try:
        return ip_network(text)
    except ValueError as problem:
        raise LocalProtocolError(
            f"trusted_proxies: {problem}; write addresses such as '10.0.0.5', networks such as "
            "'10.0.0.0/8', or 'unix'"
        ) from problem


def _address(text: str) -> _Address | None:
    """Returns the address in a text that may also contain a port, or `None`."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        # An address of one link has a zone behind it, which no network contains.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def _header_elements(handshake: Handshake, name: bytes) -> list[str]:
    text = b",".join(handshake.headers_named(name)).decode("latin-1")
    return [entry.strip() for entry in text.split(",")] if text else []


def _forwarded(handshake: Handshake) -> tuple[list[str], list[str]]:
    """Returns the addresses and the protocols in `Forwarded` headers, both in order."""
    text = b",".join(handshake.headers_named(b"forwarded")).decode("latin-1")
    addresses: list[str] = []
    protocols: list[str] = []
    for named in _elements(text):
        addresses.append(named.get("for", "unknown"))
        if "proto" in named:
            protocols.append(named["proto"])
    return addresses, protocols


def _elements(text: str) -> Iterator[dict[str, str]]:
    """Yields the parameters of each element of a header; empty for an element that cannot be read."""
    for element in _ELEMENTS.findall(text):
        readable = _ELEMENT.fullmatch(element) is not None
        pairs: list[tuple[str, str]] = _PARAMETERS.findall(element) if readable else []
        yield {name.lower(): _unquoted(value) for name, value in pairs}


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _is_secure(protocols: Sequence[str]) -> bool:
    # What is not said by a proxy, or said in two ways, is not secure.
    return bool(protocols) and all(name.lower() in {"https", "wss"} for name in protocols)
