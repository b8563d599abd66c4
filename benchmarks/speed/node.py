"""Talks to the Node.js contestants, if Node.js and their packages are here."""

import json
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

__all__ = ["FOLDER", "NodeCodec", "node_codec", "why_no_node"]

FOLDER: Final = Path(__file__).resolve().parents[1] / "node"


def why_no_node() -> str | None:
    """Returns why the Node.js contestants cannot run, or `None`."""
    if shutil.which("node") is None:
        return "Node.js is not installed: ocpp-rpc is left out"
    if not (FOLDER / "node_modules" / "ocpp-rpc").is_dir():
        return "npm has not installed benchmarks/node: ocpp-rpc is left out"
    return None


class NodeCodec:
    """A Node.js process that parses and validates messages on demand."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def seconds(self, way: str, text: str, seconds: float, schema: str, version: str) -> float:
        """Returns the CPU time of one message.

        Args:
            way: `read` parses and validates, `write` validates and serializes.
            text: the frame.
            seconds: how long to keep at it.
            schema: the id of the payload's schema in ocpp-rpc.
            version: the version of OCPP.
        """
        order = {"way": way, "text": text, "seconds": seconds, "schema": schema, "version": version}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: Any = json.loads(self._process.stdout.readline())
        return float(answer["seconds"])


@contextmanager
def node_codec() -> Generator[NodeCodec]:
    """Starts the process, and ends it."""
    with subprocess.Popen(
        ["node", str(FOLDER / "codec.js")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield NodeCodec(process)
