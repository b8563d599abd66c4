"""Draws texts for a second reader: `python -m support.prose --seed 1 --count 60`, in `tests/`."""

import argparse
import random
import sys

from ocppkit.codegen import VERSIONS, Job, load_api
from support.prose import Entry, entries


def drawn(seed: int, count: int) -> list[tuple[str, Entry]]:
    """Returns different texts of members, each with a version; the same for the same seed."""
    pool = {
        entry.doc: (version, entry)
        for version in VERSIONS
        for entry in entries(load_api(Job(version, "drawn")))
        if entry.type is not None
    }
    return random.Random(seed).sample(list(pool.values()), count)


def main() -> None:
    """Prints what was drawn, and the seed to draw it again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    arguments = parser.parse_args()
    sys.stdout.write(
        f"seed {arguments.seed}, {arguments.count} texts on members of {', '.join(VERSIONS)}\n"
    )
    for version, entry in drawn(arguments.seed, arguments.count):
        sys.stdout.write(f"{version}  {entry.place}  {entry.doc}\n")


if __name__ == "__main__":
    main()
