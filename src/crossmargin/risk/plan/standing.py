"""What an account comes to in the few numbers that a decision is made by.

Money of one asset stands together: the pool and the buckets that settle in it, in multi-assets mode
everything, in USD. Sums are sums; what stands or falls alone is told of the weakest.

What it is exposed to, and how often over, is `risk.estimates.exposure`'s.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnknownError
from crossmargin.margin.assessment import Assessment, UnitAssessment, worst_of
from crossmargin.margin.lookup import POOL_USD
from crossmargin.model.account import AssetsMode
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, exact, quotient_up, up_to
from crossmargin.risk.situation import Situation


class Standing(Struct, frozen=True):
    """How the money of one asset stands; amounts in it, None where unknown.

    Attributes
    ----------
    equity, free_margin : of all its pools and buckets.
    initial_margin : of positions and open orders together.
    weakest : the least healthy pool or bucket; `buffer` and `health` are its own.
    """

    asset: str
    equity: Decimal | None
    initial_margin: Decimal | None
    free_margin: Decimal | None
    weakest: UnitAssessment

    @property
    def buffer(self) -> Decimal | None:
        """Return what the weakest can lose before it is liquidated."""
        return self.weakest.health.buffer if self.weakest.health else None

    @property
    def health(self) -> Decimal | None:
        """Return maintenance margin ÷ equity of the weakest, rounded up at 8 places."""
        return self.weakest.health.fraction() if self.weakest.health else None

    @property
    def margin_use(self) -> Decimal | None:
        """Return initial margin ÷ equity, rounded up at 8 places; None without equity."""
        if self.initial_margin is None or self.equity is None:
            return None
        if self.equity <= 0:
            return None if self.initial_margin else ZERO
        return up_to(EIGHT_PLACES, quotient_up(self.initial_margin, self.equity))


@exact
def standings(assessment: Assessment) -> tuple[Standing, ...]:
    """Return how each asset's money stands, in the order of the assessment."""
    by_asset: dict[str, list[UnitAssessment]] = {}
    for unit in assessment.units:
        by_asset.setdefault(unit.asset, []).append(unit)
    found = []
    for asset, units in by_asset.items():
        healths = [unit.health for unit in units]
        found.append(
            Standing(
                asset,
                _sum([None if health is None else health.equity for health in healths]),
                _sum([unit.initial_margin for unit in units]),
                _sum([unit.free_margin for unit in units]),
                worst_of(tuple(units)),
            )
        )
    return tuple(found)


def standing_of(symbol: str, assessment: Assessment) -> Standing:
    """Return how the money stands that a position in `symbol` is margined with.

    Raises
    ------
    UnknownError
        If the account has no such money.
    """
    asset = money_of(symbol, assessment)
    for one in standings(assessment):
        if one.asset == asset:
            return one
    raise UnknownError(f"{symbol} settles in {asset}, and the account has none")


def money_of(symbol: str, assessment: Assessment) -> str:
    """Return the asset in which a position in `symbol` is margined."""
    if assessment.account.assets_mode is AssetsMode.MULTI:
        return POOL_USD
    return assessment.rulebook.contracts[symbol].instrument.settle


@exact
def joint_distance(here: Situation) -> Decimal | None:
    """Return how far all prices may move together, to the nearer side; None where unknown.

    A fraction rounded towards zero at 8 places; of an account that no common move liquidates it is
    infinite.
    """
    try:
        ends = [here.reach(dict.fromkeys(here.assets, sign)) for sign in (-ONE, ONE)]
    except UnknownError:
        return None
    return min((end for end in ends if end is not None), default=Decimal("Infinity"))


def _sum(amounts: list[Decimal | None]) -> Decimal | None:
    total = ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
