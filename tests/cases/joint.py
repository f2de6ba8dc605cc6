"""Prices of a hedged pair whose case fixes a rate and amount for each side.

A symbol has one ladder, so the sides become symbols of their own, and what liquidates them is
asked for with both marks moving together. The answer is around the mark as the product's is. Where
the pair is liquidatable at the mark itself, it is around the nearest price, tried a hundredth of
the mark apart, at which it is not; a safe interval narrower than that is passed over.
"""

from decimal import Decimal

from crossmargin.margin.direction import liquidating_multiple
from crossmargin.model.market import Market
from crossmargin.money import ONE, exact
from tests.cases.accounts import NO_LADDER, Held, parts
from tests.cases.reader import Case

STEP = Decimal("1e-20")
"""What one multiple moves the marks by: multiples come with 8 places, prices need more."""

FAR = [Decimal(2) ** power for power in range(1, 11)]
STARTS = [ONE + Decimal(sign * step) / 100 for step in range(100) for sign in (1, -1)] + FAR
"""Where a safe price is looked for, in multiples of the mark, the nearest first."""

Prices = tuple[Decimal | None, Decimal | None, Decimal | None]


def apart_where_ladders_differ(positions: list[Held]) -> tuple[list[Held], set[str]]:
    """Return the positions, the sides of such pairs as symbols of their own, and their symbols."""
    ladders: dict[str, list[object]] = {}
    for one in positions:
        ladders.setdefault(one.position.symbol, []).append(one.tiers)
    apart = {symbol for symbol, found in ladders.items() if any(t != found[0] for t in found)}
    renamed = []
    for one in positions:
        position = one.position
        if position.symbol in apart:
            name = f"{position.symbol} {position.side}"
            position = type(position)(
                name, position.size, position.entry_price, position.mode, position.margin
            )
        renamed.append(one._replace(position=position))
    return renamed, apart


@exact
def joint_prices(
    case: Case, pair: list[Held], rest: list[Held], wallets: dict[str, Decimal]
) -> Prices:
    """Return the lower, upper and bankruptcy price of a pair whose marks move together."""
    low, high = _around(case, pair, rest, wallets)
    bare = [one._replace(tiers=NO_LADDER) for one in rest]
    zero_low, zero_high = _around(
        case, [one._replace(tiers=NO_LADDER) for one in pair], bare, wallets
    )
    return low, high, nearest(zero_low, zero_high, pair[0].mark)


def nearest(low: Decimal | None, high: Decimal | None, mark: Decimal) -> Decimal | None:
    """Return whichever of two prices is nearer to the mark; the lower, if both are as near."""
    if low is None or high is None:
        return high if low is None else low
    return low if abs(mark - low) <= abs(high - mark) else high


def _around(
    case: Case, pair: list[Held], rest: list[Held], wallets: dict[str, Decimal]
) -> tuple[Decimal | None, Decimal | None]:
    account, market, rulebook = parts(case, [*pair, *rest], wallets)
    symbols = [one.position.symbol for one in pair]
    for start in (pair[0].mark * multiple for multiple in STARTS):
        there = Market({**market.marks, **dict.fromkeys(symbols, start)}, market.index)
        down, up = (
            liquidating_multiple(account, there, rulebook, dict.fromkeys(symbols, move))
            for move in (-STEP, STEP)
        )
        if down != 0 and up != 0:
            low = None if down is None else start * (ONE - down * STEP)
            return low or None, None if up is None else start * (ONE + up * STEP)
    return None, None
