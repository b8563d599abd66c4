"""The typed decorator that registers the handlers of reports."""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar, overload

from ocppkit.aio import MaybeAwaitable
from ocppkit.blocks import Report, ReportReply

from .._handle import StationHandle

__all__ = ["ReportHandler", "ReportRegistrar"]

P = TypeVar("P", bound=ReportReply)
T_co = TypeVar("T_co", bound=Report[Any], covariant=True)

ReportHandler = Callable[[StationHandle, Any], MaybeAwaitable[ReportReply]]


class ReportRegistrar(Generic[T_co]):
    """A decorator that registers the handler of one type of report, a function `(station, report)
    -> reply`, plain or `async`.
    """

    def __init__(self, register: Callable[[ReportHandler], None]) -> None:
        self._register = register

    @overload
    def __call__(
        self: "ReportRegistrar[Report[P]]",
        handler: Callable[[StationHandle, T_co], Coroutine[Any, Any, P]],
    ) -> Callable[[StationHandle, T_co], Coroutine[Any, Any, P]]: ...

    @overload
    def __call__(
        self: "ReportRegistrar[Report[P]]", handler: Callable[[StationHandle, T_co], P]
    ) -> Callable[[StationHandle, T_co], P]: ...

    def __call__(self, handler: ReportHandler) -> ReportHandler:
        self._register(handler)
        return handler
