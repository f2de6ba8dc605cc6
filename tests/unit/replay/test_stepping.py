"""Screening finds what a plain loop over the exact core finds, event for event.

The loop shares the decisions (a trade, a ladder, a payment) with the engine and none of the
screening: it asks the core at every point, in the order the engine's docstring gives.
"""

from dataclasses import dataclass, field

import numpy as np
import pytest
from msgspec.structs import replace

from crossmargin.feeds.series import exact
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AssetsMode, PositionMode
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType, Side
from crossmargin.money import down_to
from crossmargin.replay.engine import Setup, replay
from crossmargin.replay.index import IndexPath
from crossmargin.replay.modes import both_modes
from crossmargin.replay.orders import first_touch, level_of, trade
from crossmargin.replay.result import Event, liquidation_events
from crossmargin.rulebooks.schema import Collateral, Fees
from crossmargin.venue.execution import liquidate
from crossmargin.venue.posting import post_funding
from tests.toys import D, book, held, inverse, linear, marginal, one_tier
from tests.unit.replay.paths import MINUTE, path, rates

SEEDS = 120
POINTS = 60
RULES = replace(
    book(
        (linear("AUSDT"), marginal(("0", "0.01"), ("500", "0.05"), ("1500", "0.2"))),
        (linear("BUSDT"), marginal(("0", "0.02"), ("300", "0.1"))),
        (inverse("CUSD"), one_tier("0.05")),
        collateral={
            "USDT": Collateral(D(0), D(0), is_stable=True),
            "C": Collateral(D("0.05"), D("0.05")),
            "A": Collateral(D("0.1"), D("0.1")),
        },
    ),
    fees=Fees(D("0.0002"), D("0.0005"), D("0.01")),
)
SYMBOLS = ("AUSDT", "BUSDT", "CUSD")


@dataclass
class Stepped:
    """What the plain loop arrives at."""

    account: Account
    events: list[Event] = field(default_factory=list)


def step_through(start: Account, given: Setup) -> Stepped:
    """Return what becomes of the account, the exact core asked at every point."""
    at = Stepped(start)
    index = IndexPath(given.path, given.rulebook, given.index)
    payments = [
        (time, one.symbol, rate)
        for one in given.funding
        for time, rate in zip(one.at_ms.tolist(), one.rates, strict=True)
    ]
    for point, at_ms in enumerate(given.path.at_ms.tolist()):
        market = market_at(given, index, point)
        for time, symbol, rate in payments:
            if time == at_ms:
                pay(at, given, market, symbol, rate)
        for order in at.account.orders:
            consider(at, given, market, order, is_new=point == 0)
        condemn(at, given, market, at_ms)
    return at


def market_at(given, index, point):
    row = dict(zip(given.path.symbols, given.path.marks[point].tolist(), strict=True))
    marks = {symbol: exact(mark) for symbol, mark in row.items() if mark == mark}
    return Market(marks, index.at(point), int(given.path.at_ms[point]))


def pay(at, given, market, symbol, rate):
    is_held = any(position.symbol == symbol for position in at.account.positions)
    if is_held and symbol in market.marks:
        instrument = given.rulebook.contracts[symbol].instrument
        at.account = post_funding(at.account, instrument, market.marks[symbol], rate).account


def consider(at, given, market, order, *, is_new):
    mark = market.marks.get(order.symbol)
    if mark is None or order not in at.account.orders:
        return
    if first_touch(order, np.array([float(mark)])) is None:
        return
    marks = {**market.marks, order.symbol: level_of(order, mark)}
    on_the_way = assess(at.account, replace(market, marks=marks), given.rulebook)
    if any(unit.is_liquidatable for unit in on_the_way.units) and not is_new:
        condemn(at, given, market, market.at_ms)
    if order in at.account.orders:
        rules, liquidity, at_ms = given.rulebook, given.liquidity, market.at_ms
        done = trade(at.account, order, market, rules, liquidity, at_ms, is_new=is_new)
        at.account = done.account
        at.events.append(done.event)


def condemn(at, given, market, at_ms):
    before = at.account
    done = liquidate(before, market, given.rulebook, given.liquidity)
    at.account = done.account
    at.events += liquidation_events(before, done.receipts, at_ms)


def random_prices(rng):
    # Walks with jumps and gaps; some marks repeat, some are round.
    columns = {}
    for symbol in SYMBOLS:
        steps = rng.normal(0, 0.04, POINTS) * (rng.random(POINTS) < 0.8)
        steps += rng.normal(0, 0.3, POINTS) * (rng.random(POINTS) < 0.04)
        marks = np.round(
            100 * np.exp(np.cumsum(np.clip(steps, -0.7, 0.7))), int(rng.integers(0, 4))
        )
        marks = np.maximum(marks, 1.0)
        marks[rng.random(POINTS) < 0.05 * (rng.random() < 0.5)] = np.nan
        columns[symbol] = marks
    return path(**columns)


def amount(rng, low, high):
    return down_to(D("0.01"), D(str(rng.uniform(low, high))))


def random_order(rng, symbol, *, is_hedge):
    kind = list(OrderType)[int(rng.integers(0, 6))]
    level = amount(rng, 60, 150)
    return Order(
        symbol,
        amount(rng, 0.1, 8) * int(rng.choice([-1, 1])),
        level if kind in (OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT) else None,
        kind,
        amount(rng, 60, 150) if kind.is_conditional else None,
        bool(rng.random() < 0.3),
        Side(str(rng.choice(["long", "short"]))) if is_hedge else None,
    )


def random_world(seed):
    rng = np.random.default_rng(seed)
    is_hedge, is_multi = bool(rng.random() < 0.25), bool(rng.random() < 0.3)
    positions = []
    for symbol in SYMBOLS:
        directions = (1, -1) if is_hedge else (int(rng.choice([-1, 1])),)
        sizes = [amount(rng, 0.1, 25) * sign for sign in directions if rng.random() < 0.7]
        positions += [held(symbol, size, amount(rng, 80, 120)) for size in sizes]
    count = int(rng.integers(0, 4))
    orders = tuple(
        random_order(rng, str(rng.choice(SYMBOLS)), is_hedge=is_hedge) for _ in range(count)
    )
    balances = {"USDT": amount(rng, 50, 900), "C": amount(rng, 0.5, 6)}
    account = Account(
        balances | ({"A": amount(rng, 0, 3)} if is_multi else {}),
        tuple(positions),
        orders,
        {symbol: D(int(rng.integers(5, 50))) for symbol in SYMBOLS},
        assets_mode=AssetsMode.MULTI if is_multi else AssetsMode.SINGLE,
        position_mode=PositionMode.HEDGE if is_hedge else PositionMode.ONE_WAY,
    )
    payments = {int(rng.integers(0, POINTS)) * MINUTE: "0.003" for _ in range(3)}
    given = Setup(
        random_prices(rng),
        RULES,
        tuple(rates(symbol, dict(sorted(payments.items()))) for symbol in SYMBOLS[:2]),
        index={"USDT": D(1), "C": D(100), "A": D(50)},
    )
    return account, given


@pytest.mark.parametrize("seed", range(SEEDS))
def test_screening_equals_stepping(seed):
    start, given = random_world(seed)
    for account in both_modes(start, RULES).values():
        stepped = step_through(account, given)
        screened = replay(account, given)
        events = [event for event in screened.events if not event.kind.startswith("funding")]

        assert stepped.events == events
        assert stepped.account == screened.end


def test_the_random_worlds_see_every_kind_of_event():
    seen = set()
    for seed in range(SEEDS // 2):
        start, given = random_world(seed)
        for account in both_modes(start, RULES).values():
            seen |= {event.kind.value for event in replay(account, given).events}

    assert {
        "funding",
        "funding-unknown",
        "fill",
        "triggered",
        "order-refused",
        "cancel-orders",
        "reduce-to-lower-tier",
        "take-over",
    } == seen
