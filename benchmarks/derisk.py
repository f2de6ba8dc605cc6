"""How many plans a second bring an account of 50 positions back to a health of a half.

A plan is everything `crossmargin derisk` works out for a pool but the hedges: the table of what
stretches save, the linear program, five rules beside it, all rounded to lots and judged exactly.
The program alone is HiGHS on that table, which is what would be left if nothing had to be exact.
"""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from benchmarks.timing import line, rates
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, Position
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.money import ZERO
from crossmargin.risk.derisk.program import PROGRAM, cheapest, program
from crossmargin.risk.derisk.reductions import task_of
from crossmargin.risk.derisk.stretches import table_of
from crossmargin.rulebooks.loader import load_rulebook

POSITIONS = 50
TARGET = Decimal("0.5")
HEALTH = Decimal("0.7")


def bench() -> Iterator[str]:
    """Yield the line."""
    random = Random(20261001)  # noqa: S311 - A workload, not a secret.
    book = load_rulebook("binance-usdm")
    names = random.sample(
        [one for one in sorted(book.contracts) if one.endswith("USDT")], POSITIONS
    )
    marks = {name: Decimal(str(round(10 ** random.uniform(-1, 4), 3))) for name in names}
    positions = []
    for name in names:
        size = Decimal(str(round(10 ** random.uniform(3, 6.5) / float(marks[name]), 3)))
        positions.append(Position(name, random.choice((1, -1)) * size, marks[name]))
    account = Account({"USDT": ZERO}, tuple(positions))
    market = Market(marks)
    health = assess(account, market, book).pool.health
    assert health is not None
    wallet = (health.maintenance_margin / HEALTH).quantize(Decimal("0.01"))
    now = assess(Account({"USDT": wallet}, tuple(positions)), market, book)
    fill_price = Liquidity().fill_price
    table = table_of(task_of(now, now.pool, TARGET, fill_price))
    found = cheapest(task_of(now, now.pool, TARGET, fill_price))
    assert found.plan is not None
    assert found.plan.is_restored
    assert found.plan.method == PROGRAM
    plans, alone = rates(
        lambda: cheapest(task_of(now, now.pool, TARGET, fill_price)),
        lambda: program(task_of(now, now.pool, TARGET, fill_price), table),
    )
    yield line(
        "derisk",
        plans,
        "plans/s",
        "the linear program alone, in floats",
        plans / alone,
        f"{POSITIONS} positions of Binance, health {HEALTH} to {TARGET}; program and five rules, "
        "rounded and judged exactly; one thread; best of 15 alternating rounds",
    )
