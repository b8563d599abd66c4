"""A transport serves a CSMS, or another object with the methods of `Served`; `dial` opens a wire."""

import socket
from typing import assert_type

from ocppkit import v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import ConnectRequest, Peer, Reject, Served, Wire
from ocppkit.csms import Credentials, Csms, StationHandle, read_handshake, station_handle_class
from ocppkit.transports import websockets

csms = Csms(v201.PROTOCOL, insecure=True)
served: Served = csms


async def serves(sock: socket.socket) -> None:
    async with websockets.serve(csms, "127.0.0.1", 9000, reuse_port=True) as server:
        assert_type(server.port, int)
    async with websockets.serve(served, sock=sock):
        pass
    async with websockets.serve(csms, sock=9000):  # E: no socket
        pass
    async with websockets.serve(csms.stations):  # E: it decides on no handshake
        pass
    await websockets.run_server(csms, reuse_port=True)
    await websockets.run_server(csms, reuse_prot=True)  # E: no such option


async def dials() -> None:
    request = ConnectRequest(url="ws://127.0.0.1/CP001", subprotocols=("ocpp1.6",))
    opened = await websockets.dial(request, compression=False)
    assert_type(opened.subprotocol, str | None)
    assert_type(opened.wire, Wire)
    await websockets.dial("ws://127.0.0.1/CP001")  # E: no request


def reads(handshake: Handshake) -> Credentials | Reject:
    assert_type(read_handshake(handshake), Credentials | Reject)
    return read_handshake(handshake, v201.PROTOCOL)


def makes_handles(peer: Peer) -> StationHandle:
    cls = station_handle_class(v201.PROTOCOL)
    assert_type(cls, type[StationHandle])
    cls("CP001", v201.PROTOCOL, csms, "192.0.2.1")  # E: no peer
    return cls("CP001", v201.PROTOCOL, peer, "192.0.2.1")
