"""Cross margin in which open profit is not available: the classic accounts before unified ones.

Losses at the mark leave the available balance at once, profits only when they are realised. So the
distance to liquidation is counted from the mark where the position loses, and from entry where it
wins: losing the profit first costs nothing that was counted. Requirements stay at entry.

`boundary` gives the same liquidation prices from the wallet (`wallet_behind`); here are the
figures such venues print on the way. Linear contracts only. Invariant: nothing is rounded.

Sources: Bybit, 900000181046, "Liquidation price (USDT contract)"; 4404146318617, "Hedge mode:
margin calculation logic optimization for USDT contracts".
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ZERO, exact


class Holding(Struct, frozen=True):
    """One side of a symbol: size, not negative, average entry price and initial margin."""

    size: Decimal = ZERO
    entry_price: Decimal = ZERO
    initial_margin: Decimal = ZERO


@exact
def sustainable_loss(
    available: Decimal, initial_margin: Decimal, maintenance_margin: Decimal
) -> Decimal:
    """Return what a cross position may lose: available balance + initial − maintenance margin."""
    return available + initial_margin - maintenance_margin


@exact
def wallet_behind(available: Decimal, initial_margin: Decimal, unrealised_pnl: Decimal) -> Decimal:
    """Return the wallet that leaves `available` beside a position: only a loss is added back."""
    return available + initial_margin - min(ZERO, unrealised_pnl)


@exact
def available_balance(
    wallet: Decimal, long: Holding, short: Holding, mark_price: Decimal, fees: Decimal = ZERO
) -> Decimal:
    """Return what is available beside a hedged pair, until November 2021; may be negative.

    wallet − initial margins − hedged size × max(0, long entry − short entry) − loss of the rest
    at the mark − fees. What the hedged part has locked in counts whatever the mark; that the
    rest's loss counts at the mark is how we read the page.
    """
    hedged = min(long.size, short.size)
    locked = hedged * max(ZERO, long.entry_price - short.entry_price)
    pnl_of_rest = (long.size - hedged) * (mark_price - long.entry_price)
    pnl_of_rest += (short.size - hedged) * (short.entry_price - mark_price)
    margins = long.initial_margin + short.initial_margin
    return wallet - margins - locked + min(ZERO, pnl_of_rest) - fees


@exact
def available_beside(
    wallet: Decimal, position_margins: Iterable[Decimal], order_margin: Decimal = ZERO
) -> Decimal:
    """Return what is available since November 2021: the wallet less every `position_margin`."""
    return wallet - sum(position_margins, ZERO) - order_margin


@exact
def position_margin(
    initial_margin: Decimal, closing_fee: Decimal, unrealised_pnl: Decimal
) -> Decimal:
    """Return what a position binds since November 2021: its loss is part of its margin."""
    return initial_margin + closing_fee - min(ZERO, unrealised_pnl)
