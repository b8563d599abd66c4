"""One reply for each call, whatever its handler does: plain or async, on either side."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from types import MappingProxyType
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio import CallRefused, current_call
from ocppkit.core import ErrorCode, Role, utcnow
from ocppkit.testing import settle

Make = Callable[..., Any]
ANY: Any = None

HEARTBEAT = [2, "1", "Heartbeat", {}]
CLEAR_CACHE = [2, "1", "ClearCache", {}]
OK = v201.HeartbeatResponse(current_time=utcnow())


class Broken(tzinfo):
    """A zone whose offset cannot be told."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        raise KeyError("db")

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None


class Lazy:
    """A proxy that has nothing behind it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("outside of a request")


class BrokenMapping(Mapping[str, Any]):
    """A mapping whose values cannot be read."""

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


class Silent(CallRefused):
    """A refusal that has none of its attributes."""

    def __init__(self) -> None:
        """Leaves the attributes out."""


class Mute(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise ValueError("no text")


class Foreign(BaseException):
    """An exception that no `except Exception` sees."""


def raising(error: Callable[[], BaseException]) -> Callable[[], Any]:
    def act() -> Any:
        raise error()

    return act


def changed(name: str, value: Any) -> Callable[[], Any]:
    """Raises a refusal that was changed after its arguments had been checked."""

    def act() -> Any:
        error = CallRefused(ErrorCode.GENERIC_ERROR, "a", {"b": 1})
        setattr(error, name, value)
        raise error

    return act


def returning(value: Any) -> Callable[[], Any]:
    return lambda: value


ACTS: dict[str, Callable[[], Any]] = {
    "description KeyError": lambda: CallRefused(ErrorCode.INTERNAL_ERROR, KeyError("db")),  # type: ignore[arg-type]
    "code None": lambda: CallRefused(None),  # type: ignore[arg-type]
    "code unknown": lambda: CallRefused("Nonsense"),  # type: ignore[arg-type]
    "details list": lambda: CallRefused(ErrorCode.GENERIC_ERROR, "", [1]),  # type: ignore[arg-type]
    "details names": lambda: CallRefused(ErrorCode.GENERIC_ERROR, "", {1: 2}),  # type: ignore[dict-item]
    "details object": raising(lambda: CallRefused(ErrorCode.GENERIC_ERROR, "", {"a": object()})),
    "details raise": raising(lambda: CallRefused(ErrorCode.GENERIC_ERROR, "", BrokenMapping())),
    "surrogate": raising(lambda: CallRefused(ErrorCode.GENERIC_ERROR, "\ud800")),
    "code changed": changed("code", 7),
    "description changed": changed("description", KeyError("db")),
    "details changed": changed("details", [1]),
    "no attributes": raising(Silent),
    "response zone": returning(
        v201.HeartbeatResponse(current_time=datetime(2024, 1, 1, tzinfo=Broken()))
    ),
    "response member": returning(v201.HeartbeatResponse(current_time=ANY)),
    "response object": returning(v201.HeartbeatResponse(current_time=Lazy())),  # type: ignore[arg-type]
    "response lazy": returning(Lazy()),
    "response mapping": returning(MappingProxyType({})),
    "no response": returning(None),
    "exception": raising(lambda: KeyError("db")),
    "mute": raising(Mute),
    "group": raising(lambda: ExceptionGroup("two", [ValueError(), KeyError()])),
    "cancelled": raising(asyncio.CancelledError),
    "stop": raising(StopAsyncIteration),
    "generator exit": raising(GeneratorExit),
    "foreign": raising(Foreign),
}


def plain(act: Callable[[], Any]) -> Callable[[object], Any]:
    def handler(request: object) -> Any:
        return act()

    return handler


def at_once(act: Callable[[], Any]) -> Callable[[object], Any]:
    async def handler(request: object) -> Any:
        return act()

    return handler


def later(act: Callable[[], Any]) -> Callable[[object], Any]:
    async def handler(request: object) -> Any:
        await asyncio.sleep(0)
        return act()

    return handler


@pytest.mark.asyncio
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("shape", [plain, at_once, later])
@pytest.mark.parametrize("act", ACTS)
async def test_a_handler_that_fails_is_answered_with_internal_error(
    act: str, shape: Any, role: Role, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    b = bench(role)
    frame = HEARTBEAT if role is Role.CSMS else CLEAR_CACHE
    b.host.handlers[frame[2]] = shape(ACTS[act])
    # A second call right behind it is not held up.
    replies = await b.peer.says(frame, [2, "2", "DataTransfer", {"vendorId": "v"}])
    assert [4, "1", "InternalError", "handler failed", {}] in replies
    assert len(replies) == 2
    (record,) = caplog.records
    said = record.getMessage()
    assert (
        said
        == f"CP001: {frame[2]} 1: the handler {__name__}.{shape.__name__}.<locals>.handler raised an exception [answered with an error]"
    )
    assert record.exc_info is not None
    assert b.endpoint.connected
    b.host.handlers[frame[2]] = plain(raising(lambda: CallRefused(ErrorCode.GENERIC_ERROR, "no")))
    again = await b.peer.says([2, "3", *frame[2:]])
    assert again == [[4, "3", "GenericError", "no", {}]]


@pytest.mark.parametrize("shape", [plain, at_once, later])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_stops_the_program_goes_on_after_the_answer(
    error: type[BaseException], shape: Any, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> Any:
        b = bench()
        b.host.handlers["Heartbeat"] = shape(raising(error))
        return await b.peer.says(HEARTBEAT)

    loop = asyncio.new_event_loop()
    task = loop.create_task(main())
    try:
        with pytest.raises(error):
            loop.run_until_complete(task)
        # A program that goes on nevertheless finds that the call was answered.
        answer = [4, "1", "InternalError", "handler failed", {}]
        assert loop.run_until_complete(task) == [answer]
        assert "Heartbeat 1: the handler" in caplog.text
    finally:
        loop.close()


@pytest.mark.asyncio
async def test_a_coroutine_that_is_closed_after_its_loop_says_nothing(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    waiting: list[Any] = []

    async def handler(request: object) -> object:
        waiting.append(asyncio.current_task())
        return await asyncio.get_running_loop().create_future()

    b.host.handlers["Heartbeat"] = handler
    await b.peer.says(HEARTBEAT)
    (task,) = waiting
    coroutine = task.get_coro()
    await asyncio.to_thread(coroutine.close)
    assert "failed" not in caplog.text
    task.cancel()
    await settle()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ErrorCode.INTERNAL_ERROR, KeyError("db")), "description must be a text, not KeyError"),
        ((7,), "code must be an ErrorCode, not int"),
        ((ErrorCode.GENERIC_ERROR, "", [1]), "details must be a mapping, not list"),
        ((ErrorCode.GENERIC_ERROR, "", {1: 2}), "a name in details must be a text, not int"),
    ],
)
def test_a_refusal_checks_its_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        CallRefused(*arguments)


def test_a_refusal_names_the_codes_that_there_are() -> None:
    with pytest.raises(
        ValueError, match=r"Nonsense is not an error code .use one of FormatViolation"
    ):
        CallRefused("Nonsense")  # type: ignore[arg-type]
    assert CallRefused("SecurityError").code is ErrorCode.SECURITY_ERROR  # type: ignore[arg-type]


def test_the_text_of_a_refusal_has_no_control_characters() -> None:
    error = CallRefused(ErrorCode.GENERIC_ERROR, "a\r\nERROR forged \x1b[31m")
    assert str(error) == "a\\r\\nERROR forged \\x1b[31m"
    assert error.description == "a\r\nERROR forged \x1b[31m"


class Site:
    """Handlers of several kinds."""

    def method(self, request: object) -> Any:
        raise ValueError

    def __call__(self, request: object) -> Any:
        raise ValueError


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("handler", "name"),
    [
        (Site().method, "Site.method"),
        (partial(Site.method, Site()), "Site.method"),
        (Site(), "Site"),
    ],
)
async def test_the_log_names_the_handler(
    handler: Any, name: str, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    b.host.handlers["Heartbeat"] = handler
    await b.peer.says(HEARTBEAT)
    assert f"CP001: Heartbeat 1: the handler {__name__}.{name} raised an exception" in caplog.text


@pytest.mark.asyncio
async def test_after_response_callbacks_fail_alone(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    seen: list[str] = []

    async def cancelled() -> None:
        raise asyncio.CancelledError

    def broken() -> None:
        raise Mute

    def handler(request: object) -> object:
        for callback in (broken, cancelled, lambda: seen.append("ran")):
            current_call().after_response(callback)
        return OK

    b.host.handlers["Heartbeat"] = handler
    (reply,) = await b.peer.says(HEARTBEAT)
    assert reply[0] == 3
    assert seen == ["ran"]
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [text.partition(": the after_response callback ")[0] for text in said] == [
        "CP001: Heartbeat 1"
    ] * 2


def test_utc_is_still_the_zone_of_good_responses() -> None:
    assert OK.current_time.tzinfo is UTC
