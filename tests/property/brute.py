"""An oracle for margin, slow and plain, that shares nothing with the package.

Written from the venues' pages alone: rationals and dictionaries, maintenance margin as the
integral of marginal rates over slices of notional (where the package takes rate × notional −
deduction), collateral as the sum of its slices, and boundaries by scanning and halving the
oracle's own surplus (where the package solves). What requirements a contract has is in `asking`,
which shares nothing either. A book is what `books.plain` makes of an account:

    is_multi, wallets {asset: amount}, legs [...], orders [...], collateral {asset: {...}},
    buckets {name: leg}, rule {...}; a leg has symbol, asset, base, quantity (size × multiplier),
    entry, is_inverse, bucket (a name, or None for the pool) and the terms of `asking`.
"""

from itertools import pairwise

from tests.property.asking import (
    ONE,
    ZERO,
    Fraction,
    at_price,
    floored,
    opening,
    profit,
    reserve,
    staying,
    value,
)

HALVINGS = 60
SCALE = [
    Fraction(10) ** decade * Fraction(step, 100)
    for decade in range(-7, 7)
    for step in (100, 178, 316, 562)
]
"""Multiples of a price to look at: four to a decade, seven decades either way."""


def unit_names(book):
    """Return the pools, then the buckets."""
    pools = ["USD"] if book["is_multi"] else list(book["wallets"])
    return pools + list(book["buckets"])


def legs_of(book, unit):
    """Return the legs that a pool or bucket backs."""
    if unit in book["buckets"]:
        return [leg for leg in book["legs"] if leg["bucket"] == unit]
    cross = [leg for leg in book["legs"] if leg["bucket"] is None]
    return cross if book["is_multi"] else [leg for leg in cross if leg["asset"] == unit]


def health(book, unit, marks, index):
    """Return (equity, initial margin, maintenance margin, open loss) of a pool or bucket."""
    legs = legs_of(book, unit)
    if unit in book["buckets"]:
        return _sums(book["buckets"][unit], legs, [], marks)
    if not book["is_multi"]:
        orders = [order for order in book["orders"] if order["asset"] == unit]
        return _sums(book["wallets"][unit], legs, orders, marks, book["legs"])
    total = [ZERO] * 4
    for asset, wallet in book["wallets"].items():
        own = [leg for leg in legs if leg["asset"] == asset]
        orders = [order for order in book["orders"] if order["asset"] == asset]
        if not wallet and not own and not orders:
            continue
        equity, *rest = _sums(wallet, own, orders, marks, book["legs"])
        how = book["collateral"][asset]
        counted = worth(equity, index[asset], how)
        total[0] += counted
        for place, amount in enumerate(rest, 1):
            total[place] += amount * index[asset] * (1 + how["ask"])
        # A debt asks for margin of its own; what counts less for opening is asked for opening.
        total[1] += max(ZERO, counted) * (1 - how["scale"])
        total[1] += max(ZERO, -counted) * how["borrow_initial"]
        total[2] += max(ZERO, -counted) * how["borrow_maintenance"]
    return tuple(total)


def worth(amount, price, how):
    """Return what an amount of collateral counts for: each slice of it at its own rate."""
    if amount < 0:
        return amount * price * (1 + how["ask"])
    ends = [floor for floor, _ in how["slices"][1:]] + [amount]
    parts = zip(how["slices"], ends, strict=True)
    counted = (max(ZERO, min(amount, end) - floor) * rate for (floor, rate), end in parts)
    return sum(counted, ZERO) * price


def _sums(wallet, legs, orders, marks, every_leg=()):
    equity, loss = wallet, ZERO
    for leg in legs:
        mark = marks[leg["symbol"]]
        equity += profit(leg, leg["entry"], mark) - _cut(leg, mark)
    initial = _netted(legs, [_opening(leg, marks[leg["symbol"]]) for leg in legs])
    maintenance = _netted(legs, [_staying(leg, marks[leg["symbol"]]) for leg in legs])
    for key in {(order["symbol"], order["side"]) for order in orders}:
        own = [order for order in orders if (order["symbol"], order["side"]) == key]
        initial += _order_margin(key, own, every_leg, marks[key[0]])
        loss += sum((_open_loss(order, marks[key[0]]) for order in own), ZERO)
    return equity, initial, maintenance, loss


def _cut(leg, mark):
    # Where notional is cut to whole steps, towards zero: what a long loses and a short gains.
    if not leg["rule"]["step"]:
        return ZERO
    whole = value(leg, mark)
    cut = whole - floored(whole, leg["rule"]["step"])
    return cut if leg["quantity"] > 0 else -cut


def _netted(legs, amounts):
    # The larger side of each group, and everything that is in none.
    total, sides = ZERO, {}
    for leg, amount in zip(legs, amounts, strict=True):
        netting = leg["rule"]["netting"]
        # Coins of one underlying are of one contract each: they net by symbol alone.
        is_coin = netting == "larger-side" and leg["is_inverse"]
        if netting == "none" or leg["bucket"] is not None or is_coin:
            total += amount
            continue
        key = leg["asset"], leg["base" if netting == "larger-side" else "symbol"]
        sides.setdefault(key, {True: ZERO, False: ZERO})[leg["quantity"] > 0] += amount
    return total + sum((max(side.values()) for side in sides.values()), ZERO)


def _staying(leg, mark):
    if not leg["quantity"]:
        return ZERO
    price = at_price(leg["rule"]["maintenance_price"], leg, mark)
    return staying(leg, value(leg, price)) + reserve(leg)


def _opening(leg, mark):
    if not leg["quantity"]:
        return ZERO
    rule = leg["rule"]
    basis = rule["initial_price_cross" if leg["bucket"] is None else "initial_price_isolated"]
    price = at_price(basis, leg, mark)
    # The tier is the one the position is in, at the price its maintenance margin is asked at.
    kept = value(leg, at_price(rule["maintenance_price"], leg, mark))
    return opening(leg, value(leg, price), mark, in_tier_of=kept) + reserve(leg)


def _order_margin(key, orders, every_leg, mark):
    held = ZERO
    for leg in every_leg:
        if leg["symbol"] == key[0] and key[1] in (None, leg["side"]):
            held += value(leg, mark) * (1 if leg["quantity"] > 0 else -1)
    buys = sum((value(o, _price(o, mark)) for o in orders if o["quantity"] > 0), ZERO)
    sells = sum((value(o, _price(o, mark)) for o in orders if o["quantity"] < 0), ZERO)
    terms = orders[0]

    def asked(notional):
        quantity = notional * mark if terms["is_inverse"] else notional / mark
        exposed = terms | {"quantity": quantity, "size": quantity / terms["contract_size"]}
        return opening(exposed, notional, mark, in_tier_of=notional)

    return asked(max(abs(held + buys), abs(held - sells))) - asked(abs(held))


def _price(order, mark):
    return mark * order["factor"] if order["price"] is None else order["price"]


def _open_loss(order, mark):
    if order["reduce_only"]:
        return ZERO
    return max(ZERO, -profit(order, _price(order, mark), mark))


def surplus(book, unit, marks, index):
    """Return equity − maintenance margin."""
    equity, _, maintenance, _ = health(book, unit, marks, index)
    return equity - maintenance


def lives(book, unit, marks, index):
    """Return whether the venue lets it live: equity above maintenance margin, or no debt at all."""
    equity, _, maintenance, _ = health(book, unit, marks, index)
    return equity > maintenance if maintenance else equity >= 0


def price_points(book, unit, symbol, marks):
    """Return prices of a symbol worth looking at: a wide scan, entries, and tier edges."""
    points = {marks[symbol] * scale for scale in SCALE} | {marks[symbol]}
    for leg in legs_of(book, unit):
        if leg["symbol"] == symbol and leg["quantity"]:
            quantity = abs(leg["quantity"])
            points.add(leg["entry"])
            edges = [] if leg["is_by_size"] else [tier["floor"] for tier in leg["tiers"][1:]]
            # Where requirements follow the index, that is as far from the mark as now.
            ratio = leg["ratio"] if leg["rule"]["maintenance_price"] == "index" else ONE
            for floor in edges:
                edge = quantity / floor if leg["is_inverse"] else floor / quantity
                points.add(edge / ratio)
    return sorted(points)


def crossings(book, unit, symbol, marks, index):
    """Return (price below, price above) around every change of life in the scan."""

    def alive(price):
        return surplus(book, unit, marks | {symbol: price}, index) > 0

    return _changes(alive, price_points(book, unit, symbol, marks))


def broke(book, unit, symbol, marks, index):
    """Return (price below, price above) around every change of sign of the equity."""

    def alive(price):
        return health(book, unit, marks | {symbol: price}, index)[0] > 0

    return _changes(alive, price_points(book, unit, symbol, marks))


def moved(book, marks, index, moves, by):
    """Return (marks, index) after `by` times the moves; assets that hold still are not named."""
    return (
        {symbol: price * (1 + by * moves.get(symbol, ZERO)) for symbol, price in marks.items()},
        {asset: price * (1 + by * moves.get(asset, ZERO)) for asset, price in index.items()},
    )


def all_moves(book, direction):
    """Return the moves in which every mark goes by `direction`, and every asset but stable ones."""
    moves = {leg["symbol"]: Fraction(direction) for leg in book["legs"]}
    for asset, how in book["collateral"].items():
        if not how["is_stable"]:
            moves[asset] = Fraction(direction)
    return moves


def first_break(book, unit, marks, index, moves, points):
    """Return (last alive, first dead) around the first of `points` that kills; None if none does.

    The first point is where it starts: dead there means (0, 0).
    """

    def alive(by):
        return surplus(book, unit, *moved(book, marks, index, moves, by)) > 0

    if not alive(ZERO):
        return ZERO, ZERO
    found = _changes(alive, [ZERO, *sorted(point for point in points if point > 0)])
    return found[0] if found else None


def _changes(alive, points):
    states = [alive(point) for point in points]
    found = []
    for (low, was), (high, is_now) in pairwise(zip(points, states, strict=True)):
        if was != is_now:
            left, right = low, high
            for _ in range(HALVINGS):
                middle = (left + right) / 2
                if alive(middle) == was:
                    left = middle
                else:
                    right = middle
            found.append((left, right))
    return found
