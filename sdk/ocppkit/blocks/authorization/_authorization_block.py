"""The block that decides who may charge at a station (functional blocks C and D)."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

import msgspec
from msgspec.structs import replace

from ocppkit.core import LocalProtocolError

from .._block import Block
from .._kept_state import KeptState, restored
from .._moment import Moment
from .._station_life import (
    ClockChanged,
    StationStarted,
)
from ..transactions import (
    AuthorizationStatus,
    IdToken,
    StoppedReason,
    TokenInfo,
    TokenInfoReceived,
    TransactionsBlock,
)
from ..variables import DeviceModel
from ._authorization_events import (
    AuthorizationAction,
    AuthorizationDecided,
    AuthorizationMeans,
    AuthorizationRefusal,
    EvseReserved,
    LocalListConflict,
    LocalListUpdated,
)
from ._authorization_rules import AuthorizationRules
from ._authorized_drivers import AuthorizedDriver, AuthorizedDrivers, PresentedToken
from ._known_tokens import KeptTokens, KnownTokens
from ._station_circumstances import StationCircumstances
from ._token_commands import (
    AuthorizeReply,
    AuthorizeReport,
    ClearCache,
    GetLocalListVersion,
    LocalListStatus,
    SendLocalList,
    SendLocalListAnswer,
)
from ._token_decisions import (
    AuthorizationSettings,
    TokenDecision,
    TokenSituation,
    decision_of,
    is_master_pass,
    refusal_of,
)

__all__ = ["AuthorizationBlock"]

_LATEST: Final = AuthorizationRules()


class _KeptAuthorization(KeptState, frozen=True):
    tokens: KeptTokens
    drivers: Mapping[int, AuthorizedDriver]


class AuthorizationBlock(Block):
    """Decides who may charge at a station: by its local list, its cache, the CSMS and the rules for
    offline operation.

    The program tells which token was presented where. Each one is decided, at once or when the CSMS has
    answered: `AuthorizationDecided` tells how. If the block is given the block of transactions, an accepted token
    starts and stops them there; else the program does it, and tells when a driver has gone.
    """

    name: ClassVar[str] = "authorization"

    def __init__(
        self,
        evse_ids: Iterable[int],
        model: DeviceModel,
        *,
        rules: AuthorizationRules = _LATEST,
        transactions: TransactionsBlock | None = None,
        has_display: bool = False,
        cache_capacity: int = 1000,
    ) -> None:
        """Starts with an empty list, an empty cache and no authorized drivers.

        Args:
            evse_ids: the EVSEs; in OCPP 1.6, the connectors.
            model: the settings.
            rules: in what the version differs.
            transactions: the transactions that accepted tokens start and stop.
            has_display: whether a driver with a master pass chooses which transactions are stopped; else all
                of them are. [C16]
            cache_capacity: how many tokens the cache can have.

        Raises:
            ValueError: the capacity is below 1.
        """
        super().__init__()
        self._evse_ids = tuple(evse_ids)
        self._model = model
        self._rules = rules
        self._has_display = has_display
        self._tokens = KnownTokens(model, rules, cache_capacity, self._note_change)
        self._asked: dict[int, PresentedToken] = {}
        self._drivers = AuthorizedDrivers(self._evse_ids, transactions, self._note_change)
        self._circumstances = StationCircumstances()
        self._on_command(SendLocalList)(self._send_local_list)
        self._on_command(GetLocalListVersion)(self._tokens.get_local_list_version)
        self._on_command(ClearCache)(self._tokens.clear_cache)
        self._on_reply(AuthorizeReport)(self._authorize_replied)
        self._on_failure(AuthorizeReport, self._authorize_failed)
        self._on_event(StationStarted, self._station_started)
        self._on_event(ClockChanged, self._clock_changed)
        self._on_event(TokenInfoReceived, self._info_received)
        for kind in self._circumstances.EVENTS:
            self._on_event(kind, lambda event, now: self._circumstances.take(event))

    # What a program calls.

    def present(self, evse_id: int, id_token: IdToken, now: Moment) -> None:
        """Handles a token that a driver presents: a card, a code, or a start button.

        It starts, or stops if a driver is authorized at the EVSE. A start button is the token
        `IdToken("", "NoAuthorization")`. A token that the CSMS is being asked about, at this EVSE, is
        taken once. [C01, C02, C04, C06]

        Args:
            evse_id: the EVSE.
            id_token: the token.
            now: the present moment.

        Raises:
            LocalProtocolError: there is no such EVSE.
            ValueError: the OCPP version has no such token: it is too long, or of no type or an unknown one.
        """
        self._check(evse_id, id_token)
        driver = self._drivers.at(evse_id)
        presented = PresentedToken(evse_id=evse_id, id_token=id_token, stops=driver is not None)
        asked = self._asked.get(evse_id)
        if driver is not None and driver.id_token.is_same_as(id_token):
            # C01.FR.03, E07.FR.01, AUT-03: the token that started needs no authorization.
            self._stop(presented, AuthorizationMeans.SAME_TOKEN, None, (evse_id,), now)
        elif asked is None:
            self._decide_or_ask(presented, now, is_online=self.is_online)
        elif not asked.id_token.is_same_as(id_token):
            self._refuse(presented, AuthorizationRefusal.BUSY)

    def remote_start_refusal(self, evse_id: int, id_token: IdToken) -> str | None:
        """Returns the reason code if `start_remotely` would refuse a token, else `None`.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        try:
            self._check(evse_id, id_token)
        except ValueError:
            return "InvalidIdToken"
        # F01.FR.24
        is_busy = self._drivers.at(evse_id) is not None or evse_id in self._asked
        return "TxInProgress" if is_busy else None

    def start_remotely(
        self,
        evse_id: int,
        id_token: IdToken,
        remote_start_id: int | None,
        now: Moment,
        *,
        group_id_token: IdToken | None = None,
    ) -> None:
        """Handles a remote start, by which the CSMS starts charging for a driver. [C05, F01, F02]

        The token is judged only if AuthCtrlr.AuthorizeRemoteStart is set, and never if its type is
        Central.

        Args:
            evse_id: the EVSE.
            id_token: the token.
            remote_start_id: the number of the remote start; 1.6 has none.
            now: the present moment.
            group_id_token: the group of the token, if the CSMS has told it.

        Raises:
            LocalProtocolError: there is no such EVSE, or a driver is authorized there, or about to be.
            ValueError: the OCPP version has no such token.
        """
        self._check(evse_id, id_token)
        if self.remote_start_refusal(evse_id, id_token) is not None:
            raise LocalProtocolError(
                f"EVSE {evse_id} has an authorized driver already [answer Rejected]"
            )
        presented = PresentedToken(
            evse_id=evse_id,
            id_token=id_token,
            is_remote=True,
            remote_start_id=remote_start_id,
            group_id_token=group_id_token,
            stops=False,
        )
        self._decide_or_ask(presented, now, is_online=self.is_online)

    def released(self, evse_id: int, now: Moment) -> None:
        """Records that a driver is no longer authorized. Only for programs without the block of
        transactions.

        So it is when a transaction has ended, or when nobody has plugged in in time. [AUT-23]

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        self._check_evse(evse_id)
        self._drivers.release(evse_id)

    def learn(self, id_token: IdToken, info: TokenInfo, now: Moment) -> None:
        """Records what the CSMS says about a token in its reply to a report of a transaction.
        [C10.FR.05]

        The block of transactions tells it; only a program without it calls the method.
        """
        source, known = self._tokens.find(id_token, now)
        is_listed = source is AuthorizationMeans.LOCAL_LIST
        if is_listed and known is not None and known.is_accepted and not info.is_accepted:
            self._tell(LocalListConflict(id_token=id_token, id_token_info=info))
        self._tokens.learn(id_token, info, now)
        self._drivers.learn(id_token, info)

    @property
    def is_online(self) -> bool:
        """Whether the CSMS can be asked about a token now."""
        return self._circumstances.is_online

    def state(self) -> bytes:
        """Returns the local list, the cache and the authorized drivers."""
        kept = _KeptAuthorization(tokens=self._tokens.kept(), drivers=self._drivers.kept())
        return msgspec.json.encode(kept)

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores the stored state.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """
        kept = restored(_KeptAuthorization, state, "what is known of tokens")
        self._tokens.restore(kept.tokens)
        self._drivers.restore(kept.drivers)

    # How a token is decided.

    def _check(self, evse_id: int, id_token: IdToken) -> None:
        self._check_evse(evse_id)
        self._rules.check(id_token)

    def _check_evse(self, evse_id: int) -> None:
        if evse_id not in self._evse_ids:
            raise LocalProtocolError(
                f"there is no EVSE {evse_id} [use one of {list(self._evse_ids)}]"
            )

    def _situation(self, presented: PresentedToken, now: Moment, is_online: bool) -> TokenSituation:
        driver = self._drivers.at(presented.evse_id)
        source, known = self._tokens.find(presented.id_token, now)
        return TokenSituation(
            evse_id=presented.evse_id,
            id_token=presented.id_token,
            is_remote=presented.is_remote,
            stops=driver is not None,
            driver_group=None if driver is None else driver.group_id_token,
            is_online=is_online,
            source=source,
            known=known,
            reserved=self._circumstances.reservation_of(presented.evse_id),
            settings=AuthorizationSettings.of(self._model, source),
            rules=self._rules,
            in_service=self._circumstances.is_in_service(presented.evse_id),
        )

    def _decide_or_ask(self, presented: PresentedToken, now: Moment, *, is_online: bool) -> None:
        """Decides about a token, or asks the CSMS."""
        case = self._situation(presented, now, is_online)
        decision, means = decision_of(case)
        if decision is TokenDecision.ASK:
            self._asked[presented.evse_id] = presented
            self._report(AuthorizeReport(id_token=presented.id_token, evse_id=presented.evse_id))
            return
        info = case.known if means is case.source else None
        if means is AuthorizationMeans.REMOTE_START:
            # By its start the CSMS has said this.
            group = presented.group_id_token
            info = TokenInfo(status=AuthorizationStatus.ACCEPTED, group_id_token=group)
        self._carry_out(
            presented, case, means, info, now, accepted=decision is TokenDecision.ACCEPT
        )

    def _carry_out(
        self,
        presented: PresentedToken,
        case: TokenSituation,
        means: AuthorizationMeans,
        info: TokenInfo | None,
        now: Moment,
        *,
        accepted: bool,
    ) -> None:
        """Carries out the decision about a token."""
        if accepted and info is not None and info.is_accepted:
            running = self._drivers.running()
            if running and not presented.is_remote and is_master_pass(info, case.settings):
                self._master_stop(presented, means, info, running, now)
                return
        refusal = refusal_of(case, info)
        if case.stops != presented.stops:
            refusal = AuthorizationRefusal.OVERTAKEN
        elif not accepted and refusal is None:
            refusal = AuthorizationRefusal.NOT_ACCEPTED
        if refusal is not None:
            self._refuse(presented, refusal, means, info)
        elif case.stops:
            self._stop(presented, means, info, (presented.evse_id,), now)
        else:
            self._start(presented, means, info, case.reserved, now)

    def _refuse(
        self,
        presented: PresentedToken,
        refusal: AuthorizationRefusal,
        means: AuthorizationMeans = AuthorizationMeans.NOT_ASKED,
        info: TokenInfo | None = None,
    ) -> None:
        self._tell(_decision_event(presented, means, info, refusal=refusal))

    def _start(
        self,
        presented: PresentedToken,
        means: AuthorizationMeans,
        info: TokenInfo | None,
        reserved: EvseReserved | None,
        now: Moment,
    ) -> None:
        group = None if info is None else info.group_id_token
        reservation_id = None if reserved is None else reserved.reservation_id
        self._tell(_decision_event(presented, means, info, reservation_id=reservation_id))
        self._drivers.start(presented, group, reservation_id, now)

    def _stop(
        self,
        presented: PresentedToken,
        means: AuthorizationMeans,
        info: TokenInfo | None,
        evse_ids: tuple[int, ...],
        now: Moment,
    ) -> None:
        self._tell(_decision_event(presented, means, info, evse_ids=evse_ids))
        self._drivers.stop(evse_ids, presented.id_token, StoppedReason.LOCAL, now)

    def _master_stop(
        self,
        presented: PresentedToken,
        means: AuthorizationMeans,
        info: TokenInfo,
        running: tuple[int, ...],
        now: Moment,
    ) -> None:
        action = AuthorizationAction.MASTER_STOP
        self._tell(
            replace(_decision_event(presented, means, info, evse_ids=running), action=action)
        )
        if not self._has_display:
            # C16.FR.02; with a display the driver chooses. # C16.FR.01
            self._drivers.stop(running, presented.id_token, StoppedReason.MASTER_PASS, now)

    # What the CSMS wants and answers.

    def _send_local_list(self, command: SendLocalList, now: Moment) -> SendLocalListAnswer:
        answer = self._tokens.send_local_list(command, now)
        if answer.status == LocalListStatus.ACCEPTED:
            self._tell(LocalListUpdated(version_number=command.version_number))
        return answer

    def _authorize_replied(
        self, report: AuthorizeReport, reply: AuthorizeReply, now: Moment
    ) -> None:
        info = reply.id_token_info
        presented = self._take_waiting(report)
        self._tokens.learn(report.id_token, info, now)  # C10.FR.04
        if presented is not None:
            case = self._situation(presented, now, self.is_online)
            self._carry_out(presented, case, AuthorizationMeans.CSMS, info, now, accepted=True)

    def _authorize_failed(self, report: AuthorizeReport, now: Moment) -> None:
        presented = self._take_waiting(report)
        if presented is not None:
            # Without an answer the CSMS counts as not reachable. # AUT-14, AUT-15
            self._decide_or_ask(presented, now, is_online=False)

    def _take_waiting(self, report: AuthorizeReport) -> PresentedToken | None:
        """Returns the token to which an answer belongs, and removes it from those that wait."""
        for evse_id, each in self._asked.items():
            if evse_id == report.evse_id and each.id_token == report.id_token:
                return self._asked.pop(evse_id)
        return None

    # What happens to the station.

    def _station_started(self, event: StationStarted, now: Moment) -> None:
        self._circumstances.take(event)
        self._asked.clear()

    def _clock_changed(self, event: ClockChanged, now: Moment) -> None:
        self._tokens.shift(event.change)

    def _info_received(self, event: TokenInfoReceived, now: Moment) -> None:
        self.learn(event.id_token, event.info, now)  # C10.FR.05


def _decision_event(
    presented: PresentedToken,
    means: AuthorizationMeans,
    info: TokenInfo | None,
    *,
    refusal: AuthorizationRefusal | None = None,
    evse_ids: tuple[int, ...] = (),
    reservation_id: int | None = None,
) -> AuthorizationDecided:
    action = AuthorizationAction.STOP if presented.stops else AuthorizationAction.START
    return AuthorizationDecided(
        evse_id=presented.evse_id,
        id_token=presented.id_token,
        action=action,
        means=means,
        refusal=refusal,
        id_token_info=info,
        evse_ids=evse_ids,
        remote_start_id=presented.remote_start_id,
        reservation_id=reservation_id,
    )
