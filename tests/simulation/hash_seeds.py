"""Runs seeds in processes whose sets have different orders."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["traces_with_two_hash_seeds"]


def traces_with_two_hash_seeds(*options: str) -> tuple[bytes, bytes]:
    """Returns what `python -m simulation --trace` prints with each of two hash seeds, but for the time that it took."""
    return _trace("1", options), _trace("2", options)


def _trace(hash_seed: str, options: tuple[str, ...]) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "simulation", "--trace", *options],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        timeout=120,
    )
    return done.stdout.rpartition(b" seeds in")[0]
