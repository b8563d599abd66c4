"""Draws a sequence diagram of two connections that exchange frames."""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Final

from ocppkit import v201
from ocppkit.core import CallReceived, Connection, Event, ResultReceived, Role, utcnow

from ._svg import arrow, curve, figure, words

__all__ = ["sequence_picture"]

_LANES: Final = {
    ("code", Role.STATION): 80,
    ("connection", Role.STATION): 265,
    ("connection", Role.CSMS): 475,
    ("code", Role.CSMS): 660,
}
_TITLES: Final = (
    (80, "station: your code"),
    (265, "Connection"),
    (475, "Connection"),
    (660, "CSMS: your code"),
)
_WIDTH = 740
_STEP = 34
_TOP = 40


class _Stage:
    """Exchanges frames between two connections, and draws each frame as an arrow."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.ends = {role: _connection(role) for role in Role}
        self._rows = count(1)

    @property
    def height(self) -> int:
        return _TOP + _STEP * next(self._rows)

    def asks(self, role: Role, text: str, deed: Callable[[Connection], object]) -> None:
        """Lets the code of one end ask its connection for something, and delivers what that sends."""
        before = self.ends[role].calls_waiting
        self._draw(("code", role), ("connection", role), text)
        deed(self.ends[role])
        waits = self.ends[role].calls_waiting > max(before, 1)
        if waits:
            self._note(role, "queued")
        self._deliver(role)

    def _deliver(self, role: Role) -> None:
        for text in self.ends[role].data_to_send():
            head, brace, _ = text.partition("{")
            self._draw(
                ("connection", role), ("connection", role.peer), f"{head}{brace and '{...}]'}"
            )
            self.ends[role.peer].receive_data(text, 0)
            while event := self.ends[role.peer].next_event():
                self._draw(("connection", role.peer), ("code", role.peer), _name(event), back=True)
            self._deliver(role.peer)

    def _draw(
        self, start: tuple[str, Role], end: tuple[str, Role], text: str, back: bool = False
    ) -> None:
        x1, x2, y = _LANES[start], _LANES[end], self.height
        self.parts.append(words((x1 + x2) / 2, y - 6, text, code=True))
        self.parts.append(arrow("sequence", x1, y, x2, y, dashed=back))

    def _note(self, role: Role, text: str) -> None:
        x = _LANES["connection", role]
        self.parts.append(words(x + 8, self.height - _STEP / 2, text, anchor="start"))


def _connection(role: Role) -> Connection:
    ids = (f"{str(role)[0]}{number}" for number in count(1))
    return Connection(role, v201.PROTOCOL, new_id=partial(next, ids))


def _name(event: Event) -> str:
    assert isinstance(event, CallReceived | ResultReceived)
    payload = event.request if isinstance(event, CallReceived) else event.response
    assert payload.__ocpp_action__ == event.action.name
    return f"{type(event).__name__} {event.message_id}"


def sequence_picture() -> str:
    """Returns the picture of two calls of the station, with one of the CSMS between them."""
    stage = _Stage()
    _play(stage)
    bottom = stage.height
    lanes = [words(x, 18, title) for x, title in _TITLES]
    lanes += [
        curve("sequence", f"M{x} 26 {x} {bottom}", dashed=True, tip=False) for x, _ in _TITLES
    ]
    return figure("sequence", "Two crossing calls", _WIDTH, bottom + 8, [*lanes, *stage.parts])


def _play(stage: _Stage) -> None:
    token = v201.IdTokenType(id_token="04E91C5A", type=v201.IdTokenEnumType.ISO14443)
    authorize = v201.AuthorizeRequest(id_token=token)
    accepted = v201.IdTokenInfoType(status=v201.AuthorizationStatusEnumType.ACCEPTED)
    known = v201.AuthorizeResponse(id_token_info=accepted)
    beat, time = v201.HeartbeatRequest(), v201.HeartbeatResponse(current_time=utcnow())
    clear = v201.ClearCacheRequest()
    cleared = v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)
    stage.asks(Role.STATION, "send_call(Authorize)", lambda end: end.send_call(authorize, 0))
    stage.asks(Role.STATION, "send_call(Heartbeat)", lambda end: end.send_call(beat, 0))
    stage.asks(Role.CSMS, "send_call(ClearCache)", lambda end: end.send_call(clear, 0))
    stage.asks(Role.STATION, "send_result", lambda end: end.send_result("c1", cleared, 0))
    stage.asks(Role.CSMS, "send_result", lambda end: end.send_result("s1", known, 0))
    stage.asks(Role.CSMS, "send_result", lambda end: end.send_result("s2", time, 0))
