"""Kraken Futures as its packaged rulebook has it: schedules, haircuts, netting; by hand.

The last tests hold for any numbers: where netted legs move together, every crossing is found, and
`assess` changes its mind at each and nowhere else.
"""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.assess import assess
from crossmargin.margin.direction import liquidating_multiple
from crossmargin.margin.expression import Line
from crossmargin.margin.paths import curve
from crossmargin.margin.units import units_of
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tiers
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.margin_rule import Netting
from crossmargin.rulebooks.schema import Contract
from tests.toys import inverse, one_tier

D = Decimal
BOOK = load_rulebook("kraken")
PERPETUAL, DATED, ETHER = "PF_XBTUSD", "FF_XBTUSD_250926", "PF_ETHUSD"
PAR = {"USD": D(1)}


def account(*positions, usd="10000", coins=None):
    return Account({"USD": D(usd), **(coins or {})}, positions, assets_mode=AssetsMode.MULTI)


def health(*positions, marks, book=BOOK, index=PAR, usd="10000", coins=None):
    held = account(*positions, usd=usd, coins=coins)
    return assess(held, Market(marks, index), book).pool.health


# Class A of the schedule: 1 % up to 1 M, 2 % from there, 3 % from 2 M, 5 % from 5 M; a mark of
# 100,000, so ten coins are a million.
@pytest.mark.parametrize(
    ("size", "maintenance"),
    [
        ("5", "5000"),
        ("10", "10000"),
        # 10,000 + 500,000 x 2 %.
        ("15", "20000"),
        ("-15", "20000"),
        # 10,000 + 20,000 + 1,000,000 x 3 %.
        ("30", "60000"),
        # 10,000 + 20,000 + 90,000 + 2,000,000 x 5 %.
        ("70", "220000"),
    ],
)
def test_the_schedule_is_marginal_and_initial_margin_twice_it(size, maintenance):
    [one] = assess(
        account(Position(PERPETUAL, D(size), D(100_000))),
        Market({PERPETUAL: D(100_000)}, PAR),
        BOOK,
    ).positions

    assert (2 * D(maintenance), D(maintenance)) == (one.initial_margin, one.maintenance_margin)


def test_a_position_above_what_was_read_is_unknown():
    found = assess(
        account(Position(PERPETUAL, D(101), D(100_000))),
        Market({PERPETUAL: D(100_000)}, PAR),
        BOOK,
    )

    assert (f"margin tiers of {PERPETUAL}",) == found.pool.missing


@pytest.mark.parametrize(
    ("perpetual", "dated", "maintenance"),
    [
        # 5,000 and 3,000: the larger side.
        ("5", "-3", "5000"),
        ("-3", "5", "5000"),
        ("5", "-5", "5000"),
        # Of one side, both: schedules are per contract, 10,000 each.
        ("10", "10", "20000"),
        # 20,000 against 5,000.
        ("15", "-5", "20000"),
    ],
)
def test_a_perpetual_and_a_dated_contract_of_one_coin_net(perpetual, dated, maintenance):
    mark = D(100_000)
    found = health(
        Position(PERPETUAL, D(perpetual), mark),
        Position(DATED, D(dated), mark),
        marks={PERPETUAL: mark, DATED: mark},
    )

    assert (2 * D(maintenance), D(maintenance)) == (found.initial_margin, found.maintenance_margin)
    assert Netting.LARGER_SIDE == BOOK.margin.netting


def test_other_coins_and_isolated_positions_do_not_net():
    mark = D(100_000)
    marks = {PERPETUAL: mark, ETHER: D(4000), DATED: mark}
    # 500,000 of XBT and 400,000 of ETH at 1 % each.
    apart = health(Position(PERPETUAL, D(5), mark), Position(ETHER, D(-100), D(4000)), marks=marks)
    assert D(9000) == apart.maintenance_margin

    found = assess(
        account(
            Position(PERPETUAL, D(5), mark),
            Position(DATED, D(-5), mark, MarginMode.ISOLATED, D(1000)),
            usd="11000",
        ),
        Market(marks, PAR),
        BOOK,
    )
    assert [D(5000), D(5000)] == [
        unit.health.maintenance_margin for unit in (found.pool, found.buckets[0])
    ]


def test_haircuts_hit_open_profit_that_is_not_in_dollars():
    # 100,000 contracts of 1 USD bought at 50,000: 100,000 x (1/50,000 - 1/100,000) = 1 XBT earned
    # at 100,000. With the one in the wallet 2 XBT, at a haircut of 20 % 160,000 USD. 1 % of the
    # 1 XBT it is worth is asked, 0.01 XBT, which costs 1.2 x 100,000: 1,200; initially 2,400.
    contract = Contract(inverse("XBTUSD", multiplier="1"), one_tier("0.01"))
    book = BOOK.with_contracts({"XBTUSD": contract})
    found = health(
        Position("XBTUSD", D(100_000), D(50_000)),
        marks={"XBTUSD": D(100_000)},
        book=book,
        index={**PAR, "XBT": D(100_000)},
        usd="0",
        coins={"XBT": D(1)},
    )

    assert (D(160_000), D(1200), D(2400)) == (
        found.equity,
        found.maintenance_margin,
        found.initial_margin,
    )


def test_a_debt_in_coins_costs_the_haircut_too():
    # 10,000 contracts sold at 50,000, at 100,000: 10,000 x (1/50,000 - 1/100,000) = 0.1 XBT lost,
    # with none in the wallet. Owing it costs 1.2 x 10,000 of the 20,000 USD.
    contract = Contract(inverse("XBTUSD", multiplier="1"), one_tier("0.01"))
    found = health(
        Position("XBTUSD", D(-10_000), D(50_000)),
        marks={"XBTUSD": D(100_000)},
        book=BOOK.with_contracts({"XBTUSD": contract}),
        index={**PAR, "XBT": D(100_000)},
        usd="20000",
    )

    assert D(8000) == found.equity


def test_inverse_schedules_are_marginal_in_contracts():
    # 800,000 contracts of 1 USD at 80,000, 10 XBT: 1 % of 6.25 and 2 % of 3.75, initial the double.
    held = Account({"XBT": D(1)}, (Position("PI_XBTUSD", D(800_000), D(80_000)),))
    [one] = assess(held, Market({"PI_XBTUSD": D(80_000)}), BOOK).positions

    assert (D("0.1375"), D("0.275")) == (one.maintenance_margin, one.initial_margin)


def test_the_published_liquidation_is_at_the_mark_and_not_at_entry():
    # Equity Protection Process: 1,000 contracts at 8,000 with 0.01 XBT. At the mark:
    # 1,000 x 1.01 / (0.01 + 0.125) = 7,481.48…, printed 7481; at entry it would be 7,476.6.
    # Zero equity: 1,000 / 0.135 = 7,407.4…, printed 7407. The tick is 0.5.
    contract = BOOK.contracts["PI_XBTUSD"]
    book = BOOK.with_contracts({"PI_XBTUSD": Contract(contract.instrument, one_tier("0.01"))})
    held = Account({"XBT": D("0.01")}, (Position("PI_XBTUSD", D(1000), D(8000)),))
    [boundary] = assess(held, Market({"PI_XBTUSD": D(8000)}), book).boundaries.positions

    assert (D("7481.5"), D("7407.5")) == (boundary.lower, boundary.bankruptcy_price)


def test_what_rises_together_beyond_what_was_read_is_never_liquidated():
    # Prices × m: notional 76,000 m, equity 12,900 − 76,000 + 76,000 m. Down: 1 % of notional is
    # asked, and nothing beyond it is left at m = 63,100 ÷ 75,240 = 0.83864965. Up: at the dearest
    # all that is added above 10 M and 2 M is asked, and then 12 M − 370,000 − 20,000 − 63,100 are
    # left however far prices rise. ETH alone: 2 M − 20,000 − 28,000 + 12,900 − 480; BTC alone:
    # 10 M − 370,000 − 48,000 + 12,900 − 280.
    held = account(
        Position(PERPETUAL, D("0.5"), D(95_000)), Position(ETHER, D(8), D(3450)), usd="12000"
    )
    found = assess(held, Market({PERPETUAL: D(96_000), ETHER: D(3500)}, PAR), BOOK).boundaries

    assert (D("0.16135034"), None) == (found.joint.down, found.joint.up)
    assert found.joint.is_known
    assert [(None, True)] * 2 == [(one.upper, one.is_upper_known) for one in found.positions]
    assert () == found.missing


# The same schedules, their last known level going on: nothing is unknown wherever a path leads.
ENDLESS = BOOK.with_contracts(
    {
        symbol: Contract(BOOK.contracts[symbol].instrument, Tiers.of(contract.tiers.pieces))
        for symbol, contract in BOOK.contracts.items()
        if symbol in (PERPETUAL, DATED)
    }
)
SIZES = st.integers(-400, 400).filter(bool).map(lambda n: D(n) / 10)
PRICES = st.integers(50_000, 70_000).map(D)
MOVES = st.integers(-100, 100).map(lambda n: D(n) / 100)
GRID = [Fraction(step, 250) for step in range(-249, 250)]
NEAR = Fraction(1, 10**9)


@st.composite
def pairs(draw):
    held = account(
        Position(PERPETUAL, draw(SIZES), draw(PRICES)),
        Position(DATED, draw(SIZES), draw(PRICES)),
        usd=draw(st.integers(0, 400_000)),
    )
    return held, {PERPETUAL: draw(PRICES), DATED: draw(PRICES)}


def moved(marks, moves, step):
    return {
        symbol: mark * (1 + moves[symbol] * D(step.numerator) / D(step.denominator))
        for symbol, mark in marks.items()
    }


def is_liquidated(held, marks):
    return assess(held, Market(marks, PAR), ENDLESS).pool.is_liquidatable


@given(pairs(), MOVES, MOVES)
def test_every_crossing_of_netted_legs_that_move_together_is_found(pair, first, second):
    held, marks = pair
    moves = {PERPETUAL: first, DATED: second}
    [unit] = units_of(held, ENDLESS)

    def line(symbol):
        start = Fraction(marks[symbol])
        return Line(start, start * Fraction(moves[symbol]))

    domain = (Fraction(-1), Fraction(1))
    market = Market(marks, PAR)
    safe = curve(unit, market, ENDLESS, line, lambda _: Line(Fraction(1)), domain).safe_intervals()

    # Substituted on both sides of each root.
    for low, high in safe:
        for root, inside in ((low, 1), (high, -1)):
            if abs(root) < 1 and high - low > 2 * NEAR:
                there, beyond = root + inside * NEAR, root - inside * NEAR
                assert not is_liquidated(held, moved(marks, moves, there))
                if not any(start < beyond < end for start, end in safe):
                    assert is_liquidated(held, moved(marks, moves, beyond))
    # And none missed between them.
    for step in GRID:
        is_safe = any(low < step < high for low, high in safe)
        assert is_safe != is_liquidated(held, moved(marks, moves, step))


@given(pairs(), MOVES, MOVES)
def test_the_joint_point_of_netted_legs_is_the_first_crossing(pair, first, second):
    held, marks = pair
    moves = {PERPETUAL: first, DATED: second}
    found = liquidating_multiple(held, Market(marks, PAR), ENDLESS, moves)
    scanned = [Fraction(step, 250) for step in range(250)]
    reached = next((s for s in scanned if is_liquidated(held, moved(marks, moves, s))), None)

    if found is None:
        assert reached is None
        return
    assert reached is None or Fraction(found) <= reached
    if found:
        # Rounded towards zero at 8 places: not before it, and at once after it.
        assert not is_liquidated(held, moved(marks, moves, Fraction(found) - NEAR))
        assert is_liquidated(held, moved(marks, moves, Fraction(found) + Fraction(2, 10**8)))


@given(pairs())
def test_boundaries_of_one_netted_leg_hold_when_substituted(pair):
    held, marks = pair
    found = assess(held, Market(marks, PAR), ENDLESS).boundaries.positions
    if is_liquidated(held, marks):
        return
    for symbol, boundary in zip((PERPETUAL, DATED), found, strict=True):
        step = D("1e-8")
        for end, outwards in ((boundary and boundary.lower, -1), (boundary and boundary.upper, 1)):
            if end is not None and end > 2 * step:
                assert not is_liquidated(held, {**marks, symbol: end - outwards * step})
                assert is_liquidated(held, {**marks, symbol: end + outwards * step})
