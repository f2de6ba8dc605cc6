"""What a failing seed says, and the table of what seeds have reached."""

from collections import Counter

from crossmargin import __version__
from tests.simulation.marks import MUST_REACH, RARE

COMMAND = "python -m tests.simulation --seed {seed} --steps {steps}"
COLUMNS = MUST_REACH[:5]


def failure(world, broken):
    """Return all it takes to see a broken law again."""
    swarm = world.swarm
    lines = [
        f"seed {world.seed} breaks {broken[0]}",
        *(f"  and {one}" for one in broken[1:6]),
        f"engine {__version__}, {swarm.venue} {swarm.rulebook.edition}, "
        f"rulebook {swarm.rulebook.sha256}",
        f"habits: {', '.join(sorted(swarm.habits)) or 'none'}",
        f"faults: {', '.join(sorted(swarm.faults)) or 'none'}",
        "last events:",
        *(f"  {sequence} {event}" for sequence, event in world.last),
        f"again: {COMMAND.format(seed=world.seed, steps=world.steps)}",
    ]
    return "\n".join(lines)


def row(world, end):
    """Return a seed's line of the table: venue, records, and what was reached of the ladder."""
    counts = world.marks.counts
    reached = " ".join(f"{counts[mark]:>4}" for mark in COLUMNS)
    return f"{world.seed:>6} {world.swarm.venue:<14}{world.auditor.sequence:>6} {reached}  {end}"


def summary(worlds):
    """Return what all seeds have reached together, and in how many of them."""
    names = sorted({mark for world in worlds for mark in world.marks.counts} | {*MUST_REACH, *RARE})
    lines = ["columns: records, " + ", ".join(COLUMNS), ""]
    for name in names:
        times = sum(world.marks.counts[name] for world in worlds)
        seeds = sum(bool(world.marks.counts[name]) for world in worlds)
        missed = "" if times else "   NEVER REACHED"
        lines.append(f"{name:<36}{times:>8} times in {seeds:>4} seeds{missed}")
    codes = sum((world.marks.codes for world in worlds), Counter())
    told = ", ".join(f"{code} ({count})" for code, count in codes.most_common())
    lines.append(f"refusals, {len(codes)} codes: {told}")
    return "\n".join(lines)
