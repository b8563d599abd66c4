"""The command: feeds so many frames and says what it saw; exit status 1 on the first finding."""

import argparse
import sys
import time

from fuzz.run import Fuzzer


def main() -> int:
    """Runs the fuzzer once."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    fuzzer = Fuzzer(arguments.seed)
    started = time.perf_counter()
    for _ in range(arguments.frames):
        finding = fuzzer.feed()
        if finding is not None:
            sys.stdout.write(f"{finding}\n")
            return 1
    fuzzer.finish()
    seconds = time.perf_counter() - started
    seen = ", ".join(f"{name} {number}" for name, number in sorted(fuzzer.seen.items()))
    sys.stdout.write(f"seed {arguments.seed}: {fuzzer.fed} frames in {seconds:.0f} s, no finding\n")
    sys.stdout.write(f"{seen}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
