"""Wrong passwords at one node count at all."""

import asyncio
from base64 import b64encode

import pytest

from fleet.small_fleet import small_fleet, virtually
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Reject
from ocppkit.csms import Credentials, Csms, Verdict


class RightPassword:
    def authenticate(self, credentials: Credentials) -> Verdict:
        right = credentials.password == b"right"
        return Verdict.ACCEPTED if right else Verdict.REFUSED


def handshake(password: str, address: str = "192.0.2.1") -> Handshake:

    token = b64encode(f"CP001:{password}".encode())
    return Handshake(
        path="/CP001",
        headers=((b"Authorization", b"Basic " + token), (b"Sec-WebSocket-Protocol", b"ocpp2.0.1")),
        remote_address=address,
    )


async def attempt(csms: Csms, password: str, address: str = "192.0.2.1") -> int:
    decision = await csms.accept(handshake(password, address))
    return decision.status if isinstance(decision, Reject) else 101


@pytest.mark.parametrize("lost", [False, True])
def test_attempts_at_one_node_count_at_all(lost: bool) -> None:
    async def main() -> None:
        async with small_fleet(authenticator=RightPassword()) as fleet:
            assert await attempt(fleet.csms["b"], "right", "198.51.100.1") == 101
            if lost:
                fleet.broker.cut("b")
            for _ in range(10):
                assert await attempt(fleet.csms["a"], "wrong") == 401
            assert await attempt(fleet.csms["a"], "wrong") == 429
            await asyncio.sleep(0.1)
            assert await attempt(fleet.csms["b"], "wrong") == (401 if lost else 429)
            # The real station, at another address, is never kept out.
            assert await attempt(fleet.csms["b"], "right", "198.51.100.1") == 101

    virtually(main())
