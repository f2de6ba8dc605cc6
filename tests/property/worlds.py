"""Accounts with their market and rules, shown as a person reads them, and how to spell them."""

from decimal import Decimal, localcontext
from typing import NamedTuple

from msgspec.structs import replace

from crossmargin.model.account import Account
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import CONTEXT
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.margin_rule import PLAIN
from crossmargin.rulebooks.procedure import Liquidation, PositionChoice
from crossmargin.rulebooks.schema import AssumedPrice, Collateral, Contract, Rulebook

EIGHT_PLACES = Decimal("1e-8")
LEVERAGE_DEFAULT = Decimal(20)
MARKET_BUFFER = Decimal("0.0015")
PLAIN_COLLATERAL = Collateral(Decimal(0), Decimal(0))
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
        parts = [f"{rules.venue}: {_said(rules)}", f"{modes}, balances {_plain(account.balances)}"]
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
        if market.open_interest:
            parts.append(f"open interest {_plain(market.open_interest)}")
        parts += [_contract(made) for made in rules.contracts.values()]
        parts += [
            f"{asset}: {_changed(how, PLAIN_COLLATERAL)}" for asset, how in rules.collateral.items()
        ]
        return "World(\n    " + "\n    ".join(parts) + "\n)"


def _plain(table):
    return {name: str(amount) for name, amount in table.items()}


def _changed(record, usual):
    # What of a record is not as usual, in short.
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    told = [
        f"{name}={[(str(part.floor), str(part.rate)) for part in value]}"
        if name == "slices"
        else f"{name}={value}"
        for name, value in fields.items()
        if value != getattr(usual, name)
    ]
    return " ".join(told) or "as usual"


def _said(rules):
    flags = ("is_whole_position", "is_by_size", "has_isolated_in_multi")
    told = [name for name in flags if getattr(rules, name)]
    return " ".join([_changed(rules.margin, PLAIN), *told, f"default {rules.leverage_default}x"])


def _contract(contract):
    made, tiers = contract.instrument, contract.tiers
    payoff = "inverse" if made.kind.is_inverse else "linear"
    parts = [f"{made.symbol} {payoff} {made.base}/{made.settle} x {made.multiplier}"]
    if tiers is None:
        return f"{parts[0]}: no ladder"
    if contract.open_interest is not None:
        parts.append(f"caps {contract.open_interest.lower} {contract.open_interest.upper}")
    for piece in tiers.pieces:
        initial = f"{piece.leverage_max}x" if piece.initial_rate is None else piece.initial_rate
        growth = f" +{piece.growth}" if piece.growth else ""
        fixed = f" -{piece.deduction}" if piece.deduction else ""
        parts.append(f"{piece.floor} {piece.rate}{growth}{fixed} {initial}")
    return " | ".join(parts) + (" floors included" if tiers.is_floor_included else "")


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
