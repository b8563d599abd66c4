"""The typed decorator behind `Csms.on`."""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar, overload

from ocppkit.aio import VendorRequest, VendorResponse
from ocppkit.aio.lowlevel import AnyHandler
from ocppkit.core import Message, Request, Response, Send

from ._handle import StationHandle

__all__ = ["CsmsRegistrar"]

Q_co = TypeVar("Q_co", bound=Message | VendorRequest[Any], covariant=True)
R = TypeVar("R", bound=Response)
V = TypeVar("V", bound=VendorResponse)
S = TypeVar("S", bound=StationHandle)


class CsmsRegistrar(Generic[Q_co]):
    """A decorator that registers the handler of one request, a function `(station, request) ->
    response`, plain or `async`.

    It returns the handler as it was, which stays callable and testable by itself.
    """

    def __init__(self, register: Callable[[AnyHandler], None]) -> None:
        self._register = register

    @overload
    def __call__(
        self: "CsmsRegistrar[Request[R]]", handler: Callable[[S, Q_co], Coroutine[Any, Any, R]]
    ) -> Callable[[S, Q_co], Coroutine[Any, Any, R]]: ...

    @overload
    def __call__(
        self: "CsmsRegistrar[Request[R]]", handler: Callable[[S, Q_co], R]
    ) -> Callable[[S, Q_co], R]: ...

    @overload
    def __call__(
        self: "CsmsRegistrar[Send]", handler: Callable[[S, Q_co], Coroutine[Any, Any, None]]
    ) -> Callable[[S, Q_co], Coroutine[Any, Any, None]]: ...

    @overload
    def __call__(
        self: "CsmsRegistrar[Send]", handler: Callable[[S, Q_co], None]
    ) -> Callable[[S, Q_co], None]: ...

    @overload
    def __call__(
        self: "CsmsRegistrar[VendorRequest[V]]",
        handler: Callable[[S, Q_co], Coroutine[Any, Any, V]],
    ) -> Callable[[S, Q_co], Coroutine[Any, Any, V]]: ...

    @overload
    def __call__(
        self: "CsmsRegistrar[VendorRequest[V]]", handler: Callable[[S, Q_co], V]
    ) -> Callable[[S, Q_co], V]: ...

    def __call__(self, handler: AnyHandler) -> AnyHandler:
        self._register(handler)
        return handler
