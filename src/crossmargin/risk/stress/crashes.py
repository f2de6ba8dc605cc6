"""Crashes that have a name, as vectors: how far each asset fell, from a high to a later low.

Each asset is taken at its own worst, all of them at once, which no moment of the crash was; the
same crash as a path of candles keeps the moments apart (`crash_path`). What nobody has a price of
is unknown: such an asset is not moved and not left out in silence, unless whoever asks says what
it does instead.

The figures are data, each with its source (`files.crashes` reads them).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.money import ONE, ZERO, down_to, exact, plain, quotient_down
from crossmargin.risk.stress.shocks import Shock, ShockKind
from crossmargin.risk.venues.underlying import bundle

FOUR_PLACES = Decimal("0.0001")
REFERENCE = "BTC"
"""What betas are against."""


class Confidence(StrEnum):
    """How well a fall is known: by marks, by trades, or by closes alone."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class CrashSource(Struct, frozen=True):
    """Where prices come from.

    Attributes
    ----------
    origin : who keeps the candles they were read from.
    note : why the confidence is not high.
    """

    text: str
    origin: str
    confidence: Confidence
    note: str | None = None


class Fall(Struct, frozen=True):
    """What one asset did: prices in USDT, and the opens of the candles that hold them."""

    high: Decimal
    low: Decimal
    high_at: datetime
    low_at: datetime
    source: CrashSource

    @property
    @exact
    def move(self) -> Decimal:
        """Return the relative move, below zero; rounded down (away from zero) at 4 places.

        Never as far as −1, where nothing is left of a price.
        """
        fallen = down_to(FOUR_PLACES, quotient_down(self.low, self.high) - ONE)
        return max(fallen, FOUR_PLACES - ONE)


class Crash(Struct, frozen=True):
    """A crash in the window [start, end).

    Attributes
    ----------
    falls : by the usual name of the asset.
    """

    name: str
    title: str
    start: datetime
    end: datetime
    falls: dict[str, Fall]

    def move_of(self, asset: str) -> Decimal | None:
        """Return what `asset` did, by whatever name a venue calls it; None where nobody knows."""
        fall = self.falls.get(bundle(asset)[0])
        return None if fall is None else fall.move


class Others(Struct, frozen=True):
    """What assets do that a crash has no figure of, where somebody says so.

    Attributes
    ----------
    betas : by asset, what it moves by as a multiple of the crash's BTC.
    is_median : whether those without a beta move by the median of the crash's other coins.
    """

    betas: dict[str, Decimal] = {}
    is_median: bool = False


@exact
def crash_shock(crash: Crash, assets: Sequence[str], others: Others | None = None) -> Shock:
    """Return the crash as a shock of `assets`; those it knows nothing of are in `unknown`.

    Raises
    ------
    UsageError
        If a beta takes an asset to nothing or below.
    """
    rule = others or Others()
    moves: dict[str, Decimal] = {}
    supposed: dict[str, str] = {}
    unknown = []
    for asset in assets:
        move = crash.move_of(asset)
        if move is None and (beta := rule.betas.get(asset)) is not None:
            move = _by_beta(crash, asset, beta)
            supposed[asset] = f"{plain(beta)} × {REFERENCE}"
        elif move is None and rule.is_median:
            move = _median(crash)
            supposed[asset] = "the median of the crash’s other coins"
        if move is None:
            unknown.append(asset)
        else:
            moves[asset] = move
    return Shock(
        crash.title,
        ShockKind.CRASH,
        moves,
        name=crash.name,
        unknown=tuple(unknown),
        supposed=supposed,
    )


def crash_notes(crash: Crash, assets: Sequence[str]) -> list[str]:
    """Return a sentence for each kind of price used of `assets` that is not a mark."""
    groups: dict[str, list[str]] = {}
    for asset in assets:
        fall = crash.falls.get(bundle(asset)[0])
        if fall is not None and fall.source.confidence is not Confidence.HIGH:
            said = f"{fall.source.text} ({fall.source.confidence} confidence"
            said += f": {fall.source.note})" if fall.source.note else ")"
            groups.setdefault(said, []).append(asset)
    return [f"{crash.title}: {', '.join(names)} from {said}" for said, names in groups.items()]


def median_of(values: Sequence[Decimal]) -> Decimal:
    """Return the median of at least one value; of two in the middle, half their sum."""
    ranked = sorted(values)
    middle = len(ranked) // 2
    if len(ranked) % 2:
        return ranked[middle]
    return ((ranked[middle - 1] + ranked[middle]) / 2).quantize(FOUR_PLACES, ROUND_HALF_EVEN)


def _median(crash: Crash) -> Decimal | None:
    coins = [fall.move for asset, fall in crash.falls.items() if asset != REFERENCE]
    return median_of(coins) if coins else None


def _by_beta(crash: Crash, asset: str, beta: Decimal) -> Decimal:
    reference = crash.move_of(REFERENCE) or ZERO
    move = beta * reference
    if move <= -ONE:
        raise UsageError(
            f"a beta of {plain(beta)} leaves nothing of {asset} in the crash of {crash.title}, "
            f"where {REFERENCE} moved {plain(reference * 100)} %"
        )
    return move


def chosen_crashes(crashes: Mapping[str, Crash], names: Sequence[str]) -> list[Crash]:
    """Return those of `names`, in order; "all" is every one.

    Raises
    ------
    UsageError
        If there is no crash of a name; the sentence lists what there is.
    """
    if "all" in names:
        return list(crashes.values())
    for name in names:
        if name not in crashes:
            raise UsageError(f"there is no crash {name!r}; there are {', '.join(crashes)}, and all")
    return [crashes[name] for name in names]
