"""TLS contexts: the suites that OCPP demands, two certificates, revocation, and reloading."""

import logging
import ssl
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ocppkit.aio.tls import (
    ServerContext,
    client_context,
    holds_certificate,
    refuse_old_tls,
    server_context,
)
from ocppkit.core import LocalProtocolError
from support.certificates import Authority, memory_handshake

RSA, ECDSA = trustme.KeyType.RSA, trustme.KeyType.ECDSA

DEMANDED = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "AES128-GCM-SHA256": "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "AES256-GCM-SHA384": "TLS_RSA_WITH_AES_256_GCM_SHA384",
}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def both(authority: Authority) -> tuple[Path, Path]:
    """A CSMS's RSA and ECDSA certificates."""
    return authority.issue("csms", "localhost", kind=RSA), authority.issue("csms", "localhost")


def station(authority: Authority, suite: str | None = None, **options: Any) -> ssl.SSLContext:
    context = client_context(authority=authority.file, **options)
    if suite is not None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(suite)
    return context


@pytest.mark.parametrize("suite", DEMANDED)
def test_sec_07_all_four_suites(authority: Authority, both: tuple[Path, Path], suite: str) -> None:
    context = server_context(*both)
    assert context.missing_suites == ()
    client, server = memory_handshake(context, station(authority, suite))
    cipher = server.cipher()
    assert cipher is not None
    assert cipher[0] == suite
    assert client.version() == "TLSv1.2"
    assert client.compression() is None


def test_sec_08_forward_secrecy_is_preferred(authority: Authority, both: tuple[Path, Path]) -> None:
    everything = station(authority, "AES256-GCM-SHA384:AES128-GCM-SHA256:ECDHE+AESGCM")
    client, _ = memory_handshake(server_context(*both), everything)
    assert client.cipher() == ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2", 128)


def test_rsa_key_exchange_can_be_switched_off(
    authority: Authority, both: tuple[Path, Path]
) -> None:
    context = server_context(*both, rsa_key_exchange=False)
    assert context.missing_suites == ()
    with pytest.raises(ssl.SSLError):
        memory_handshake(context, station(authority, "AES128-GCM-SHA256"))
    offered = {cipher["name"] for cipher in client_context(rsa_key_exchange=False).get_ciphers()}
    assert not offered & {"AES128-GCM-SHA256", "AES256-GCM-SHA384"}
    assert set(DEMANDED) <= {cipher["name"] for cipher in client_context().get_ciphers()}


@pytest.mark.parametrize(("kind", "missing"), [(RSA, "ECDSA"), (ECDSA, "TLS_RSA")])
def test_one_certificate_is_not_enough(
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
    kind: trustme.KeyType,
    missing: str,
) -> None:
    context = server_context(authority.issue("csms", "localhost", kind=kind))
    expected = tuple(title for title in DEMANDED.values() if missing in title)
    assert context.missing_suites == expected
    for title in expected:
        assert (
            f"cipher suite {title} cannot be used: no {kind_missing(kind)} certificate"
            in caplog.text
        )


def kind_missing(kind: trustme.KeyType) -> str:
    return "ECDSA" if kind is RSA else "RSA"


def test_a_build_without_the_suites_is_told_at_the_start(
    both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl.SSLContext, "get_ciphers", lambda context: [])
    with pytest.raises(LocalProtocolError, match="does not know TLS_ECDHE_ECDSA_WITH_AES_128"):
        server_context(*both)


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_sec_05_nothing_older_than_tls_1_2(
    authority: Authority, both: tuple[Path, Path], version: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        memory_handshake(server_context(*both), context)


def test_sec_10_a_station_verifies_its_csms(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other")
    context = server_context(authority.issue("csms", "localhost"))
    with pytest.raises(ssl.SSLCertVerificationError):
        memory_handshake(context, station(stranger))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        memory_handshake(context, station(authority), host="other.example")


def test_client_certificates(authority: Authority, both: tuple[Path, Path]) -> None:
    context = server_context(*both, client_authority=authority.file)
    own = authority.issue("SN-1")
    _, server = memory_handshake(context, station(authority, certificate=own))
    certificate = server.getpeercert()
    assert certificate is not None
    assert ("commonName", "SN-1") in [pair for pairs in certificate["subject"] for pair in pairs]
    with pytest.raises(ssl.SSLError):
        memory_handshake(context, station(authority))


def test_a_context_tells_whether_it_holds_a_certificate(authority: Authority) -> None:
    assert holds_certificate(client_context()) is False
    assert holds_certificate(client_context(authority.issue("SN-1"))) is True
    assert holds_certificate(ssl.create_default_context()) is None


@pytest.mark.parametrize("suite", [None, "ECDHE-ECDSA-AES128-GCM-SHA256"])
def test_revoked_certificates(
    authority: Authority, both: tuple[Path, Path], suite: str | None
) -> None:
    good, bad = authority.issue("SN-1"), authority.issue("SN-2")
    context = server_context(
        *both, client_authority=authority.file, revocation_list=authority.revoke(bad)
    )
    memory_handshake(context, station(authority, suite, certificate=good))
    with pytest.raises(ssl.SSLError, match="certificate revoked"):
        memory_handshake(context, station(authority, suite, certificate=bad))


def test_an_expired_revocation_list_lets_nobody_in(
    authority: Authority, both: tuple[Path, Path]
) -> None:
    old = authority.revoke(age=timedelta(days=3))
    context = server_context(*both, client_authority=authority.file, revocation_list=old)
    with pytest.raises(ssl.SSLError, match="CRL has expired"):
        memory_handshake(context, station(authority, certificate=authority.issue("SN-1")))


@pytest.mark.parametrize("suite", [None, "ECDHE-ECDSA-AES128-GCM-SHA256"])
def test_a_revocation_counts_for_the_next_connection(
    authority: Authority, both: tuple[Path, Path], suite: str | None
) -> None:
    own = authority.issue("SN-1")
    revoked = authority.revoke()
    context = server_context(*both, client_authority=authority.file, revocation_list=revoked)
    client = station(authority, suite, certificate=own)
    first, _ = memory_handshake(context, client)
    assert authority.revoke(own) == revoked
    context.reload()
    # Neither anew, nor by going on with the session that was verified before.
    for session in (None, first.session):
        with pytest.raises(ssl.SSLError):
            memory_handshake(context, client, session=session)


def test_certificates_are_read_again(
    authority: Authority, both: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    context = server_context(*both)
    client = station(authority, "ECDHE-ECDSA-AES128-GCM-SHA256")

    def served() -> str:
        end, _ = memory_handshake(context, client)
        certificate = end.getpeercert()
        assert certificate is not None
        return str(certificate["serialNumber"])

    before = served()
    authority.issue("csms", "localhost", file=both[1].name)
    assert served() == before
    caplog.set_level(logging.INFO)
    context.reload()
    after = served()
    assert after != before
    assert "certificates were read again" in caplog.text
    both[1].write_text("torn")
    with pytest.raises(LocalProtocolError, match=both[1].name):
        context.reload()
    assert served() == after


def test_reloading_may_bring_what_was_missing(authority: Authority) -> None:
    file = authority.issue("csms", "localhost", kind=RSA, file="csms.pem")
    context = server_context(file)
    assert len(context.missing_suites) == 2
    authority.issue("csms", "localhost", file="csms.pem")
    context.reload()
    assert context.missing_suites == tuple(DEMANDED.values())[2:]


def test_files_that_cannot_be_used(authority: Authority, tmp_path: Path) -> None:
    own = authority.issue("csms", "localhost")
    other = authority.issue("csms", "localhost", kind=RSA)
    empty = tmp_path / "empty.pem"
    empty.touch()
    for certificate in (tmp_path / "missing.pem", empty, (own, other)):
        name = certificate[0] if isinstance(certificate, tuple) else certificate
        with pytest.raises(LocalProtocolError, match=f"certificate {name}"):
            server_context(certificate)
        with pytest.raises(LocalProtocolError, match=f"certificate {name}"):
            client_context(certificate)
    with pytest.raises(LocalProtocolError, match="client_authority"):
        server_context(own, client_authority=empty)
    with pytest.raises(LocalProtocolError, match="revocation_list"):
        server_context(own, client_authority=authority.file, revocation_list=empty)
    with pytest.raises(LocalProtocolError, match="without client_authority="):
        server_context(own, revocation_list=authority.file)
    with pytest.raises(LocalProtocolError, match="got no certificate"):
        server_context()


def test_an_encrypted_key_without_its_password(authority: Authority, tmp_path: Path) -> None:
    chain = authority.issue("csms", "localhost")
    encrypted = tmp_path / "key.pem"
    encrypted.write_bytes(
        load_pem_private_key(chain.read_bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    only_chain = tmp_path / "chain.pem"
    text = chain.read_text()
    only_chain.write_text(text[text.index("-----BEGIN CERTIFICATE") :])
    with pytest.raises(LocalProtocolError, match=r"chain\.pem"):
        server_context((only_chain, encrypted))
    assert isinstance(server_context((only_chain, encrypted), password="secret"), ServerContext)


def test_sec_05_a_context_that_leaves_the_version_to_openssl_is_set_to_1_2() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    refuse_old_tls(context)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_sec_05_a_context_that_allows_older_versions_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(LocalProtocolError, match=r"allows versions before 1\.2"):
        refuse_old_tls(context)
