"""Addresses on the loopback interface that refuse connections, or never answer."""

import select
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

__all__ = ["refusing_port", "silent_port"]

_TRIES = 16
"""Connections that a listener takes at most although it accepts none; Linux takes two."""


def refusing_port(host: str) -> int:
    """Returns a port on which nobody listens."""
    with socket.create_server((host, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def silent_port(host: str) -> Generator[int]:
    """Listens on a port whose queue is full, so that the system drops what would connect to it."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, 0))
        listener.listen(0)
        for _ in range(_TRIES):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            if not select.select([], [filler], [], 0.05)[1]:
                yield listener.getsockname()[1]
                return
        raise AssertionError("the queue of a listener is never full here")
