"""Authorization between a station and a CSMS: what messages go out, and what they lead to, in all versions."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from ocppkit.blocks import Moment, dialect_of
from ocppkit.blocks.authorization import (
    AuthorizationAction,
    AuthorizationBlock,
    AuthorizationDecided,
    AuthorizationMeans,
    AuthorizationRefusal,
    AuthorizationRules,
    ClearCache,
    ClearCacheAnswer,
    GetLocalListVersion,
    LocalListEntry,
    LocalListVersion,
    SendLocalList,
    list_updates,
)
from ocppkit.blocks.transactions import (
    IdToken,
    SampledValue,
    TokenInfo,
    TransactionRules,
    TransactionsBlock,
)
from ocppkit.blocks.variables import (
    EV_CONNECTION_TIME_OUT,
    LOCAL_AUTH_LIST_ENABLED,
    LOCAL_AUTH_LIST_ENTRIES,
    LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE,
    LOCAL_AUTHORIZE_OFFLINE,
    LOCAL_PRE_AUTHORIZE,
    MASTER_PASS_GROUP_ID,
    OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED,
    STOP_TX_ON_INVALID_ID,
    GetVariables,
    SetVariableData,
    SetVariables,
    VariableRules,
    VariablesBlock,
    model_of,
)
from ocppkit.core import LocalProtocolError
from ocppkit.csms.blocks import AuthorizationQuestion, send_local_list
from ocppkit.testing.block_bench import BlockBench
from ocppkit.v16 import variables as v16_variables
from support.memory_store import MemoryStore
from support.token_reader import CARD, FAMILY, FLEET, OTHER, PROTOCOLS, info

VERSIONS = list(PROTOCOLS)
NEW = VERSIONS[1:]
Means, Refusal = AuthorizationMeans, AuthorizationRefusal
KEYS_OF_1_6 = (v16_variables.LOCAL_PRE_AUTHORIZE, v16_variables.LOCAL_AUTHORIZE_OFFLINE)


class Garage:
    """A station with two EVSEs at a CSMS that knows some tokens."""

    def __init__(self, version: str, journal: MemoryStore | None = None) -> None:
        protocol = PROTOCOLS[version]
        dialect, ids = dialect_of(protocol), count(1)
        self.version = version
        self.said: dict[str, TokenInfo] = {}
        """What the CSMS says about tokens."""

        variables = dialect.rules(VariableRules)
        self.model = model_of(variables, evses={1: (1,), 2: (1,)})
        self.transactions = TransactionsBlock(
            (1, 2),
            self.model,
            lambda evse_id: [SampledValue(1000.0)],
            lambda: f"T{next(ids)}",
            rules=dialect.rules(TransactionRules),
        )
        self.authorization = AuthorizationBlock(
            (1, 2),
            self.model,
            rules=dialect.rules(AuthorizationRules),
            transactions=self.transactions,
        )
        self.bench = BlockBench(
            protocol,
            VariablesBlock(self.model, variables),
            self.transactions,
            self.authorization,
            authorize=self.look_up,
            journal=journal,
        )

    def look_up(self, question: AuthorizationQuestion) -> TokenInfo:
        return self.said.get(question.token.id_token, TokenInfo(status="Invalid"))

    async def present(self, id_token: IdToken, evse_id: int = 1) -> AuthorizationDecided:
        """Presents a token, and returns what was decided once the CSMS has answered."""
        seen = len(self.decisions)
        self.bench.do(lambda now: self.authorization.present(evse_id, id_token, now))
        await self.bench.advance(0.5)
        (decided,) = self.decisions[seen:]
        return decided

    def plug_in(self, evse_id: int = 1) -> None:
        self.bench.do(lambda now: self.transactions.plugged_in(evse_id, now))

    async def do(self, action: Callable[..., Any], *args: Any) -> None:
        def told(now: Moment) -> None:
            action(*args, now)

        self.bench.do(told)
        await self.bench.advance(0.5)

    @property
    def decisions(self) -> list[AuthorizationDecided]:
        return [each for each in self.bench.events if isinstance(each, AuthorizationDecided)]

    @property
    def questions(self) -> int:
        """How often the CSMS was asked."""
        return self.bench.actions.count("Authorize")

    @property
    def transaction_actions(self) -> list[str]:
        return [
            each
            for each in self.bench.actions
            if each in ("StartTransaction", "StopTransaction", "TransactionEvent")
        ]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_card_starts_and_stops_a_transaction(version: str) -> None:  # C01, E07
    garage = Garage(version)
    garage.said["04E91C5A"] = info()
    async with garage.bench as bench:
        assert (await garage.present(OTHER)).refusal is Refusal.NOT_ACCEPTED
        assert (await garage.present(CARD)).means is Means.CSMS
        garage.plug_in()
        assert (await garage.present(OTHER)).refusal is Refusal.NOT_ACCEPTED
        assert (await garage.present(CARD)).means is Means.SAME_TOKEN
        assert garage.questions == 3
        (record,) = bench.closed
    assert record.id_token is not None
    assert record.id_token.is_same_as(CARD)
    assert record.stopped_reason in (None, "Local")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_another_card_of_the_family_stops(version: str) -> None:  # C09
    garage = Garage(version)
    garage.said |= {"04E91C5A": info(group=FAMILY), "04AAAAAA": info(group=FAMILY)}
    garage.said["04BBBBBB"] = info(group=FLEET)
    async with garage.bench as bench:
        await garage.present(CARD)
        garage.plug_in()
        stranger = await garage.present(IdToken("04BBBBBB", "ISO14443"))
        assert stranger.refusal is Refusal.OTHER_DRIVER
        assert bench.closed == []
        assert (await garage.present(OTHER)).accepted
        assert len(bench.closed) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_what_the_csms_says_is_remembered(version: str) -> None:  # C10, C11, C12
    garage = Garage(version)
    garage.model[LOCAL_PRE_AUTHORIZE] = True
    garage.said["04E91C5A"] = info()
    async with garage.bench as bench:
        await garage.present(CARD)
        await garage.present(CARD)
        assert garage.questions == 1
        assert (await garage.present(CARD)).means is Means.CACHE
        garage.plug_in()
        await garage.present(CARD)
        assert garage.questions == 1
        # The response to the transaction takes back what the cache has.
        garage.said["04E91C5A"] = info("Blocked")
        await garage.present(CARD)
        assert (await garage.present(CARD)).refusal is Refusal.NOT_ACCEPTED
        assert garage.questions == 2
        garage.said["04E91C5A"] = info()
        assert await bench.call(ClearCache()) == ClearCacheAnswer(status="Accepted")
        assert (await garage.present(CARD)).means is Means.CSMS


# C13, D01, D02
@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_offline_the_list_decides_and_the_csms_hears_later(version: str) -> None:
    garage = Garage(version)
    token = IdToken("04E91C5A") if version == "1.6" else CARD
    other = IdToken("04AAAAAA", token.type)
    entries = [
        LocalListEntry(id_token=token, id_token_info=TokenInfo(status="Accepted")),
        LocalListEntry(id_token=other, id_token_info=TokenInfo(status="Blocked")),
    ]
    garage.said["04E91C5A"] = info()
    async with garage.bench as bench:
        for update in list_updates(entries, 5, items_per_message=1):
            assert (await bench.call(update)).status == "Accepted"
        assert await bench.call(GetLocalListVersion()) == LocalListVersion(version_number=5)
        older = SendLocalList(version_number=5, update_type="Differential")
        assert (await bench.call(older)).status == "VersionMismatch"
        await bench.go_offline()
        assert (await garage.present(OTHER)).refusal is Refusal.NOT_ACCEPTED
        assert (await garage.present(CARD)).means is Means.LOCAL_LIST
        garage.plug_in()
        await garage.present(CARD)
        await bench.go_online()
        assert garage.questions == 0
        (record,) = bench.closed
    assert record.was_offline is (version != "1.6")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_list_is_brought_to_a_version(version: str) -> None:  # D01, D02, LAL-08
    garage = Garage(version)
    kind = None if version == "1.6" else "ISO14443"
    cards = [IdToken(name, kind) for name in ("A", "B", "C")]
    entries = [
        LocalListEntry(id_token=each, id_token_info=TokenInfo(status="Accepted")) for each in cards
    ]
    async with garage.bench as bench:

        async def bring(version_number: int, **more: Any) -> tuple[str, int, int]:
            """Returns the status, the version that follows, and how many messages it took."""
            before = sent()
            answer = await send_local_list(
                bench.csms_blocks,
                bench.handle,
                version_number=version_number,
                items_per_message=2,
                **more,
            )
            present = await bench.call(GetLocalListVersion())
            return answer.status, present.version_number, sent() - before

        def sent() -> int:
            return sum(
                '"SendLocalList"' in str(frame.data)
                for wire in bench.network.wires
                for frame in wire.frames
                if frame.direction == "in"
            )

        assert await bring(10, entries=entries) == ("Accepted", 10, 2)
        # The station has it.
        assert await bring(10, entries=entries) == ("Accepted", 10, 0)
        without = [LocalListEntry(id_token=cards[0])]
        more: dict[str, Any] = {"entries": entries[1:], "changes": without}
        assert await bring(20, changes_since=10, **more) == ("Accepted", 20, 1)
        # It has another version than the changes begin with.
        assert await bring(30, changes_since=25, **more) == ("Accepted", 30, 1)
        # There are not enough versions for the messages of the changes.
        many = {"entries": entries[:1], "changes": entries}
        assert await bring(31, changes_since=30, **many) == ("Accepted", 31, 1)
        # The station does not take the changes, so it gets the whole.
        garage.model.set(LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE, 1)
        large = {"entries": entries[:1], "changes": entries[1:]}
        assert await bring(40, changes_since=31, **large) == ("Accepted", 40, 2)
        # It does not take the whole either.
        assert await bring(50, entries=entries[1:]) == ("Failed", 40, 1)
        with pytest.raises(LocalProtocolError, match="a token occurs twice"):
            await bring(50, entries=[entries[2], entries[2]])
        garage.model[LOCAL_AUTH_LIST_ENABLED] = False
        switched_off = await bring(60, entries=entries)
    assert switched_off[0] == ("NotSupported" if version == "1.6" else "Failed")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", NEW)
async def test_online_the_list_needs_no_question(version: str) -> None:  # C14
    garage = Garage(version)
    entry = LocalListEntry(id_token=CARD, id_token_info=TokenInfo(status="Accepted"))
    async with garage.bench as bench:
        await bench.call(list_updates([entry], 1, 10)[0])
        assert (await garage.present(CARD)).means is Means.LOCAL_LIST
        assert garage.questions == 0


# C15, E05, TC_C_26_CS
@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stops", [True, False])
async def test_an_unknown_driver_who_is_refused_later(version: str, stops: bool) -> None:
    garage = Garage(version)
    garage.model[OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED] = True
    garage.model[STOP_TX_ON_INVALID_ID] = stops
    async with garage.bench as bench:
        await bench.go_offline()
        assert (await garage.present(CARD)).means is Means.OFFLINE
        garage.plug_in()
        await garage.do(garage.transactions.energy, 1, True)
        await bench.go_online()
        assert len(bench.closed) == stops
        if not stops:
            assert not garage.transactions.state_of(1).energy_flows
            # The driver may still end it, and needs nobody's leave.
            assert (await garage.present(CARD)).means is Means.SAME_TOKEN
            assert len(bench.closed) == 1
        assert garage.questions == 0


# C01, TC_C_05_CS
@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refused_card_starts_nothing_although_a_vehicle_is_plugged_in(version: str) -> None:
    garage = Garage(version)
    async with garage.bench:
        garage.plug_in()
        assert (await garage.present(CARD)).refusal is Refusal.NOT_ACCEPTED
        assert garage.transaction_actions == []
        assert not garage.transactions.state_of(1).power_path_closed


# C01, C12, TC_C_13_CS
@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_driver_who_does_not_plug_in_in_time_authorizes_again(version: str) -> None:
    garage = Garage(version)
    garage.model[LOCAL_PRE_AUTHORIZE] = True
    garage.model[EV_CONNECTION_TIME_OUT] = 30
    garage.said["04E91C5A"] = info()
    async with garage.bench as bench:
        await garage.present(CARD)
        await bench.advance(31)
        decided = await garage.present(CARD)
        assert (decided.action, decided.means) == (AuthorizationAction.START, Means.CACHE)
        garage.plug_in()
        assert garage.transactions.state_of(1).power_path_closed


# C12, E05, TC_C_16_CS, TC_C_17_CS
@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stops", [True, False])
async def test_a_cached_driver_who_is_refused_later(version: str, stops: bool) -> None:
    garage = Garage(version)
    garage.model[LOCAL_PRE_AUTHORIZE] = True
    garage.model[STOP_TX_ON_INVALID_ID] = stops
    garage.said["04E91C5A"] = info()
    async with garage.bench as bench:
        await garage.present(CARD)
        await garage.present(CARD)
        garage.said["04E91C5A"] = info("Blocked")
        assert (await garage.present(CARD)).means is Means.CACHE
        garage.plug_in()
        await bench.advance(1)
        assert not garage.transactions.state_of(1).power_path_closed
        assert len(bench.closed) == stops


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_connection_that_is_lost_while_the_csms_is_asked(version: str) -> None:  # C15
    garage = Garage(version)
    garage.model[OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED] = True
    async with garage.bench as bench:
        bench.do(lambda now: garage.authorization.present(1, CARD, now))
        bench.network.up = False
        bench.network.cut()
        await bench.advance(60)
        (decided,) = garage.decisions
    assert (decided.means, decided.accepted) == (Means.OFFLINE, True)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", NEW)
async def test_a_master_pass_stops_all_transactions(version: str) -> None:  # C16, TC_C_49_CS
    garage = Garage(version)
    garage.model[MASTER_PASS_GROUP_ID] = "MASTER"
    garage.said["04E91C5A"] = info()
    garage.said["04AAAAAA"] = info(group=IdToken("MASTER", "Central"))
    async with garage.bench as bench:
        assert (await garage.present(OTHER)).refusal is Refusal.MASTER_PASS
        for evse_id in (1, 2):
            garage.plug_in(evse_id)
            await garage.present(CARD, evse_id)
        assert (await garage.present(OTHER, 2)).evse_ids == (1, 2)
        reasons = [each.stopped_reason for each in bench.closed]
    assert reasons == ["MasterPass", "MasterPass"]


# C10, D01, TC_C_32_CS, TC_D_07_CS
@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_list_and_cache_survive_a_restart(version: str) -> None:
    journal = MemoryStore()
    garage = Garage(version, journal)
    token = IdToken("04E91C5A") if version == "1.6" else CARD
    entry = LocalListEntry(id_token=token, id_token_info=TokenInfo(status="Accepted"))
    garage.said["04AAAAAA"] = info()
    async with garage.bench as bench:
        await bench.call(list_updates([entry], 7, 10)[0])
        await garage.present(OTHER)
    again = Garage(version, journal)
    async with again.bench as bench:
        assert await bench.call(GetLocalListVersion()) == LocalListVersion(version_number=7)
        await bench.go_offline()
        assert (await again.present(CARD)).means is Means.LOCAL_LIST
        assert (await again.present(OTHER, 2)).means is Means.CACHE


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_csms_writes_the_settings(version: str) -> None:  # C12, C13
    garage = Garage(version)
    garage.said["04E91C5A"] = info()
    keys = KEYS_OF_1_6 if version == "1.6" else (LOCAL_PRE_AUTHORIZE, LOCAL_AUTHORIZE_OFFLINE)
    pre_authorize, authorize_offline = keys
    async with garage.bench as bench:
        await garage.present(CARD)
        await garage.present(CARD)
        assert (await garage.present(CARD)).means is Means.CSMS
        await garage.present(CARD)
        answer = await bench.call(SetVariables(data=(SetVariableData.of(pre_authorize, True),)))
        assert answer.status(pre_authorize) == "Accepted"
        assert (await garage.present(CARD)).means is Means.CACHE
        await garage.present(CARD)
        await bench.call(SetVariables(data=(SetVariableData.of(authorize_offline, False),)))
        await bench.go_offline()
        assert (await garage.present(CARD)).refusal is Refusal.NOT_ACCEPTED


@pytest.mark.asyncio
async def test_the_length_of_the_list_is_told() -> None:  # D01
    for version, key, told in (
        ("1.6", v16_variables.LOCAL_AUTH_LIST_MAX_LENGTH, 1000),
        ("2.1", LOCAL_AUTH_LIST_ENTRIES, 1),
    ):
        garage = Garage(version)
        token = IdToken("04E91C5A", None if version == "1.6" else "ISO14443")
        entry = LocalListEntry(id_token=token, id_token_info=TokenInfo(status="Accepted"))
        async with garage.bench as bench:
            await bench.call(list_updates([entry], 1, 10)[0])
            assert (await bench.call(GetVariables.of(key))).value(key) == told
