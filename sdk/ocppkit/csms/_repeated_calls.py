"""Handles each transaction message once, although stations repeat them, also over several
connections.

Theory of operation: a station keeps transaction messages until they are answered, over reboots too, and
repeats them under the same message id (MID-03, QUE-12). An answer that was sent is remembered by the
`StoredAnswers` that a station's connections share, and by the program's `AnswerStore` if there is one. What is left is the call whose connection ended while
its handler ran: the station did not get the answer, so it repeats the call, perhaps while the handler is
still running. Such calls are known by id, action and payload: the repeated one waits for the running
handler, or gets what it returned. Callbacks for after the response run once, after the first answer that
is sent.

Other messages are never answered from memory: some stations count their ids from 1 after each start,
and the heartbeat or boot of then is not the one of now.
"""

import asyncio
import inspect
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ocppkit.aio import AfterResponse, CallContext, Clock, current_call
from ocppkit.aio.lowlevel import AnyHandler
from ocppkit.core import AnswerCache, Protocol

from ._answer_store import AnswerStore, StoredAnswers

__all__ = ["AnswerMemory", "RepeatedCalls"]

_Key: TypeAlias = tuple[str, bytes]

_SECONDS: Final = 86_400.0
"""How long answers are kept: a station may be offline for hours before it repeats a message."""

_UNSENT: Final = 64
"""How many answers that could not be sent are kept of one station."""


@dataclass(slots=True)
class _HandlerResult:
    """The result of a handler, kept for a repeated call."""

    response: Any
    hooks: Sequence[AfterResponse]
    """Callbacks that must still run after it; none if the first answer is sent."""

    def take_response(self) -> Any:
        """Returns the response, and hands over the callbacks that must run after it to the current
        call.
        """
        hooks, self.hooks = self.hooks, ()
        for hook in hooks:
            current_call().after_response(hook)
        return self.response


class RepeatedCalls:
    """The transaction messages of one station that are being handled or whose answers could not be
    sent.
    """

    def __init__(self, identity: str, store: AnswerStore | None, actions: frozenset[str]) -> None:
        self.answers: AnswerCache = StoredAnswers(identity, store, actions, _SECONDS)
        self._in_work: dict[_Key, asyncio.Future[_HandlerResult]] = {}
        self._unsent: OrderedDict[_Key, tuple[float, _HandlerResult]] = OrderedDict()

    def handle_once(
        self, handler: AnyHandler, clock: Clock, can_send: Callable[[], bool]
    ) -> AnyHandler:
        """Returns a handler that calls the given one once per message; a repeated message gets the
        same response.

        Args:
            handler: what handles a call for the first time.
            clock: the time.
            can_send: whether an answer can be sent now.
        """

        def handle(request: object) -> object:
            key = _call_key(current_call())
            if key in self._in_work:
                return self._wait_for_first(key, can_send)
            unsent = self._unsent.get(key)
            if unsent is not None and clock.time() < unsent[0]:
                return unsent[1].take_response()
            returned = handler(request)
            if not inspect.iscoroutine(returned):
                return returned
            return self._run_first(key, returned, clock, can_send)

        return handle

    async def _wait_for_first(self, key: _Key, can_send: Callable[[], bool]) -> Any:
        result = await asyncio.shield(self._in_work[key])
        return result.take_response() if can_send() else result.response

    async def _run_first(
        self, key: _Key, work: Coroutine[Any, Any, Any], clock: Clock, can_send: Callable[[], bool]
    ) -> Any:
        future = self._in_work[key] = asyncio.get_running_loop().create_future()
        try:
            response = await work
        except asyncio.CancelledError:
            future.cancel()
            raise
        except BaseException as error:
            # Repeated calls that wait for this one fail with the same error.
            future.set_exception(error)
            # It is raised in this task too, so asyncio must not log it as never retrieved.
            future.exception()
            raise
        else:
            is_sent = can_send()
            result = _HandlerResult(response, () if is_sent else current_call().take_callbacks())
            future.set_result(result)
            if not is_sent:
                self._keep_unsent(key, clock.time() + _SECONDS, result)
            return response
        finally:
            del self._in_work[key]

    def _keep_unsent(self, key: _Key, until: float, result: _HandlerResult) -> None:
        self._unsent[key] = until, result
        if len(self._unsent) > _UNSENT:
            self._unsent.popitem(last=False)


def _call_key(call: CallContext) -> _Key:
    """Returns message id and digest of a call, by which its repetition is recognised."""
    return call.message_id, AnswerCache.digest(call.action.name, call.raw)


class AnswerMemory:
    """The answers to each station's transaction messages, kept while the station reconnects."""

    STATIONS: Final = 4096
    """Stations that are remembered; those not asked for longest make room."""

    def __init__(self, protocols: Iterable[Protocol], store: AnswerStore | None = None) -> None:
        """Creates a memory without answers.

        Args:
            protocols: the versions that are spoken.
            store: keeps answers over restarts.
        """
        self._store = store
        self._actions = frozenset(
            action.name
            for protocol in protocols
            for action in protocol.actions.values()
            if action.transaction_related
        )
        self._stations: OrderedDict[str, RepeatedCalls] = OrderedDict()

    def calls_of(self, identity: str) -> RepeatedCalls:
        """Returns the calls of one station."""
        repeats = self._stations.pop(identity, None)
        if repeats is None:
            repeats = RepeatedCalls(identity, self._store, self._actions)
        self._stations[identity] = repeats
        if len(self._stations) > self.STATIONS:
            self._stations.popitem(last=False)
        return repeats
