"""kill -9 at any moment: what the journal has said to be durable is there, once and in order."""

from pathlib import Path

import pytest

from journals.kill import Schedule


@pytest.mark.parametrize("seed", range(24))
def test_nothing_is_lost_by_kill_9(seed: int, tmp_path: Path) -> None:
    Schedule(seed, tmp_path).play()
