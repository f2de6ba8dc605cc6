"""Small stories whose every number can be worked out by hand.

Contracts ask 1 % of notional as maintenance margin, orders fill at the mark, and a fund takes over
what fails. One point a minute from T0 on.
"""

from datetime import date
from decimal import Decimal

import numpy as np
from msgspec.structs import replace

from crossmargin.feeds.funding import FundingRates, Origin
from crossmargin.feeds.path import PricePath
from crossmargin.feeds.series import Gap
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.replay.engine import Setup, replay
from crossmargin.replay.modes import as_isolated
from crossmargin.replay.result import ReplayResult
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.rulebooks.schema import Contract, Rulebook

T0 = 1_760_126_400_000
"""2025-10-10T20:00:00Z"""
MINUTE = 60_000
NAUGHTY = '<script>alert("a & b")</script>'


def dec(text: str) -> Decimal:
    return Decimal(text)


def contract(symbol: str) -> Contract:
    instrument = Instrument(symbol, Kind.LINEAR_PERPETUAL, "USDT", symbol.removesuffix("USDT"))
    return Contract(instrument, Tiers.of((Tier(dec("0"), dec("0.01"), dec("0"), dec("100")),)))


def rulebook(*symbols: str) -> Rulebook:
    named = {symbol: contract(symbol) for symbol in (*symbols, "AUSDT", "BUSDT", NAUGHTY)}
    return load_rulebook("binance-usdm", edition=date(2025, 9, 29)).with_contracts(named)


def path(gaps: tuple[Gap, ...] = (), **marks: list[float | None]) -> PricePath:
    columns = [[np.nan if mark is None else mark for mark in row] for row in marks.values()]
    return of_symbols(tuple(marks), columns, gaps)


def of_symbols(
    symbols: tuple[str, ...], columns: list[list[float]], gaps: tuple[Gap, ...] = ()
) -> PricePath:
    count = len(columns[0])
    at_ms = T0 + MINUTE * np.arange(count, dtype=np.int64)
    end = int(at_ms[-1]) + MINUTE
    return PricePath(
        symbols, at_ms, np.column_stack(columns), T0, end, gaps, ("Prices made up by hand.",)
    )


def funding(symbol: str, rate: str, minute: int) -> FundingRates:
    at_ms = np.array([T0 + minute * MINUTE], dtype=np.int64)
    said = (f"{symbol}: funding made up by hand.",)
    return FundingRates(symbol, at_ms, (dec(rate),), Origin.HISTORY, said)


def long(symbol: str, size: str, entry_price: str, margin: str = "0") -> Position:
    mode = MarginMode.ISOLATED if dec(margin) else MarginMode.CROSS
    return Position(symbol, dec(size), dec(entry_price), mode, dec(margin))


def run(
    account: Account,
    prices: PricePath,
    rates: tuple[FundingRates, ...] = (),
    **options: object,
) -> ReplayResult:
    no_cost = Liquidity(dec("0"), dec("0"), dec("0"))
    return replay(account, Setup(prices, rulebook(), rates, liquidity=no_cost, **options))


def closed_by_parts(*, fee: str = "0") -> ReplayResult:
    """1,000 USDT and 100 A at 100, at a venue that closes whole positions in the market.

    A goes 100, 90.5, 120. At 90.5 equity is 1,000 − 950 = 50 against 90.5 of maintenance margin,
    and all is sold there: 50 less the fee is left, whatever A does then.
    """
    rules = rulebook()
    ladder = replace(rules.liquidation, steps=(LadderStep.CLOSE_POSITION, LadderStep.TAKE_OVER))
    rules = replace(rules, liquidation=ladder, fees=replace(rules.fees, liquidation=dec(fee)))
    account = Account({"USDT": dec("1000")}, (long("AUSDT", "100", "100"),))
    no_cost = Liquidity(dec("0"), dec("0"), dec("0"))
    return replay(account, Setup(path(AUSDT=[100, 90.5, 120]), rules, liquidity=no_cost))


def fall(*, has_gap: bool = False) -> dict[str, ReplayResult]:
    """1,000 USDT; 10 A at 100 and 10 B at 50, both 10x, in cross and isolated.

    A goes 100, 91.5, 85, 100 and B stays at 50. At 91.5 funding takes 915 × 0.001 = 0.915. At 85
    the bucket of A has 100 − 0.915 − 150 = −50.915 and is gone; the pool has 1,000 − 0.915 − 150 =
    849.085 against 8.5 + 5 of maintenance margin, and lives.
    """
    account = Account(
        {"USDT": dec("1000")},
        (long("AUSDT", "10", "100"), long("BUSDT", "10", "50")),
        leverage={"AUSDT": dec("10"), "BUSDT": dec("10")},
    )
    b = [50.0, 50, 50, None] if has_gap else [50.0, 50, 50, 50]
    gaps = (Gap("BUSDT", T0 + 3 * MINUTE, T0 + 4 * MINUTE, 1),) if has_gap else ()
    prices = path(gaps, AUSDT=[100, 91.5, 85, 100], BUSDT=b)
    rates = (funding("AUSDT", "0.001", 1),)
    return {
        "cross": run(account, prices, rates),
        "isolated": run(as_isolated(account, rulebook()), prices, rates),
    }
