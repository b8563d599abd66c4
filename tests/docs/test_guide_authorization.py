"""The guide on authorization does what it says."""

from typing import Any

import pytest

from ocppkit import v201
from ocppkit.blocks.authorization import GetLocalListVersion
from ocppkit.blocks.transactions import IdToken
from ocppkit.core import utcnow
from ocppkit.csms import Csms, StationHandle
from ocppkit.csms.blocks import AuthorizationQuestion, CsmsBlocks
from ocppkit.testing import connected, settle
from support.guide_code import executed


def cards(question: AuthorizationQuestion) -> str:
    return "Accepted" if question.token.id_token == "04E91C5A" else "Unknown"


@pytest.mark.asyncio
async def test_the_station_and_the_csms_of_the_guide() -> None:
    names: dict[str, Any] = executed("guides/authorization.md")
    csms = Csms(v201.PROTOCOL, insecure=True)
    blocks = CsmsBlocks(csms, authorize=cards)

    @csms.on(v201.BootNotificationRequest)
    def boot(
        station: StationHandle, request: v201.BootNotificationRequest
    ) -> v201.BootNotificationResponse:
        accepted = v201.RegistrationStatusEnumType.ACCEPTED
        return v201.BootNotificationResponse(current_time=utcnow(), interval=300, status=accepted)

    station, shown = names["station"], names["shown"]
    async with names["blocks"], connected(station, csms):
        await station.wait_accepted()
        names["card_read"](1, "04AAAAAA")
        await settle()
        names["card_read"](1, "04E91C5A")
        await settle()
        names["card_read"](1, "04E91C5A")
        await settle()
        assert shown == ["EVSE 1: NotAccepted", "EVSE 1: Start", "EVSE 1: Stop"]
        handle = csms.stations.get("CP001")
        assert handle is not None
        cards_of_list = [f"{number:08}" for number in range(120)]
        assert await names["send_cards"](blocks, handle, cards_of_list, 1000)
        answer = await blocks.call(handle, GetLocalListVersion())
        assert answer.version_number == 1000
        names["blocks"].do(
            lambda now: names["authorization"].present(1, IdToken("00000119", "ISO14443"), now)
        )
        await settle()
        assert shown[-1] == "EVSE 1: Start"
