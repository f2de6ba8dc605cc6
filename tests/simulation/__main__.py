"""Plays seeds: `python -m tests.simulation --seed 123`, or `--seeds 1-50` for a table."""

import argparse
import os
import sys
import tempfile
import time

from tests.simulation.plugin import seeds_of
from tests.simulation.report import row, summary
from tests.simulation.run import STEPS, LawBroken, World


def say(*words):
    """Write a line, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main():
    """Return how many seeds have broken a law."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="play one seed")
    parser.add_argument("--seeds", default="1-50", help="play these, such as 1-50")
    parser.add_argument("--steps", type=int, default=STEPS, help="looks at the market to a seed")
    parser.add_argument("--verbose", action="store_true", help="print every event")
    given = parser.parse_args()
    os.environ["CROSSMARGIN_DATA"] = os.devnull
    worlds, failed = [], 0
    for seed in seeds_of(given.seeds if given.seed is None else str(given.seed)):
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            world = World(seed, folder, given.steps)
            if given.verbose:
                world.writer.subscribe(lambda entry, events: say(entry.sequence, *events))
            try:
                world.run()
                end = f"{time.monotonic() - start:.1f} s"
            except LawBroken as broken:
                failed += 1
                end = "BROKEN"
                sys.stderr.write(f"{broken}\n")
        say(row(world, end))
        worlds.append(world)
    say(summary(worlds))
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
