"""The drivers who are authorized at the EVSEs of a station."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from .._moment import Moment
from ..transactions import IdToken, StoppedReason, TokenInfo, TransactionsBlock

__all__ = ["AuthorizedDriver", "AuthorizedDrivers", "PresentedToken"]


class PresentedToken(Struct, frozen=True, kw_only=True):
    """A presented token that waits for a decision."""

    evse_id: int
    id_token: IdToken
    stops: bool
    """Whether a driver was authorized at the EVSE."""

    is_remote: bool = False
    remote_start_id: int | None = None
    group_id_token: IdToken | None = None
    """The group that came with a remote start."""


class AuthorizedDriver(Struct, frozen=True):
    """The driver who is authorized at an EVSE."""

    id_token: IdToken
    group_id_token: IdToken | None = None


class AuthorizedDrivers:
    """The drivers who are authorized at the EVSEs of a station. The block of transactions knows
    them; without it, they are stored here.
    """

    def __init__(
        self,
        evse_ids: Sequence[int],
        transactions: TransactionsBlock | None,
        changed: Callable[[], None],
    ) -> None:
        """Starts without authorized drivers.

        Args:
            evse_ids: the EVSEs.
            transactions: the block that starts and stops transactions, and knows their drivers.
            changed: called when what is to be kept has changed.
        """
        self._evse_ids = evse_ids
        self._transactions = transactions
        self._changed = changed
        self._own: dict[int, AuthorizedDriver] = {}

    def at(self, evse_id: int) -> AuthorizedDriver | None:
        """Returns the driver who is authorized at an EVSE, or `None`."""
        if self._transactions is None:
            return self._own.get(evse_id)
        state = self._transactions.state_of(evse_id)
        if not state.authorized or state.id_token is None:
            return None
        return AuthorizedDriver(state.id_token, state.group_id_token)

    def running(self) -> tuple[int, ...]:
        """Returns the EVSEs with an authorized driver or a transaction."""
        if self._transactions is None:
            return tuple(self._own)
        states = map(self._transactions.state_of, self._evse_ids)
        return tuple(
            each.evse_id for each in states if each.authorized or each.transaction_id is not None
        )

    def start(
        self,
        presented: PresentedToken,
        group_id_token: IdToken | None,
        reservation_id: int | None,
        now: Moment,
    ) -> None:
        """Authorizes a driver at an EVSE."""
        evse_id, id_token = presented.evse_id, presented.id_token
        if self._transactions is None:
            self._own[evse_id] = AuthorizedDriver(id_token, group_id_token)
            self._changed()
        elif presented.is_remote:
            self._transactions.remote_start(
                evse_id,
                id_token,
                presented.remote_start_id,
                now,
                group_id_token=group_id_token,
                reservation_id=reservation_id,
            )
        else:
            self._transactions.authorized(
                evse_id,
                id_token,
                now,
                group_id_token=group_id_token,
                reservation_id=reservation_id,
            )

    def stop(
        self, evse_ids: Sequence[int], id_token: IdToken, reason: StoppedReason, now: Moment
    ) -> None:
        """Stops charging at the given EVSEs, because of a presented token."""
        for evse_id in evse_ids:
            if self._transactions is None:
                self.release(evse_id)
            else:
                self._transactions.stopped(evse_id, now, reason=reason, id_token=id_token)

    def release(self, evse_id: int) -> None:
        """Removes a driver who is stored here."""
        if self._own.pop(evse_id, None) is not None:
            self._changed()

    def learn(self, id_token: IdToken, info: TokenInfo) -> None:
        """Records the group of a driver who is stored here, for example one who was unknown
        offline. # C15
        """
        if not info.is_accepted or info.group_id_token is None:
            return
        for evse_id, driver in self._own.items():
            if driver.id_token.is_same_as(id_token):
                self._own[evse_id] = AuthorizedDriver(driver.id_token, info.group_id_token)
                self._changed()

    def kept(self) -> Mapping[int, AuthorizedDriver]:
        """Returns the drivers to keep over a restart."""
        return self._own

    def restore(self, kept: Mapping[int, AuthorizedDriver]) -> None:
        """Restores the stored drivers."""
        self._own = dict(kept)
