"""Runs many seeds; a failing one is printed with what is wrong, and can be run alone by `--first`."""

import argparse
import logging
import sys
import time
import traceback

from . import fault_day, fleet_run, scenario

parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
parser.add_argument("--seeds", type=int, default=2000, help="how many (default: 2000)")
parser.add_argument("--first", type=int, default=1, help="the first seed (default: 1)")
parser.add_argument("--stations", type=int, help="how many (default: 6, or 3 with --blocks)")
parser.add_argument("--blocks", action="store_true", help="days of stations with functional blocks")
parser.add_argument("--fleet", action="store_true", help="fleets of several nodes")
parser.add_argument("--trace", action="store_true", help="print what happened in each run")
options = parser.parse_args()


def run(seed: int) -> fault_day.FaultDay | fleet_run.FleetRun | scenario.SimulatedFleet:
    """Returns a run that is over."""
    if options.fleet:
        return fleet_run.run_fleet(seed)
    if options.blocks:
        return fault_day.run_day(seed, options.stations or 3)
    return scenario.run(seed, options.stations or 6)


if options.blocks or options.fleet:
    # These look at what is logged, and nobody else shall.
    logging.getLogger().addHandler(logging.NullHandler())
else:
    # A network that fails fills the log with warnings, which are no fault here.
    logging.disable(logging.ERROR)
start = time.monotonic()
failed = 0
for seed in range(options.first, options.first + options.seeds):
    try:
        done = run(seed)
    except Exception:  # noqa: BLE001 - the other seeds are run all the same
        failed += 1
        sys.stdout.write(f"seed {seed}: {traceback.format_exc()}\n")
        continue
    faults = list(done.faults())
    failed += bool(faults)
    for fault in faults:
        sys.stdout.write(f"seed {seed}: {fault}\n")
        sys.stdout.flush()
    if options.trace:
        trace = done.trace() if isinstance(done, fleet_run.FleetRun) else done.simulation.trace
        sys.stdout.write(f"{trace}\n")
took = time.monotonic() - start
sys.stdout.write(f"{options.seeds} seeds in {took:.0f} s, {failed} with faults\n")
sys.exit(bool(failed))
