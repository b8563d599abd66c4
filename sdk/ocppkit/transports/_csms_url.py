"""Reads the URL of a CSMS, for all transports of stations.

Host names become ASCII (IDNA), paths and queries are percent-encoded where that is still to be done, and
what is encoded already is left as it is.
"""

import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from ocppkit.core import LocalProtocolError

__all__ = ["CsmsUrl", "read_url"]

_DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}

_HOST: Final = re.compile(r"[a-z0-9._~-]+|[0-9a-f:]+[0-9a-f:.]*(?:%[a-z0-9._~-]+)?")
"""A name in ASCII, or an IPv6 address with a zone perhaps; in lower case."""

_BARE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")

_PATH_SAFE: Final = "/%:@!$&'()*+,;=~-._"
_QUERY_SAFE: Final = _PATH_SAFE + "?"


class CsmsUrl(NamedTuple):
    """The parts of a CSMS's URL, as they are sent."""

    secure: bool
    host: str
    """A name in ASCII or an address, without brackets: what is looked up."""

    port: int
    target: str
    """Path and query for the request line, in ASCII."""

    @property
    def bracketed(self) -> str:
        """The host as it is written in a URL: an IPv6 address in brackets, without its zone."""
        return f"[{self.host.partition('%')[0]}]" if ":" in self.host else self.host

    @property
    def authority(self) -> str:
        """The value of the Host header, with the port if it is not the default one."""
        default = _DEFAULT_PORTS["wss" if self.secure else "ws"]
        return self.bracketed if self.port == default else f"{self.bracketed}:{self.port}"

    @property
    def server_name(self) -> str:
        """The name that the certificate of the CSMS must have."""
        return self.host.partition("%")[0].rstrip(".")


def read_url(url: str) -> CsmsUrl:
    """Returns the parts of a `ws` or `wss` URL.

    Raises:
        LocalProtocolError: it is none, has no usable host or port, or has credentials or a fragment.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        target = _encoded(parts.path or "/", _PATH_SAFE)
        query = _encoded(parts.query, _QUERY_SAFE)
    except ValueError as problem:
        raise LocalProtocolError(f"the URL of the CSMS cannot be used: {problem}") from problem
    _check_parts(parts, port)
    return CsmsUrl(
        secure=parts.scheme == "wss",
        host=_ascii_host(parts.hostname or ""),
        port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
        target=f"{target}?{query}" if query else target,
    )


def _check_parts(parts: SplitResult, port: int | None) -> None:
    if parts.scheme not in _DEFAULT_PORTS:
        raise LocalProtocolError(
            "the URL of the CSMS has another scheme [it must begin with ws:// or wss://]"
        )
    if not parts.hostname:
        raise LocalProtocolError("the URL of the CSMS has no host [write ws://HOST/PATH]")
    if parts.username is not None or parts.password is not None:
        raise LocalProtocolError("the URL contains credentials [remove them, and pass password=]")
    if parts.fragment:
        raise LocalProtocolError(
            "the URL of the CSMS has a fragment, which WebSockets do not have [write %23 for a # "
            "in the path]"
        )
    if port == 0:
        raise LocalProtocolError(
            "the URL of the CSMS has port 0, to which nobody can connect [use another port]"
        )


def _ascii_host(host: str) -> str:
    """Returns a host in the ASCII form that DNS and TLS use."""
    try:
        # The codec of Python, as sockets and TLS use it: all transports find the same host.
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as problem:
        raise LocalProtocolError(
            f"the host {host!r} in the URL of the CSMS is not a host name: {problem} [write it in "
            "ASCII, as xn--...]"
        ) from problem
    if _HOST.fullmatch(name) is None or any(len(label) > 63 for label in name.split(".")):
        raise LocalProtocolError(f"the host {host!r} in the URL of the CSMS is not a host name")
    # In a URL the percent sign before a zone is encoded. # RFC 6874
    return name.replace("%25", "%") if ":" in name else name


def _encoded(text: str, safe: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", text), safe=safe)
