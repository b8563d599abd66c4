"""The code in the guides runs."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from ocppkit import v16

DOCS = Path(__file__).parents[2] / "docs"


def executed(guide: str) -> dict[str, Any]:
    """Runs a guide's blocks one after the other, in one namespace, and returns it."""
    text = (DOCS / guide).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    namespace: dict[str, Any] = {"__name__": guide}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"{guide} block {number}", "exec"), namespace)
    return namespace


def test_moving_over() -> None:
    names = executed("migrating-from-ocpp.md")
    with pytest.raises(LookupError, match="CP001 is not connected"):
        asyncio.run(names["soft_reset"]("CP001"))
    answer = names["Handlers"]().heartbeat(None, v16.HeartbeatRequest())
    assert isinstance(answer, v16.HeartbeatResponse)
