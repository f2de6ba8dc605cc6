"""Random accounts with realistic digits, on the edge as often as well inside it."""

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType, Side
from crossmargin.money import CONTEXT
from crossmargin.rulebooks.margin_rule import PriceBasis
from tests.property import brute
from tests.property.books import plain, prices
from tests.property.ladders import EIGHT_PLACES, digits, rules_of
from tests.property.methods import catalogue, methods, usual_price, usual_usd
from tests.property.worlds import World


def factors(low=1, high=400):
    """Return ratios in percent steps; one itself more often than others."""
    return st.one_of(
        st.just(Decimal(1)), st.integers(low, high).map(lambda percent: Decimal(percent) / 100)
    )


@st.composite
def sizes(draw, made, tiers, mark):
    """Return sizes above zero: tiny, usual, enormous, or with a notional exactly on a floor."""
    on_floor = draw(st.booleans()) and len(tiers.floors) > 1
    if draw(st.integers(0, 15)) == 0:
        return EIGHT_PLACES if made.lot is None else made.lot
    with localcontext(CONTEXT):
        measure = draw(st.sampled_from(tiers.floors[1:])) if on_floor else draw(digits(-1, 9))
        if on_floor and tiers.is_by_size:
            return measure
        if not on_floor:
            measure /= usual_usd(made.settle)
        exact = measure * mark if made.kind.is_inverse else measure / mark
        exact /= made.multiplier
        step = EIGHT_PLACES if on_floor and not made.kind.is_inverse else made.lot or EIGHT_PLACES
        return max(step, (exact / step).to_integral_value(ROUND_HALF_EVEN) * step)


def on_tick(price, made):
    """Return a price on the contract's grid, above zero."""
    step = made.tick or EIGHT_PLACES
    return max(step, (price / step).to_integral_value(ROUND_HALF_EVEN) * step)


@st.composite
def positions_of(draw, instruments, rules, marks, *, is_hedge, modes):
    """Return open positions, isolated ones without their money yet."""
    held = []
    for made in instruments:
        if held and draw(st.integers(0, 5)) == 0:
            continue  # A symbol with orders, perhaps, and without a position.
        mark = marks[made.symbol]
        mode = draw(st.sampled_from(modes))
        signs = draw(st.sampled_from([(1,), (-1,), (1, -1)] if is_hedge else [(1,), (-1,)]))
        first = None
        for sign in signs:
            size = draw(sizes(made, rules.contracts[made.symbol].tiers, mark))
            if first is not None and draw(st.booleans()):
                size = first  # Fully hedged.
            first = size
            entry = on_tick(mark * draw(factors(30, 300)), made)
            held.append(Position(made.symbol, size.copy_sign(sign), entry, mode))
    return tuple(held)


@st.composite
def orders_of(draw, instruments, rules, marks, *, is_hedge, count=4):
    """Return resting orders of every kind, near the mark and far from it."""
    found = []
    for _ in range(draw(st.integers(0, count))):
        made = draw(st.sampled_from(instruments))
        mark = marks[made.symbol]
        size = draw(sizes(made, rules.contracts[made.symbol].tiers, mark))
        kind = draw(st.sampled_from([OrderType.LIMIT, OrderType.LIMIT, *OrderType]))
        price = on_tick(mark * draw(factors(50, 200)), made)
        found.append(
            Order(
                made.symbol,
                size if draw(st.booleans()) else -size,
                None if kind is OrderType.MARKET else price,
                kind,
                price if kind.is_conditional else None,
                reduce_only=draw(st.booleans()),
                side=draw(st.sampled_from(list(Side))) if is_hedge else None,
            )
        )
    return tuple(found)


def rounded_up(value, step=EIGHT_PLACES):
    """Return a rational as a decimal, exactly if it has an end within forty places."""
    with localcontext(CONTEXT):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        if Fraction(exact) == value and -exact.as_tuple().exponent <= 18:
            return exact
        return (exact / step).to_integral_value(ROUND_CEILING) * step


@st.composite
def money(draw, need):
    """Return a wallet near what keeps alive: exactly that, some more, some less, or unrelated."""
    ratio = draw(st.sampled_from(["exact", "near", "far", "any"]))
    if ratio == "exact":
        return rounded_up(need)
    if ratio == "any":
        return draw(digits(-2, 8))
    percent = draw(st.integers(98, 130) if ratio == "near" else st.integers(0, 1500))
    return rounded_up(need * percent / 100)


@st.composite
def markets(draw, instruments, rules):
    """Return a mark per contract, usual or after a crash or a rally, and what else is asked."""
    marks, index, interest = {}, {}, {}
    for made in instruments:
        marks[made.symbol] = on_tick(usual_price(made) * draw(factors(3, 300)), made)
        caps = rules.contracts[made.symbol].open_interest
        if caps is not None:
            # Without it initial margin would be unknown, which no law is about.
            part = draw(st.integers(0, 100))
            with localcontext(CONTEXT):
                most = 2 * caps.upper / marks[made.symbol] / made.multiplier
                interest[made.symbol] = (most * part / 100).quantize(EIGHT_PLACES)
    for asset in rules.collateral:
        index[asset] = usual_usd(asset) * draw(factors(50, 200))
    if PriceBasis.INDEX in (rules.margin.maintenance_price, rules.margin.initial_price_cross):
        for made in instruments:
            if draw(st.integers(0, 3)):
                index[made.base] = on_tick(marks[made.symbol] * draw(factors(95, 105)), made)
    return Market(marks, index, open_interest=interest)


@st.composite
def worlds(
    draw,
    *,
    multi=None,
    inverse=None,
    hedge=None,
    modes=None,
    has_orders=True,
    real=None,
    without=(),
    method=None,
    packaged=False,
):
    """Return an account, its market and its rules; a named option fixes what is else drawn.

    `without` names features (`methods.features`) that the method must not have; `real` says that
    ladders are (not) the method's own; `packaged` that the method is a packaged rulebook's.
    """
    found = method or draw(
        methods(multi=multi, inverse=inverse, without=without, packaged_only=packaged)
    )
    base = found.base
    if base.margin.money_step is not None:
        inverse = False
    is_multi = multi if multi is not None else draw(st.sampled_from(base.assets_modes)) == "multi"
    choice = {"hedge": True, "one-way": False}
    is_hedge = hedge
    if hedge is None:
        is_hedge = draw(st.sampled_from([choice[name] for name in base.position_modes]))
    listed = catalogue(base, inverse=inverse)
    if inverse is None and not is_multi:
        # Coins are counted in pools of their own.
        kind = draw(st.sampled_from(sorted({made.kind.is_inverse for made, _ in listed})))
        listed = [one for one in listed if one[0].kind.is_inverse == kind]
    chosen = draw(
        st.lists(st.sampled_from(listed), min_size=1, max_size=4, unique_by=lambda one: one[0])
    )
    rules = draw(rules_of(found, chosen, is_multi=is_multi, is_real=real))
    instruments = [made for made, _ in chosen]
    market = draw(markets(instruments, rules))
    if not base.has_isolated or (is_multi and not base.has_isolated_in_multi):
        modes = [MarginMode.CROSS]
    modes = modes or [MarginMode.CROSS, MarginMode.CROSS, MarginMode.ISOLATED]
    held = draw(positions_of(instruments, rules, market.marks, is_hedge=is_hedge, modes=modes))
    orders = ()
    if has_orders:
        orders = draw(orders_of(instruments, rules, market.marks, is_hedge=is_hedge))
    leverage = {
        made.symbol: Decimal(draw(st.sampled_from([1, 2, 3, 7, 10, 20, 50, 125])))
        for made in instruments
        if draw(st.booleans())
    }
    account = Account(
        {},
        held,
        orders,
        leverage,
        {},
        AssetsMode.MULTI if is_multi else AssetsMode.SINGLE,
        PositionMode.HEDGE if is_hedge else PositionMode.ONE_WAY,
    )
    return World(draw(funded(account, market, rules)), market, rules)


@st.composite
def funded(draw, account, market, rules):
    """Return the account with money in its buckets and pools, near what they need."""
    marks, index = prices(market.marks), prices(market.index)
    book = plain(account, rules, market)
    positions = []
    buckets = dict.fromkeys(book["wallets"], Decimal(0))
    for held in account.positions:
        if held.mode is MarginMode.ISOLATED:
            side = f" {held.side}" if account.position_mode is PositionMode.HEDGE else ""
            need = -brute.surplus(book, f"{held.symbol}{side}", marks, index)
            margin = max(Decimal(0), draw(money(need)))
            held = replace(held, margin=margin)
            buckets[rules.contracts[held.symbol].instrument.settle] += margin
        positions.append(held)
    account = replace(account, positions=tuple(positions))
    if account.assets_mode is AssetsMode.SINGLE:
        balances = {
            asset: buckets[asset]
            + max(Decimal(0), draw(money(-brute.surplus(book, asset, marks, index))))
            for asset in book["wallets"]
        }
        return replace(account, balances=balances)
    assets = sorted(rules.collateral)
    held_assets = draw(st.lists(st.sampled_from(assets), max_size=3, unique=True))
    balances = {asset: amount for asset, amount in buckets.items() if amount}
    for asset in held_assets:
        amount = (draw(digits(0, 6)) / usual_usd(asset)).quantize(EIGHT_PLACES)
        balances[asset] = balances.get(asset, Decimal(0)) + amount * draw(
            st.sampled_from([1, 1, -1])
        )
    account = replace(account, balances=balances)
    need = -brute.surplus(plain(account, rules, market), "USD", marks, index)
    # A dollar of need is a little more than that in the asset it is topped up with.
    asset = draw(st.sampled_from(assets))
    with localcontext(CONTEXT):
        top_up = draw(money(need / index[asset])).quantize(EIGHT_PLACES)
    balances = {**balances, asset: balances.get(asset, Decimal(0)) + top_up}
    return replace(account, balances=balances)
