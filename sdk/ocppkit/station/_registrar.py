"""The typed decorator behind a station's `on`."""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar, overload

from ocppkit.aio import VendorRequest, VendorResponse
from ocppkit.aio.lowlevel import AnyHandler
from ocppkit.core import Message, Request, Response, Send

__all__ = ["StationRegistrar"]

Q_co = TypeVar("Q_co", bound=Message | VendorRequest[Any], covariant=True)
R = TypeVar("R", bound=Response)
V = TypeVar("V", bound=VendorResponse)


class StationRegistrar(Generic[Q_co]):
    """A decorator that registers the handler of one request, a function `(request) -> response`,
    plain or `async`.

    It returns the handler as it was, which stays callable and testable by itself.
    """

    def __init__(self, register: Callable[[AnyHandler], None]) -> None:
        self._register = register

    @overload
    def __call__(
        self: "StationRegistrar[Request[R]]", handler: Callable[[Q_co], Coroutine[Any, Any, R]]
    ) -> Callable[[Q_co], Coroutine[Any, Any, R]]: ...

    @overload
    def __call__(
        self: "StationRegistrar[Request[R]]", handler: Callable[[Q_co], R]
    ) -> Callable[[Q_co], R]: ...

    @overload
    def __call__(
        self: "StationRegistrar[Send]", handler: Callable[[Q_co], Coroutine[Any, Any, None]]
    ) -> Callable[[Q_co], Coroutine[Any, Any, None]]: ...

    @overload
    def __call__(
        self: "StationRegistrar[Send]", handler: Callable[[Q_co], None]
    ) -> Callable[[Q_co], None]: ...

    @overload
    def __call__(
        self: "StationRegistrar[VendorRequest[V]]",
        handler: Callable[[Q_co], Coroutine[Any, Any, V]],
    ) -> Callable[[Q_co], Coroutine[Any, Any, V]]: ...

    @overload
    def __call__(
        self: "StationRegistrar[VendorRequest[V]]", handler: Callable[[Q_co], V]
    ) -> Callable[[Q_co], V]: ...

    def __call__(self, handler: AnyHandler) -> AnyHandler:
        self._register(handler)
        return handler
