"""What may go wrong besides prices: a peg breaks, funding spikes, volatility jumps, books dry up.

Each changes the account or the market before any price is moved; what comes out is a `Situation`
like any other, so every shock can be asked under it, exactly or many at once.

- Depeg: one unit of a collateral asset costs another multiple of its index price. Marks stand:
  they are quoted in the asset, as the venue has them.
- Funding: every perpetual pays a rate of its notional at the mark of now, so many times; long pays
  short. Bucket margins pay for themselves.
- Volatility: every volatility that the account's options are valued by is multiplied; their marks
  follow. A given mark's distance from what its volatility makes it worth is held.

Leaving through a thin book is a cost, not a state: `leaving` says what closing everything takes.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.margin.scenarios.path import Anchored, anchored, moved
from crossmargin.model.account import Account, AssetsMode, MarginMode
from crossmargin.model.instrument import Kind
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.model.surface import Surface
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, exact, plain, up_to
from crossmargin.risk.situation import Situation, situation
from crossmargin.rulebooks.schema import Rulebook

PERPETUALS = frozenset({Kind.LINEAR_PERPETUAL, Kind.INVERSE_PERPETUAL})


class Conditions(Struct, frozen=True):
    """What holds while prices are shocked.

    Attributes
    ----------
    depegs : by collateral asset, the multiple of its index price.
    funding_rate : per interval, a fraction of notional; positive: longs pay shorts.
    intervals : how often it is paid.
    volatility : the multiple of implied volatility.
    """

    depegs: dict[str, Decimal] = {}
    funding_rate: Decimal = ZERO
    intervals: int = 0
    volatility: Decimal = ONE

    @property
    def title(self) -> str:
        """Return the conditions in words; empty where there are none."""
        words = [f"{asset} at {plain(to)} of its price" for asset, to in self.depegs.items()]
        if self.funding_rate and self.intervals:
            words.append(f"funding {plain(self.funding_rate * 100)} % × {self.intervals}")
        if self.volatility != ONE:
            words.append(f"volatility × {plain(self.volatility)}")
        return ", ".join(words)


class Condition(Struct, frozen=True):
    """An account under conditions.

    Attributes
    ----------
    start : the account with conditions and before any price moves.
    payments : by position name, the funding received; negative: paid. In the settle asset.
    notes : what the conditions mean for this account.
    """

    conditions: Conditions
    start: Situation
    payments: dict[str, Decimal]
    notes: tuple[str, ...] = ()


@exact
def under(home: Situation, conditions: Conditions) -> Condition:
    """Return the account of `home` as conditions leave it.

    Raises
    ------
    UsageError
        If a condition touches nothing of the account, or a number is none.
    UnknownError
        If the price of a depegged asset, or the volatility of an option, is not known.
    """
    account, market, rulebook = home.account, home.market, home.rulebook
    notes: list[str] = []
    if conditions.depegs:
        market = _depegged(account, market, rulebook, conditions.depegs, notes)
    if conditions.volatility != ONE:
        market = _at_volatility(account, market, rulebook, conditions.volatility)
    payments: dict[str, Decimal] = {}
    if conditions.funding_rate and conditions.intervals:
        account, payments = _after_funding(home.now, conditions)
    start = home
    if account is not home.account or market is not home.market:
        start = situation(account, market, rulebook)
    return Condition(conditions, start, payments, tuple(notes))


def _depegged(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    depegs: Mapping[str, Decimal],
    notes: list[str],
) -> Market:
    contracts = [rulebook.contracts[symbol].instrument for symbol in account.symbols]
    held = dict.fromkeys(asset for asset, amount in account.balances.items() if amount)
    held |= dict.fromkeys(one.settle for one in contracts)
    underlyings = {one.base for one in contracts}
    index = dict(market.index)
    for asset, to in depegs.items():
        if asset not in held:
            raise UsageError(f"{asset} is no collateral of the account; it has {', '.join(held)}")
        if asset in underlyings:
            raise UsageError(f"{asset} has no peg: the account trades it, so move its price")
        if to <= 0:
            raise UsageError(f"{asset} at {plain(to)} of its price: a price must be above zero")
        if account.assets_mode is AssetsMode.SINGLE:
            notes.append(
                f"Each pool is counted in its own asset, so with {asset} at {plain(to)} of its "
                "price health is as before; what the account is worth in dollars is not."
            )
        elif asset not in index:
            raise UnknownError(f"the index price of {asset} is not known")
        if asset in index:
            index[asset] *= to
    if account.assets_mode is AssetsMode.MULTI:
        notes.append("Off its peg, an asset changes what collateral counts for; marks stand.")
    return replace(market, index=index)


def _at_volatility(
    account: Account, market: Market, rulebook: Rulebook, multiple: Decimal
) -> Market:
    if multiple <= 0:
        raise UsageError(f"volatility × {plain(multiple)}: must be above zero")
    symbols = [s for s in account.symbols if rulebook.contracts[s].instrument.kind.is_option]
    if not symbols:
        raise UsageError("the account holds no options, so volatility moves nothing of it")
    start = anchored(account, market, rulebook)
    surfaces = {
        asset: _scaled(surface, multiple) for asset, surface in start.market.surfaces.items()
    }
    for symbol in symbols:
        one = start.instruments[symbol]
        surface = surfaces.get(one.base)
        if one.option is None or surface is None or surface.at(one.option.expires_ms) is None:
            raise UnknownError(f"the volatility of {symbol} is not known")
    scaled = Anchored(replace(start.market, surfaces=surfaces), start.instruments, start.residuals)
    return moved(scaled, {})


def _scaled(surface: Surface, multiple: Decimal) -> Surface:
    return Surface(
        tuple(
            replace(
                smile,
                points=tuple(
                    (strike, volatility * multiple) for strike, volatility in smile.points
                ),
            )
            for smile in surface.smiles
        )
    )


def _after_funding(now: Assessment, conditions: Conditions) -> tuple[Account, dict[str, Decimal]]:
    # As the venue posts it: each payment at 8 places, rounded down.
    account, payments = now.account, {}
    balances, positions = dict(account.balances), []
    for position in account.positions:
        instrument = now.rulebook.contracts[position.symbol].instrument
        mark = now.market.marks.get(position.symbol)
        if instrument.kind not in PERPETUALS or mark is None or not position.size:
            positions.append(position)
            continue
        value = notional(position.size, mark, instrument).copy_sign(position.size)
        once = down_to(EIGHT_PLACES, -(value * conditions.funding_rate))
        payment = once * conditions.intervals
        payments[f"{position.symbol} {position.side}"] = payment
        balances[instrument.settle] = balances.get(instrument.settle, ZERO) + payment
        if position.mode is MarginMode.ISOLATED:
            position = replace(position, margin=position.margin + payment)
        positions.append(position)
    if not payments:
        raise UsageError("the account holds no perpetual, so it pays no funding")
    return replace(account, balances=balances, positions=tuple(positions)), payments


class Leaving(Struct, frozen=True):
    """What closing everything at market takes, in a book so many times as thin.

    Attributes
    ----------
    thinness : the multiple of the impact.
    costs : by position name: what it takes beside the mark, fee included, in its settle asset;
        never below zero but for a rebate.
    assets : by position name, its settle asset.
    totals : by settle asset, the sum.
    """

    thinness: Decimal
    liquidity: Liquidity
    costs: dict[str, Decimal]
    assets: dict[str, str]
    totals: dict[str, Decimal]


@exact
def leaving(now: Assessment, liquidity: Liquidity, thinness: Decimal = ONE) -> Leaving:
    """Return what it costs to close every position at once, at the marks of `now`.

    Impact is multiplied by `thinness`, the half-spread too; the most a market order pays stays.
    Taker fees are the rulebook's. Costs are rounded up at 8 places.

    Raises
    ------
    UsageError
        If `thinness` is not above zero.
    UnknownError
        If an option is held: what its book takes is not modelled.
    """
    if thinness <= 0:
        raise UsageError(f"a book {plain(thinness)} times as thin: must be above zero")
    thin = replace(
        liquidity,
        half_spread=liquidity.half_spread * thinness,
        impact_per_million=liquidity.impact_per_million * thinness,
    )
    costs: dict[str, Decimal] = {}
    assets: dict[str, str] = {}
    totals: dict[str, Decimal] = {}
    for position in now.positions:
        instrument = now.rulebook.contracts[position.symbol].instrument
        mark = position.mark_price
        if instrument.kind.is_option:
            raise UnknownError(
                f"what closing {position.symbol} costs is not known: books of options are not "
                "modelled"
            )
        if mark is None or not position.size:
            continue
        price = thin.fill_price(-position.size, mark, instrument)
        slipped = -unrealised_pnl(position.size, mark, price, instrument)
        fee = notional(position.size, price, instrument) * now.rulebook.fees.taker
        cost = up_to(EIGHT_PLACES, slipped + fee)
        name = f"{position.symbol} {position.side}"
        costs[name], assets[name] = cost, instrument.settle
        totals[instrument.settle] = totals.get(instrument.settle, ZERO) + cost
    return Leaving(thinness, thin, costs, assets, totals)
