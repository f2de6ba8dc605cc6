"""Books of rules and accounts for property tests, and what the brute force makes of them."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple

from msgspec.structs import replace

from crossmargin.model.account import Account, MarginMode, PositionMode
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.order import OrderType
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import CONTEXT
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import (
    AssumedPrice,
    Collateral,
    Contract,
    LadderStep,
    Liquidation,
    PositionChoice,
    Rulebook,
)

EIGHT_PLACES = Decimal("1e-8")
LEVERAGE_DEFAULT = Decimal(20)
MARKET_BUFFER = Decimal("0.0015")
LINEAR, INVERSE = Kind.LINEAR_PERPETUAL, Kind.INVERSE_PERPETUAL


class World(NamedTuple):
    """An account, a market to judge it at, and the rules to judge it by."""

    account: Account
    market: Market
    rulebook: Rulebook

    def __repr__(self):
        """Return what a person needs to see of a failing example, and no more."""
        account, market, rules = self
        modes = f"{account.assets_mode} assets, {account.position_mode}"
        parts = [f"{modes}, balances {_plain(account.balances)}"]
        parts += [
            f"{held.symbol} {held.size} at {held.entry_price} {held.mode} {held.margin}, "
            f"{account.leverage.get(held.symbol, 'default')}x"
            for held in account.positions
        ]
        parts += [
            f"{order.type} {order.symbol} {order.size} at {order.price} {order.side} "
            f"reduce_only={order.reduce_only}"
            for order in account.orders
        ]
        parts.append(f"marks {_plain(market.marks)}, index {_plain(market.index)}")
        for symbol, made in rules.contracts.items():
            pieces = made.tiers.pieces if made.tiers else ()
            parts.append(f"{symbol}: " + " | ".join(f"{p.floor} {p.rate}" for p in pieces))
        for asset, how in rules.collateral.items():
            parts.append(f"{asset}: -{how.bid_buffer} +{how.ask_buffer} stable={how.is_stable}")
        return "World(\n    " + "\n    ".join(parts) + "\n)"


def _plain(table):
    return {name: str(amount) for name, amount in table.items()}


def number(value):
    """Return a decimal as it stands, or of what spells one."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def instrument(symbol, settle="USDT", *, kind=LINEAR, base=None, multiplier=1, tick=None, lot=None):
    """Return a contract's description."""
    return Instrument(
        symbol,
        kind,
        settle,
        base or symbol[:3],
        number(multiplier),
        None if tick is None else number(tick),
        None if lot is None else number(lot),
    )


def ladder(*pieces, is_floor_included=False):
    """Return the marginal ladder of (floor, rate, leverage) pieces: each meets the one below."""
    made = []
    with localcontext(CONTEXT):
        for floor, rate, leverage in pieces:
            floor, rate = number(floor), number(rate)
            below = made[-1] if made else None
            deduction = below.deduction + floor * (rate - below.rate) if below else Decimal(0)
            made.append(Tier(floor, rate, deduction, number(leverage)))
    return Tiers.of(tuple(made), is_floor_included=is_floor_included)


def rulebook(
    contracts,
    collateral=None,
    *,
    is_strict=False,
    first_position=PositionChoice.LARGEST_MAINTENANCE_MARGIN,
    assumed_price=AssumedPrice.HIGHEST_FOR_SELLS,
    liquidation_fee="0.0125",
):
    """Return Binance's rules over (instrument, tiers) pairs and {asset: Collateral} instead."""
    binance = load_rulebook("binance-usdm")
    return replace(
        binance,
        leverage_default=LEVERAGE_DEFAULT,
        assumed_price=assumed_price,
        market_buffer=MARKET_BUFFER,
        fees=replace(binance.fees, liquidation=number(liquidation_fee)),
        liquidation=Liquidation(is_strict, binance.liquidation.steps, first_position),
        contracts={made.symbol: Contract(made, tiers) for made, tiers in contracts},
        collateral=dict(collateral or {}),
        assumptions=(),
    )


def haircut(bid="0", ask="0", *, is_stable=False):
    """Return how a collateral asset counts."""
    return Collateral(number(bid), number(ask), is_stable)


def prices(table):
    """Return a table of decimals as rationals."""
    return {name: Fraction(price) for name, price in table.items()}


def plain(account, rules):
    """Return the account as the brute force reads it: rationals in dictionaries."""
    wallets = {asset: Fraction(amount) for asset, amount in account.balances.items()}
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
        legs.append(_leg(held, made, account, rules) | {"bucket": name})
    orders = []
    for order in account.orders:
        made = rules.contracts[order.symbol].instrument
        if order.type in (OrderType.LIMIT, OrderType.MARKET):
            wallets.setdefault(made.settle, Fraction(0))
            orders.append(_order(order, made, account, rules))
    return {
        "is_multi": account.assets_mode.value == "multi",
        "wallets": wallets,
        "buckets": buckets,
        "legs": legs,
        "orders": orders,
        "collateral": {
            asset: {
                "bid": Fraction(how.bid_buffer),
                "ask": Fraction(how.ask_buffer),
                "is_stable": how.is_stable,
            }
            for asset, how in rules.collateral.items()
        },
    }


def _leverage(symbol, account, rules):
    first = rules.contracts[symbol].tiers.pieces[0].leverage_max
    return Fraction(account.leverage.get(symbol, min(rules.leverage_default, first)))


def _leg(held, made, account, rules):
    return {
        "symbol": held.symbol,
        "side": "short" if held.size < 0 else "long",
        "asset": made.settle,
        "quantity": Fraction(held.size) * Fraction(made.multiplier),
        "entry": Fraction(held.entry_price),
        "is_inverse": made.kind.is_inverse,
        "leverage": _leverage(held.symbol, account, rules),
        "slices": [
            (Fraction(piece.floor), Fraction(piece.rate))
            for piece in rules.contracts[held.symbol].tiers.pieces
        ],
    }


def _order(order, made, account, rules):
    # A market order with nothing but a mark to go by: buys pay the ask, with the older rule and
    # the buffer on top; sells are margined with the newer rule at last price and buffer.
    is_old = rules.assumed_price is AssumedPrice.ORDER
    has_buffer = (order.size > 0) == is_old
    return {
        "symbol": order.symbol,
        "side": None if order.side is None else order.side.value,
        "asset": made.settle,
        "quantity": Fraction(order.size) * Fraction(made.multiplier),
        "is_inverse": made.kind.is_inverse,
        "leverage": _leverage(order.symbol, account, rules),
        "price": None if order.price is None else Fraction(order.price),
        "factor": 1 + Fraction(rules.market_buffer) if has_buffer else Fraction(1),
        "reduce_only": order.reduce_only,
    }
