"""Certificates to try security profiles 2 and 3 with: `python certificates.py pki --station CP001`.

Needs trustme, which is for tests and laboratories: its keys belong to nobody and are kept nowhere else.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import trustme

OPERATOR = "ACME Charging"
"""The organization in every certificate: OCPP wants the operator's name there."""


def make(folder: Path, host: str, serial_numbers: Sequence[str]) -> None:
    """Writes an authority, two certificates of the CSMS and one per station."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name=OPERATOR)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    # Half of the cipher suites that OCPP demands need an RSA certificate, half an ECDSA one.
    issued = {
        name: authority.issue_cert(
            host, common_name=host, organization_name=OPERATOR, key_type=kind
        )
        for name, kind in (("csms", trustme.KeyType.ECDSA), ("csms-rsa", trustme.KeyType.RSA))
    }
    for serial_number in serial_numbers:
        # The common name of a station is its serial number, never a host's name.
        issued[serial_number] = authority.issue_cert(
            common_name=serial_number, organization_name=OPERATOR
        )
    for name, certificate in issued.items():
        file = folder / f"{name}.pem"
        file.touch(mode=0o600)
        certificate.private_key_and_cert_chain_pem.write_to_path(file)
        print(f"{file}: key and certificate")


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes certificates to try OCPP over TLS with.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", default="localhost", help="the name that stations connect to")
    parser.add_argument("--station", action="append", default=[], help="a serial number")
    options = parser.parse_args()
    make(options.folder, options.host, options.station)


if __name__ == "__main__":
    main()
