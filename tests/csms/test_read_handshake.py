"""What `read_handshake` reads, for programs that decide on handshakes without a CSMS."""

import base64

import pytest

from ocppkit import v16, v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Reject
from ocppkit.core import Protocol
from ocppkit.csms import Credentials, read_handshake


def basic(user_and_password: bytes) -> tuple[bytes, bytes]:
    return b"Authorization", b"Basic " + base64.b64encode(user_and_password)


def test_everything_is_read() -> None:
    certificate = {"subject": ((("commonName", "CP 1"),),)}
    headers = (
        (b"Sec-WebSocket-Protocol", b"ocpp2.0.1, ocpp1.6"),
        basic(b"CP 1:pass:word"),
        (b"X-More", b"1"),
    )
    read = read_handshake(
        Handshake(
            path="/ocpp/CP%201?token=abc",
            headers=headers,
            peer_certificate=certificate,
            secure=True,
            remote_address="192.0.2.1",
        )
    )
    assert read == Credentials(
        identity="CP 1",
        password=b"pass:word",
        password_problem="",
        authorization=headers[1][1],
        path="/ocpp/CP%201",
        query="token=abc",
        headers=headers,
        subprotocols=("ocpp2.0.1", "ocpp1.6"),
        certificate=certificate,
        secure=True,
        remote_address="192.0.2.1",
    )


@pytest.mark.parametrize(
    ("protocol", "password"), [(None, None), (v16.PROTOCOL, None), (v201.PROTOCOL, b"secret")]
)
def test_con_06_the_case_of_a_user_name(protocol: Protocol | None, password: bytes | None) -> None:
    read = read_handshake(Handshake(path="/cp001", headers=(basic(b"CP001:secret"),)), protocol)
    assert isinstance(read, Credentials)
    assert read.password == password
    assert ("user name" in read.password_problem) == (password is None)


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/ocpp/%zz", 400), ("*", 404)])
def test_con_05_a_path_without_an_identity(path: str, status: int) -> None:
    refused = read_handshake(Handshake(path=path))
    assert isinstance(refused, Reject)
    assert refused.status == status
