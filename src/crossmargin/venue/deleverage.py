"""Netting a bankrupt account against one on the other side, when book and fund have failed.

Both give up the same size; the quote amount that changes hands is the bankrupt account's own
bankruptcy amount, so it ends with nothing or with a fair share of what its other positions back.
No money comes from elsewhere. The rules are those of dYdX v4 (x/clob/keeper/deleveraging.go).

This does not choose the other account (the venue walks from a pseudo-random start and ranks by
nothing) and does not gate withdrawals. The market's open interest is taken as given, before and
after. Invariant: a netting moves quote between two accounts and leaves both unchanged, or passes
the rule of updates (`margin.transition`) on both sides; the sum of balances never changes.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.transition import UpdateResult, update_result
from crossmargin.money import ZERO, exact
from crossmargin.venue.fillable import BookFill, Offer, bankruptcy_quote_delta, book_fill
from crossmargin.venue.stepped_account import (
    SteppedAccount,
    account_health,
    after_reduction,
    held,
    position_health,
    reduced,
)


class Netting(Struct, frozen=True):
    """Two accounts netted, or left as they were where either update is refused.

    Attributes
    ----------
    size_delta : change of the bankrupt position, signed, in the base asset; 0 if refused.
    quote_delta : what changes hands, received by the bankrupt account, in the quote asset; what
        was tried if refused.
    bankrupt, offsetting : the accounts afterwards.
    bankrupt_result, offsetting_result : what the rule of updates says to each.
    """

    size_delta: Decimal
    quote_delta: Decimal
    bankrupt: SteppedAccount
    offsetting: SteppedAccount
    bankrupt_result: UpdateResult
    offsetting_result: UpdateResult

    @property
    def is_accepted(self) -> bool:
        """Return whether both updates pass."""
        return self.bankrupt_result is self.offsetting_result is UpdateResult.SUCCESS


class Liquidation(Struct, frozen=True):
    """A liquidation's way through book and netting, and both accounts at its end."""

    fill: BookFill
    netting: Netting | None
    account: SteppedAccount
    offsetting: SteppedAccount


@exact
def netting(
    bankrupt: SteppedAccount,
    offsetting: SteppedAccount,
    symbol: str,
    size_delta: Decimal,
    *,
    is_final_settlement: bool = False,
) -> Netting:
    """Return the netting of `size_delta`, a signed change of the bankrupt account's position.

    At the bankrupt account's bankruptcy amount, or in a market's final settlement at the oracle
    price. Whether the first account is bankrupt at all is not asked: the venue looks only there
    where it starts deleveraging, and the rule of updates on both sides decides.

    Raises
    ------
    UsageError
        If the change does not close all or part of a position of both accounts, or the first has
        no maintenance margin.
    """
    if is_final_settlement:
        before = position_health(held(bankrupt, symbol), bankrupt.step)
        after = position_health(reduced(bankrupt, symbol, size_delta), bankrupt.step)
        quote_delta = before.equity - after.equity
    else:
        quote_delta = bankruptcy_quote_delta(bankrupt, symbol, size_delta)
    mine = after_reduction(bankrupt, symbol, size_delta, quote_delta)
    theirs = after_reduction(offsetting, symbol, -size_delta, -quote_delta)
    results = (
        update_result(account_health(bankrupt), account_health(mine)),
        update_result(account_health(offsetting), account_health(theirs)),
    )
    if results != (UpdateResult.SUCCESS, UpdateResult.SUCCESS):
        return Netting(ZERO, quote_delta, bankrupt, offsetting, *results)
    return Netting(size_delta, quote_delta, mine, theirs, *results)


@exact
def book_then_netting(
    account: SteppedAccount,
    offsetting: SteppedAccount,
    symbol: str,
    offer: Offer,
    *,
    limit_price: Decimal,
    fee_rate_max: Decimal | None,
    insurance_fund: Decimal,
) -> Liquidation:
    """Return a liquidation that tries one offer first, then the offsetting account.

    If nothing could be filled (no offer crosses, or the fund cannot pay) and equity is negative,
    the position is netted, as much of it as the offsetting account holds on the other side.
    Parameters are those of `book_fill`.

    Raises
    ------
    UnknownError
        If a fee is due and its rate is not known.
    UsageError
        If there is no such position, or the account has no maintenance margin.
    """
    fill = book_fill(
        account,
        symbol,
        offer,
        limit_price=limit_price,
        fee_rate_max=fee_rate_max,
        insurance_fund=insurance_fund,
    )
    opposite = offsetting.positions.get(symbol)
    size = held(account, symbol).size
    is_bankrupt = account_health(account).equity < 0
    if fill.size_delta or not is_bankrupt or opposite is None or opposite.size * size >= 0:
        return Liquidation(fill, None, fill.account, offsetting)
    # What closes mine is what theirs holds, sign and all, if theirs is the smaller.
    size_delta = opposite.size if abs(opposite.size) < abs(size) else -size
    netted = netting(account, offsetting, symbol, size_delta)
    return Liquidation(fill, netted, netted.bankrupt, netted.offsetting)
