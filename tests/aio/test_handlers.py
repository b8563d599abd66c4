"""The table of handlers: one for each request, from decorators or from handler classes."""

from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.aio.lowlevel import HandlerTable, await_if_needed
from ocppkit.core import LocalProtocolError, Role, WrongVersion, utcnow
from ocppkit.v16.roles import CsmsHandlers as Handlers16
from ocppkit.v201.roles import CsmsHandlers as Handlers201


def handler(request: object) -> None: ...


def csms_table() -> HandlerTable:
    return HandlerTable(Role.CSMS, v16.PROTOCOL, v201.PROTOCOL)


def test_a_handler_that_could_never_run_is_refused() -> None:
    station = HandlerTable(Role.STATION, v201.PROTOCOL)
    station.add(v201.ResetRequest, handler)
    station.add(v201.DataTransferRequest, handler)
    with pytest.raises(LocalProtocolError, match="AuthorizeRequest is never sent to a station"):
        station.add(v201.AuthorizeRequest, handler)
    with pytest.raises(WrongVersion, match=r"v16.*ResetRequest belongs to a version that"):
        station.add(v16.ResetRequest, handler)
    with pytest.raises(LocalProtocolError, match="never sent to a station"):
        station.add_methods(Mine())
    with pytest.raises(LocalProtocolError, match="ResetRequest is never sent to a csms"):
        csms_table().check(v201.ResetRequest)


def test_one_handler_for_each_request() -> None:
    table = csms_table()
    table.add(v201.HeartbeatRequest, handler)
    assert table.get(v201.HeartbeatRequest) is handler
    assert table.get(v16.HeartbeatRequest) is None
    with pytest.raises(LocalProtocolError, match="HeartbeatRequest has a handler already"):
        table.add(v201.HeartbeatRequest, handler)


class Mine(Handlers201):
    def heartbeat(self, station: Any, request: v201.HeartbeatRequest) -> v201.HeartbeatResponse:
        return v201.HeartbeatResponse(current_time=utcnow())


class SubclassOfMine(Mine):
    def authorize(self, station: Any, request: v201.AuthorizeRequest) -> Any: ...


class Both(Handlers16, Handlers201):
    def heartbeat(self, station: Any, request: Any) -> Any: ...


def test_overridden_methods_count() -> None:
    table = csms_table()
    mine = Mine()
    table.add_methods(mine)
    assert table.get(v201.HeartbeatRequest) == mine.heartbeat
    assert table.get(v201.AuthorizeRequest) is None


def test_methods_of_a_base_of_mine_count() -> None:
    table = csms_table()
    table.add_methods(SubclassOfMine())
    assert table.get(v201.HeartbeatRequest) is not None
    assert table.get(v201.AuthorizeRequest) is not None


def test_one_class_for_two_versions() -> None:
    table = csms_table()
    both = Both()
    table.add_methods(both)
    assert table.get(v16.HeartbeatRequest) == both.heartbeat
    assert table.get(v201.HeartbeatRequest) == both.heartbeat
    assert table.get(v16.AuthorizeRequest) is None
    assert table.get(v201.AuthorizeRequest) is None


def test_a_request_handled_twice_is_refused() -> None:
    table = csms_table()
    table.add(v201.HeartbeatRequest, handler)
    with pytest.raises(LocalProtocolError):
        table.add_methods(Mine())


def test_any_other_object_is_no_handler_class() -> None:
    with pytest.raises(LocalProtocolError, match="is not a handler class"):
        csms_table().add_methods(object())


@pytest.mark.asyncio
async def test_values_and_coroutines_are_resolved() -> None:
    async def later() -> int:
        return 2

    assert await await_if_needed(1) == 1
    assert await await_if_needed(later()) == 2
