"""An oracle for margin, slow and plain, that shares nothing with the package.

Written from the venue's pages alone: rationals and dictionaries, maintenance margin as the
integral of marginal rates over slices of notional (where the package takes rate × notional −
deduction), and boundaries by scanning and halving the oracle's own surplus (where the package
solves). A book is what `worlds.plain` makes of an account:

    is_multi, wallets {asset: amount}, legs [...], orders [...], collateral {asset: {...}},
    buckets {name: leg}; a leg has symbol, asset, quantity (size × multiplier), entry, is_inverse,
    leverage, slices ((floor, rate), ...) and bucket (a name, or None for the pool).
"""

from fractions import Fraction
from itertools import pairwise

ZERO = Fraction(0)
HALVINGS = 60
SCALE = [
    Fraction(10) ** decade * Fraction(step, 100)
    for decade in range(-7, 7)
    for step in (100, 178, 316, 562)
]
"""Multiples of a price to look at: four to a decade, seven decades either way."""


def value(leg, price):
    """Return the notional of a leg, or of an order, at a price."""
    quantity = abs(leg["quantity"])
    return quantity / price if leg["is_inverse"] else quantity * price


def profit(leg, bought, price):
    """Return what a leg that was entered at `bought` has made at `price`."""
    if leg["is_inverse"]:
        return leg["quantity"] / bought - leg["quantity"] / price
    return leg["quantity"] * price - leg["quantity"] * bought


def asked(slices, notional):
    """Return the maintenance margin: each slice of notional is charged its own rate."""
    ends = [floor for floor, _ in slices[1:]] + [None]
    total = ZERO
    for (floor, rate), end in zip(slices, ends, strict=True):
        top = notional if end is None else min(notional, end)
        total += max(ZERO, top - floor) * rate
    return total


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
        buffers = book["collateral"][asset]
        low, high = (index[asset] * (1 - buffers["bid"]), index[asset] * (1 + buffers["ask"]))
        total[0] += equity * (low if equity > 0 else high)
        for place, amount in enumerate(rest, 1):
            total[place] += amount * high
    return tuple(total)


def _sums(wallet, legs, orders, marks, every_leg=()):
    equity = wallet + sum((profit(leg, leg["entry"], marks[leg["symbol"]]) for leg in legs), ZERO)
    initial = sum((value(leg, marks[leg["symbol"]]) / leg["leverage"] for leg in legs), ZERO)
    maintenance = sum(
        (asked(leg["slices"], value(leg, marks[leg["symbol"]])) for leg in legs), ZERO
    )
    loss = ZERO
    for key in {(order["symbol"], order["side"]) for order in orders}:
        own = [order for order in orders if (order["symbol"], order["side"]) == key]
        initial += _order_margin(key, own, every_leg, marks[key[0]])
        loss += sum((_open_loss(order, marks[key[0]]) for order in own), ZERO)
    return equity, initial, maintenance, loss


def _order_margin(key, orders, every_leg, mark):
    held = ZERO
    for leg in every_leg:
        if leg["symbol"] == key[0] and key[1] in (None, leg["side"]):
            held += value(leg, mark) * (1 if leg["quantity"] > 0 else -1)
    buys = sum((value(o, _price(o, mark)) for o in orders if o["quantity"] > 0), ZERO)
    sells = sum((value(o, _price(o, mark)) for o in orders if o["quantity"] < 0), ZERO)
    return (max(abs(held + buys), abs(held - sells)) - abs(held)) / orders[0]["leverage"]


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
            for floor, _ in leg["slices"][1:]:
                points.add(quantity / floor if leg["is_inverse"] else floor / quantity)
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
    for asset, buffers in book["collateral"].items():
        if not buffers["is_stable"]:
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
