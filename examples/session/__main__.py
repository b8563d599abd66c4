"""A charging session in each version of OCPP: one CSMS, three stations, real WebSockets on loopback.

Run it as `python -m session` in `examples/`; it prints the conversation and exits with 1 if a session does not
come to its end within a minute.
"""

import asyncio
import sys

import msgspec

from ocppkit import v16 as ocpp16
from ocppkit import v21 as ocpp21
from ocppkit import v201 as ocpp201
from ocppkit.core import CallError, CallResult, CallResultError, Event, decode_frame
from ocppkit.csms import Csms
from ocppkit.transports import websockets

from . import v16, v21, v201

TIMEOUT = 60.0
"""Seconds for all three sessions; they take about one."""


class Conversation:
    """Prints the frames that the CSMS sees, with the action of the call that a result answers."""

    def __init__(self) -> None:
        self.frames = 0
        self._actions: dict[str, str] = {}

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        """Prints one frame."""
        self.frames += 1
        arrow = "->" if direction == "in" else "<-"
        print(f"  {identity:>5} {arrow} CSMS  {self._described(data)}")

    def event(self, identity: str, event: Event) -> None:
        """Events are told by their frames here."""

    def _described(self, data: str | bytes) -> str:
        frame = decode_frame(data)
        if isinstance(frame, CallError | CallResultError):
            return f"{self._actions[frame.message_id]} failed: {frame.code} {frame.description}"
        payload = msgspec.json.decode(frame.payload)
        content = " ".join(
            f"{name}={msgspec.json.encode(value).decode()}" for name, value in payload.items()
        )
        if isinstance(frame, CallResult):
            return f"{self._actions[frame.message_id]} answered  {content}"
        self._actions[frame.message_id] = frame.action
        return f"{frame.action}  {content}"


async def main() -> int:
    """Plays the three sessions, one after the other, against one CSMS."""
    conversation = Conversation()
    csms = Csms(
        ocpp21.PROTOCOL, ocpp201.PROTOCOL, ocpp16.PROTOCOL, insecure=True, observer=conversation
    )
    async with websockets.serve(csms, "127.0.0.1") as server, asyncio.timeout(TIMEOUT):
        url = f"ws://127.0.0.1:{server.port}"
        for version, session in (("1.6", v16), ("2.0.1", v201), ("2.1", v21)):
            print(f"\nOCPP {version}")
            await session.play(csms, url)
    print(f"\n{conversation.frames} frames in three sessions; all came to their end.")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
