"""Profiles of quirks, and reading them from a file."""

import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from ocppkit.core import (
    STRICT,
    Alteration,
    Message,
    Mode,
    OcppError,
    Override,
    Payload,
    Policies,
    Policy,
    Protocol,
    Role,
)

__all__ = ["QuirkFileError", "QuirkProfile", "read_profiles"]


_Version: TypeAlias = Literal["1.6", "2.0.1", "2.1"]
"""What a quirk may name as its version: a quirk of another one would never apply, and nobody would see it."""


class QuirkFileError(OcppError):
    """Raised when a file of quirks cannot be used. The message names the file, the place and what
    to do.
    """


class _Quirk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: _Version
    action: str
    path: str
    part: Literal["request", "response"] = "request"
    why: str = ""

    def message(self, protocol: Protocol) -> type[Payload] | None:
        """Returns the class of the message; `None` if the protocol is not of this version, or does
        not have the action.
        """
        action = protocol.actions.get(self.action)
        if protocol.version != self.version or action is None:
            return None
        return action.request if self.part == "request" else action.response


class _ReadQuirk(_Quirk, frozen=True, kw_only=True):
    """A place that is checked less strictly when messages from a station with the profile are
    read; see `Override`.
    """

    max_length: int | None = None
    max_items: int | None = None
    min_items: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    open_enum: bool = False
    alias: str | None = None

    def override(self, message: type[Payload]) -> Override:
        """Returns the `Override` for this quirk.

        Its use is reported, so that an operator sees which charger breaks which rule.
        """
        return Override(
            message=message,
            path=self.path,
            max_length=self.max_length,
            max_items=self.max_items,
            min_items=self.min_items,
            minimum=self.minimum,
            maximum=self.maximum,
            open_enum=self.open_enum,
            alias=self.alias,
            reported=True,
        )


class _SendQuirk(_Quirk, frozen=True, kw_only=True):
    """A place that is changed in messages to a station with the profile; see `Alteration`."""

    leave_out: bool = False
    as_text: bool = False
    shorten_to: int | None = None

    def alteration(self, message: type[Payload]) -> Alteration:
        """Returns the `Alteration` for this quirk."""
        return Alteration(
            message=message,
            path=self.path,
            leave_out=self.leave_out,
            as_text=self.as_text,
            shorten_to=self.shorten_to,
        )


class _CommandOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Commands that are sent in a fixed order; see `Policy.order`."""

    version: _Version
    actions: tuple[str, ...]
    why: str = ""

    def requests(self, protocol: Protocol) -> tuple[type[Message], ...]:
        """Returns the requests in this order; empty if it is for another version."""
        if self.version != protocol.version:
            return ()
        known = (protocol.actions.get(name) for name in self.actions)
        return tuple(action.request for action in known if action is not None)


class QuirkProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ways in which stations of one vendor, model and firmware deviate from OCPP."""

    name: str
    vendor: str = "*"
    """A pattern with `*` and `?`, compared without regard to case, as model and firmware are."""

    model: str = "*"
    firmware: str = "*"
    source: str = ""
    """Where the deviation was reported."""

    lenient: bool = False
    """Whether everything that they send is read leniently."""

    reads: tuple[_ReadQuirk, ...] = ()
    """The places of their messages that are read more loosely."""

    sends: tuple[_SendQuirk, ...] = ()
    """The places that are changed in messages to them."""

    orders: tuple[_CommandOrder, ...] = ()
    """The order in which they are sent commands that wait at the same time."""

    def fits(self, vendor: str, model: str, firmware: str) -> bool:
        """Returns whether the profile applies to a station."""
        pairs = ((self.vendor, vendor), (self.model, model), (self.firmware, firmware))
        return all(
            fnmatchcase(said.strip().casefold(), pattern.casefold()) for pattern, said in pairs
        )

    def policies(
        self, protocol: Protocol, *, inbound: Policy = STRICT, outbound: Policy = STRICT
    ) -> Policies:
        """Returns the policies for a station: those of all stations, changed by its quirks.

        Args:
            protocol: the version that the station speaks.
            inbound: the policy for messages of all stations; its overrides win over those of the profile.
            outbound: the policy for messages to all stations; its order wins over that of the profile.

        Raises:
            ValueError: a quirk names a place that its message does not have.
        """
        taken = {place for each in inbound.overrides for place in _paths_of(each)}
        overrides = [
            each for each in self._overrides(protocol) if taken.isdisjoint(_paths_of(each))
        ]
        read = Mode.LENIENT if self.lenient and inbound.mode is Mode.STRICT else inbound.mode
        alterations = (*outbound.alterations, *self.alterations(protocol))
        return Policies(
            inbound=msgspec.structs.replace(
                inbound, mode=read, overrides=(*inbound.overrides, *overrides)
            ),
            outbound=msgspec.structs.replace(
                outbound, alterations=alterations, order=outbound.order or self.order(protocol)
            ),
        )

    def alterations(self, protocol: Protocol) -> tuple[Alteration, ...]:
        """Returns the changes to make in messages sent to a station with this profile."""
        return tuple(
            quirk.alteration(message)
            for quirk in self.sends
            if (message := quirk.message(protocol)) is not None
        )

    def order(self, protocol: Protocol) -> tuple[type[Message], ...]:
        """Returns the commands that are sent to a station with this profile in a fixed order, from
        first to last.
        """
        return tuple(request for each in self.orders for request in each.requests(protocol))

    def check(self, protocol: Protocol) -> None:
        """Checks that each quirk for a version names one of its messages and a place in the
        message.

        Raises:
            QuirkFileError: one does not; the message names it.
        """
        for quirk in (*self.reads, *self.sends):
            if quirk.version == protocol.version and quirk.message(protocol) is None:
                raise QuirkFileError(
                    f"profile {self.name!r}: OCPP {protocol.version} has no {quirk.part} of "
                    f"{quirk.action!r} [correct the name of the action]"
                )
        for order in self.orders:
            if order.version == protocol.version:
                self._check_order(order, protocol)
        try:
            self.policies(protocol)
        except ValueError as error:
            raise QuirkFileError(f"profile {self.name!r}: {error} [correct the quirk]") from error

    def _check_order(self, order: _CommandOrder, protocol: Protocol) -> None:
        for name in order.actions:
            action = protocol.actions.get(name)
            if action is None or Role.CSMS not in action.senders or not action.answered:
                raise QuirkFileError(
                    f"profile {self.name!r}: {name!r} in orders= is not a command of a CSMS in "
                    f"OCPP {protocol.version} [correct the name of the action]"
                )

    def _overrides(self, protocol: Protocol) -> Iterator[Override]:
        for quirk in self.reads:
            message = quirk.message(protocol)
            if message is not None:
                yield quirk.override(message)


def _paths_of(override: Override) -> set[tuple[type[Payload], str]]:
    """Returns the JSON path of an override, and the one of its alias."""
    paths = (override.path, override.alias_path)
    return {(override.message, path) for path in paths if path is not None}


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    profile: list[QuirkProfile]


def read_profiles(data: bytes, file: str) -> list[QuirkProfile]:
    """Reads the profiles in one file.

    Raises:
        QuirkFileError: it is no TOML in UTF-8, or does not have the form of a file of quirks.
    """
    try:
        tables: Any = tomllib.loads(data.decode())
        return msgspec.convert(tables, _File).profile
    except UnicodeDecodeError as error:
        raise QuirkFileError(f"{file}: {error} [save the file as UTF-8]") from error
    except tomllib.TOMLDecodeError as error:
        raise QuirkFileError(f"{file}: {error} [correct the TOML]") from error
    except msgspec.ValidationError as error:
        raise QuirkFileError(
            f"{file}: {error} [a profile has name, vendor, model, firmware, source, lenient, "
            "reads, sends and orders; versions are 1.6, 2.0.1 and 2.1]"
        ) from error
