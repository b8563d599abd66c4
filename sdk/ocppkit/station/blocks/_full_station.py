"""Puts all functional blocks together to a whole charging station."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import tzinfo
from random import randint
from uuid import uuid4

from ocppkit.aio.lowlevel import loggable
from ocppkit.blocks import dialect_of
from ocppkit.blocks.authorization import AuthorizationBlock, AuthorizationRules
from ocppkit.blocks.availability import AvailabilityBlock, AvailabilityRules, StatusError
from ocppkit.blocks.charging import ChargingAbilities, ChargingBlock, ChargingRules
from ocppkit.blocks.remote_control import (
    BackgroundJob,
    MessageTrigger,
    MessageTriggered,
    RemoteControlBlock,
    RemoteControlRules,
    UnlockStatus,
)
from ocppkit.blocks.transactions import (
    IdToken,
    SampledValue,
    StoppedReason,
    SuspendedBy,
    TransactionRules,
    TransactionsBlock,
)
from ocppkit.blocks.variables import (
    BasicAuthPasswordChanged,
    DeviceModel,
    NetworkConnectionProfile,
    VariableRules,
    VariablesBlock,
    model_of,
)

from .._station import Station
from ._station_blocks import StationBlocks

__all__ = ["FullStation"]

logger = logging.getLogger("ocppkit.station")


def _new_id() -> str:
    return str(uuid4())


def _number_up_to(most: int) -> int:
    return randint(0, most)


def _with_logged_failures(
    read_meter: Callable[[int], Sequence[SampledValue]], name: str
) -> Callable[[int], Sequence[SampledValue]]:
    """Returns `read_meter` with its exceptions logged: it then returns no readings, so that a
    transaction can still end.
    """

    def read(evse_id: int) -> Sequence[SampledValue]:
        try:
            return tuple(read_meter(evse_id))
        except Exception:
            logger.exception(
                "%s: read_meter(%d) failed [no meter value is reported; return [] if the meter "
                "cannot be read]",
                name,
                evse_id,
            )
            return ()

    return read


class FullStation(StationBlocks):
    """A whole charging station: transactions, authorization, availability, smart charging, settings
    and remote control.

    The program tells what the hardware sees, and does what events say: `PowerPathChanged` to close and open
    contactors, `LimitChanged` to limit the current, `ResetDue` to `restart`.

    ```python
    station = FullStation(ChargingStation("CP001", ...), read_meter=hardware.meter, maximum=32.0)

    @station.on(PowerPathChanged)
    def power(event: PowerPathChanged) -> None:
        hardware.contactor(event.evse_id, event.closed)

    async with station, websockets.connect(station.station, url):
        async for what in hardware.events():
            match what:
                case Plugged(evse): station.plugged_in(evse)
                case Card(evse, uid): station.present(evse, IdToken(uid, "ISO14443"))
    ```

    What these methods do not say is said by `do`, with the blocks, which are attributes.
    """

    def __init__(
        self,
        station: Station,
        *,
        read_meter: Callable[[int], Sequence[SampledValue]],
        maximum: float,
        connectors: Mapping[int, int] = {1: 1},
        fixed_cables: Collection[int] = (),
        measurands: Sequence[str] | None = None,
        has_main_meter: bool = False,
        has_display: bool = False,
        unlock: Callable[[int, int], UnlockStatus] | None = None,
        may_reset: Callable[[int | None], bool] | None = None,
        jobs: Collection[BackgroundJob] = (),
        messages: Collection[str] = (),
        abilities: ChargingAbilities = ChargingAbilities(),  # noqa: B008 - a frozen value
        voltage: float = 230.0,
        zone: tzinfo | None = None,
        model: DeviceModel | None = None,
        network_profiles: Mapping[int, NetworkConnectionProfile] | None = None,
        new_id: Callable[[], str] = _new_id,
        uniform: Callable[[int], int] = _number_up_to,
    ) -> None:
        """Creates the blocks and connects them to a station, which must not run yet.

        Args:
            station: the station. Its journal must be able to keep messages and states together, as the one
                in memory and `ocppkit.journals.SqliteJournal` are.
            read_meter: returns what the meter of an EVSE shows now; nothing if it cannot be read. What it
                raises is logged, and nothing is reported of the meter.
            maximum: the most that an EVSE can give, in amperes on each of three phases.
            connectors: the number of connectors of each EVSE, by its id. In OCPP 1.6 each connector is an
                EVSE with one.
            fixed_cables: the EVSEs whose cables are fixed to the station.
            measurands: the measurands that `read_meter` tells; the CSMS cannot choose others. By default any
                choice of it is accepted, and what the meter does not tell is left out. # MET-04
            has_main_meter: whether `read_meter(0)` tells what all EVSEs use together.
            has_display: whether a driver with a master pass chooses which transactions are stopped.
            unlock: unlocks a connector, by EVSE and connector, and returns what has become of it; without it
                there are no locks.
            may_reset: returns whether an EVSE, or with `None` the station, can be reset now.
            jobs: what the station can do beside charging, of which the CSMS may ask how far it is.
            messages: the messages that the program sends when `MessageTriggered` tells it.
            abilities: what the station can do in smart charging.
            voltage: nominal voltage between a phase and the neutral conductor, in volts.
            zone: the zone of the station's local time, for schedules that follow it.
            model: the variables, in place of those that OCPP has for these blocks, with its defaults and
                `measurands`.
            network_profiles: the ways to a CSMS that the station knows from the beginning, by slot.
            new_id: returns an id for a transaction that no other has, of at most 36 characters.
            uniform: returns an integer from 0 to its argument, at random.

        Raises:
            LocalProtocolError: the version has no functional blocks, or lacks the messages of one.
            ValueError: the EVSEs are not counted from 1, in OCPP 1.6 one has two connectors, a fixed cable is
                at none of them, or `maximum` or `voltage` is not above 0.
        """
        dialect = dialect_of(station.protocol)
        evses = tuple(connectors)
        rules = dialect.rules(VariableRules)
        if model is None:
            numbers = {each: range(1, count + 1) for each, count in connectors.items()}
            model = model_of(rules, evses=numbers, measurands=measurands)
        self.station = station
        """The station itself."""

        self.model = model
        """The variables, by typed keys."""

        self.variables: VariablesBlock = VariablesBlock(
            model, rules, network_profiles=network_profiles
        )
        self.charging: ChargingBlock = ChargingBlock(
            evses,
            model,
            uniform,
            maximum=maximum,
            rules=dialect.rules(ChargingRules),
            abilities=abilities,
            voltage=voltage,
            zone=zone,
        )
        self.transactions: TransactionsBlock = TransactionsBlock(
            evses,
            model,
            _with_logged_failures(read_meter, loggable(station.identity)),
            new_id,
            rules=dialect.rules(TransactionRules),
            has_undelivered=station.block_access.has_undelivered,
            has_main_meter=has_main_meter,
            fixed_cables=fixed_cables,
        )
        self.authorization: AuthorizationBlock = AuthorizationBlock(
            evses,
            model,
            rules=dialect.rules(AuthorizationRules),
            transactions=self.transactions,
            has_display=has_display,
        )
        self.availability: AvailabilityBlock = AvailabilityBlock(
            dialect.rules(AvailabilityRules), model, connectors
        )
        self.remote_control: RemoteControlBlock = RemoteControlBlock(
            dialect.rules(RemoteControlRules),
            model,
            self.availability,
            self.transactions,
            self.authorization,
            unlock=unlock,
            may_reset=may_reset,
            charging=self.charging,
            jobs=jobs,
            messages=(MessageTrigger.BOOT_NOTIFICATION, *messages),
        )
        super().__init__(
            station,
            self.variables,
            self.charging,
            self.transactions,
            self.authorization,
            self.availability,
            self.remote_control,
            dialect=dialect,
        )
        self.on(MessageTriggered)(self._boot_if_triggered)
        self.on(BasicAuthPasswordChanged)(self._password_changed)

    def plugged_in(self, evse_id: int, connector_id: int = 1) -> None:
        """Records that a vehicle is plugged in.

        Raises:
            LocalProtocolError: there is no such EVSE or connector, or another connector of the EVSE is plugged
                in or has the transaction; nothing changes.
        """
        # The transactions block does not know how many connectors an EVSE has.
        self.availability.use_of(evse_id, connector_id)
        self.do(lambda now: self.transactions.plugged_in(evse_id, now, connector_id=connector_id))

    def unplugged(self, evse_id: int) -> None:
        """Records that the vehicle is unplugged."""
        self.do(lambda now: self.transactions.unplugged(evse_id, now))

    def present(self, evse_id: int, id_token: IdToken) -> None:
        """Handles a token that a driver presents at an EVSE: starts or stops charging. [C01]

        `AuthorizationDecided` tells what became of it.
        """
        self.do(lambda now: self.authorization.present(evse_id, id_token, now))

    def energy(self, evse_id: int, flows: bool, *, phases: int | None = None) -> None:
        """Records whether energy flows to the vehicle.

        Args:
            evse_id: the EVSE.
            flows: whether it flows.
            phases: how many phases charge, if it is known.
        """
        self.do(lambda now: self.transactions.energy(evse_id, flows, now, phases=phases))

    def suspended(self, evse_id: int, by: SuspendedBy) -> None:
        """Records that the EV or the EVSE has paused charging."""
        self.do(lambda now: self.transactions.suspended(evse_id, by, now))

    def stop(self, evse_id: int, reason: StoppedReason = StoppedReason.LOCAL) -> None:
        """Stops charging at an EVSE, for example because of a stop button or a fault."""
        self.do(lambda now: self.transactions.stopped(evse_id, now, reason=reason))

    def set_error(self, evse_id: int, connector_id: int, error: StatusError | None) -> None:
        """Sets the error of a connector, or with `None` ends it."""
        self.do(lambda now: self.availability.set_error(evse_id, connector_id, error, now))

    def restart(self, boot_reason: str | None = None) -> None:
        """Reboots the station without restarting the program: pending settings take effect, and it
        connects and boots again.

        Args:
            boot_reason: the reason in the boot message, such as `ResetDue.boot_reason`; OCPP 1.6 has none.
        """
        self.do(self.variables.restarting)
        has_reason = "reason" in self.station.boot.__struct_fields__
        self.station.restart(reason=boot_reason if has_reason else None)

    def _password_changed(self, event: BasicAuthPasswordChanged) -> None:
        # A01.FR.05: the response was sent; the next connection uses the new password.
        self.station.reconnect(password=event.password)

    def _boot_if_triggered(self, event: MessageTriggered) -> None:
        if event.requested_message == MessageTrigger.BOOT_NOTIFICATION:
            # BOOT-27: a station that is not accepted yet boots at once when it is asked to.
            self.station.block_access.boot_now()
