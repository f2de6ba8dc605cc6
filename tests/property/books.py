"""Accounts, markets and rulebooks as the brute force reads them: rationals in dictionaries.

No formula is here: what the package calls by a name gets the oracle's name.
"""

from fractions import Fraction

from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.model.order import OrderType
from crossmargin.rulebooks.schema import AssumedPrice

ONE = Fraction(1)


def prices(table):
    """Return a table of decimals as rationals."""
    return {name: Fraction(price) for name, price in table.items()}


def plain(account, rules, market):
    """Return the account as the brute force reads it."""
    wallets = prices(account.balances)
    is_hedge = account.position_mode is PositionMode.HEDGE
    buckets, legs = {}, []
    for held in account.positions:
        made = rules.contracts[held.symbol].instrument
        wallets.setdefault(made.settle, Fraction(0))
        name = None
        if held.mode is MarginMode.ISOLATED:
            side = "short" if held.size < 0 else "long"
            name = f"{held.symbol} {side}" if is_hedge else held.symbol
            buckets[name] = Fraction(held.margin)
            wallets[made.settle] -= Fraction(held.margin)
        legs.append(_leg(held, name, account, rules, market))
    orders = []
    for order in account.orders:
        made = rules.contracts[order.symbol].instrument
        if order.type in (OrderType.LIMIT, OrderType.MARKET):
            wallets.setdefault(made.settle, Fraction(0))
            orders.append(_order(order, account, rules, market))
    return {
        "is_multi": account.assets_mode.value == "multi",
        "wallets": wallets,
        "buckets": buckets,
        "legs": legs,
        "orders": orders,
        "collateral": {asset: collateral(how) for asset, how in rules.collateral.items()},
        "rule": _rule(rules.margin),
    }


def lost_in_steps(book, index, per_position):
    """Return what so many money steps of every position are worth, at most."""
    step = book["rule"]["step"] or Fraction(0)
    rates = [index[asset] * (1 + how["ask"]) for asset, how in book["collateral"].items()]
    return per_position * len(book["legs"]) * step * max([ONE, *rates])


def collateral(how):
    """Return how an asset counts, as the oracle reads it."""
    slices = [(Fraction(part.floor), Fraction(part.rate)) for part in how.slices]
    return {
        "ask": Fraction(how.ask_buffer),
        "is_stable": how.is_stable,
        "slices": slices or [(Fraction(0), 1 - Fraction(how.bid_buffer))],
        "scale": Fraction(how.initial_scale),
        "borrow_initial": Fraction(how.borrow_initial),
        "borrow_maintenance": Fraction(how.borrow_maintenance),
    }


def _rule(rule):
    return {
        "initial": rule.initial.value,
        "multiple": None if rule.initial_multiple is None else Fraction(rule.initial_multiple),
        "initial_price_cross": rule.initial_price_cross.value,
        "initial_price_isolated": rule.initial_price_isolated.value,
        "maintenance_price": rule.maintenance_price.value,
        "fee_at": rule.closing_fee.value,
        "fee": Fraction(rule.closing_fee_rate),
        "netting": rule.netting.value,
        "step": None if rule.money_step is None else Fraction(rule.money_step),
    }


def _terms(symbol, account, rules, market):
    contract = rules.contracts[symbol]
    made, pieces = contract.instrument, contract.tiers.pieces
    first = pieces[0].leverage_max
    default = rules.leverage_default
    setting = account.leverage.get(symbol, default if default is None else min(default, first))
    if not rules.is_leverage_settable:
        setting = None
    mark = market.marks.get(symbol)
    index = market.index.get(made.base, mark)
    interest = market.open_interest.get(symbol) if contract.open_interest else None
    caps = contract.open_interest
    return {
        "symbol": symbol,
        "asset": made.settle,
        "base": made.base,
        "is_inverse": made.kind.is_inverse,
        "contract_size": Fraction(made.multiplier),
        "tiers": [_tier(piece) for piece in pieces],
        "is_whole": rules.is_whole_position,
        "is_by_size": contract.tiers.is_by_size,
        "is_floor_included": contract.tiers.is_floor_included,
        "growth": Fraction(pieces[0].growth),
        "leverage": None if setting is None else Fraction(setting),
        "leverage_most": Fraction(first if setting is None else setting),
        "ratio": ONE if mark is None else Fraction(index) / Fraction(mark),
        "interest": None if interest is None else Fraction(interest) * Fraction(made.multiplier),
        "caps": None if caps is None else (Fraction(caps.lower), Fraction(caps.upper)),
        "rule": _rule(rules.margin),
    }


def _tier(piece):
    given = piece.initial_rate
    return {
        "floor": Fraction(piece.floor),
        "rate": Fraction(piece.rate),
        "deduction": Fraction(piece.deduction),
        "has_initial": given is not None,
        "initial": 1 / Fraction(piece.leverage_max) if given is None else Fraction(given),
    }


def _leg(held, bucket, account, rules, market):
    terms = _terms(held.symbol, account, rules, market)
    return terms | {
        "side": "short" if held.size < 0 else "long",
        "bucket": bucket,
        "size": Fraction(held.size),
        "quantity": Fraction(held.size) * terms["contract_size"],
        "entry": Fraction(held.entry_price),
        "margin": Fraction(held.margin),
    }


def _order(order, account, rules, market):
    # A market order with nothing but a mark to go by: buys pay the ask, with the older rule and
    # the buffer on top; sells are margined with the newer rule at last price and buffer.
    is_old = rules.assumed_price is AssumedPrice.ORDER
    has_buffer = (order.size > 0) == is_old
    terms = _terms(order.symbol, account, rules, market)
    return terms | {
        "side": None if order.side is None else order.side.value,
        "size": Fraction(order.size),
        "quantity": Fraction(order.size) * terms["contract_size"],
        "price": None if order.price is None else Fraction(order.price),
        "factor": 1 + Fraction(rules.market_buffer) if has_buffer else ONE,
        "reduce_only": order.reduce_only,
    }
