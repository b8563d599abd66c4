"""Judges random payloads of all messages: `cd tests && python -m corpus --seed 1 --count 1000000`."""

import argparse
import sys
import time
from random import Random

from corpus.mending import examine
from corpus.mutants import random_payload
from corpus.runner import Verdict
from corpus.sources import VERSIONS, sources

_STEP = 10_000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m corpus", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100_000, help="payloads over all versions")
    parser.add_argument("--version", choices=VERSIONS, help="this version alone")
    parser.add_argument("--show", type=int, default=20, help="differences to print")
    return parser.parse_args()


def main() -> int:
    """Runs the comparison; returns 1 where a difference stays unexplained."""
    arguments = _arguments()
    versions = (arguments.version,) if arguments.version else VERSIONS
    pool = [source for version in versions for source in sources(version)]
    valid = explained = unexplained = 0
    started = time.monotonic()
    for index in range(arguments.count):
        source = pool[index % len(pool)]
        data = random_payload(source, Random(f"{arguments.seed}/{index}"))
        finding, is_explained = examine(source, data)
        valid += finding.valid
        explained += is_explained
        if finding.verdict is not Verdict.AGREES and not is_explained:
            unexplained += 1
            if unexplained <= arguments.show:
                _say(f"{source} #{index}: codec {finding.verdict} {data!r}: {finding.detail}")
        if (index + 1) % _STEP == 0:
            _say(f"{index + 1} of {arguments.count} in {time.monotonic() - started:.0f} s")
    _say(
        f"seed {arguments.seed}: {arguments.count} payloads, {valid} valid, {explained} differ for "
        f"explained reasons, {unexplained} without"
    )
    return 1 if unexplained else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
