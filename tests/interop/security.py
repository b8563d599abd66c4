"""How a connection is secured: passwords, and certificates made for the run."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import trustme

__all__ = [
    "IDENTITY",
    "KEY",
    "MODES",
    "PASSWORD",
    "PLAYED",
    "PLAYED_ELSEWHERE",
    "SERIAL_NUMBER",
    "Files",
    "SecurityMode",
    "make_files",
]

IDENTITY: Final = "CP 001/ö"
"""An identity that has to be percent-encoded."""

SERIAL_NUMBER: Final = "S-1"
"""What the station boots with, and what its certificate names."""

PASSWORD: Final = b"pass:word"

KEY: Final = bytes.fromhex("0001ff3a80c3fe0a0d7f25b1e2d4c6a89f001122")
"""What a 1.6 AuthorizationKey of 40 hexadecimal digits stands for: neither text nor UTF-8."""


@dataclass(frozen=True)
class SecurityMode:
    """A way to secure a connection."""

    name: str
    password: bytes | None = None
    tls: bool = False
    client_certificate: bool = False

    @property
    def scheme(self) -> str:
        """Of the URL."""
        return "wss" if self.tls else "ws"


MODES: Final = {
    mode.name: mode
    for mode in (
        SecurityMode("open"),
        SecurityMode("basic", PASSWORD),
        SecurityMode("key", KEY),
        SecurityMode("tls", PASSWORD, tls=True),
        SecurityMode("mtls", tls=True, client_certificate=True),
    )
}

PLAYED: Final = [
    pytest.param(version, mode, id=f"{version}-{mode.name}")
    for version in ("1.6", "2.0.1")
    for mode in MODES.values()
    # The key of 1.6 is no text; the passwords of 2.x are.
    if mode.name != "key" or version == "1.6"
]
"""Versions and modes in which whole sessions are played with others."""

PLAYED_ELSEWHERE: Final = [
    pytest.param("1.6", MODES["tls"], id="1.6-tls"),
    pytest.param("2.0.1", MODES["mtls"], id="2.0.1-mtls"),
]
"""Those of them that are played over each library beside the default one."""


@dataclass(frozen=True)
class Files:
    """Certificates as files, for peers of all kinds."""

    authority: Path
    server: Path
    """Key and certificate of the CSMS, for 127.0.0.1."""

    station: Path
    """Key and certificate of the station; its common name is the serial number."""

    def for_csms(self, mode: SecurityMode) -> ssl.SSLContext | None:
        """Returns the context of a CSMS."""
        if not mode.tls:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.server)
        if mode.client_certificate:
            context.load_verify_locations(self.authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def for_station(self, mode: SecurityMode) -> ssl.SSLContext | None:
        """Returns the context of a station."""
        if not mode.tls:
            return None
        context = ssl.create_default_context(cafile=str(self.authority))
        if mode.client_certificate:
            context.load_cert_chain(self.station)
        return context


def make_files(folder: Path) -> Files:
    """Writes an authority of its own and what it has signed."""
    authority = trustme.CA()
    files = Files(folder / "authority.pem", folder / "server.pem", folder / "station.pem")
    authority.cert_pem.write_to_path(files.authority)
    server = authority.issue_cert("127.0.0.1")
    station = authority.issue_cert(
        "station.invalid", common_name=SERIAL_NUMBER, organization_name="ACME"
    )
    server.private_key_and_cert_chain_pem.write_to_path(files.server)
    station.private_key_and_cert_chain_pem.write_to_path(files.station)
    return files
