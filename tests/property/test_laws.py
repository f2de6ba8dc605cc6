"""Laws of what an account is worth and what is asked of it (see `laws.LAWS`)."""

from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import leverage_of
from crossmargin.margin.tiers import maintenance_margin
from crossmargin.model.account import AssetsMode, MarginMode, Position, PositionMode, merged
from crossmargin.money import CONTEXT
from crossmargin.rulebooks.margin_rule import ClosingFee
from crossmargin.rulebooks.schema import Contract, OpenInterestCaps
from crossmargin.venue.posting import post_fill
from tests.property import brute
from tests.property.books import plain, prices
from tests.property.ladders import digits, ladders
from tests.property.strategies import on_tick, worlds
from tests.property.worlds import EIGHT_PLACES

LAST_DIGITS = Fraction(1, 10**40)
"""Room for the roundings of fifty-digit decimals, as a fraction of the amounts involved."""

BEYOND_THE_LADDER = (
    "ladder by size",
    "growth",
    "index",
    "entry",
    "closing fee",
    "closing fee at bankruptcy",
    "money step",
)
"""Features with which maintenance margin is not that of the ladder at the mark alone."""

OF_COLLATERAL = ("scaled collateral", "borrowing")
"""Features with which collateral carries requirements, so that profit and loss change them."""


def healths(account, market, rules):
    """Return the health of every unit, by name."""
    return {unit.name: unit.health for unit in assess(account, market, rules).units}


def fields(health):
    """Return the three amounts as rationals."""
    return [
        Fraction(amount)
        for amount in (health.equity, health.initial_margin, health.maintenance_margin)
    ]


def scale_of(book, marks, index):
    """Return the sum of all that is added up for an account: what rounding is a fraction of."""
    total = Fraction(1)
    for leg in (*book["legs"], *book["orders"]):
        total += brute.value(leg, marks[leg["symbol"]])
        total += brute.value(leg, leg.get("entry") or leg.get("price") or marks[leg["symbol"]])
    total += sum(map(abs, (*book["wallets"].values(), *book["buckets"].values())))
    return total * max([Fraction(2), *(2 * price for price in index.values())])


@given(worlds())
def test_assessment_agrees_with_rationals_and_rounds_against_the_account(world):
    account, market, rules = world
    book, marks, index = plain(account, rules, market), prices(market.marks), prices(market.index)
    room = scale_of(book, marks, index) * LAST_DIGITS
    units = assess(*world).units

    assert brute.unit_names(book) == [unit.name for unit in units]
    for unit in units:
        equity, *asked = brute.health(book, unit.name, marks, index)
        got = fields(unit.health)

        assert equity - room <= got[0] <= equity
        for expected, amount in zip(asked, [*got[1:], Fraction(unit.open_loss)], strict=True):
            # What orders add is a difference of two margins, each rounded up.
            assert expected - room <= amount <= expected + room
        assert got[2] >= asked[1]


@given(worlds(without=BEYOND_THE_LADDER))
def test_a_position_is_asked_what_its_ladder_asks(world):
    account, market, rules = world
    for position in assess(account, market, rules).positions:
        tiers = rules.contracts[position.symbol].tiers
        # On a ladder by size a deduction is a size, which this function does not know.
        if position.size and position.maintenance_margin is not None and not tiers.is_by_size:
            with localcontext(CONTEXT):
                asked = maintenance_margin(position.notional, tiers)
            assert asked == position.maintenance_margin


@given(worlds(), st.data())
def test_permuting_positions_and_orders_changes_nothing(world, data):
    account, market, rules = world
    other = replace(
        account,
        positions=tuple(data.draw(st.permutations(account.positions))),
        orders=tuple(data.draw(st.permutations(account.orders))),
        balances=dict(data.draw(st.permutations(list(account.balances.items())))),
    )
    room = (
        scale_of(plain(account, rules, market), prices(market.marks), prices(market.index))
        * LAST_DIGITS
    )

    before, after = healths(account, market, rules), healths(other, market, rules)

    assert before.keys() == after.keys()
    for name, health in before.items():
        pairs = zip(fields(health), fields(after[name]), strict=True)
        assert all(abs(mine - its) <= room for mine, its in pairs)


@given(worlds(), st.data())
def test_two_lots_are_one_merged_lot(world, data):
    account, market, rules = world
    lots = []
    for held in account.positions:
        made = rules.contracts[held.symbol].instrument
        part = held.size * data.draw(st.integers(1, 99)) / 100
        other = on_tick(held.entry_price * data.draw(st.integers(50, 150)) / 100, made)
        margin = held.margin / 4
        lots += [
            replace(held, size=part, margin=margin),
            replace(held, size=held.size - part, entry_price=other, margin=held.margin - margin),
        ]
    inverse = [made.instrument.symbol for made in rules.contracts.values()
               if made.instrument.kind.is_inverse]  # fmt: skip
    is_hedge = account.position_mode is PositionMode.HEDGE
    whole = replace(account, positions=merged(tuple(lots), is_hedge=is_hedge, inverse=inverse))
    marks, index = prices(market.marks), prices(market.index)
    book = plain(account, rules, market)
    for leg, first, second in zip(book["legs"], lots[::2], lots[1::2], strict=True):
        # What the lots have made, as the entry price that one position would need.
        cost = Fraction(0)
        for lot in (first, second):
            entry = Fraction(lot.entry_price)
            cost += Fraction(lot.size) * (1 / entry if leg["is_inverse"] else entry)
        size = Fraction(first.size + second.size)
        leg["entry"] = size / cost if leg["is_inverse"] else cost / size
    room = scale_of(book, marks, index) * LAST_DIGITS

    for name, health in healths(whole, market, rules).items():
        equity, initial, maintenance, _ = brute.health(book, name, marks, index)
        got = fields(health)
        assert equity - room <= got[0] <= equity
        assert abs(initial - got[1]) <= room
        assert abs(maintenance - got[2]) <= room


@given(worlds(), st.sampled_from(list(MarginMode)), st.data())
def test_a_position_of_zero_contributes_zero(world, mode, data):
    account, market, rules = world
    before = healths(account, market, rules)
    used = {part.symbol for part in (*account.positions, *account.orders)}
    name = data.draw(st.sampled_from([*sorted(rules.contracts.keys() - used), "NEVER"]))
    made = rules.contracts.get(name, rules.contracts[account.positions[0].symbol])
    contract = Contract(replace(made.instrument, symbol=name), None)
    is_cross = account.assets_mode is AssetsMode.MULTI or not rules.has_isolated
    mode = MarginMode.CROSS if is_cross else mode
    empty = Position(name, Decimal(0), Decimal(100), mode)
    with_empty = replace(account, positions=(*account.positions, empty))
    rules = rules.with_contracts({name: contract})

    after = assess(with_empty, market, rules)

    assert () == after.missing
    for unit in after.units:
        assert before.get(unit.name, Health()) == unit.health
    assert None not in after.boundaries.units.values()
    old = assess(account, market, rules).boundaries
    assert old.positions == after.boundaries.positions[:-1]
    assert old.joint == after.boundaries.joint


@given(ladders(), digits(-4, 10, width=9), digits(-4, 10, width=9))
def test_maintenance_margin_is_monotone_in_size(tiers, one, other):
    low, high = sorted([one, other])
    with localcontext(CONTEXT):
        assert 0 <= maintenance_margin(low, tiers) <= maintenance_margin(high, tiers)


@given(ladders(), digits(-8, 0))
def test_maintenance_margin_is_continuous_at_tier_edges(tiers, step):
    with localcontext(CONTEXT):
        for floor in tiers.floors[1:]:
            below, on, above = (
                maintenance_margin(floor + side * step, tiers) for side in (-1, 0, 1)
            )
            assert 0 <= on - below <= step
            assert 0 <= above - on <= step


@given(worlds(has_orders=False, without=OF_COLLATERAL), st.integers(101, 1000))
def test_requirements_are_monotone_in_every_size(world, percent):
    account, market, rules = world
    before = healths(account, market, rules)
    for number, held in enumerate(account.positions):
        grown = replace(held, size=held.size * percent / 100)
        positions = (*account.positions[:number], grown, *account.positions[number + 1 :])
        after = healths(replace(account, positions=positions), market, rules)
        for name, health in before.items():
            assert health.initial_margin <= after[name].initial_margin
            assert health.maintenance_margin <= after[name].maintenance_margin


@given(worlds(without=("entry", "prices apart")))
def test_initial_margin_covers_maintenance_within_the_leverage_of_the_tier(world):
    account, market, rules = world
    found = assess(*world)
    leverage = dict(account.leverage)
    for held in found.positions:
        piece = rules.contracts[held.symbol].tiers.pieces[held.tier - 1]
        coins = found_coins(held, rules)
        # What the tier allows, with what grows with size and the closing fee on top.
        share = 1 / Fraction(piece.leverage_max) + Fraction(piece.growth) * coins
        share += Fraction(rules.margin.closing_fee_rate)
        with localcontext(CONTEXT):
            allowed = Decimal(share.denominator * 10**30 // share.numerator).scaleb(-30)
        setting = leverage.get(held.symbol, leverage_of(held.symbol, account, rules))
        leverage[held.symbol] = min(setting, allowed)
    found = assess(replace(account, leverage=leverage), market, rules)

    for unit in found.units:
        assert unit.health.initial_margin >= unit.health.maintenance_margin >= 0
    for held in found.positions:
        assert held.initial_margin >= held.maintenance_margin >= 0


def found_coins(held, rules):
    """Return how many coins a position is, at the mark."""
    made = rules.contracts[held.symbol].instrument
    if made.kind.is_inverse:
        return Fraction(held.notional)
    return abs(Fraction(held.size) * Fraction(made.multiplier))


@given(worlds(), digits(-8, 9), st.data())
def test_deposits_never_worsen_health(world, amount, data):
    account, market, rules = world
    is_multi = account.assets_mode is AssetsMode.MULTI
    assets = rules.collateral if is_multi else account.balances
    asset = data.draw(st.sampled_from(sorted(assets)))
    before = healths(account, market, rules)
    balances = account.balances | {asset: account.balances.get(asset, Decimal(0)) + amount}
    after = healths(replace(account, balances=balances), market, rules)

    for name, health in before.items():
        # A withdrawal is the way back.
        assert not after[name].is_riskier_than(health)
        assert after[name].is_liquidatable() <= health.is_liquidatable()


@given(worlds(has_orders=False, without=OF_COLLATERAL), st.integers(1, 100))
def test_a_reduce_only_fill_at_mark_never_raises_a_requirement(world, percent):
    account, market, rules = world
    before = healths(account, market, rules)
    for held in account.positions:
        made = rules.contracts[held.symbol].instrument
        posted = post_fill(
            account,
            made,
            -held.size * percent / 100,
            market.marks[held.symbol],
            fee_fraction=Decimal(0),
            leverage=Decimal(1),
            side=held.side if account.position_mode is PositionMode.HEDGE else None,
        )
        # The fee of closing a bucket follows its margin, which is posted at eight places.
        is_exact = rules.margin.closing_fee is not ClosingFee.BANKRUPTCY
        room = Fraction(0 if is_exact else EIGHT_PLACES)
        for name, health in healths(posted.account, market, rules).items():
            for mine, its in zip(fields(health)[1:], fields(before[name])[1:], strict=True):
                assert mine <= its + room


@given(
    worlds(multi=False, without=["money step"]),
    st.integers(1, 100),
    st.sampled_from(["0", "0.0005"]),
)
def test_closing_at_mark_keeps_equity_but_for_fees(world, percent, fee):
    account, market, rules = world
    for held in account.positions:
        made = rules.contracts[held.symbol].instrument
        before = sum(
            fields(unit.health)[0]
            for unit in assess(account, market, rules).units
            if unit.asset == made.settle
        )
        posted = post_fill(
            account,
            made,
            -held.size * percent / 100,
            market.marks[held.symbol],
            fee_fraction=Decimal(fee),
            leverage=Decimal(1),
            side=held.side if account.position_mode is PositionMode.HEDGE else None,
        )
        after = sum(
            fields(unit.health)[0]
            for unit in assess(posted.account, market, rules).units
            if unit.asset == made.settle
        )
        lost = before - after - Fraction(posted.fee)
        room = scale_of(plain(account, rules, market), prices(market.marks), {}) * LAST_DIGITS

        assert -room <= lost <= Fraction(EIGHT_PLACES) + room
        account = posted.account


@given(worlds(multi=False))
def test_cents_and_dollars_agree(world):
    account, market, rules = world
    with localcontext(CONTEXT):
        contracts = {name: in_cents(made) for name, made in rules.contracts.items()}
        is_coin = {
            made.instrument.settle: made.instrument.kind.is_inverse
            for made in rules.contracts.values()
        }
        cents = replace(
            account,
            balances={
                asset: amount if is_coin[asset] else amount * 100
                for asset, amount in account.balances.items()
            },
            positions=tuple(
                replace(
                    held,
                    entry_price=held.entry_price * 100,
                    margin=held.margin
                    if rules.contracts[held.symbol].instrument.kind.is_inverse
                    else held.margin * 100,
                )
                for held in account.positions
            ),
            orders=tuple(
                replace(order, price=None if order.price is None else order.price * 100)
                for order in account.orders
            ),
        )
        marks = {symbol: price * 100 for symbol, price in market.marks.items()}
        index = {asset: price * 100 for asset, price in market.index.items()}
        step = rules.margin.money_step
        rule = replace(rules.margin, money_step=None if step is None else step * 100)
    one = assess(account, market, rules)
    there = replace(market, marks=marks, index=index)
    hundred = assess(cents, there, replace(rules, contracts=contracts, margin=rule))

    for mine, its in zip(one.units, hundred.units, strict=True):
        times = 1 if is_coin[mine.asset] else 100
        assert [times * amount for amount in fields(mine.health)] == fields(its.health)
    assert one.boundaries.joint == hundred.boundaries.joint
    for mine, its in zip(one.boundaries.positions, hundred.boundaries.positions, strict=True):
        assert (times_100(mine.lower), times_100(mine.upper)) == (its.lower, its.upper)
        assert times_100(mine.bankruptcy_price) == its.bankruptcy_price


def in_cents(contract):
    """Return the contract quoted in cents; a coin's money stays what it is."""
    made, tiers, caps = contract.instrument, contract.tiers, contract.open_interest
    tick = (made.tick or EIGHT_PLACES) * 100
    if made.kind.is_inverse:
        return Contract(replace(made, multiplier=made.multiplier * 100, tick=tick), tiers, caps)
    pieces = tuple(
        replace(
            piece,
            floor=piece.floor if tiers.is_by_size else piece.floor * 100,
            deduction=piece.deduction * (1 if tiers.is_by_size else 100),
        )
        for piece in tiers.pieces
    )
    scaled = replace(tiers, pieces=pieces, steps=tuple(piece.floor for piece in pieces[1:]))
    if caps is not None:
        caps = OpenInterestCaps(caps.lower * 100, caps.upper * 100)
    return Contract(replace(made, tick=tick), scaled, caps)


def times_100(price):
    """Return a price in cents, or None."""
    return None if price is None else price * 100
