"""What an account is exposed to: net and gross, and how often over.

An exposure is what is gained, in dollars, when an asset's price rises by all of itself, at today's
slope: a linear contract's notional with the sign of its side, an inverse contract's dollars, an
option's delta. Collateral that is no stable coin is one too, at its whole price: a haircut protects
the venue and takes nothing from what the owner loses.

Dollars count at par where no index says otherwise; a settle asset that is neither a dollar nor
priced is refused. Open orders are left out: they are nothing yet.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.pnl import notional
from crossmargin.margin.scenarios.path import mark_of
from crossmargin.model.account import AssetsMode, Position
from crossmargin.model.instrument import Instrument
from crossmargin.money import ONE, ZERO, exact, quotient_up
from crossmargin.risk.situation import Situation
from crossmargin.risk.venues.underlying import DOLLARS, asset_name

DELTA_STEP = Decimal("0.0001")
"""Deltas are read off between this much below and above the price of now."""


class Holding(Struct, frozen=True):
    """One position, or the coins of one collateral asset.

    Attributes
    ----------
    name : the symbol with its side, or the asset with the word collateral.
    asset : what it is on.
    exposure : signed, in USD.
    """

    name: str
    asset: str
    exposure: Decimal


class Exposure(Struct, frozen=True):
    """All exposures of an account, in USD.

    Attributes
    ----------
    by_asset : net; assets in the order of `Situation.assets`.
    equity : of all pools and buckets together, after haircuts.
    leverage : gross ÷ equity, rounded up; None where equity is gone.
    """

    holdings: tuple[Holding, ...]
    by_asset: dict[str, Decimal]
    equity: Decimal
    leverage: Decimal | None

    @property
    @exact
    def net(self) -> Decimal:
        """Return the sum of all exposures."""
        return sum(self.by_asset.values(), ZERO)

    @property
    def largest(self) -> str:
        """Return the asset with the largest net exposure, the first of equals.

        Raises
        ------
        UsageError
            If nothing is held.
        """
        if not self.by_asset:
            raise UsageError("the account holds nothing whose price can move")
        return max(self.by_asset, key=lambda asset: abs(self.by_asset[asset]))

    @property
    @exact
    def gross(self) -> Decimal:
        """Return the sum of all holdings' sizes, longs and shorts on one asset both."""
        return sum((abs(one.exposure) for one in self.holdings), ZERO)


@exact
def exposure(situation: Situation) -> Exposure:
    """Return what `situation` is exposed to.

    Raises
    ------
    UnknownError
        If a settle asset is neither a dollar nor priced, or a pool's health is not known.
    """
    holdings = [
        Holding(f"{one.symbol} {one.side}", _instrument(one, situation).base, _of(one, situation))
        for one in situation.account.positions
        if one.size
    ]
    if situation.account.assets_mode is AssetsMode.MULTI:
        for asset, amount in situation.account.balances.items():
            if asset in situation.assets and amount:
                worth = amount * situation.market.index[asset]
                holdings.append(Holding(f"{asset} collateral", asset, worth))
    net = dict.fromkeys(situation.assets, ZERO)
    for one in holdings:
        net[one.asset] += one.exposure
    gross = sum((abs(one.exposure) for one in holdings), ZERO)
    equity = _equity(situation)
    leverage = quotient_up(gross, equity) if equity > 0 else None
    return Exposure(tuple(holdings), net, equity, leverage)


@exact
def price_of(asset: str, situation: Situation) -> Decimal:
    """Return what one unit of `asset` is worth in USD.

    Raises
    ------
    UnknownError
        If it is neither priced nor a dollar.
    """
    market = situation.market
    if asset in market.index:
        return market.index[asset]
    if asset_name(asset) in DOLLARS:
        return ONE
    for symbol, mark in market.marks.items():
        contract = situation.rulebook.contracts.get(symbol)
        if contract and contract.instrument.base == asset and not contract.instrument.option:
            return mark
    raise UnknownError(f"what {asset} is worth in USD is unknown without [index] {asset}")


def _equity(situation: Situation) -> Decimal:
    total = ZERO
    for unit in situation.now.units:
        if unit.health is not None:  # A situation is one whose units are all known.
            total += unit.health.equity * price_of(unit.asset, situation)
    return total


def _of(position: Position, situation: Situation) -> Decimal:
    instrument = _instrument(position, situation)
    settle = price_of(instrument.settle, situation)
    if instrument.option is not None:
        return _delta(position, instrument, situation) * settle
    mark = situation.market.marks[position.symbol]
    if instrument.kind.is_inverse:
        return position.size * instrument.multiplier
    return notional(position.size, mark, instrument).copy_sign(position.size) * settle


def _delta(position: Position, instrument: Instrument, situation: Situation) -> Decimal:
    worths = []
    for move in (-DELTA_STEP, DELTA_STEP):
        mark = mark_of(instrument, situation.market_at({instrument.base: move}))
        if mark is None:
            raise UnknownError(f"the delta of {position.symbol} is unknown without its volatility")
        worths.append(mark)
    return (
        position.size * instrument.multiplier * (worths[1] - worths[0]) / (DELTA_STEP + DELTA_STEP)
    )


def _instrument(position: Position, situation: Situation) -> Instrument:
    return situation.rulebook.contracts[position.symbol].instrument
