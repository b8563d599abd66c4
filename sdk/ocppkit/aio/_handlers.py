"""The handlers of a station or CSMS, by type of request."""

import inspect
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import partial
from types import MethodType
from typing import Any, Final, TypeAlias, TypeVar, cast

from typing_extensions import TypeIs

from ocppkit.core import FastPath, LocalProtocolError, Message, Protocol, Role, WrongVersion

from ._data_transfers import vendor_handlers
from ._vendor_messages import VendorRequest

__all__ = ["AnyHandler", "HandlerTable", "MaybeAwaitable", "await_if_needed", "name_of"]

T = TypeVar("T")

MaybeAwaitable: TypeAlias = T | Coroutine[Any, Any, T]
"""What a handler returns: a value (from `def`) or a coroutine of one (from `async def`)."""

AnyHandler: TypeAlias = Callable[..., Any]

_MOST_WRAPPERS: Final = 16
"""How many wrappers are unwrapped at most to find the name of a function."""


class HandlerTable:
    """The handlers of a station or CSMS, by the type of request that they answer.

    A request is answered by the program's handler for it, else by the default one, else by the
    program's fallback.

    Args:
        role: whose handlers these are.
        protocols: the versions that the station or CSMS speaks.
    """

    def __init__(self, role: Role, *protocols: Protocol) -> None:
        # What answers each request. Each message is looked up here, so it is one dictionary.
        self._handlers: dict[type[Message], AnyHandler] = {}
        self.get: Final = self._handlers.get
        """Returns the handler for a type of request, or `None`."""

        self._own: dict[type[Message], AnyHandler] = {}
        self._fallback: AnyHandler | None = None

        self.fast_path: Final = {protocol.subprotocol: FastPath() for protocol in protocols}
        """The fast path that all connections of a version share, by subprotocol: see `core.Connection`."""

        self._vendors = vendor_handlers(protocols)
        self._role = role
        self._senders: dict[type[Message], frozenset[Role]] = {
            action.request: action.senders
            for protocol in protocols
            for action in protocol.actions.values()
        }
        self._defaults: dict[type[Message], AnyHandler] = {}
        for request, vendors in self._vendors.items():
            self.set_default(request, vendors)

    def check(self, request: type[Any]) -> None:
        """Checks that this role can receive a request.

        Raises:
            WrongVersion: the request belongs to a version that this role does not speak.
            LocalProtocolError: the peer never sends this request, or it is a vendor's and no version here has
                DataTransfer.
        """
        if issubclass(request, VendorRequest):
            if not self._vendors:
                raise LocalProtocolError(
                    f"{request.__qualname__} is carried by DataTransfer, which no version of this "
                    f"{self._role} has"
                )
            return
        name = f"{request.__module__}.{request.__qualname__}"
        if request not in self._senders:
            raise WrongVersion(f"{name} belongs to a version that this {self._role} does not speak")
        if self._role.peer not in self._senders[request]:
            raise LocalProtocolError(
                f"{name} is never sent to a {self._role}, so it cannot have a handler"
            )

    def add(self, request: type[Any], handler: AnyHandler) -> None:
        """Adds a handler, in all versions if it is for a vendor's request.

        Raises:
            LocalProtocolError: the request has a handler already, or the peer never sends it.
            WrongVersion: the request belongs to a version that this role does not speak.
        """
        self.check(request)
        if _is_vendor_request(request):
            for carrier, vendors in self._vendors.items():
                vendors.add(request, handler)
                self._prefer_vendors(carrier)
            return
        if request in self._own:
            raise LocalProtocolError(
                f"{request.__qualname__} has a handler already [remove one of the two]"
            )
        self._own[request] = handler
        self._prefer_vendors(request)
        self._update(request)

    def set_default(self, request: type[Message], handler: AnyHandler) -> None:
        """Sets the handler of a request that is used if the program has none."""
        self._defaults[request] = handler
        self._update(request)

    def set_fallback(self, handler: AnyHandler) -> None:
        """Sets the handler of all requests that have neither a handler of the program nor a default one.

        Raises:
            LocalProtocolError: there is a fallback already.
        """
        if self._fallback is not None:
            raise LocalProtocolError("there is a fallback handler already [remove one of the two]")
        self._fallback = handler
        for vendors in self._vendors.values():
            # Their default answer says only that nobody knows the vendor.
            if vendors.others is None:
                vendors.others = handler
        for request, senders in self._senders.items():
            if self._role.peer in senders:
                self._update(request)

    def _update(self, request: type[Message]) -> None:
        default = self._defaults.get(request, self._fallback)
        handler = self._own.get(request, default)
        if handler is not None:
            self._handlers[request] = handler

    def _prefer_vendors(self, request: type[Message]) -> None:
        """Makes the handlers of vendors' requests run before the program's handler of DataTransfer."""
        vendors, own = self._vendors.get(request), self._own.get(request)
        if vendors and own not in (None, vendors):
            vendors.others = own
            self._own[request] = vendors
            self._update(request)

    def add_methods(self, handlers: object) -> None:
        """Adds the methods of an object as handlers: each one that its class overrides.

        Args:
            handlers: an instance of a subclass of a generated handler class.

        Raises:
            LocalProtocolError: the object's class is not derived from a handler class, or from one of
                the other role, or a request has a handler already.
            WrongVersion: the class belongs to a version that this role does not speak.
        """
        for name, request in _overridden_methods(type(handlers)):
            self.add(request, getattr(handlers, name))


def _is_vendor_request(request: type[Any]) -> TypeIs[type[VendorRequest[Any]]]:
    return issubclass(request, VendorRequest)


def _overridden_methods(cls: type[object]) -> Iterator[tuple[str, type[Message]]]:
    bases = [base for base in cls.__mro__ if "__ocpp_handlers__" in vars(base)]
    if not bases:
        raise LocalProtocolError(
            f"{cls.__qualname__} is not a handler class [derive it from one in a version's `roles`]"
        )
    for base in bases:
        methods: Mapping[str, type[Message]] = vars(base)["__ocpp_handlers__"]
        for name, request in methods.items():
            # A class may derive from the handler classes of two versions, whose methods share names.
            owner = next(owner for owner in cls.__mro__ if name in vars(owner))
            if owner not in bases:
                yield name, request


async def await_if_needed(value: MaybeAwaitable[T]) -> T:
    """Returns a value, or awaits it first if it is a coroutine."""
    return await value if inspect.iscoroutine(value) else cast(T, value)


def name_of(function: object) -> str:
    """Returns the module and name of a handler or callback, for the log."""
    for _ in range(_MOST_WRAPPERS):
        inner = _unwrapped(function)
        if inner is None:
            break
        function = inner
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return f"{getattr(function, '__module__', None) or type(function).__module__}.{name}"


def _unwrapped(function: object) -> object | None:
    """Returns the function inside a bound method, `partial` or decorated function; `None` if there
    is none.
    """
    if isinstance(function, MethodType):
        return function.__func__
    if isinstance(function, partial):
        inner: object = function.func
        return inner
    return getattr(function, "__wrapped__", None)
