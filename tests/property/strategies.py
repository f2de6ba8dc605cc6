"""Random accounts with realistic digits, on the edge as often as well inside it."""

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import cache

from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType, Side
from crossmargin.money import CONTEXT
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import AssumedPrice, PositionChoice
from tests.property import brute
from tests.property.worlds import (
    EIGHT_PLACES,
    INVERSE,
    World,
    haircut,
    instrument,
    ladder,
    number,
    plain,
    prices,
    rulebook,
)

# Contract, its usual price, a symbol whose real ladder fits, and how large notionals are in its
# settle asset beside dollars.
USDM = (
    (instrument("BTCUSDT", tick="0.1", lot="0.001"), "60000", "BTCUSDT", 1),
    (instrument("ETHUSDT", tick="0.01", lot="0.001"), "3000", "ETHUSDT", 1),
    (instrument("DOGEUSDT", tick="0.00001", lot=1), "0.1", "DOGEUSDT", 1),
    (instrument("NEWUSDT", base="NEW"), "0.00000123", "LTCUSDC", 1),
    (instrument("BTCUSDC", "USDC", tick="0.1", lot="0.001"), "60000", "BTCUSDC", 1),
    (instrument("SOLUSDC", "USDC", tick="0.01", lot=1), "150", "SOLUSDC", 1),
    (instrument("ETHBTC", "BTC", tick="0.00001", lot="0.001"), "0.05", "ETHBTC", 60000),
)
COINM = (
    (
        instrument("BTCUSD", "BTC", kind=INVERSE, multiplier=100, tick="0.1", lot=1),
        *("60000", "BTCUSD_PERP", 60000),
    ),
    (
        instrument("ETHUSD", "ETH", kind=INVERSE, multiplier=10, tick="0.01", lot=1),
        *("3000", None, 3000),
    ),
    (
        instrument("BTCUSD_26", "BTC", kind=INVERSE, multiplier=100, tick="0.1", lot=1),
        *("61000", "BTCUSD_PERP", 60000),
    ),
)
RATES = ("0.004", "0.005", "0.0065", "0.01", "0.012", "0.02", "0.025", "0.05", "0.1", "0.125")
RATES += ("0.15", "0.25", "0.5")
FLOORS = (500, 5000, 10_000, 50_000, 250_000, 600_000, 1_000_000, 10_000_000, 50_000_000, 10**8)
INDEX = {"USDT": "1", "USDC": "1", "BTC": "60000", "ETH": "3000"}


@cache
def real_ladder(symbol):
    """Return the newest packaged ladder of a symbol, as if its last tier went on for ever."""
    venue = "binance-coinm" if symbol.endswith("_PERP") else "binance-usdm"
    return replace(load_rulebook(venue).contracts[symbol].tiers, known_to=None)


def digits(low, high, *, width=4):
    """Return decimals between powers of ten, of at most `width` digits."""
    return st.builds(
        lambda mantissa, exponent: number(mantissa).scaleb(exponent),
        st.integers(1, 10**width - 1),
        st.integers(low - width + 1, high - width + 1),
    )


def factors(low=1, high=400):
    """Return ratios in percent steps; one itself more often than others."""
    return st.one_of(
        st.just(Decimal(1)), st.integers(low, high).map(lambda percent: Decimal(percent) / 100)
    )


@st.composite
def ladders(draw, scale=1):
    """Return continuous ladders with rising rates; floors in units of 1 ÷ scale."""
    rates = sorted(draw(st.sets(st.sampled_from(RATES), min_size=1, max_size=5)), key=Decimal)
    above = len(rates) - 1
    floors = sorted(draw(st.sets(st.sampled_from(FLOORS), min_size=above, max_size=above)))
    ends = [Decimal(0), *(Decimal(floor) / scale for floor in floors)]
    with localcontext(CONTEXT):
        ends = [end.quantize(EIGHT_PLACES) for end in ends]
    leverages = [min(Decimal(125), Decimal(1) / (2 * Decimal(rate)) // 1) for rate in rates]
    pieces = zip(ends, rates, leverages, strict=True)
    return ladder(*pieces, is_floor_included=draw(st.booleans()))


@st.composite
def sizes(draw, made, tiers, mark):
    """Return sizes above zero: tiny, usual, enormous, or with a notional exactly on a floor."""
    on_floor = draw(st.booleans()) and len(tiers.floors) > 1
    with localcontext(CONTEXT):
        notional = draw(st.sampled_from(tiers.floors[1:])) if on_floor else draw(digits(-1, 9))
        if not on_floor and made.settle in ("BTC", "ETH"):
            notional /= Decimal(INDEX[made.settle])
        exact = notional * mark if made.kind.is_inverse else notional / mark
        exact /= made.multiplier
        step = EIGHT_PLACES if on_floor and not made.kind.is_inverse else made.lot or EIGHT_PLACES
        if draw(st.integers(0, 15)) == 0:
            return EIGHT_PLACES if made.lot is None else made.lot
        return max(step, (exact / step).to_integral_value(ROUND_HALF_EVEN) * step)


def on_tick(price, made):
    """Return a price on the contract's grid, above zero."""
    step = made.tick or EIGHT_PLACES
    return max(step, (price / step).to_integral_value(ROUND_HALF_EVEN) * step)


@st.composite
def markets(draw, templates):
    """Return one mark per contract: its usual price, or after a crash or a rally."""
    found = {}
    for made, usual, *_ in templates:
        found[made.symbol] = on_tick(Decimal(usual) * draw(factors(3, 300)), made)
    return found


@st.composite
def rules_of(draw, templates, *, is_multi, is_real=None):
    """Return a rulebook for these contracts, with random or packaged ladders."""
    contracts = []
    for made, _, real, scale in templates:
        use_real = real is not None and (draw(st.booleans()) if is_real is None else is_real)
        contracts.append((made, real_ladder(real) if use_real else draw(ladders(scale))))
    collateral = {}
    if is_multi:
        buffers = st.sampled_from(["0", "0.0001", "0.05", "0.3"])
        for asset in INDEX:
            collateral[asset] = haircut(
                draw(buffers), draw(buffers), is_stable=asset.startswith("USD")
            )
    return rulebook(
        contracts,
        collateral,
        first_position=draw(st.sampled_from(list(PositionChoice))),
        assumed_price=draw(st.sampled_from(list(AssumedPrice))),
    )


@st.composite
def positions_of(draw, templates, rules, marks, *, is_hedge, modes):
    """Return open positions, isolated ones without their money yet."""
    held = []
    for made, *_ in templates:
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
def orders_of(draw, templates, rules, marks, *, is_hedge, count=4):
    """Return resting orders of every kind, near the mark and far from it."""
    found = []
    for _ in range(draw(st.integers(0, count))):
        made, *_ = draw(st.sampled_from(templates))
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
def worlds(draw, *, multi=None, inverse=None, hedge=None, modes=None, has_orders=True, real=None):
    """Return an account, its market and its rules; a named option fixes what is else drawn."""
    is_multi = draw(st.booleans()) if multi is None else multi
    is_hedge = draw(st.booleans()) if hedge is None else hedge
    is_inverse = draw(st.booleans()) if inverse is None else inverse
    catalogue = COINM if is_inverse else USDM
    if is_multi and inverse is None:
        catalogue = USDM + COINM
    templates = draw(st.lists(st.sampled_from(catalogue), min_size=1, max_size=4, unique=True))
    marks = draw(markets(templates))
    rules = draw(rules_of(templates, is_multi=is_multi, is_real=real))
    modes = modes or (
        [MarginMode.CROSS]
        if is_multi
        else [MarginMode.CROSS, MarginMode.CROSS, MarginMode.ISOLATED]
    )
    held = draw(positions_of(templates, rules, marks, is_hedge=is_hedge, modes=modes))
    orders = draw(orders_of(templates, rules, marks, is_hedge=is_hedge)) if has_orders else ()
    leverage = {
        made.symbol: Decimal(draw(st.sampled_from([1, 2, 3, 7, 10, 20, 50, 125])))
        for made, *_ in templates
        if draw(st.booleans())
    }
    index = {}
    if is_multi:
        index = {asset: number(usual) * draw(factors(50, 200)) for asset, usual in INDEX.items()}
    account = Account(
        {},
        held,
        orders,
        leverage,
        {},
        AssetsMode.MULTI if is_multi else AssetsMode.SINGLE,
        PositionMode.HEDGE if is_hedge else PositionMode.ONE_WAY,
    )
    market = Market(marks, index)
    return World(draw(funded(account, market, rules)), market, rules)


@st.composite
def funded(draw, account, market, rules):
    """Return the account with money in its buckets and pools, near what they need."""
    marks, index = prices(market.marks), prices(market.index)
    book = plain(account, rules)
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
    held_assets = draw(st.lists(st.sampled_from(sorted(INDEX)), max_size=3, unique=True))
    balances = {
        asset: (draw(digits(0, 6)) / number(INDEX[asset])).quantize(EIGHT_PLACES)
        * draw(st.sampled_from([1, 1, -1]))
        for asset in held_assets
    }
    account = replace(account, balances=balances)
    need = -brute.surplus(plain(account, rules), "USD", marks, index)
    # A dollar of need is a little more than that in the asset it is topped up with.
    asset = draw(st.sampled_from(sorted(INDEX)))
    top_up = draw(money(need / index[asset])).quantize(EIGHT_PLACES)
    balances = {**balances, asset: balances.get(asset, Decimal(0)) + top_up}
    return replace(account, balances=balances)
