"""How many shocks, and how many steps of paths, an account is asked through in a second.

Shocks: the health of 50 positions, each on an asset of its own, after each of many joint moves,
against one matrix product of the same size, which is what a linear portfolio would take. Paths: the
probability of liquidation of five positions over a day of hours, touches between steps and
all, against drawing the same random numbers and nothing else.
"""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from benchmarks.timing import line, rates
from crossmargin.durations import HOUR_MS
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.risk.chance.copula import STUDENT, t_copula
from crossmargin.risk.chance.probability import Question, likelihood
from crossmargin.risk.situation import Situation, situation
from crossmargin.rulebooks.loader import load_rulebook

SHOCKS, POSITIONS = 20_000, 50
PATHS, STEPS, HELD = 10_000, 24, 5
DEGREES = 4.0
MARK = Decimal(100)


def bench() -> Iterator[str]:
    """Yield the lines."""
    yield _shocks()
    yield _paths()


def _shocks() -> str:
    wide, chance = _account(POSITIONS), np.random.default_rng(7)
    moves = np.expm1(0.05 * chance.standard_normal((SHOCKS, POSITIONS)))
    product = np.eye(POSITIONS) * 1_000.0
    assert np.isfinite(wide.surplus(moves)).all()
    ours, alone = rates(lambda: wide.health(moves), lambda: moves @ product)
    return line(
        "risk-shocks",
        ours * SHOCKS * POSITIONS,
        "shocks × positions/s",
        f"a product of {SHOCKS:,} × {POSITIONS} by {POSITIONS} × {POSITIONS}",
        ours / alone,
        f"{SHOCKS:,} joint moves of {POSITIONS} positions, equity and both margins of each",
    )


def _paths() -> str:
    held, seen = _account(HELD), np.random.default_rng(7)
    returns = 0.01 * seen.standard_t(DEGREES, (2_000, HELD))
    sampler = t_copula(returns, held.assets, marginals=STUDENT, degrees=DEGREES)
    asked = Question(STEPS, HOUR_MS, paths=PATHS)
    assert 0.0 < likelihood(held, sampler, asked).value < 1.0

    def numbers() -> None:
        chance = np.random.default_rng(7)
        chance.standard_normal((PATHS, STEPS, HELD))
        chance.chisquare(DEGREES, (PATHS, STEPS))

    ours, alone = rates(lambda: likelihood(held, sampler, asked), numbers)
    return line(
        "risk-paths",
        ours * PATHS * STEPS,
        "path-steps/s",
        "drawing the same random numbers alone",
        ours / alone,
        f"{PATHS:,} paths of {STEPS} steps by a t-copula, {HELD} positions, touches between steps",
    )


def _account(count: int) -> Situation:
    rulebook = load_rulebook("binance-usdm")
    symbols: dict[str, str] = {}
    for symbol, contract in rulebook.contracts.items():
        if contract.instrument.settle == "USDT" and contract.tiers is not None:
            symbols.setdefault(contract.instrument.base, symbol)
    names = sorted(symbols.values())[:count]
    positions = tuple(Position(name, Decimal(1_000 // count), MARK) for name in names)
    account = Account(balances={"USDT": Decimal(10_000)}, positions=positions)
    return situation(account, Market(dict.fromkeys(names, MARK)), rulebook)
