"""Calls the methods of a host and logs their exceptions, so that the connection goes on."""

from collections.abc import Callable

from ocppkit.core import Action, Failure

from ._connection_log import ConnectionLog
from ._handlers import AnyHandler
from ._host import Host

__all__ = ["GuardedHost"]


class GuardedHost:
    """Calls the methods of a host; exceptions are logged, and the connection stays open. See
    `docs/design/failures.md`.
    """

    __slots__ = ("_host", "_log")

    def __init__(self, host: Host, log: ConnectionLog) -> None:
        self._host = host
        self._log = log

    def handles(self, action: Action) -> bool:
        """Returns whether messages of this action are decoded."""
        try:
            return self._host.handles(action)
        except Exception:  # noqa: BLE001
            self.log_failure("handles")
            # `handler_or_failure` then decides how the message is answered.
            return True

    def handler_or_failure(self, action: Action) -> AnyHandler | Failure:
        """Returns the handler of an action, or the failure with which its calls are refused."""
        try:
            return self._host.handler_or_failure(action)
        except Exception:  # noqa: BLE001
            self.log_failure("handler_or_failure")
            return Failure.HANDLER_FAILED

    def call(self, name: str, method: Callable[..., None], *values: object) -> None:
        """Calls a method of the host that reports something to it.

        Args:
            name: the name of the method, for the log.
            method: the method.
            values: its arguments.
        """
        try:
            method(*values)
        except Exception:  # noqa: BLE001
            self.log_failure(name)

    def log_failure(self, name: str) -> None:
        """Logs the current exception, which a method of the host has raised."""
        self._log.failed(f"{type(self._host).__name__}.{name}")
