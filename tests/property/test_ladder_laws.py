"""Laws of takeovers and of the liquidation ladder (see `laws.LAWS`)."""

from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.margin.assess import assess
from crossmargin.margin.takeover import takeovers
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.money import CONTEXT
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.venue.actions import Reduce, TakeOver, liquidation_fill, positions_of
from crossmargin.venue.execution import liquidate
from crossmargin.venue.liquidation import failed_unit, next_action
from tests.property import brute
from tests.property.books import plain, prices
from tests.property.strategies import worlds
from tests.property.test_laws import LAST_DIGITS, scale_of
from tests.property.worlds import EIGHT_PLACES, haircut, instrument, ladder, rulebook

POOLS_IN_DOLLARS = worlds(multi=True, modes=[MarginMode.CROSS], packaged=True)
LIQUIDITY = st.builds(
    Liquidity,
    st.sampled_from([Decimal(0), Decimal("0.0002"), Decimal("0.01")]),
    st.sampled_from([Decimal(0), Decimal("0.001")]),
    st.sampled_from([Decimal("0.01"), Decimal("0.2")]),
)


@given(worlds(multi=False, has_orders=False, without=["money step"]))
def test_takeovers_take_exactly_the_equity(world):
    account, market, rules = world
    found = assess(*world)
    book, marks = plain(account, rules, market), prices(market.marks)
    room = scale_of(book, marks, {}) * LAST_DIGITS
    for unit in found.units:
        held = positions_of(found, unit)
        if not held:
            continue
        instruments = [rules.contracts[position.symbol].instrument for position in held]
        taken = takeovers(held, instruments, unit.health.equity)
        with localcontext(CONTEXT):
            assert unit.health.equity == sum(taken_one.share for taken_one in taken)
        if any(taken_one.price is None for taken_one in taken):
            continue
        left = book["buckets"].get(unit.name, book["wallets"].get(unit.name))
        legs = {(leg["symbol"], leg["side"]): leg for leg in brute.legs_of(book, unit.name)}
        for taken_one in taken:
            side = "long" if taken_one.size > 0 else "short"
            leg = legs[taken_one.symbol, side]
            left += brute.profit(leg, leg["entry"], Fraction(taken_one.price))
            assert taken_one.price > 0
        # Prices of fifty digits: what they miss is in proportion to what changes hands.
        assert -room * 10**6 <= left <= room


@given(worlds(packaged=True), LIQUIDITY)
def test_the_ladder_ends_with_nothing_known_liquidatable(world, liquidity):
    account, market, rules = world
    done = liquidate(account, market, rules, liquidity)
    found = assess(done.account, market, rules)

    assert () == found.missing
    assert not any(unit.is_liquidatable for unit in found.units)
    assert bool(done.receipts) == (failed_unit(assess(*world)) is not None)
    for receipt in done.receipts:
        assert receipt.before.is_liquidatable()


@given(st.one_of(worlds(multi=False, packaged=True), POOLS_IN_DOLLARS), LIQUIDITY)
def test_the_ladder_moves_exactly_the_money_its_receipts_say(world, liquidity):
    account, market, rules = world
    done = liquidate(account, market, rules, liquidity)
    expected = dict(account.balances)
    with localcontext(CONTEXT):
        for receipt in done.receipts:
            if receipt.step is LadderStep.TAKE_OVER and account.assets_mode is AssetsMode.MULTI:
                expected = dict.fromkeys(expected, Decimal(0))  # Coins and debts go together.
                continue
            if receipt.step is LadderStep.TAKE_OVER and not receipt.trades:
                expected[receipt.asset] = Decimal(0)  # Forgiven.
            for trade in receipt.trades:
                settle = rules.contracts[trade.symbol].instrument.settle
                expected[settle] = expected.get(settle, Decimal(0))
                expected[settle] += trade.realised_pnl - trade.fee
    for asset, amount in expected.items():
        assert amount == done.account.balances.get(asset, Decimal(0))


@given(worlds(packaged=True), LIQUIDITY)
def test_the_ladder_only_ever_makes_positions_smaller(world, liquidity):
    account, market, rules = world
    done = liquidate(account, market, rules, liquidity)
    before = {(held.symbol, held.side): held.size for held in account.positions}
    for held in done.account.positions:
        was = before[held.symbol, held.side]
        assert abs(held.size) <= abs(was)
        assert held.size * was > 0
    assert set(done.account.orders) <= set(account.orders)


@given(worlds(multi=False, packaged=True), LIQUIDITY)
def test_a_bucket_never_costs_the_pool_anything(world, liquidity):
    account, market, rules = world
    # What is closed in the market may fetch less than its margin, and the pool pays.
    assume(LadderStep.CLOSE_POSITION not in rules.liquidation.steps)
    done = liquidate(account, market, rules, liquidity)
    before = {unit.name: unit for unit in assess(*world).pools}
    pools_hit = {receipt.unit for receipt in done.receipts} & before.keys()
    for unit in assess(done.account, market, rules).pools:
        if unit.name not in pools_hit:
            # What is left of a bucket comes back.
            assert before[unit.name].wallet_balance <= unit.wallet_balance
        elif unit.wallet_balance < 0:
            # Losses were realised and profits not yet: those must still back the positions.
            assert unit.health.equity > unit.health.maintenance_margin > 0


@given(
    worlds(
        modes=[MarginMode.CROSS, MarginMode.ISOLATED],
        multi=False,
        has_orders=False,
        packaged=True,
        without=["ladder by size", "index", "entry", "money step"],
    ),
    LIQUIDITY,
)
def test_each_reduction_lands_in_the_tier_it_names(world, liquidity):
    account, market, rules = world
    for _ in range(100):
        found = assess(account, market, rules)
        unit = failed_unit(found)
        if unit is None:
            return
        action = next_action(found, unit, liquidity.fill_price)
        if isinstance(action, TakeOver):
            return
        assert isinstance(action, Reduce)
        made = rules.contracts[action.symbol].instrument
        price = liquidity.fill_price(action.size, market.marks[action.symbol], made)
        account = liquidation_fill(account, rules, action, price).account
        if action.tier is None:
            continue  # A part of the position, or all of it, whatever its tier.
        lot = made.lot or EIGHT_PLACES
        left = [
            position
            for position in assess(account, market, rules).positions
            if (position.symbol, position.side) == (action.symbol, action.side)
        ]
        assert len(left) == 1
        tiers = rules.contracts[action.symbol].tiers
        one_lot = brute.value(
            {"quantity": Fraction(lot * made.multiplier), "is_inverse": made.kind.is_inverse},
            Fraction(market.marks[action.symbol]),
        )
        assert left[0].tier <= action.tier
        # As large as the tier allows: one lot more would be out of it.
        assert Fraction(left[0].notional) + one_lot * Fraction(1000001, 1000000) >= Fraction(
            tiers.floors[action.tier]
        )


@given(POOLS_IN_DOLLARS, LIQUIDITY)
def test_a_takeover_of_the_pool_in_dollars_leaves_nothing(world, liquidity):
    account, market, rules = world
    done = liquidate(account, market, rules, liquidity)
    if any(receipt.step is LadderStep.TAKE_OVER for receipt in done.receipts):
        book = plain(done.account, rules, market)
        equity = brute.health(book, "USD", prices(market.marks), prices(market.index))[0]
        highest = max(2 * price for price in prices(market.index).values())
        assert () == done.account.positions
        assert 0 <= equity <= highest * Fraction(EIGHT_PLACES)


def test_a_lot_larger_than_the_first_tier_is_taken_over_and_not_closed():
    tiers = ladder((0, "0.004", 125), (500, "0.5", 1))
    rules = rulebook([(instrument("BTCUSDT", lot=1), tiers)])
    held = Position("BTCUSDT", Decimal(1), Decimal(70000), MarginMode.ISOLATED, Decimal(9000))
    account = Account({"USDT": Decimal(10000)}, (held,))

    done = liquidate(account, Market({"BTCUSDT": Decimal(60000)}), rules, Liquidity())

    assert [LadderStep.TAKE_OVER] == [receipt.step for receipt in done.receipts]
    assert {"USDT": Decimal(1000)} == done.account.balances


def test_what_the_fund_earns_of_a_reduction_is_counted_in_the_unit_of_the_pool():
    tiers = ladder((0, "0.004", 125), (1, "0.25", 2))
    made = instrument("ETHBTC", "BTC", base="ETH", lot="0.001")
    rules = rulebook([(made, tiers)], {"BTC": haircut()}, liquidation_fee="0.01")
    held = Position("ETHBTC", Decimal(100), Decimal("0.05"))
    account = Account({"BTC": Decimal(1)}, (held,), assets_mode=AssetsMode.MULTI)
    market = Market({"ETHBTC": Decimal("0.05")}, {"BTC": Decimal(60000)})

    done = liquidate(account, market, rules, Liquidity(Decimal(0), Decimal(0)))

    (receipt,) = done.receipts
    # 80 ETH are sold at 0.05: 4 BTC, of which 1 % is 0.04 BTC, at 60,000 dollars.
    assert (LadderStep.REDUCE_TO_LOWER_TIER, "USD", Decimal(2400)) == (
        receipt.step,
        receipt.asset,
        receipt.fund_change,
    )
