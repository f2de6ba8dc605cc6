"""Seeded little markets: every law of the ledger after every command, each story told twice."""

import random
from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.model.order import OrderType
from crossmargin.venue import command, event
from crossmargin.venue.decide import decide
from crossmargin.venue.fold import fold
from crossmargin.venue.ledger import audit
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import Limits, VenueSettings
from crossmargin.venue.state import State
from tests.toys import marginal
from tests.unit.venue.stage import RULES

D = Decimal
SYMBOLS = {"BTCUSDT": D(50000), "ETHUSDT": D(2500)}
LOTS = {"BTCUSDT": D("0.001"), "ETHUSDT": D("0.01")}
STEEP = RULES.with_contracts(
    {
        name: replace(contract, tiers=marginal(("0", "0.01"), ("1000", "0.02"), ("4000", "0.05")))
        for name, contract in RULES.contracts.items()
    }
)
"""Tiers low enough for these accounts to climb them."""
TRADERS = ("alice", "bob", "carol", "dave")


def commands(seed):
    """Yield the commands of one market: makers quote, traders trade, prices fall or rise."""
    chance = random.Random(seed)  # noqa: S311 - a market, not a secret
    at_ms = 0
    yield command.FeedFund(at_ms=0, asset="USDT", amount=D(chance.choice([0, 50, 5000])))
    yield command.OpenAccount(at_ms=0, account="maker", is_maker=True)
    yield command.Deposit(at_ms=0, account="maker", asset="USDT", amount=D(1_000_000))
    for name in TRADERS:
        yield command.OpenAccount(at_ms=0, account=name)
        yield command.Deposit(at_ms=0, account=name, asset="USDT", amount=D(1000))
        for symbol in SYMBOLS:
            yield command.SetLeverage(
                at_ms=0, account=name, symbol=symbol, leverage=D(chance.choice([10, 20, 50]))
            )
    prices = dict(SYMBOLS)
    for step in range(60):
        at_ms += 1000
        # Every other seed is a crash, with gaps.
        falls = [-4, -2, -1, 1] if seed % 2 else [-3, -1, 0, 1, 3]
        drift = D(chance.choice(falls)) / 100
        for symbol in SYMBOLS:
            noise = D(chance.randint(-50, 50)) / 10_000
            prices[symbol] = (prices[symbol] * (1 + drift + noise)).quantize(D("0.1"))
            yield command.Observe(
                at_ms=at_ms, symbol=symbol, source="feed", index=prices[symbol], mark=prices[symbol]
            )
            depth = chance.choice([0, 1, 4])
            yield command.Quote(
                at_ms=at_ms,
                account="maker",
                symbol=symbol,
                levels=tuple(
                    command.Level(
                        (prices[symbol] * (1 + D(side * level) / 1000)).quantize(D("0.1")),
                        -side * LOTS[symbol] * 40,
                    )
                    for level in range(1, depth + 1)
                    for side in (-1, 1)
                ),
            )
        name, symbol = chance.choice(TRADERS), chance.choice(list(SYMBOLS))
        size = LOTS[symbol] * chance.randint(10, 300) * chance.choice([-1, 1])
        is_market = chance.random() < 0.7
        yield command.PlaceOrder(
            at_ms=at_ms,
            account=name,
            symbol=symbol,
            size=size,
            type=OrderType.MARKET if is_market else OrderType.LIMIT,
            price=None if is_market else prices[symbol],
            reduce_only=chance.random() < 0.1,
        )
        if step % 10 == 9:
            yield command.Tick(at_ms=at_ms)


@pytest.mark.parametrize("seed", range(12))
def test_every_law_holds_after_every_command_and_folding_tells_it_again(seed):
    state, again = State(STEEP, VenueSettings()), State(STEEP, VenueSettings())
    for asked in commands(seed):
        events = decide(state, asked)

        assert [] == audit(state), asked
        again.advance(asked.at_ms)
        for one in events:
            fold(again, one)
    assert state.purses == again.purses
    assert {name: one.view() for name, one in state.accounts.items()} == {
        name: one.view() for name, one in again.accounts.items()
    }


def test_the_seeds_reach_what_they_are_for():
    reached = set()
    for seed in range(12):
        state = State(STEEP, VenueSettings())
        for asked in commands(seed):
            for one in decide(state, asked):
                reached.add(type(one))
                if isinstance(one, event.LiquidationStep):
                    reached.add(one.step)

    assert {event.Filled, event.LiquidationStep, event.Deleveraged} <= reached
    assert {"cancel-orders", "reduce-to-lower-tier", "take-over"} <= reached


CAP, CAPITAL, UNIT = D(20_000), D(100), D("0.000001")
LIMITS = Limits(open_interest_max=CAP, fund_capital=CAPITAL, fund_adl_fraction=D("0.5"))
LIMITED_SEEDS = (3, 5, 16, 28, 33, 40)


@pytest.mark.parametrize("seed", LIMITED_SEEDS)
def test_a_market_keeps_to_its_limits(seed):
    state = State(STEEP, VenueSettings(limits_default=LIMITS))
    for asked in commands(seed):
        before = {name: one.open_interest for name, one in state.symbols.items()}
        decide(state, asked)

        assert [] == audit(state), asked
        for name, one in state.symbols.items():
            # Roundings aside, and a mark that moves may lift what is open above the cap.
            assert -one.fund_result_on(state.day) <= CAPITAL + UNIT, asked
            is_more = one.open_interest > before.get(name, 0)
            assert not is_more or one.open_interest * one.mark <= CAP, asked


def test_the_seeds_reach_the_limits():
    refused, given_up = set(), 0
    for seed in LIMITED_SEEDS:
        state = State(STEEP, VenueSettings(limits_default=LIMITS))
        for asked in commands(seed):
            for one in decide(state, asked):
                if isinstance(one, event.Refused):
                    refused.add(one.code)
                given_up += isinstance(one, event.LiquidationStep) and one.account == "fund"

    assert Code.OPEN_INTEREST_TOO_LARGE in refused
    assert given_up
