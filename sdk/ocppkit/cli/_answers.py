"""Runs the engine to find out how it answers messages, so that the reference shows its real answers."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocppkit.codegen import Answer, Reaction
    from ocppkit.core import Protocol

__all__ = ["ShippedEngine"]

_MESSAGE_ID = "7f3a9c40"


class ShippedEngine:
    """Answers the questions of the reference about the engine, for shipped versions and the user's.

    Args:
        others: protocols by version, for versions that are not shipped or that replace shipped ones.
    """

    def __init__(self, others: "Mapping[str, Protocol] | None" = None) -> None:
        self._protocols = dict(others or {})

    def _protocol(self, version: str) -> "Protocol":
        from ocppkit.codegen import VERSIONS

        if version not in self._protocols:
            self._protocols[version] = import_module(f"ocppkit.{VERSIONS[version]}").PROTOCOL
        return self._protocols[version]

    def answer(self, version: str, action: str, payload: str) -> "Answer | None":
        """Returns the error reply to a call with this payload; `None` if nothing is sent."""
        from ocppkit.codegen import Answer
        from ocppkit.core import CallError, Connection, MessageKind, decode_frame

        protocol = self._protocol(version)
        about = protocol.actions[action]
        receiver = next(iter(sorted(about.senders))).peer
        connection = Connection(receiver, protocol, new_id=lambda: _MESSAGE_ID)
        kind = MessageKind.CALL if about.answered else MessageKind.SEND
        text = f'[{kind}, "{_MESSAGE_ID}", "{action}", {payload}]'
        connection.receive_data(text, now=0.0)
        for sent in connection.data_to_send():
            frame = decode_frame(sent)
            if isinstance(frame, CallError):
                return Answer(frame.code, frame.description)
        return None

    def repairs(self, version: str, message: str, payload: str) -> Sequence[str] | None:
        """Returns the issues that lenient reading repairs in a payload; `None` if it cannot repair the payload."""
        from ocppkit.core import LENIENT, InvalidMessage, Issue, decode_payload

        issues: list[Issue] = []
        cls = getattr(import_module(self._protocol(version).package), message)
        try:
            decode_payload(cls, payload, policy=LENIENT, issues=issues)
        except InvalidMessage:
            return None
        return [str(issue) for issue in issues]

    def reactions(self, version: str) -> "Sequence[Reaction]":
        """Returns all rows of the reply table of a version."""
        from ocppkit.codegen import Reaction
        from ocppkit.core import ErrorCode, Failure, MessageKind, NoReply, Rule, reply_to

        protocol = self._protocol(version)

        def spelt(reaction: ErrorCode | NoReply) -> str:
            return protocol.error_codes[reaction] if isinstance(reaction, ErrorCode) else reaction

        found: list[Reaction] = []
        for failure in (*Failure, *(rule for rule in Rule if rule is not Rule.JSON)):
            call = reply_to(protocol, failure, MessageKind.CALL)
            result = reply_to(protocol, failure, MessageKind.CALL_RESULT)
            found.append(
                Reaction(
                    kind=type(failure).__name__,
                    failure=failure,
                    call=spelt(call.reaction),
                    result=spelt(result.reaction),
                    citation=call.citation,
                )
            )
        return found
