"""The local list of tokens that a CSMS sends to a station, and the reasons to refuse an update.

A rule is a status, the reason code of OCPP 2.x, a requirement, a text, and a function that is true if
an update breaks it. The first rule that is broken is the answer.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from math import inf
from typing import Final, NamedTuple

from ..transactions import IdToken, TokenInfo
from ._authorization_rules import AuthorizationRules
from ._token_commands import (
    LocalListEntry,
    LocalListStatus,
    LocalListUpdate,
    SendLocalList,
    SendLocalListAnswer,
)

__all__ = ["ListLimits", "LocalList", "list_refusal", "list_updates"]

Key = Callable[[IdToken], Hashable]


class ListLimits(NamedTuple):
    """The limits of a station's local list."""

    is_enabled: bool
    entries: float
    items_per_message: float
    bytes_per_message: float


class LocalList:
    """The local list of one station: its version, and tokens with their information."""

    def __init__(self, key: Key) -> None:
        """Starts with an empty list.

        Args:
            key: returns what is equal for equal tokens.
        """
        self._key = key
        self._entries: dict[Hashable, LocalListEntry] = {}
        self.version = 0
        """The version of the last update; 0 if there was none."""

    def __iter__(self) -> Iterator[LocalListEntry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, id_token: IdToken) -> TokenInfo | None:
        """Returns the information about a token, or `None` if it is not in the list."""
        entry = self._entries.get(self._key(id_token))
        return None if entry is None else entry.id_token_info

    def update(self, update: SendLocalList, limits: ListLimits) -> SendLocalListAnswer:
        """Applies an update as a whole, or refuses it and changes nothing. # D01"""
        case = _UpdateCase(update, self, self._updated(update), limits, self._key)
        for status, reason_code, _, text, broken in _RULES:
            if broken(case):
                return SendLocalListAnswer(
                    status=status, reason_code=reason_code, additional_info=text
                )
        self._entries = case.result
        self.version = update.version_number
        return SendLocalListAnswer(status=LocalListStatus.ACCEPTED)

    def fill(self, version: int, entries: Iterable[LocalListEntry]) -> None:
        """Restores the stored list."""
        self.version = version
        self._entries = {self._key(each.id_token): each for each in entries}

    def _updated(self, update: SendLocalList) -> dict[Hashable, LocalListEntry]:
        """Returns the entries of the list after an update."""
        # D01.FR.15: a full list replaces all; without entries it removes all.
        is_full = update.update_type == LocalListUpdate.FULL
        entries = {} if is_full else dict(self._entries)
        for each in update.local_authorization_list:
            if each.id_token_info is None:
                # D01.FR.17
                entries.pop(self._key(each.id_token), None)
            else:
                # D01.FR.16
                entries[self._key(each.id_token)] = each
        return entries


class _UpdateCase(NamedTuple):
    """An update of the list, with all that decides whether it is accepted."""

    update: SendLocalList
    present: LocalList
    result: dict[Hashable, LocalListEntry]
    limits: ListLimits
    key: Key

    @property
    def entries(self) -> Sequence[LocalListEntry]:
        return self.update.local_authorization_list

    def is_a(self, kind: LocalListUpdate) -> bool:
        return self.update.update_type == kind


_Rule = tuple[LocalListStatus, str, str, str, Callable[[_UpdateCase], bool]]

_RULES: Final[Sequence[_Rule]] = (
    (
        LocalListStatus.NOT_SUPPORTED,
        "NotEnabled",
        "LAL-09",
        "the local list is switched off",
        lambda case: not case.limits.is_enabled,
    ),
    (
        LocalListStatus.FAILED,
        "InvalidValue",
        "D01",
        "the type of the update is not known",
        lambda case: case.update.update_type not in list(LocalListUpdate),
    ),
    (
        LocalListStatus.FAILED,
        "ValueTooLow",
        "D01.FR.18",
        "a version is above 0",
        lambda case: case.update.version_number <= 0,
    ),
    (
        LocalListStatus.VERSION_MISMATCH,
        "ValueTooLow",
        "D01.FR.19, LAL-06, LAL-07",
        "the version is not above that of the list",
        lambda case: (
            case.is_a(LocalListUpdate.DIFFERENTIAL)
            and case.update.version_number <= case.present.version
        ),
    ),
    (
        LocalListStatus.FAILED,
        "TooManyElements",
        "D01.FR.11, LAL-10",
        "the message has too many entries",
        lambda case: len(case.entries) > case.limits.items_per_message,
    ),
    (
        LocalListStatus.FAILED,
        "TooLargeElement",
        "D01.FR.11, LAL-10",
        "the message has too many bytes",
        lambda case: (case.update.size or 0) > case.limits.bytes_per_message,
    ),
    (
        LocalListStatus.FAILED,
        "InvalidIdToken",
        "D01.FR.06, LAL-09",
        "a token occurs twice",
        lambda case: len({case.key(each.id_token) for each in case.entries}) < len(case.entries),
    ),
    (
        LocalListStatus.FAILED,
        "MissingParam",
        "D01.FR.15",
        "an entry of a full list says nothing about its token",
        lambda case: (
            case.is_a(LocalListUpdate.FULL)
            and any(each.id_token_info is None for each in case.entries)
        ),
    ),
    (
        LocalListStatus.FAILED,
        "OutOfStorage",
        "D01, LAL-10",
        "the list would have too many entries",
        lambda case: len(case.result) > case.limits.entries,
    ),
)
"""Status, reason code, requirement, text, and whether an update breaks the rule; the first one counts."""


def list_refusal(
    update: SendLocalList,
    rules: AuthorizationRules,
    *,
    entries: float = inf,
    items_per_message: float = inf,
) -> SendLocalListAnswer | None:
    """Returns the reason why any station would refuse an update of its list, or `None`.

    Args:
        update: the update.
        rules: those of the OCPP version.
        entries: how many entries the station can keep.
        items_per_message: how many it takes at once.
    """
    limits = ListLimits(
        is_enabled=True, entries=entries, items_per_message=items_per_message, bytes_per_message=inf
    )
    answer = LocalList(rules.key).update(update, limits)
    return None if answer.status == LocalListStatus.ACCEPTED else answer


def list_updates(
    entries: Sequence[LocalListEntry],
    version_number: int,
    items_per_message: int,
    *,
    update_type: LocalListUpdate = LocalListUpdate.FULL,
) -> Sequence[SendLocalList]:
    """Returns the commands with which a CSMS sends a list, in messages of a size that the station
    accepts.

    Each message has a version of its own, and the last one that of the list. All but the first add to what
    the first one has sent. # LAL-10

    Args:
        entries: the whole list, or what changes in it.
        version_number: the version of the list.
        items_per_message: how many entries the station takes at once, as its variable
            LocalAuthListCtrlr.ItemsPerMessage says, or SendLocalListMaxLength in 1.6.
        update_type: what the first message does: replace the station's list, or change it.

    Raises:
        ValueError: there are more messages than versions, or the number of items is below 1.
    """
    if items_per_message < 1:
        raise ValueError("items_per_message must be at least 1")
    begins = range(0, max(len(entries), 1), items_per_message)
    first = version_number - len(begins) + 1
    if first < 1:
        # D01.FR.18
        raise ValueError(
            f"{len(begins)} messages need as many versions from 1 on, so version {version_number} "
            "is "
            "too low [count versions up by more than 1, or send more entries at once]"
        )
    return [
        SendLocalList(
            version_number=first + number,
            update_type=LocalListUpdate.DIFFERENTIAL if number else update_type,
            local_authorization_list=tuple(entries[begin : begin + items_per_message]),
        )
        for number, begin in enumerate(begins)
    ]
