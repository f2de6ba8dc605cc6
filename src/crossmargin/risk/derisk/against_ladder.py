"""What a customer keeps through a crash: liquidated by the venue's ladder, or by the cheapest plan.

The same account goes down the same prices. Where the venue's trigger condemns something of it, one
twin is walked down the venue's own ladder (`venue.execution`). Of the others, open orders are
cancelled and positions are reduced by the cheapest plan that brings the pool back to a target
health; where no plan does, and for isolated positions, the ladder is what happens to it too. Both
trade by the same liquidity, and both pay the venue's liquidation fee.

What is kept is equity at the end of the path, so a way that closes less also loses, or wins back,
more on what it left open.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UnknownError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, UnitKind
from crossmargin.margin.scenarios.path import anchored, moved
from crossmargin.model.account import Account
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact
from crossmargin.risk.derisk.program import cheapest
from crossmargin.risk.derisk.reductions import task_of
from crossmargin.risk.situation import situation
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.execution import liquidate

TARGETS = (ONE, Decimal("0.5"), Decimal("0.2"), Decimal("0.1"))
"""The healths that plans are compared at: just enough for the venue, and with room."""


class Ending(Struct, frozen=True):
    """How the account came through.

    Attributes
    ----------
    equity : at the end, of all pools and buckets; of one asset only.
    liquidations : at how many points something was liquidated.
    takeovers : at how many of them the ladder was needed.
    """

    equity: Decimal
    liquidations: int
    takeovers: int


class Compared(Struct, frozen=True):
    """The twins; `start` is the equity at the first prices, `plans` are by target."""

    start: Decimal
    ladder: Ending
    plans: dict[Decimal, Ending]


@exact
def against_ladder(
    account: Account,
    markets: Iterable[Market],
    rulebook: Rulebook,
    liquidity: Liquidity,
    targets: Sequence[Decimal] = TARGETS,
) -> Compared:
    """Return what is left of `account` after `markets`, in their order, each way.

    Parameters
    ----------
    targets : the healths that plans come back to: at most the venue's `stop_health`, or it would
        liquidate again at once.

    Errors as of `margin.assess`. Points at which health is unknown liquidate nothing.
    """
    path = list(markets)
    start = _equity(assess(account, path[0], rulebook))
    stop = rulebook.liquidation.stop_health
    plans = {
        target: _through(account, path, rulebook, liquidity, min(target, stop))
        for target in targets
    }
    return Compared(start, _through(account, path, rulebook, liquidity, None), plans)


@exact
def markets_along(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    ratios: Iterable[Mapping[str, Decimal]],
) -> list[Market]:
    """Return the market with each asset at its multiple of today's price, one for each moment.

    Raises
    ------
    UnknownError
        If the account has a stake in an asset that a moment does not name.
    """
    start = anchored(account, market, rulebook)
    assets = situation(account, market, rulebook).assets
    found = []
    for moment in ratios:
        absent = [asset for asset in assets if asset not in moment]
        if absent:
            raise UnknownError(f"the crash has no prices of {', '.join(absent)}")
        found.append(moved(start, moment))
    return found


def _through(
    account: Account,
    path: list[Market],
    rulebook: Rulebook,
    liquidity: Liquidity,
    target: Decimal | None,
) -> Ending:
    count = taken = 0
    for market in path:
        found = assess(account, market, rulebook)
        if not any(unit.is_liquidatable for unit in found.units):
            continue
        count += 1
        if target is not None:
            account = _planned(found, liquidity, target)
            found = assess(account, market, rulebook)
        if any(unit.is_liquidatable for unit in found.units):
            taken += 1
            account = liquidate(account, market, rulebook, liquidity).account
    return Ending(_equity(assess(account, path[-1], rulebook)), count, taken)


def _planned(found: Assessment, liquidity: Liquidity, target: Decimal) -> Account:
    rulebook = found.rulebook
    found = assess(replace(found.account, orders=()), found.market, rulebook)
    for unit in found.units:
        if not unit.is_liquidatable or unit.kind is UnitKind.BUCKET:
            continue
        fee = rulebook.fees.liquidation
        task = task_of(found, unit, target, liquidity.fill_price, fee_fraction=fee)
        plan = cheapest(task).plan
        if plan is not None:
            found = plan.after
    return found.account


def _equity(found: Assessment) -> Decimal:
    return sum((unit.health.equity for unit in found.units if unit.health), ZERO)
