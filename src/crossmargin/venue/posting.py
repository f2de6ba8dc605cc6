"""What fills, funding and takeovers do to an account.

Every function takes an account and returns the account after, with the money that moved. Amounts
are posted at 8 places and rounded against the account: profit and funding received down, fees
up. The total error is at most one unit per posting.

`Account.balances` is the whole wallet, buckets included, so profit and fees always move it; an
isolated bucket's own margin moves beside it.

An option is paid for: its premium leaves the buyer's wallet for the seller's as it is traded, and
what is realised against the entry price has been paid with it already.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.model.account import Account, MarginMode, Position, PositionMode, merged
from crossmargin.model.instrument import Instrument
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, quotient_down, quotient_up, up_to
from crossmargin.venue.funding import funding_payment


class Posted(Struct, frozen=True):
    """An account after a posting, and what moved, in the settle asset.

    Attributes
    ----------
    realised_pnl : of what was closed, signed from the account's view.
    fee : what it paid.
    funding : signed from the account's view.
    premium : received for an option, below zero where it was paid; None of all else.
    """

    account: Account
    realised_pnl: Decimal = ZERO
    fee: Decimal = ZERO
    funding: Decimal = ZERO
    premium: Decimal | None = None

    @property
    def paid(self) -> Decimal:
        """Return what changed hands besides the fee: realised profit, of an option its premium."""
        return self.realised_pnl if self.premium is None else self.premium


@exact
def post_fill(
    account: Account,
    instrument: Instrument,
    size: Decimal,
    price: Decimal,
    *,
    fee_fraction: Decimal,
    leverage: Decimal,
    side: Side | None = None,
    is_liquidation: bool = False,
) -> Posted:
    """Return the account after buying (size above 0) or selling at `price`.

    What goes against the position is realised at its entry price; what goes past flat opens
    anew at `price`. Opening in isolated mode moves notional ÷ leverage into the bucket, closing
    releases the bucket in proportion. A liquidation's loss and fee are instead taken from the
    bucket, which keeps the rest.

    Parameters
    ----------
    side : in hedge mode, the position the fill belongs to.
    """
    symbol = instrument.symbol
    held = _held(account, symbol, side)
    mode = held.mode if held else account.mode_of(symbol)
    before = held.size if held else ZERO
    is_against = before * size < 0
    closed = (min(abs(before), abs(size)) if is_against else ZERO).copy_sign(before)
    opened = size + closed
    pnl = ZERO
    if held and closed:
        pnl = down_to(EIGHT_PLACES, unrealised_pnl(closed, held.entry_price, price, instrument))
    fee = up_to(EIGHT_PLACES, notional(size, price, instrument) * fee_fraction)
    after = _after_fill(held, closed, opened, price, mode, instrument, leverage)
    if after is not None and held is not None and is_liquidation and mode is MarginMode.ISOLATED:
        after = replace(after, margin=held.margin + pnl - fee)
    premium = None
    if instrument.option is not None:
        premium = down_to(EIGHT_PLACES, -size * instrument.multiplier * price)
    posted = _with_position(account, held, after)
    paid = pnl if premium is None else premium
    account = _with_cash(posted, instrument.settle, paid - fee)
    return Posted(account, pnl, fee, premium=premium)


@exact
def post_funding(
    account: Account, instrument: Instrument, mark_price: Decimal, rate: Decimal
) -> Posted:
    """Return the account after one funding payment on every position of the symbol.

    Longs pay `rate` (a fraction per interval) of their notional at mark to shorts; isolated
    positions pay from their bucket.
    """
    total = ZERO
    for held in account.positions:
        if held.symbol != instrument.symbol:
            continue
        value = notional(held.size, mark_price, instrument)
        signed = value if held.size > 0 else -value
        payment = down_to(EIGHT_PLACES, funding_payment(signed, rate))
        total += payment
        if held.mode is MarginMode.ISOLATED:
            account = _with_position(account, held, replace(held, margin=held.margin + payment))
    return Posted(_with_cash(account, instrument.settle, total), funding=total)


@exact
def post_takeover(
    account: Account, symbols_and_sides: set[tuple[str, Side]], settle_shares: dict[str, Decimal]
) -> Account:
    """Return the account without the positions taken over, its balances moved by what they cost.

    `settle_shares`: signed change of each settle asset's balance.
    """
    left = tuple(p for p in account.positions if (p.symbol, p.side) not in symbols_and_sides)
    account = replace(account, positions=left)
    for asset, change in settle_shares.items():
        account = _with_cash(account, asset, change)
    return account


def _held(account: Account, symbol: str, side: Side | None) -> Position | None:
    is_hedge = account.position_mode is PositionMode.HEDGE
    for position in account.positions:
        if position.symbol == symbol and (not is_hedge or position.side is side):
            return position
    return None


def _after_fill(
    held: Position | None,
    closed: Decimal,
    opened: Decimal,
    price: Decimal,
    mode: MarginMode,
    instrument: Instrument,
    leverage: Decimal,
) -> Position | None:
    kept = None
    if held and held.size != closed:
        kept = replace(held, size=held.size - closed)
        if closed:
            share = quotient_down(held.margin * kept.size, held.size)
            kept = replace(kept, margin=down_to(EIGHT_PLACES, share))
    if not opened:
        return kept
    margin = ZERO
    if mode is MarginMode.ISOLATED:
        margin = up_to(EIGHT_PLACES, quotient_up(notional(opened, price, instrument), leverage))
    lot = Position(instrument.symbol, opened, price, mode, margin)
    if kept is None:
        return lot
    inverse = (instrument.symbol,) if instrument.kind.is_inverse else ()
    return merged((kept, lot), is_hedge=False, inverse=inverse)[0]


def _with_position(account: Account, held: Position | None, after: Position | None) -> Account:
    positions = [after if p is held else p for p in account.positions]
    if held is None:
        positions.append(after)
    return replace(account, positions=tuple(p for p in positions if p is not None))


def _with_cash(account: Account, asset: str, change: Decimal) -> Account:
    if not change:
        return account
    balance = account.balances.get(asset, ZERO) + change
    return replace(account, balances={**account.balances, asset: balance})
