"""The insurance fund: what it pays, and how far it may fall before others are deleveraged.

Losses beyond bankruptcy are paid by a fund. Venues do not wait until it is empty: a fast fall
already sends further bankrupt positions to auto-deleveraging. How fast is too fast is each
venue's own rule; here are Bybit's (the symbol's loss against the pool's peak) and OKX's (a
level below the fund's average).

This keeps no history (averages and peaks come in) and closes nothing (`venue.adl` does).
Amounts are in the fund's asset. Comparisons multiply instead of dividing, so they are exact.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ZERO, exact, quotient_down


class DrawdownRule(Struct, frozen=True):
    """Bybit's rule: fractions of the pool's highest balance in 8 hours, below zero.

    Attributes
    ----------
    trigger_fraction : a drawdown at or below it starts ADL (−0.30).
    stop_fraction : a drawdown above it ends ADL (−0.25).
    balance_min : the rule holds for pools with more than this; emptier ones are deleveraged
        only once they are empty.
    """

    trigger_fraction: Decimal
    stop_fraction: Decimal
    balance_min: Decimal = ZERO


class Drawdown(Struct, frozen=True):
    """What a symbol has cost its pool lately.

    Attributes
    ----------
    pool_balance : now; of the symbol's own pool or the one it shares.
    pool_balance_max : highest in 8 hours, above zero.
    pnl, pnl_max : what the symbol has brought the pool, now and at its highest in 8 hours.
    """

    pool_balance: Decimal
    pool_balance_max: Decimal
    pnl: Decimal
    pnl_max: Decimal

    @exact
    def fraction(self) -> Decimal:
        """Return (pnl − its maximum) ÷ the pool's maximum, rounded down at 50 digits."""
        return quotient_down(self.pnl - self.pnl_max, self.pool_balance_max)

    @exact
    def is_at_or_below(self, fraction: Decimal) -> bool:
        """Return whether the drawdown is as deep as `fraction`, or deeper."""
        return self.pnl - self.pnl_max <= fraction * self.pool_balance_max


class Payout(Struct, frozen=True):
    """What the fund pays of a loss, and what is left for ADL or the venue; neither is negative."""

    paid: Decimal
    uncovered: Decimal


@exact
def payout(fund: Decimal, loss: Decimal) -> Payout:
    """Return what a fund pays of a loss beyond bankruptcy: all it can; a profit is no loss."""
    owed = max(ZERO, loss)
    paid = min(owed, max(ZERO, fund))
    return Payout(paid, owed - paid)


def is_adl_started(drawdown: Drawdown, rule: DrawdownRule) -> bool:
    """Return whether bankrupt positions now go to ADL.

    An empty pool does, and one above `balance_min` whose drawdown has reached the trigger. The
    rule is written "<"; the venue's own example fires at equality. Source: Bybit, API
    documentation, adl-alert.
    """
    if drawdown.pool_balance <= 0:
        return True
    if drawdown.pool_balance <= rule.balance_min:
        return False
    return drawdown.is_at_or_below(rule.trigger_fraction)


def is_adl_stopped(drawdown: Drawdown, rule: DrawdownRule) -> bool:
    """Return whether ADL that has started ends: the pool is not empty, the drawdown recovered."""
    return drawdown.pool_balance > 0 and not drawdown.is_at_or_below(rule.stop_fraction)


@exact
def adl_loss(drawdown: Drawdown, rule: DrawdownRule) -> Decimal:
    """Return the loss that ADL bears: what of the drawdown is beyond the trigger; 0 at it.

    |pnl − its maximum| − |trigger| × the pool's maximum; zero while ADL is not started. An empty
    pool bears nothing more of what it is asked now, but what that is the drawdown does not say:
    use `payout` there. Source: Bybit, API documentation, adl-alert, example 1.
    """
    if not is_adl_started(drawdown, rule):
        return ZERO
    beyond = drawdown.pnl_max - drawdown.pnl + rule.trigger_fraction * drawdown.pool_balance_max
    return max(ZERO, beyond)


@exact
def adl_threshold(fund_average: Decimal, drop_fraction: Decimal, drop_min: Decimal) -> Decimal:
    """Return the level below which a fund's fall starts ADL: average − max(fraction × it, least).

    Source: a rewrite of OKX's "Auto-deleveraging" (30 %, 50 000 USD, 8 hours), whose words leave
    open whether the larger of drop or of level is meant; we take the drop. Where the least drop
    is above the average the level is negative, so only an empty fund (a rule of its own) starts
    ADL.
    """
    return fund_average - max(drop_fraction * fund_average, drop_min)


def is_adl_started_below(fund: Decimal, threshold: Decimal) -> bool:
    """Return whether a fund at this level starts ADL: below the threshold, or empty."""
    return fund < threshold or fund <= 0
