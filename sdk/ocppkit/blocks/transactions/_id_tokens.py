"""Tokens of drivers, and what a CSMS says about them, in one form for all versions of OCPP.

OCPP 1.6 has tags: a text without a type. Names are those of OCPP 2.1.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from .._commands_and_reports import Event

__all__ = [
    "AdditionalInfo",
    "AuthorizationStatus",
    "IdToken",
    "MessageContent",
    "TokenInfo",
    "TokenInfoReceived",
]


class AuthorizationStatus(StrEnum):
    """The CSMS's decision about a token, by OCPP's names; OCPP 1.6 has the first five."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    CONCURRENT_TX = "ConcurrentTx"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    NO_CREDIT = "NoCredit"
    NOT_ALLOWED_TYPE_EVSE = "NotAllowedTypeEVSE"
    NOT_AT_THIS_LOCATION = "NotAtThisLocation"
    NOT_AT_THIS_TIME = "NotAtThisTime"
    UNKNOWN = "Unknown"


class AdditionalInfo(Struct, frozen=True):
    """A further identifier that belongs to a token."""

    additional_id_token: str
    type: str
    """The kind of identifier, by a name on which CSMS and station have agreed."""


class IdToken(Struct, frozen=True, omit_defaults=True):
    """A token, which identifies a driver."""

    id_token: str
    type: str | None = None
    """The type of 2.x, such as ISO14443; 1.6 has none."""

    additional_info: tuple[AdditionalInfo, ...] = ()
    """What helps the CSMS to decide; it does not count when tokens are compared."""

    def is_same_as(self, other: "IdToken") -> bool:
        """Returns whether two tokens identify the same driver.

        Upper and lower case count as equal, and a type that is not known as any. # AUT-05, AUT-06
        """
        types = self.type, other.type
        return self.id_token.lower() == other.id_token.lower() and (
            None in types or self.type == other.type
        )

    def __repr__(self) -> str:
        # C04.FR.04: a code that somebody typed in must not come into a log.
        shown = "***" if self.type == "KeyCode" else self.id_token
        return f"IdToken({shown!r}, {self.type!r})"


class MessageContent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message for a driver."""

    format: str
    """How the text is to be read, such as UTF8 or HTML."""

    content: str
    language: str | None = None
    """The language as a tag of RFC 5646, such as en-GB."""


class TokenInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a CSMS says about a token: its status, and other information."""

    status: str
    """One of `AuthorizationStatus`, or another value of a later version; only Accepted lets energy flow."""

    cache_expiry_date_time: datetime | None = None
    """When this is no longer to be believed; expiryDate in 1.6."""

    group_id_token: IdToken | None = None
    """The group of tokens, which may stop each other's transactions; parentIdTag in 1.6."""

    evse_id: tuple[int, ...] = ()
    """The only EVSEs where the token may charge; empty for all. 2.x only."""

    charging_priority: int | None = None
    language1: str | None = None
    language2: str | None = None
    personal_message: MessageContent | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the status is Accepted."""
        return self.status == AuthorizationStatus.ACCEPTED


class TokenInfoReceived(Event, frozen=True):
    """Event: the CSMS has replied to a report of a transaction with news of a token. # C10.FR.05"""

    id_token: IdToken
    info: TokenInfo
