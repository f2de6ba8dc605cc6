"""Unified accounts: the equity of all wallets over the maintenance margins of everything.

Margin wallet, loans, linear and inverse futures are one pool in USD. Of each asset, what is held,
owed and earned is netted first, then converted at its collateral rate, so that a loan is covered
by the same asset without a haircut. Positions are asked for what they are asked for anywhere;
loans carry a requirement of their own: a share by the leverage they were taken at or, in cross
margin pro, shares that rise slice by slice with the debt.

Amounts are exact. Quotients are rounded never in the account's favour, at 50 digits.

Sources: Binance, "What is the unified maintenance margin ratio (uniMMR)"; "Portfolio margin trading
rules"; "Cross margin pro position tiers".
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.money import ONE, ZERO, exact, plain, quotient_down, quotient_up
from crossmargin.rulebooks.portfolio.pooled import StatusLevel


class Holding(Struct, frozen=True):
    """What an account has of one asset, over all its wallets."""

    margin_asset: Decimal = ZERO
    margin_loan: Decimal = ZERO
    futures_balance: Decimal = ZERO
    futures_pnl: Decimal = ZERO

    @property
    @exact
    def margin_net(self) -> Decimal:
        """Return what the margin wallet is left with once its loan is repaid."""
        return self.margin_asset - self.margin_loan

    @property
    @exact
    def net(self) -> Decimal:
        """Return margin asset − loan + futures balance + unrealised profit: what converts."""
        return self.margin_net + self.futures_balance + self.futures_pnl


@exact
def adjusted_equity(equities: Iterable[Decimal], open_losses: Iterable[Decimal] = ()) -> Decimal:
    """Return Σ equity − Σ open loss, both in USD.

    `equities` are what each asset's net amount is worth (`margin.collateral.worth`); open losses
    are what resting spot orders of the margin wallet would lose of collateral.
    """
    return sum(equities, ZERO) - sum(open_losses, ZERO)


@exact
def account_maintenance(parts: Iterable[Decimal]) -> Decimal:
    """Return what keeping everything asks: the sum of what positions and loans ask, in USD."""
    return sum(parts, ZERO)


@exact
def loan_maintenance(loan: Decimal, maintenance_rate: Decimal) -> Decimal:
    """Return what keeping a loan asks, in the asset that is owed; exact."""
    return loan * maintenance_rate


@exact
def loan_initial(loan: Decimal, leverage: Decimal) -> Decimal:
    """Return loan ÷ (leverage − 1), rounded up: own money beside what was borrowed.

    Raises
    ------
    UsageError
        If the leverage is not above 1: nothing is borrowed at it.
    """
    if leverage <= ONE:
        raise UsageError(f"nothing is borrowed at leverage {plain(leverage)}, must be above 1")
    return quotient_up(loan, leverage - ONE)


@exact
def unified_ratio(equity: Decimal, maintenance_margin: Decimal) -> Decimal | None:
    """Return equity ÷ maintenance margin (uniMMR), rounded down; None where nothing is asked.

    Parameters
    ----------
    equity : adjusted, after collateral rates.
    """
    return quotient_down(equity, maintenance_margin) if maintenance_margin else None


def status_of(ratio: Decimal, levels: Iterable[StatusLevel], product: str) -> StatusLevel | None:
    """Return the level of `product` that a ratio is on; None below all of them."""
    own = [level for level in levels if level.product == product and ratio > level.above]
    return max(own, key=lambda level: level.above, default=None)


class LiabilityTier(Struct, frozen=True):
    """From `floor` (the worth of a debt, in USDT) on, what each further unit of it is asked for."""

    floor: Decimal
    initial_rate: Decimal
    maintenance_rate: Decimal


class LiabilityMargin(Struct, frozen=True):
    """What a debt is asked for, in USDT."""

    initial_margin: Decimal
    maintenance_margin: Decimal


@exact
def liability_margin(value: Decimal, tiers: Sequence[LiabilityTier]) -> LiabilityMargin:
    """Return what a debt worth `value` is asked for, slice by slice; exact.

    Raises
    ------
    UsageError
        If the tiers do not rise from zero.
    """
    _check(tiers)
    initial = maintenance = ZERO
    for tier, slice_ in _slices(value, tiers):
        initial += slice_ * tier.initial_rate
        maintenance += slice_ * tier.maintenance_rate
    return LiabilityMargin(initial, maintenance)


@exact
def maintenance_amount(value: Decimal, tiers: Sequence[LiabilityTier]) -> Decimal:
    """Return what the rate of the tier that a debt ends in asks too much for the slices below it.

    Raises
    ------
    UsageError
        If the tiers do not rise from zero.
    """
    _check(tiers)
    reached = [tier for tier, _ in _slices(value, tiers)]
    return sum(
        (
            upper.floor * (upper.maintenance_rate - lower.maintenance_rate)
            for lower, upper in pairwise(reached)
        ),
        ZERO,
    )


@exact
def maintenance_at_once(value: Decimal, tiers: Sequence[LiabilityTier]) -> Decimal:
    """Return value × the rate of the tier it ends in − `maintenance_amount`: the same, faster.

    Raises
    ------
    UsageError
        If the tiers do not rise from zero.
    """
    amount = maintenance_amount(value, tiers)
    rates = [tier.maintenance_rate for tier, _ in _slices(value, tiers)]
    return value * rates[-1] - amount if rates else ZERO


def _slices(
    value: Decimal, tiers: Sequence[LiabilityTier]
) -> Iterator[tuple[LiabilityTier, Decimal]]:
    ends = [*(tier.floor for tier in tiers[1:]), value]
    for tier, end in zip(tiers, ends, strict=True):
        if value > tier.floor:
            yield tier, min(value, end) - tier.floor


def _check(tiers: Sequence[LiabilityTier]) -> None:
    if not tiers or tiers[0].floor:
        raise UsageError("the first liability tier must have floor 0")
    for low, high in pairwise(tiers):
        if high.floor <= low.floor:
            raise UsageError(f"liability tier {plain(high.floor)} must be above {plain(low.floor)}")
