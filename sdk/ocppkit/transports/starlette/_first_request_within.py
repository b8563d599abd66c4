"""Ends connections to an ASGI server on which no request comes in time."""

from collections.abc import Callable
from typing import Any

from ocppkit.csms import Csms

from .._first_request import FirstRequest

__all__ = ["first_request_within"]


def first_request_within(
    seconds: float, protocol: Callable[..., Any], csms: Csms
) -> Callable[..., FirstRequest]:
    """Returns what uvicorn takes as `http=`, to end connections on which no request comes in time.

    ```python
    from uvicorn.protocols.http.h11_impl import H11Protocol

    uvicorn.run(app, http=first_request_within(10.0, H11Protocol, csms))
    ```

    Args:
        seconds: how long the head of the first request may take.
        protocol: the HTTP of uvicorn that reads requests, such as its `H11Protocol`.
        csms: reports the connections that are ended as refused.
    """

    def connection(**options: Any) -> FirstRequest:
        return FirstRequest(lambda: protocol(**options), seconds, csms.report_refusal)

    return connection
