"""What a seed switches on: a venue, its operator's choices, who is there, and what goes wrong.

Noise that has everything in it at once finds little: what is rare stays rare, and one fault hides
the next. So each seed switches most things off, and what is left meets in every combination
(TigerBeetle's swarms, FoundationDB's buggify).
"""

import random
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.venue.adl import POLICIES
from crossmargin.venue.settings import Filters, VenueSettings
from tests.simulation.venues import EXPIRES_MS, VENUES, rulebook_of

D = Decimal
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

HABITS = (
    "hedge mode",
    "multi-assets",
    "isolated",
    "families",
    "stops",
    "trailing",
    "brackets",
    "closing",
    "reduce-only",
    "self-trades",
    "strange times in force",
    "switching",
    "withdrawals",
    "nonsense",
)
"""What traders do, besides limit and market orders."""
LATER = ("conversions", "interest")
"""What came to the venue later, drawn apart, so that the other worlds stay what they were."""
FAULTS = ("feed", "store", "crash", "bug", "line", "clock", "operator")
"""What goes wrong: sources, the disk, the process, the venue itself, the way to clients, time; and
an operator who halts and resumes."""


class Swarm(Struct, frozen=True):
    """One seed's world.

    Attributes
    ----------
    step_ms : time from one look at the market to the next.
    sources : how many of them say what prices are; `has_marks` whether marks, too.
    fund : what the insurance fund starts with, in USD.
    depth : what makers show on each side, in USD; `maker_money` what they have.
    violence : how far prices go, 1 a bad day.
    batch_max : commands to a sync; `queue_max` how many may wait.
    snapshot_entries : after how many records a snapshot is taken.
    """

    seed: int
    venue: str
    settings: VenueSettings
    habits: frozenset[str]
    faults: frozenset[str]
    traders: int
    start_ms: int
    step_ms: int
    sources: int
    has_marks: bool
    fund: Decimal
    depth: Decimal
    maker_money: Decimal
    violence: float
    batch_max: int
    queue_max: int
    snapshot_entries: int

    @property
    def rulebook(self):
        """Return the rulebook of the venue."""
        return rulebook_of(self.venue)

    @property
    def traded(self):
        """Return the symbols that are traded, with what belongs to them."""
        return VENUES[self.venue]

    def chance(self, part):
        """Return the generator of one part, so that one part's draws do not move another's."""
        return random.Random(f"{self.seed} {part}")  # noqa: S311 - a world, not a secret


def swarm_of(seed):
    """Return the world of a seed."""
    chance = random.Random(f"{seed} swarm")  # noqa: S311 - likewise
    venue = chance.choice(sorted(VENUES))
    step_ms = chance.choice([1000, MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS])
    sources = chance.choice([1, 1, 2, 3, 5])
    depth = D(chance.choice([2_000, 20_000, 200_000]))
    settings = _settings(chance, venue, step_ms, sources)
    habits = _some(chance, HABITS, 0.5)
    later = _some(random.Random(f"{seed} later"), LATER, 0.5)  # noqa: S311 - likewise
    if "interest" in later and "multi-assets" in habits:
        rates = dict.fromkeys(rulebook_of(venue).collateral, D("0.0001"))
        settings = replace(settings, interest_hourly=rates)
    return Swarm(
        seed=seed,
        venue=venue,
        settings=settings,
        habits=habits | later,
        faults=_some(chance, FAULTS, 0.35),
        traders=chance.choice([3, 6, 10]),
        start_ms=EXPIRES_MS - chance.randint(0, 40) * step_ms,
        step_ms=step_ms,
        sources=sources,
        has_marks=chance.random() < 0.7,
        fund=D(chance.choice([0, 0, 50, 2_000, 100_000])),
        depth=depth,
        maker_money=depth * chance.choice([D("0.5"), D(2), D(50)]),
        violence=chance.choice([0.2, 1.0, 1.0, 1.0, 2.5]),
        batch_max=chance.choice([1, 3, 16, 256]),
        queue_max=chance.choice([10_000, 10_000, 6]),
        snapshot_entries=chance.choice([50, 500, 100_000]),
    )


def _some(chance, names, likelihood):
    return frozenset(name for name in names if chance.random() < likelihood)


def _settings(chance, venue, step_ms, sources):
    # Half of the seeds can pay funding: an interval needs half of its samples, one a step.
    interval_ms = rulebook_of(venue).funding.interval_ms
    return VenueSettings(
        sources_min=chance.randint(1, sources),
        outlier_fraction=D(chance.choice(["0.02", "0.05", "0.5"])),
        jump_fraction=chance.choice([None, None, D("0.1")]),
        stale_ms=3 * step_ms,
        degraded_ms=chance.choice([0, 6 * step_ms]),
        premium_sample_ms=chance.choice([MINUTE_MS, max(interval_ms // 4, step_ms)]),
        adl_policy=chance.choice(sorted(POLICIES)),
        filters={
            one.symbol: Filters(
                D(one.tick),
                D(one.lot),
                chance.choice([None, D("0.0001")]),
                chance.choice([None, D("0.05"), D("0.3")]),
            )
            for one in VENUES[venue]
        },
    )
