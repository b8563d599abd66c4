"""Runs many seeds; a failing one is printed with what is wrong, and can be run alone by `--first`."""

import argparse
import logging
import sys
import time

from .scenario import run

parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
parser.add_argument("--seeds", type=int, default=2000, help="how many (default: 2000)")
parser.add_argument("--first", type=int, default=1, help="the first seed (default: 1)")
parser.add_argument("--stations", type=int, default=6)
parser.add_argument("--trace", action="store_true", help="print what happened in each run")
options = parser.parse_args()

# A network that fails fills the log with warnings, which are no fault here.
logging.disable(logging.ERROR)
start = time.monotonic()
failed = 0
for seed in range(options.first, options.first + options.seeds):
    fleet = run(seed, options.stations)
    faults = list(fleet.faults())
    failed += bool(faults)
    for fault in faults:
        sys.stdout.write(f"seed {seed}: {fault}\n")
    if options.trace:
        sys.stdout.write(f"{fleet.simulation.trace}\n")
took = time.monotonic() - start
sys.stdout.write(f"{options.seeds} seeds in {took:.0f} s, {failed} with faults\n")
sys.exit(bool(failed))
