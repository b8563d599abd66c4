"""Creates certificates for one test: an authority, RSA and ECDSA certificates, revocation lists."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

__all__ = ["Authority", "memory_handshake"]


class Authority:
    """Signs certificates and revocation lists, and writes them to files."""

    def __init__(self, folder: Path, organization: str = "ACME") -> None:
        self._folder = folder
        self._organization = organization
        self._authority = trustme.CA(organization_name=organization)
        self.file = folder / f"{organization}.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def issue(
        self, name: str, *hosts: str, kind: trustme.KeyType = trustme.KeyType.ECDSA, file: str = ""
    ) -> Path:
        """Returns the file of a new certificate and its key."""
        issued = self._authority.issue_cert(
            *hosts, common_name=name, organization_name=self._organization, key_type=kind
        )
        path = self._folder / (file or f"{name}-{kind.name}.pem")
        issued.private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def revoke(self, *certificates: Path, age: timedelta = timedelta(hours=1)) -> Path:
        """Returns the file of a revocation list of these certificates."""
        own = x509.load_pem_x509_certificate(self._authority.cert_pem.bytes())
        now = datetime.now(UTC)
        revoked = x509.CertificateRevocationListBuilder(
            own.subject, now - age, now - age + timedelta(days=1)
        )
        for path in certificates:
            certificate = x509.load_pem_x509_certificates(_certificates_in(path))[0]
            entry = x509.RevokedCertificateBuilder(certificate.serial_number, now - age)
            revoked = revoked.add_revoked_certificate(entry.build())
        key = load_pem_private_key(self._authority.private_key_pem.bytes(), None)
        signed = revoked.sign(key, hashes.SHA256())  # type: ignore[arg-type]
        path = self._folder / "revoked.pem"
        path.write_bytes(signed.public_bytes(Encoding.PEM))
        return path


def _certificates_in(path: Path) -> bytes:
    text = path.read_text()
    return text[text.index("-----BEGIN CERTIFICATE") :].encode()


def memory_handshake(
    server: ssl.SSLContext,
    client: ssl.SSLContext,
    *,
    host: str = "localhost",
    session: ssl.SSLSession | None = None,
) -> Sequence[ssl.SSLObject]:
    """Performs a TLS handshake in memory, and returns the client's and the server's TLS object.

    Raises:
        ssl.SSLError: an end refused the other.
    """
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(back, there, server_hostname=host, session=session),
        server.wrap_bio(there, back, server_side=True),
    )
    for _ in range(5):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    # TLS 1.3 tells the client of a refusal, and of tickets, after its handshake.
    ends[1].write(b"x")
    ends[0].read(1)
    return ends
