"""The message ids that are made by default."""

import subprocess
import sys
from uuid import RFC_4122, UUID

import pytest

from ocppkit.aio.lowlevel import Settings


def test_message_ids_are_random_uuids() -> None:
    new_id = Settings().new_id
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    for each in ids:
        assert str(UUID(each)) == each
        assert (UUID(each).version, UUID(each).variant) == (4, RFC_4122)
    # Nothing but version and variant is fixed.
    columns = [{each[at] for each in ids} for at in range(36)]
    assert [at for at, digits in enumerate(columns) if len(digits) == 1] == [8, 13, 14, 18, 23]
    assert columns[19] == set("89ab")


FORK = """
import os
from ocppkit.aio.lowlevel import Settings

new_id = Settings().new_id
new_id()
ours, theirs = os.pipe()
child = os.fork()
if child == 0:
    os.write(theirs, new_id().encode())
    os._exit(0)
os.waitpid(child, 0)
print(new_id(), os.read(ours, 36).decode())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_no_id_is_made_by_parent_and_child() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, check=True, timeout=60
    )
    parent, child = done.stdout.split()
    assert len(child) == 36
    assert parent != child
