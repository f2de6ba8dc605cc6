"""An account in one quote asset whose every amount is a whole number of money steps.

It is what a venue that keeps integers (dYdX v4, x/subaccounts) liquidates: a quote balance, and
positions without an entry price, because profit is the balance plus what the positions are worth
at the oracle price. Positions do not offset each other.

This holds no orders and no rulebook: the numbers of each market come with the position. It
settles no funding. Invariant: adding up positions adds up whole steps, so sums are exact and the
same in any order.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.fractions import (
    initial_margin,
    maintenance_margin,
    scaled_initial_fraction,
    stepped_notional,
)
from crossmargin.margin.health import Health
from crossmargin.money import exact

MILLIONTH = Decimal("0.000001")
"""The smallest amount of USDC."""


class OpenInterestScaling(Struct, frozen=True):
    """How a market's initial fraction grows with its open interest.

    Attributes
    ----------
    open_interest : of the whole market, in the base asset.
    lower_cap, upper_cap : of the open notional, in the quote asset; an upper cap of 0 is none.
    """

    open_interest: Decimal
    lower_cap: Decimal
    upper_cap: Decimal


class SteppedPosition(Struct, frozen=True):
    """One position and its market.

    Attributes
    ----------
    size : signed, in the base asset; long positive.
    oracle_price : in the quote asset.
    base_initial_fraction : of notional, before scaling.
    maintenance_share : of the base initial margin, not of notional.
    scaling : None leaves the initial fraction at its base.
    """

    size: Decimal
    oracle_price: Decimal
    base_initial_fraction: Decimal
    maintenance_share: Decimal
    scaling: OpenInterestScaling | None = None


class SteppedAccount(Struct, frozen=True):
    """A quote balance and positions by symbol; a symbol that is not there holds nothing.

    Attributes
    ----------
    quote_balance : in the quote asset; negative where positions were bought with borrowed money.
    step : smallest amount of the quote asset, to which every amount is rounded.
    """

    quote_balance: Decimal
    positions: Mapping[str, SteppedPosition] = {}
    step: Decimal = MILLIONTH


@exact
def position_health(position: SteppedPosition, step: Decimal) -> Health:
    """Return signed notional (as equity), initial and maintenance margin of one position.

    In the quote asset: notional truncated, requirements rounded up, all to whole `step`s.
    """
    notional = stepped_notional(position.size, position.oracle_price, step)
    fraction = position.base_initial_fraction
    scaling = position.scaling
    if scaling is not None:
        open_notional = stepped_notional(scaling.open_interest, position.oracle_price, step)
        caps = scaling.lower_cap, scaling.upper_cap
        fraction = scaled_initial_fraction(fraction, open_notional, *caps)
    return Health(
        notional,
        initial_margin(notional, fraction, step),
        maintenance_margin(
            notional, position.base_initial_fraction, position.maintenance_share, step
        ),
    )


@exact
def account_health(account: SteppedAccount) -> Health:
    """Return the account's equity and requirements: its balance plus each position, in quote."""
    health = Health(account.quote_balance)
    for position in account.positions.values():
        health += position_health(position, account.step)
    return health


def held(account: SteppedAccount, symbol: str) -> SteppedPosition:
    """Return the open position in `symbol`.

    Raises
    ------
    UsageError
        If there is none.
    """
    position = account.positions.get(symbol)
    if position is None or not position.size:
        raise UsageError(f"{symbol}: the account has no position")
    return position


@exact
def reduced(account: SteppedAccount, symbol: str, size_delta: Decimal) -> SteppedPosition:
    """Return the position in `symbol` after a signed change that closes all or part of it.

    Raises
    ------
    UsageError
        If there is no position, or the change does not bring it nearer to zero, or goes beyond.
    """
    position = held(account, symbol)
    size = position.size + size_delta
    if size_delta * position.size >= 0 or size * position.size < 0:
        raise UsageError(
            f"{symbol}: a change of {size_delta} does not close any part of {position.size}"
        )
    return replace(position, size=size)


@exact
def after_reduction(
    account: SteppedAccount, symbol: str, size_delta: Decimal, quote_delta: Decimal
) -> SteppedAccount:
    """Return the account after closing `size_delta` (signed) of a position for `quote_delta`.

    `quote_delta` is in the quote asset, positive if received; a position of no size is dropped.

    Raises
    ------
    UsageError
        If `size_delta` does not close all or part of a position.
    """
    position = reduced(account, symbol, size_delta)
    positions = {**account.positions, symbol: position}
    if not position.size:
        del positions[symbol]
    return replace(account, quote_balance=account.quote_balance + quote_delta, positions=positions)
