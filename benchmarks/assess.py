"""How many accounts a second the exact core assesses, against the least that could be done.

The bare loop does the arithmetic alone for the same account and market: mark, leverage and ladder
from a dictionary, profit, notional, initial margin, tier by bisection, maintenance margin, three
sums. It makes no records, checks nothing and knows one kind of account.
"""

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal

from benchmarks.timing import line, rates
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook

HELD = {
    "BTCUSDT": ("0.5", "95710", "94210.3", 10),
    "ETHUSDT": ("-12.5", "3410.25", "3388.61", 20),
    "SOLUSDT": ("140", "212.4", "204.87", 10),
    "XRPUSDT": ("-9000", "2.3512", "2.4108", 25),
    "DOGEUSDT": ("55000", "0.2214", "0.21877", 5),
}


def bench() -> Iterator[str]:
    """Yield the lines."""
    rulebook = load_rulebook("binance-usdm")
    account = Account(
        {"USDT": Decimal(20_000)},
        tuple(Position(s, Decimal(q), Decimal(e)) for s, (q, e, _, _) in HELD.items()),
        leverage={symbol: Decimal(leverage) for symbol, (*_, leverage) in HELD.items()},
    )
    market = Market({symbol: Decimal(mark) for symbol, (_, _, mark, _) in HELD.items()})
    ladders = {}
    for symbol in HELD:
        tiers = rulebook.contracts[symbol].tiers
        assert tiers is not None
        ladders[symbol] = (tiers.floors, [(t.rate, t.deduction) for t in tiers.pieces])

    def bare() -> tuple[Decimal, Decimal, Decimal]:
        equity, initial, maintenance = account.balances["USDT"], Decimal(0), Decimal(0)
        for position in account.positions:
            mark = market.marks[position.symbol]
            notional = abs(position.size) * mark
            equity += position.size * (mark - position.entry_price)
            initial += notional / account.leverage[position.symbol]
            floors, pieces = ladders[position.symbol]
            rate, deduction = pieces[bisect_left(floors, notional) - 1]
            maintenance += notional * rate - deduction
        return equity, initial, maintenance

    found = assess(account, market, rulebook).pool.health
    assert found is not None
    assert bare()[::2] == (found.equity, found.maintenance_margin)
    ours, least = rates(lambda: assess(account, market, rulebook), bare)
    yield line(
        "assess",
        ours,
        "accounts/s",
        "bare Decimal loop over the same five positions",
        ours / least,
        "five cross positions, one-way, single-asset; best of 15 alternating rounds",
    )
