"""Over real transports, no secret and nothing that tells who charges reaches a log, an exception or a traceback."""

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from ocppkit.aio import CallRefused, InvalidCall
from ocppkit.core import (
    OFF,
    ErrorCode,
    Message,
    OcppError,
    Role,
    Sensitive,
    decode_payload,
    encode_payload,
)
from ocppkit.csms import Csms, PasswordAuthenticator
from ocppkit.station import Retries
from ocppkit.transports import aiohttp, websockets
from roles.cases import ALLOWED, ROLES, Case, RoleClasses, extremes
from support.servers import SERVERS

pytestmark = pytest.mark.timeout(120)

CANARY = "c4n4ryc4n4ry"
HIT = "c4n4"
ABOUT: dict[str, dict[str, Any]] = {
    "1.6": {"charge_point_model": "M", "charge_point_vendor": "V"},
    "2.0.1": {"model": "M", "vendor_name": "V"},
    "2.1": {"model": "M", "vendor_name": "V"},
}
CLIENTS = {"websockets": websockets, "aiohttp": aiohttp}
SESSIONS = [
    ("websockets", "websockets"),
    ("starlette", "websockets"),
    ("aiohttp", "aiohttp"),
]


# --- Payloads with canaries in all places that the facts name ---------------------------------


def planted(facts: Sensitive, value: Any, put: Callable[[Any], Any]) -> Any:
    """Returns a payload with canaries in place of its sensitive values; `put` makes one of a value."""
    if isinstance(value, list):
        return [planted(facts, item, put) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _planted_in(facts, name, inner, put) for name, inner in value.items()}
    for name, sibling in facts.named_values.items():
        if isinstance(value.get(name), str) and _names(
            found, sibling.split("."), facts.secret_names[0]
        ):
            found[name] = put(value[name])
    return found


def _planted_in(facts: Sensitive, name: str, inner: Any, put: Callable[[Any], Any]) -> Any:
    if name not in facts.secret and name not in facts.personal:
        return planted(facts, inner, put)
    if isinstance(inner, str):
        return put(inner)
    if isinstance(inner, list) and all(isinstance(item, str) for item in inner):
        return [put(item) for item in inner]
    return planted(facts, inner, put)


def _names(holder: dict[str, Any], path: list[str], secret: str) -> bool:
    """Names a secret in the sibling of a value, if there is that sibling."""
    for step in path[:-1]:
        holder = holder.get(step, {})
    if not isinstance(holder.get(path[-1]), str):
        return False
    holder[path[-1]] = secret
    return True


def within_bounds(value: Any) -> Any:
    return CANARY


def too_long(value: Any) -> Any:
    return CANARY * 1000


def of_another_type(value: Any) -> Any:
    return LIST


LIST = f'["{CANARY}",{{"value":"{CANARY}"}}]'
"""Stands for a list until the message is made: no message can be read with a list in that place."""


def message(facts: Sensitive, cls: type[Message], put: Callable[[Any], Any]) -> Any:
    """Returns the message with every member that there is, and with canaries."""
    payload = json.loads(encode_payload(extremes(cls)[1]))
    return with_lists(decode_payload(cls, json.dumps(planted(facts, payload, put)), policy=OFF))


def with_lists(value: Any) -> Any:
    """Puts lists in the places where `LIST` stands for them."""
    if value == LIST:
        return json.loads(LIST)
    if isinstance(value, list | tuple):
        return [with_lists(item) for item in value]
    if isinstance(value, msgspec.Struct):
        members = msgspec.structs.asdict(value)
        return type(value)(**{name: with_lists(inner) for name, inner in members.items()})
    return value


def test_the_payloads_hold_canaries() -> None:
    holding = {
        case.action.name
        for case in ALLOWED
        if HIT
        in encode_payload(
            message(facts_of(case.roles), case.action.request, within_bounds)
        ).decode()
    }
    assert holding >= {
        "Authorize",
        "StartTransaction",
        "TransactionEvent",
        "ChangeConfiguration",
        "SetVariables",
        "SetNetworkProfile",
        "CustomerInformation",
        "DataTransfer",
    }


def facts_of(roles: RoleClasses) -> Sensitive:
    return next(iter(roles.protocol.actions.values())).request.__ocpp_sensitive__


# --- What is told --------------------------------------------------------------------------------


class Told(logging.Handler):
    """Takes everything that is logged, also by libraries below us, and every exception."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        # The logs of the servers around us have the whole request line, with the query.
        if not record.name.startswith(("uvicorn", "aiohttp.access")):
            self.lines.append(self.format(record))

    def error(self, error: BaseException) -> None:
        self.lines += [str(error), repr(error), *traceback.format_exception(error)]

    def hits(self) -> list[str]:
        return [line[:300] for line in self.lines if HIT in line]


@pytest.fixture
def told() -> Iterator[Told]:
    """Listens to the root logger at DEBUG."""
    handler, root = Told(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


class Failing:
    """An observer that fails each time."""

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        raise ValueError("in the observer")

    def event(self, identity: str, event: object) -> None:
        raise ValueError("in the observer")

    def connection_refused(self, refusal: object) -> None:
        raise ValueError("in the observer")


# --- The sessions --------------------------------------------------------------------------------


class Session:
    """A station and its CSMS, on which every action is called in every way."""

    def __init__(self, roles: RoleClasses, told: Told) -> None:
        self.roles = roles
        self.told = told
        self.facts = facts_of(roles)
        self.put: Callable[[Any], Any] = within_bounds
        self.how = "answer"
        options: dict[str, Any] = {
            "hide_id_tokens": True,
            "outbound": OFF,
            "observer": Failing(),
            "on_invalid": self._invalid,
        }
        self.csms = Csms(
            roles.protocol,
            authenticator=PasswordAuthenticator({"CP001": CANARY}.get),
            unknown="serve",
            **options,
        )
        self.station = roles.station(
            "CP001",
            **ABOUT[roles.protocol.version],
            password=CANARY,
            retries=Retries(attempts=1),
            **options,
        )
        ends: dict[Role, Any] = {Role.CSMS: self.csms, Role.STATION: self.station}
        for case in self.cases():
            ends[case.sender.peer].on(case.action.request)(self._handler(case))

    def cases(self) -> list[Case]:
        return [case for case in ALLOWED if case.roles is self.roles]

    def _invalid(self, call: InvalidCall[Any]) -> None:
        raise ValueError("in on_invalid")

    def _handler(self, case: Case) -> Callable[..., Any]:
        response = case.action.response

        async def handler(*arguments: Any) -> Any:
            await asyncio.sleep(0)
            if response is None:
                return None
            if case.action.name == "BootNotification":
                members = {"currentTime": "2026-05-01T12:00:00Z", "interval": 300}
                return msgspec.convert({**members, "status": "Accepted"}, response)
            if self.how == "raise":
                raise ValueError("in the handler")
            if self.how == "refuse":
                details = dict.fromkeys((*self.facts.personal, *self.facts.secret), CANARY)
                raise CallRefused(ErrorCode.GENERIC_ERROR, "not today", details)
            return message(self.facts, response, self.put)

        return handler

    @asynccontextmanager
    async def connected(self, server: str, client: str) -> AsyncGenerator[Any]:
        async with SERVERS[server](self.csms) as port:
            url = f"ws://127.0.0.1:{port}/ocpp?token={CANARY}"
            async with CLIENTS[client].connect(self.station, url):
                handle = await self.csms.stations.wait("CP001")
                await self.station.wait_accepted()
                yield handle

    async def call_everything(self, handle: Any) -> int:
        """Calls every action from both ends, and returns how many calls came back with an error."""
        errors = 0
        for case in self.cases():
            if case.action.name == "BootNotification":
                continue
            end = self.station if case.sender is Role.STATION else handle
            request = message(self.facts, case.action.request, self.put)
            try:
                async with asyncio.timeout(20):
                    await (end.send(request) if case.action.response is None else end.call(request))
            except OcppError as error:
                errors += 1
                self.told.error(error)
        return errors


@pytest.mark.asyncio
@pytest.mark.parametrize(("server", "client"), SESSIONS)
@pytest.mark.parametrize("roles", ROLES, ids=lambda roles: roles.protocol.version)
async def test_no_api_tells_a_secret(
    server: str, client: str, roles: RoleClasses, told: Told
) -> None:
    session = Session(roles, told)
    async with session.connected(server, client) as handle:
        for put in (within_bounds, too_long, of_another_type):
            session.put = put
            errors = await session.call_everything(handle)
            assert (errors > 0) is (put is not within_bounds), (put, errors)
        session.put = within_bounds
        for session.how in ("raise", "refuse"):
            assert await session.call_everything(handle) > 0
    # Everything was told that there is: frames, refusals, failures of handlers and of observers.
    everything = "\n".join(told.lines)
    for part in ("ocppkit.frames", "frame refused", "in the handler", "in the observer"):
        assert part in everything
    assert told.hits() == []


@pytest.mark.asyncio
@pytest.mark.parametrize(("server", "client"), SESSIONS)
async def test_a_refused_handshake_tells_no_secret(server: str, client: str, told: Told) -> None:
    (roles,) = (each for each in ROLES if each.protocol.version == "2.0.1")
    csms = Csms(
        roles.protocol,
        authenticator=PasswordAuthenticator(
            dict.fromkeys(("CP001", "CP002"), f"right{CANARY}").get
        ),
        observer=Failing(),
    )
    async with SERVERS[server](csms) as port:
        url = f"ws://127.0.0.1:{port}/ocpp?token={CANARY}"
        for identity, password in (("CP001", CANARY), ("CP002", f"{CANARY}\u00e9")):
            station = roles.station(identity, model="M", vendor_name="V", password=password)
            refused = asyncio.create_task(_first(csms))
            await asyncio.sleep(0)
            async with CLIENTS[client].connect(station, url), asyncio.timeout(20):
                told.lines.append(repr(await refused))
    assert any("wrong password" in line for line in told.lines)
    assert told.hits() == []


async def _first(csms: Csms) -> object:
    async for event in csms.stations.events():
        return event
    return None
