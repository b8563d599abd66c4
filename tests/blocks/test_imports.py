"""Who does not import functional blocks pays nothing for them."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import ocppkit.csms, ocppkit.station, ocppkit.testing
import ocppkit.journals, ocppkit.observability, ocppkit.quirks
import ocppkit.transports.aiohttp, ocppkit.transports.starlette, ocppkit.transports.websockets
import ocppkit.{version}.roles
print(*sorted(name for name in sys.modules if "blocks" in name.split(".")))
"""


@pytest.mark.parametrize("version", ["v16", "v201", "v21"])
def test_roles_and_rooms_do_not_import_blocks(version: str) -> None:
    command = [sys.executable, "-c", PROGRAM.format(version=version)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []
