"""On uvloop, the documented switch for many TLS connections, everything is as on asyncio's own loop."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from ssl import CERT_REQUIRED
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.csms import CertificateAuthenticator, PasswordAuthenticator
from ocppkit.transports import websockets
from support.servers import by_websockets

Make = Callable[..., Any]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for Windows")


def run(main: Coroutine[Any, Any, None]) -> None:
    import uvloop

    uvloop.run(main)


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_a_session(profile: int, make_csms: Make, make_station: Make, tls: Make) -> None:
    async def main() -> None:
        if profile == 3:
            authenticator: Any = CertificateAuthenticator(
                {"CP001": "SN-1"}.get, organization="ACME"
            )
        else:
            authenticator = PasswordAuthenticator({"CP001": "x"}.get)
        csms = make_csms(authenticator=authenticator, check_serial_number=False)
        csms.on(v201.DataTransferRequest)(
            lambda handle, request: v201.DataTransferResponse(
                status=v201.DataTransferStatusEnumType.ACCEPTED, data=request.data
            )
        )
        ours: Any = None if profile == 1 else tls("server", own="server")
        if profile == 3:
            ours.verify_mode = CERT_REQUIRED
        theirs = None if profile == 1 else tls("station", own="station" if profile == 3 else None)
        credentials: dict[str, Any] = (
            {"client_certificate": True} if profile == 3 else {"password": "x"}
        )
        station = make_station(**credentials, ssl=theirs)
        async with by_websockets(csms, ours) as port:
            url = f"ws{'s' if profile > 1 else ''}://localhost:{port}/ocpp"
            async with websockets.connect(station, url):
                await station.wait_accepted()
                handle = await csms.stations.wait("CP001")
                text = "".join(f"é{number}" for number in range(60_000))
                assert (await station.data_transfer(vendor_id="V", data=text)).data == text
                await asyncio.gather(*(station.heartbeat() for _ in range(50)))
            end = await handle.wait_disconnected()
            assert (end.by, end.code) == ("peer", 1001)
        assert len(asyncio.all_tasks()) == 1

    run(main())


def test_a_flood_and_a_goodbye(make_csms: Make, raw: Make) -> None:
    async def main() -> None:
        csms = make_csms()
        async with by_websockets(csms) as port, raw(port, "/ocpp/CP001") as client:
            handle = await csms.stations.wait_connected("CP001")
            client.text('[2,"1","Nonsense",{}]')
            assert (await client.next_frame())[0] == 1
            client.frame(3, b"")
            assert (await client.next_frame())[0] == 8
            end = await handle.wait_disconnected()
            assert (end.by, end.code) == ("us", 1002)

    run(main())
