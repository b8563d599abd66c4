"""A frame fuzzer for the engine: `python -m fuzz --frames 1000000 --seed 1`.

`frames` bends good frames and makes nonsense; `run` feeds them to connections of all versions, roles
and policies that live as long as the run, and checks after each what a peer must never be able to
break. The same seed gives the same frames.
"""

from fuzz.frames import FrameMaker
from fuzz.run import Finding, Fuzzer

__all__ = ["Finding", "FrameMaker", "Fuzzer"]
