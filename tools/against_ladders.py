"""What customers keep through 10 October 2025 by venues' ladders, and by the cheapest plan.

Usage: python -m tools.against_ladders [ACCOUNTS [SEED]]

Accounts of BTC, ETH and SOL, or what of them a venue lists, are made from the seed at Binance and
carried over; each goes down the built-in path by the ladder and by plans (`derisk.against_ladder`).
Printed is a table for the documentation: of the accounts that are liquidated, what they had and how
much of it is left.
"""

import sys
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from crossmargin.errors import UsageError
from crossmargin.feeds.builtin import SYMBOLS, builtin_path
from crossmargin.feeds.series import exact as exact_price
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AccountMode, Position
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.money import EIGHT_PLACES, ZERO, down_to
from crossmargin.risk.derisk.against_ladder import TARGETS, Compared, against_ladder, markets_along
from crossmargin.risk.venues.translation import translated
from crossmargin.rulebooks.loader import load_rulebook, venues
from crossmargin.rulebooks.schema import Rulebook

HOME = "binance-usdm"
FROM, TO = 480, 720
"""Minutes of the built-in path: 20:00 to 24:00."""


def main(count: int = 100, seed: int = 7) -> None:
    """Print the table."""
    path = builtin_path(SYMBOLS)
    prices = [
        {name: exact_price(price) for name, price in zip(SYMBOLS, row, strict=True)}
        for row in path.marks[FROM:TO].tolist()
    ]
    home = load_rulebook(HOME)
    names = [f"Plan to {100 * target:.0f} %" for target in TARGETS]
    head = f"| Venue | Holding | Liquidated | Equity, USD | Ladder | {' | '.join(names)} |"
    print(head)  # noqa: T201 - The table is the answer.
    print("|---|" + "---|" + "--:|" * (3 + len(names)))  # noqa: T201 - The table is the answer.
    for venue in venues():
        for held in (SYMBOLS, SYMBOLS[:2], SYMBOLS[:1]):
            # Somebody of each seed, with what the venue lists of the three.
            randoms = (Random(f"{seed}/{one}") for one in range(count))  # noqa: S311
            crowd = [_account(random, prices[0], held) for random in randoms]
            row = _row(crowd, prices, home, load_rulebook(venue))
            if row is not None:
                coins = ", ".join(name.removesuffix("USDT") for name in held)
                print(f"| {venue} | {coins} | {row} |")  # noqa: T201 - The table is the answer.
                break


def _account(random: Random, marks: dict[str, Decimal], held: Sequence[str]) -> Account:
    wallet = down_to(Decimal(1), Decimal(str(10 ** random.uniform(3, 6))))
    positions = []
    leverage = random.uniform(4, 20)
    weights = [random.random() + 0.05 for _ in held]
    for name, weight in zip(held, weights, strict=True):
        usd = float(wallet) * leverage * weight / sum(weights)
        size = down_to(Decimal("0.001"), Decimal(usd / float(marks[name])))
        sign = -1 if random.random() < 0.2 else 1
        if size:
            positions.append(Position(name, sign * size, marks[name]))
    return Account({"USDT": wallet}, tuple(positions), leverage=dict.fromkeys(held, Decimal(20)))


def _row(
    crowd: list[Account], prices: list[dict[str, Decimal]], home: Rulebook, rulebook: Rulebook
) -> str | None:
    found: list[Compared] = []
    for account in crowd:
        compared = _compared(account, prices, home, rulebook)
        if compared is not None and compared.ladder.liquidations:
            found.append(compared)
    if not found:
        return None
    start = sum((one.start for one in found), ZERO)
    ways = [[one.ladder for one in found]]
    ways += [[one.plans[target] for one in found] for target in TARGETS]
    kept = [sum((max(ZERO, one.equity) for one in way), ZERO) for way in ways]
    shares = " | ".join(f"{100 * part / start:.2f} %" for part in kept)
    return f"{len(found)} | {start:,.0f} | {shares}"


def _compared(
    account: Account, prices: list[dict[str, Decimal]], home: Rulebook, rulebook: Rulebook
) -> Compared | None:
    market = Market(prices[0], {"USDT": Decimal(1)})
    if rulebook.venue != home.venue:
        try:
            over = translated(account, market, home, rulebook, AccountMode(rulebook.modes[0]))
        except UsageError:
            return None
        account, market = over.account, over.market
    if account.mode is AccountMode.PORTFOLIO or assess(account, market, rulebook).missing:
        return None
    moments = [_ratios(row, prices[0]) for row in prices]
    markets = markets_along(account, market, rulebook, moments)
    return against_ladder(account, markets, rulebook, Liquidity())


def _ratios(row: dict[str, Decimal], first: dict[str, Decimal]) -> dict[str, Decimal]:
    # By asset, under the names that venues have for them.
    found = {
        name.removesuffix("USDT"): (row[name] / first[name]).quantize(EIGHT_PLACES)
        for name in SYMBOLS
    }
    return {**found, "XBT": found["BTC"]}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
