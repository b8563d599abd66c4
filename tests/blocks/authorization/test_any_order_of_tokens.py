"""Whatever is presented, answered, lost and set in whatever order: each token is decided once, and rightly."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ocppkit.blocks.authorization import (
    AuthorizationAction,
    AuthorizationDecided,
    AuthorizationMeans,
    AuthorizeReply,
    AuthorizeReport,
)
from ocppkit.blocks.transactions import IdToken
from ocppkit.blocks.variables import (
    LOCAL_PRE_AUTHORIZE,
    MASTER_PASS_GROUP_ID,
    OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED,
)
from support.token_reader import FAMILY, NOW, PROTOCOLS, TokenReader, info

TOKENS = [IdToken(name, "ISO14443") for name in ("A", "B", "C")]
MASTER = IdToken("MASTER", "Central")
INFOS = [info(), info(group=FAMILY), info(group=MASTER), info("Blocked"), info(evse_id=(2,))]
EVSE = st.sampled_from([1, 2])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("present"), EVSE, st.sampled_from(TOKENS)),
        st.tuples(st.just("answer"), st.sampled_from(INFOS)),
        st.tuples(st.just("fail")),
        st.tuples(st.just("connect")),
        st.tuples(st.just("disconnect")),
        st.tuples(st.just("learn"), st.sampled_from(TOKENS), st.sampled_from(INFOS)),
        st.tuples(st.just("list"), st.sampled_from(TOKENS), st.sampled_from(INFOS)),
        st.tuples(st.just("plug"), EVSE),
        st.tuples(st.just("unplug"), EVSE),
    ),
    max_size=30,
)


class Walk:
    """A station on which things happen, and what is still to be decided."""

    def __init__(self, version: str, with_transactions: bool, settings: tuple[bool, bool]) -> None:
        self.reader = TokenReader(version, with_transactions=with_transactions)
        self.reader.model[LOCAL_PRE_AUTHORIZE], unknown = settings
        self.reader.model[OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED] = unknown
        self.reader.model[MASTER_PASS_GROUP_ID] = "MASTER"
        self.with_transactions = with_transactions
        self.drivers: dict[int, IdToken] = {}
        self.asked: list[AuthorizeReport] = []
        self.undecided = 0

    def take(self, step: tuple[Any, ...]) -> None:
        name, *args = step
        block, transactions = self.reader.block, self.reader.transactions
        match name:
            case "present":
                evse_id, token = args
                if any(each.evse_id == evse_id and each.id_token == token for each in self.asked):
                    self.undecided -= 1  # It waits already.
                self.undecided += 1
                block.present(evse_id, token, NOW)
            case "answer" if self.asked:
                block.replied(self.asked.pop(), AuthorizeReply(id_token_info=args[0]), NOW)
            case "fail" if self.asked:
                block.failed(self.asked.pop(), NOW)
            case "connect":
                self.reader.connect()
            case "disconnect":
                self.reader.disconnect()
            case "learn":
                token, said = args
                block.learn(token, said, NOW)
            case "list":
                self.reader.lists(*args)
            case "plug" if self.with_transactions:
                transactions.plugged_in(args[0], NOW)
            case "unplug" if self.with_transactions:
                transactions.unplugged(args[0], NOW)
            case _:
                pass
        self.collect()

    def collect(self) -> None:
        block = self.reader.block
        while (report := block.next_report()) is not None:
            assert isinstance(report, AuthorizeReport)
            self.asked.append(report)
        while (event := block.next_event()) is not None:
            if isinstance(event, AuthorizationDecided):
                self.undecided -= 1
                self.follow(event)
        if self.with_transactions:
            states = map(self.reader.transactions.state_of, (1, 2))
            authorized = {each.evse_id: each.id_token for each in states if each.authorized}
            # A driver may have gone by unplugging, but nobody comes without a decision.
            assert authorized.items() <= self.drivers.items()
            self.drivers = {key: self.drivers[key] for key in authorized}
        assert self.undecided == len(self.asked)

    def follow(self, event: AuthorizationDecided) -> None:
        known = event.id_token_info
        if not event.accepted:
            return
        if known is not None:
            assert known.is_accepted
            assert not known.evse_id or event.evse_id in known.evse_id
        match event.action:
            case AuthorizationAction.START:
                assert event.evse_id not in self.drivers
                assert known is None or known.group_id_token != MASTER
                self.drivers[event.evse_id] = event.id_token
            case AuthorizationAction.STOP:
                driver = self.drivers.pop(event.evse_id)
                if event.means is AuthorizationMeans.SAME_TOKEN:
                    assert driver == event.id_token
                else:
                    assert known is not None
                    assert known.group_id_token is not None
            case AuthorizationAction.MASTER_STOP:
                assert known is not None
                assert known.group_id_token == MASTER
                for evse_id in event.evse_ids:
                    self.drivers.pop(evse_id, None)
                assert self.drivers == {}


@given(
    st.sampled_from(list(PROTOCOLS)),
    st.booleans(),
    st.tuples(st.booleans(), st.booleans()),
    STEPS,
)
def test_each_token_is_decided_once(
    version: str, with_transactions: bool, settings: tuple[bool, bool], steps: list[Any]
) -> None:  # C01, C09, C12, C13, C15, C16
    walk = Walk(version, with_transactions, settings)
    for step in steps:
        walk.take(step)
    while walk.asked:
        walk.take(("fail",))
    assert walk.undecided == 0
