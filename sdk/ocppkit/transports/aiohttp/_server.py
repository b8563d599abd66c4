"""The CSMS's side with aiohttp: a request handler, and an orderly shutdown."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web
from aiohttp.hdrs import SEC_WEBSOCKET_PROTOCOL, UPGRADE

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept, Reject, Served

from .._hosted_connections import NO_WEBSOCKET, HostedConnections
from .._limited_reads import limit_reads
from .._proxies import proxy_translation
from ._transport import WebSocketTransport, heartbeat, max_message_bytes, texts

__all__ = ["CsmsHandler", "mount"]

_EVERYTHING_BELOW: Final = "/{identity:.*}"


def mount(
    app: web.Application,
    path: str,
    csms: Served,
    *,
    compression: bool = True,
    trusted_proxies: Sequence[str] = (),
    client_certificate_header: str | None = None,
    grace: float = 10.0,
) -> None:
    """Serves a CSMS under a path of an application.

    ```python
    app = web.Application()
    mount(app, "/ocpp", csms)  # CP001 connects to ws://.../ocpp/CP001
    ```

    Routes of the application reach the stations through `csms.stations`. When the application
    shuts down, running handlers get time to finish, and then connections are closed.

    Args:
        app: the application, not started yet.
        path: what stands before the identities.
        csms: the CSMS; it may be mounted more than once.
        compression: agree to permessage-deflate, which OCPP 2.x demands of a CSMS.
        trusted_proxies: addresses and networks of reverse proxies in front, such as `"10.0.0.0/8"`, or
            `"unix"`. From these alone, X-Forwarded-For or Forwarded tells the station's address, and
            X-Forwarded-Proto or Forwarded whether it uses TLS.
        client_certificate_header: the header in which these proxies hand over the client certificate
            that they have verified; they must remove it from what clients send.
        grace: seconds that running handlers have at the end.

    Raises:
        LocalProtocolError: the CSMS has no authenticator, and `insecure=True` is not written; or
            `trusted_proxies` holds what is no address.
    """
    handler = CsmsHandler(
        csms,
        compression=compression,
        trusted_proxies=trusted_proxies,
        client_certificate_header=client_certificate_header,
        grace=grace,
    )
    # aiohttp would take a HEAD for an upgrade.
    app.router.add_get(path.rstrip("/") + _EVERYTHING_BELOW, handler.handle, allow_head=False)
    app.on_shutdown.append(handler.shut_down)


class CsmsHandler:
    """An aiohttp request handler that serves a CSMS, for programs that define their routes
    themselves; `mount` adds one.

    ```python
    handler = CsmsHandler(csms)
    app.router.add_get("/ocpp/{tenant}/{identity}", handler.handle)
    app.on_shutdown.append(handler.shut_down)
    ```
    """

    def __init__(
        self,
        csms: Served,
        *,
        compression: bool = True,
        trusted_proxies: Sequence[str] = (),
        client_certificate_header: str | None = None,
        grace: float = 10.0,
    ) -> None:
        """Sets the CSMS. The arguments are those of `mount`.

        Raises:
            LocalProtocolError: as `mount` does.
        """
        self._csms = csms
        self._compression = compression
        self._grace = grace
        proxies = proxy_translation(trusted_proxies, client_certificate_header)
        self._connections = HostedConnections(csms, proxies)
        self._leaving = False

    @property
    def csms(self) -> Served:
        """The CSMS that is served."""
        return self._csms

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serves one connection, until all its tasks have ended."""
        handshake = _handshake(request)
        if request.headers.get(UPGRADE, "").strip().lower() != "websocket":
            return _refusal_response(self._connections.refuse(NO_WEBSOCKET, handshake))
        decision = await self._connections.admit(handshake)
        if isinstance(decision, Reject):
            return _refusal_response(decision)
        websocket = self._create_websocket(decision)
        if request.transport is not None:
            limit_reads(request.transport)
        try:
            await websocket.prepare(request)
        except web.HTTPException as problem:
            reason = problem.text or problem.reason
            self._connections.refuse(Reject(status=problem.status, reason=reason), handshake)
            raise

        def abort() -> None:
            if request.transport is not None:
                request.transport.abort()

        await self._connections.serve(decision, self._create_transport(websocket), abort=abort)
        return websocket

    async def drain(self) -> None:
        """Shuts down all connections while the application still runs. New ones are refused.

        Running handlers and commands under way have `grace` seconds.
        """
        await self._connections.close(self._grace)

    async def shut_down(self, app: web.Application) -> None:
        """Shuts down all connections; for the application's `on_shutdown`.

        By then aiohttp reads nothing more, so commands under way get no answer: see `run_server`.
        """
        self._leaving = True
        await self._connections.close(self._grace)

    def _create_transport(self, websocket: web.WebSocketResponse) -> WebSocketTransport:
        # An application that shuts down reads nothing more, not even a close frame.
        return WebSocketTransport(websocket, is_reading=lambda: not self._leaving)

    def _create_websocket(self, accept: Accept) -> web.WebSocketResponse:
        chosen = accept.subprotocol
        websocket = web.WebSocketResponse(
            protocols=() if chosen is None else (chosen,),
            compress=self._compression,
            max_msg_size=max_message_bytes(self._csms.limits),
            heartbeat=heartbeat(self._csms.limits),
            autoclose=False,
        )
        websocket.headers.extend(texts(accept.headers))
        if chosen is not None:
            # Of several headers with offers, aiohttp sees the first alone.
            websocket.headers[SEC_WEBSOCKET_PROTOCOL] = chosen
        return websocket


def _handshake(request: web.Request) -> Handshake:
    return Handshake(
        path=request.raw_path,
        headers=request.raw_headers,
        peer_certificate=request.get_extra_info("peercert") or None,
        secure=request.secure,
        remote_address=request.remote or "",
    )


def _refusal_response(reject: Reject) -> web.Response:
    response = web.Response(
        status=reject.status, body=reject.body, content_type="text/plain", charset="utf-8"
    )
    response.headers.extend(texts(reject.headers))
    response.force_close()
    return response
