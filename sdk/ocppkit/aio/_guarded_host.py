"""Asks and tells a host without harm to the connection: exceptions of the host are logged."""

from collections.abc import Callable

from ocppkit.core import Action, Failure

from ._connection_log import ConnectionLog
from ._handlers import AnyHandler
from ._host import Host

__all__ = ["GuardedHost"]


class GuardedHost:
    """A host whose exceptions are logged; the connection stays open. See `docs/design/failures.md`."""

    __slots__ = ("_host", "_log")

    def __init__(self, host: Host, log: ConnectionLog) -> None:
        self._host = host
        self._log = log

    def handles(self, action: Action) -> bool:
        """Returns whether messages of this action are decoded."""
        try:
            return self._host.handles(action)
        except Exception:  # noqa: BLE001
            self.failed("handles")
            # `handler_of` then decides how the message is answered.
            return True

    def handler_of(self, action: Action) -> AnyHandler | Failure:
        """Returns the handler of an action, or why its calls are refused."""
        try:
            return self._host.handler_of(action)
        except Exception:  # noqa: BLE001
            self.failed("handler_of")
            return Failure.HANDLER_FAILED

    def tell(self, name: str, method: Callable[..., None], *values: object) -> None:
        """Calls a method of the host.

        Args:
            name: the name of the method, for the log.
            method: the method.
            values: its arguments.
        """
        try:
            method(*values)
        except Exception:  # noqa: BLE001
            self.failed(name)

    def failed(self, name: str) -> None:
        """Logs the exception that is being handled, which a method of the host has raised."""
        self._log.failed(f"{type(self._host).__name__}.{name}")
