"""Which handler answers which request: one table per role object, filled by decorators and handler classes."""

import inspect
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, Final, TypeAlias, TypeVar, cast

from ocppkit.core import FastPath, LocalProtocolError, Message, Protocol, Role, WrongVersion

__all__ = ["AnyHandler", "HandlerTable", "MaybeAwaitable", "resolved"]

T = TypeVar("T")

MaybeAwaitable: TypeAlias = T | Coroutine[Any, Any, T]
"""What a handler returns: the value (plain `def`) or a coroutine of it (`async def`)."""

AnyHandler: TypeAlias = Callable[..., Any]


class HandlerTable:
    """Handlers by the type of the request that they answer.

    Args:
        role: whose handlers these are.
        protocols: the versions that this role object speaks.
    """

    def __init__(self, role: Role, *protocols: Protocol) -> None:
        self._handlers: dict[type[Message], AnyHandler] = {}
        self.get: Final = self._handlers.get
        """Returns the handler for a type of request, or `None`."""

        self.fast_path: Final = {protocol.subprotocol: FastPath() for protocol in protocols}
        """What connections learn of the calls that come in, by version: see `core.Connection`."""

        self._role = role
        self._senders: dict[type[Message], frozenset[Role]] = {
            action.request: action.senders
            for protocol in protocols
            for action in protocol.actions.values()
        }

    def check(self, request: type[Message]) -> None:
        """Refuses a request whose handler could never run.

        Raises:
            WrongVersion: it is of a version that is not spoken here.
            LocalProtocolError: the other side never sends it.
        """
        name = f"{request.__module__}.{request.__qualname__}"
        if request not in self._senders:
            raise WrongVersion(f"{name} is not spoken here")
        if self._role.peer not in self._senders[request]:
            raise LocalProtocolError(
                f"{name} is never sent to a {self._role}, so it needs no handler"
            )

    def add(self, request: type[Message], handler: AnyHandler) -> None:
        """Enters one handler.

        Raises:
            LocalProtocolError: this request has one already; which of the two should win? Or the
                other side never sends it.
            WrongVersion: it is of a version that is not spoken here.
        """
        self.check(request)
        if request in self._handlers:
            raise LocalProtocolError(f"{request.__qualname__} has a handler already")
        self._handlers[request] = handler

    def add_methods(self, handlers: object) -> None:
        """Enters each method that a handler class overrides.

        Args:
            handlers: an instance of a subclass of a generated handler class.

        Raises:
            LocalProtocolError: it is no handler class, one for the other role, or a request has a
                handler already.
            WrongVersion: it is for a version that is not spoken here.
        """
        for name, request in _overridden(type(handlers)):
            self.add(request, getattr(handlers, name))


def _overridden(cls: type[object]) -> Iterator[tuple[str, type[Message]]]:
    bases = [base for base in cls.__mro__ if "__ocpp_handlers__" in vars(base)]
    if not bases:
        raise LocalProtocolError(
            f"{cls.__qualname__} is no handler class: derive it from one in a version's `roles`"
        )
    for base in bases:
        methods: Mapping[str, type[Message]] = vars(base)["__ocpp_handlers__"]
        for name, request in methods.items():
            # A class may stand on the handler classes of two versions, whose methods share names.
            owner = next(owner for owner in cls.__mro__ if name in vars(owner))
            if owner not in bases:
                yield name, request


async def resolved(value: MaybeAwaitable[T]) -> T:
    """Returns the value that a plain or an `async` function of the user's returned."""
    return await value if inspect.iscoroutine(value) else cast(T, value)
