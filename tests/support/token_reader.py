"""The authorization block of a station with a simulated CSMS, whose answers the test sets."""

from datetime import UTC, datetime
from typing import Any

from ocppkit import v16, v21, v201
from ocppkit.blocks import BootAccepted, CsmsConnected, CsmsDisconnected, Moment, dialect_of
from ocppkit.blocks.authorization import (
    AuthorizationBlock,
    AuthorizationDecided,
    AuthorizationRules,
    AuthorizeReply,
    AuthorizeReport,
    LocalListEntry,
    LocalListUpdated,
    SendLocalList,
)
from ocppkit.blocks.transactions import IdToken, TokenInfo
from ocppkit.blocks.variables import DeviceModel

from .recorded_transactions import RecordedTransactions

__all__ = ["CARD", "FAMILY", "FLEET", "NOW", "OTHER", "PROTOCOLS", "TokenReader", "info"]

NOW = Moment(1000.0, datetime(2026, 1, 1, 12, tzinfo=UTC))
PROTOCOLS = {"1.6": v16.PROTOCOL, "2.0.1": v201.PROTOCOL, "2.1": v21.PROTOCOL}
CARD = IdToken("04E91C5A", "ISO14443")
OTHER = IdToken("04AAAAAA", "ISO14443")
FAMILY = IdToken("FAMILY", "Central")
FLEET = IdToken("FLEET", "Central")


def info(status: str = "Accepted", group: IdToken | None = None, **more: Any) -> TokenInfo:
    """Returns a token info with a status."""
    return TokenInfo(status=status, group_id_token=group, **more)


class TokenReader:
    """The block of a station with two EVSEs, and the device model that it reads."""

    def __init__(
        self,
        version: str = "2.1",
        *,
        is_online: bool = True,
        with_transactions: bool = False,
        **more: Any,
    ) -> None:
        self.model = DeviceModel()
        self.now = NOW
        protocol = PROTOCOLS[version]
        self.transactions = RecordedTransactions(protocol, self.model, NOW)
        self.block = AuthorizationBlock(
            (1, 2),
            self.model,
            rules=dialect_of(protocol).rules(AuthorizationRules),
            transactions=self.transactions if with_transactions else None,
            **more,
        )
        if is_online:
            self.connect()

    def connect(self) -> None:
        """Connects the station, and lets the CSMS accept its boot."""
        self.block.notice(CsmsConnected(), self.now)
        self.block.notice(BootAccepted(), self.now)

    def disconnect(self) -> None:
        """Takes the connection away."""
        self.block.notice(CsmsDisconnected(), self.now)

    def knows(self, *entries: LocalListEntry, version: int = 1) -> None:
        """Sends a local list."""
        self.block.commands[SendLocalList](
            SendLocalList(
                version_number=version, update_type="Full", local_authorization_list=entries
            ),
            self.now,
        )
        assert isinstance(self.block.next_event(), LocalListUpdated)

    def lists(self, id_token: IdToken, info: TokenInfo) -> None:
        """Sends a local list with one token."""
        self.knows(LocalListEntry(id_token=id_token, id_token_info=info))

    def caches(self, id_token: IdToken, info: TokenInfo) -> None:
        """Lets the station learn about a token."""
        self.block.learn(id_token, info, self.now)

    def present(
        self, id_token: IdToken, answer: TokenInfo | None = None, *, evse_id: int = 1
    ) -> AuthorizationDecided:
        """Presents a token, and lets the CSMS answer; a test fails if it is asked without need, or not asked."""
        self.block.present(evse_id, id_token, self.now)
        if answer is not None:
            report = self.question()
            assert report == AuthorizeReport(id_token=id_token, evse_id=evse_id)
            self.answer(report, answer)
        return self.decision()

    def question(self) -> AuthorizeReport:
        """Returns what the CSMS is asked."""
        report = self.block.next_report()
        assert isinstance(report, AuthorizeReport)
        return report

    def answer(self, report: AuthorizeReport, info: TokenInfo) -> None:
        """Lets the CSMS answer."""
        self.block.replied(report, AuthorizeReply(id_token_info=info), self.now)

    def decision(self) -> AuthorizationDecided:
        """Returns the one decision that was told, which waits for no answer."""
        assert self.block.next_report() is None, "the CSMS was asked"
        event = self.block.next_event()
        assert isinstance(event, AuthorizationDecided)
        assert self.block.next_event() is None
        return event
