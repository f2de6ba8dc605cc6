"""Spot bought or sold with borrowed money: what is owed against what is held.

A margin position on spot is no contract: one asset is held, the other is owed. Two of the
field's forms are here. OKX isolates each position (`Isolated`): the whole value is borrowed and
the margin joins what was bought. Kraken keeps one account (`SpotShort`): a level of equity over
used margin, in which a short's used margin is a fixed amount of the borrowed coin and so grows
with its price.

Rounded never in the account's favour, at 50 digits: what is owed and required up, profit and
ratios down. Prices and leverages are above zero. Interest tables and forced repayment are not
here.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ONE, ZERO, exact, quotient_down, quotient_up


class Isolated(Struct, frozen=True):
    """An isolated spot margin position.

    Attributes
    ----------
    held : the position asset, own margin included; base asset of a long, quote asset of a short.
    margin : the part of it that was put in.
    borrowed : the loan, in the other asset.
    interest : on it, not yet taken; in the same asset.
    is_long : whether the base asset is held.
    """

    held: Decimal
    margin: Decimal
    borrowed: Decimal
    interest: Decimal = ZERO
    is_long: bool = True


class IsolatedFigures(Struct, frozen=True):
    """A position at a mark price: amounts in the asset held, except the price (quote asset).

    `margin_ratio_equity_over_maintenance` falls to 1 at liquidation; None where nothing is
    required. `unrealised_pnl_fraction` is of the margin, None without one.
    """

    owed_value: Decimal
    maintenance_margin: Decimal
    liquidation_fee: Decimal
    unrealised_pnl: Decimal
    unrealised_pnl_fraction: Decimal | None
    margin_ratio_equity_over_maintenance: Decimal | None
    liquidation_price: Decimal | None


@exact
def opened_long(size: Decimal, fill_price: Decimal, leverage: Decimal) -> Isolated:
    """Return a long just opened with its margin in the base asset.

    Margin = size ÷ leverage; the full value size × price is borrowed; held = size + margin.
    Source: OKX, "Introduction to the isolated mode".
    """
    margin = quotient_up(size, leverage)
    return Isolated(size + margin, margin, size * fill_price)


@exact
def isolated_figures(
    position: Isolated, mark_price: Decimal, maintenance_rate: Decimal, taker_fee: Decimal
) -> IsolatedFigures:
    """Return what a spot margin position is worth, requires and is liquidated at.

    With L the value of loan and interest in the asset held: maintenance = L × rate; fee = L ×
    (1 + rate) × taker; ratio = (held − L) ÷ (maintenance + fee); profit = held − margin − L.
    Liquidation where held = L × (1 + rate) × (1 + taker). Source: OKX, API documentation, "Get
    positions" (a long with base collateral); a short is its mirror, which we derived.
    """
    owed = position.borrowed + position.interest
    owed_value = quotient_up(owed, mark_price) if position.is_long else owed * mark_price
    maintenance = owed_value * maintenance_rate
    fee = owed_value * (ONE + maintenance_rate) * taker_fee
    required = maintenance + fee
    pnl = position.held - position.margin - owed_value
    pnl_fraction = quotient_down(pnl, position.margin) if position.margin else None
    ratio = quotient_down(position.held - owed_value, required) if required else None
    to_repay = owed * (ONE + maintenance_rate) * (ONE + taker_fee)
    price = None
    if position.is_long and position.held:
        price = quotient_up(to_repay, position.held)
    elif not position.is_long and to_repay:
        price = quotient_down(position.held, to_repay)
    return IsolatedFigures(owed_value, maintenance, fee, pnl, pnl_fraction, ratio, price)


class SpotShort(Struct, frozen=True):
    """Coin borrowed and sold: `size` of it (positive), at `open_price`."""

    size: Decimal
    open_price: Decimal
    leverage: Decimal


class MarginLevel(Struct, frozen=True):
    """A spot margin account with one short, at a price.

    `used_margin_coin` in the coin sold, the rest in the quote asset; `level_fraction` is equity ÷
    used margin, 1 being 100 %.
    """

    used_margin_coin: Decimal
    used_margin: Decimal
    unrealised_loss: Decimal
    equity: Decimal
    level_fraction: Decimal


@exact
def short_of_value(value: Decimal, price: Decimal, leverage: Decimal) -> SpotShort:
    """Return the short that sells coin worth `value` at `price`; size rounded up."""
    return SpotShort(quotient_up(value, price), price, leverage)


@exact
def margin_level(
    short: SpotShort, equity_at_open: Decimal, price: Decimal | None = None
) -> MarginLevel:
    """Return the margin level of an account whose only position is `short`.

    Used margin = size ÷ leverage (coin) × price; loss = size × (price − open price), negative
    where it is a profit; level = (equity − loss) ÷ used margin. Source: Kraken, "Margin trading
    examples", article 203053156.

    Parameters
    ----------
    equity_at_open : of the account, quote asset, when the short was opened.
    price : now; None for the price it was opened at.
    """
    now = short.open_price if price is None else price
    coin = quotient_up(short.size, short.leverage)
    loss = short.size * (now - short.open_price)
    equity = equity_at_open - loss
    return MarginLevel(coin, coin * now, loss, equity, quotient_down(equity, coin * now))
