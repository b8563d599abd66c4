"""Makes the example frames that `ocppkit explain --example` shows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocppkit.codegen import Api, ApiMessage, Datatype, Examples, Job

__all__ = ["Example", "compact", "examples_of"]

_MESSAGE_ID = "7f3a9c40"


@dataclass(frozen=True)
class Example:
    """A frame, or an object inside one."""

    version: str
    title: str
    content: Any


def examples_of(wanted: str, jobs: Sequence["Job"]) -> list[Example]:
    """Returns examples of a message, of both messages of an action, or of a datatype, in each version that has it.

    Raises:
        CodegenError: no version has such a message or datatype.
    """
    from ocppkit.codegen import CodegenError, load_api

    found = [example for job in jobs for example in _of_version(load_api(job), wanted.lower())]
    if not found:
        versions = " / ".join(job.version for job in jobs)
        raise CodegenError(
            f"OCPP {versions} has no message or datatype {wanted!r}",
            cure="only messages and datatypes have examples: leave --example out",
        )
    return found


def compact(content: object) -> str:
    """Returns JSON on one line without blanks, as it stands on the wire."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _of_version(api: "Api", wanted: str) -> Iterator[Example]:
    from ocppkit.codegen import Examples, without_family_ending

    version, examples = api.protocol.version, Examples(api)
    for action in api.actions:
        for message in reversed(action.messages):
            if wanted not in (action.name.lower(), message.name.lower()):
                continue
            for title, payload in _payloads(examples, message):
                if message is not action.request:
                    frame = [3, _MESSAGE_ID, payload]
                else:
                    frame = [6 if action.response is None else 2, _MESSAGE_ID, action.name, payload]
                yield Example(version, title, frame)
    is_action = wanted in {action.name.lower() for action in api.actions}
    for datatype in api.datatypes:
        # A message may be called as a datatype without its ending: ClearChargingProfile.
        short = "" if is_action else without_family_ending(datatype.name).lower()
        if wanted in (datatype.name.lower(), short):
            for title, content in _payloads(examples, datatype):
                yield Example(version, title, content)


def _payloads(examples: "Examples", owner: "ApiMessage | Datatype") -> Iterator[tuple[str, Any]]:
    """Yields the smallest object, and one with all members if that is another."""
    smallest, full = examples.smallest(owner), examples.full(owner)
    yield owner.name, smallest
    if full != smallest:
        yield f"{owner.name} with all members", full
