"""From an account and a market to the units whose legs may offset each other.

A unit holds what is on one underlying; in single-asset mode, what also settles in one asset. Where
the equity that is in coins moves with them (`collateral`), coins alone make a unit too. What
a leg needs and nobody said is named, never made up: the mark of a future, the moment where a
contract expires, the volatility of an option, the index of the underlying.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal

from msgspec import Struct

from crossmargin.margin.black import implied_volatility
from crossmargin.margin.option_terms import forward_of, terms_of
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.margin.scenarios.collateral import (
    is_equity_margined,
    margined_with,
    spot_in_use,
)
from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.margin.scenarios.revalue import value_now
from crossmargin.model.account import Account, AssetsMode, Position
from crossmargin.model.expiry import expiry_ms
from crossmargin.model.instrument import Instrument, Kind, OptionTerms
from crossmargin.model.market import Market
from crossmargin.model.surface import Smile
from crossmargin.money import DIGITS, ONE, ZERO, exact
from crossmargin.rulebooks.schema import Rulebook

USD = "USD"
"""What units are counted in where all collateral is one pool."""

FUTURES = (Kind.LINEAR_FUTURE, Kind.INVERSE_FUTURE)
MILLISECONDS = Decimal(1000)
NEAREST = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
"""How what is observed is rounded: favouring neither side."""


class Grouped(Struct, frozen=True):
    """The units of an account, and what would have to be known for those that are not here.

    Attributes
    ----------
    missing : names of what lacks, by the asset whose pool it makes unknown.
    remarks : what was taken where nothing was said.
    """

    units: tuple[PortfolioUnit, ...]
    missing: dict[str, tuple[str, ...]]
    remarks: tuple[str, ...] = ()


@exact
def units_of(
    account: Account, market: Market, rulebook: Rulebook, extra: Iterable[tuple[str, Decimal]] = ()
) -> Grouped:
    """Return the units of the account's positions, with `extra` sizes by symbol on top.

    `extra` is for orders: the portfolio as it would be if they filled.
    """
    sizes: dict[str, Decimal] = {}
    for symbol, size in (*((p.symbol, p.size) for p in account.positions), *extra):
        sizes[symbol] = sizes.get(symbol, ZERO) + size
    groups: dict[tuple[str, str], list[tuple[Instrument, Decimal]]] = {}
    for symbol, size in sizes.items():
        if size:
            instrument = rulebook.contracts[symbol].instrument
            asset = instrument.settle if account.assets_mode is AssetsMode.SINGLE else USD
            groups.setdefault((asset, instrument.base), []).append((instrument, size))
    units: list[PortfolioUnit] = []
    missing: dict[str, tuple[str, ...]] = {}
    remarks: dict[str, None] = {}
    everywhere, coins = margined_with(account, rulebook), _coins(account, market, rulebook)
    groups |= {(USD, asset): groups.get((USD, asset), []) for asset in coins}
    for (asset, base), members in groups.items():
        collateral = {base: coins[base]} if base in coins else everywhere
        index = _index(base, members, market, remarks)
        lacking = [f"index price of {base}"] if index is None else []
        legs = [leg_of(one, size, index or ONE, market, remarks) for one, size in members]
        lacking += [leg for leg in legs if isinstance(leg, str)]
        lacking += [f"index price of {held}" for held in collateral if held not in market.index]
        if lacking or index is None:
            missing[asset] = (*missing.get(asset, ()), *dict.fromkeys(lacking))
            continue
        rates = {
            one.settle: market.index.get(one.settle, ONE) for one, _ in members if one.settle != USD
        }
        rates |= {held: market.index[held] for held in collateral}
        known = tuple(leg for leg in legs if isinstance(leg, Leg))
        spot = spot_in_use(account, base, rulebook)
        if spot:
            known = (*known, Leg(base, spot, index, base, is_spot=True))
        units.append(PortfolioUnit(base, asset, index, known, rates, collateral))
    return Grouped(tuple(units), missing, tuple(remarks))


def _coins(account: Account, market: Market, rulebook: Rulebook) -> dict[str, Decimal]:
    # Equity by coin, where it moves with the coin's unit; what has no mark makes that unit missing.
    if not is_equity_margined(account, rulebook):
        return {}
    coins = dict(account.balances)
    for position in account.positions:
        instrument = rulebook.contracts[position.symbol].instrument
        if position.size and instrument.settle == instrument.base:
            made = _made_in_coins(position, instrument, market)
            coins[instrument.base] = coins.get(instrument.base, ZERO) + made
    stable = {asset for asset, one in rulebook.collateral.items() if one.is_stable}
    return {asset: amount for asset, amount in coins.items() if amount and asset not in stable}


def _made_in_coins(position: Position, instrument: Instrument, market: Market) -> Decimal:
    # An option's premium has left the wallet: it counts with what it is worth.
    mark = market.marks.get(position.symbol)
    if instrument.option is None:
        if mark is None:
            return ZERO
        return unrealised_pnl(position.size, position.entry_price, mark, instrument)
    if mark is not None:
        return position.size * instrument.multiplier * mark
    leg = leg_of(instrument, position.size, market.index.get(instrument.base, ONE), market, {})
    if isinstance(leg, str) or leg.option is None:
        return ZERO
    return NEAREST.divide(leg.size * value_now(leg), leg.price)


def leg_of(
    instrument: Instrument,
    size: Decimal,
    index: Decimal,
    market: Market,
    remarks: dict[str, None],
) -> Leg | str:
    """Return a position as a leg, or the name of what is missing for it.

    Coins of an inverse contract are rounded to the nearest at 50 digits.
    """
    symbol, coins = instrument.symbol, size * instrument.multiplier
    seconds = _seconds(instrument, market)
    if isinstance(seconds, str):
        return seconds
    if instrument.option is not None:
        terms = instrument.option
        return _option(instrument, terms, coins, seconds or ZERO, index, market, remarks)
    mark = market.marks.get(symbol)
    if mark is None:
        return f"mark price of {symbol}"
    is_inverse = instrument.kind.is_inverse
    if is_inverse:
        coins = NEAREST.divide(coins, mark)
    return Leg(symbol, coins, mark, instrument.settle, is_inverse, seconds)


def _seconds(instrument: Instrument, market: Market) -> Decimal | str | None:
    # To expiry: None where there is none, or what is missing to know it.
    expires_ms, symbol = expiry_ms(instrument), instrument.symbol
    if expires_ms is None:
        # A future whose name has no date is no perpetual: that would ask too little for its basis.
        return f"expiry of {symbol}" if instrument.kind in FUTURES else None
    if market.at_ms is None:
        return f"the moment (at), from which {symbol} has so long to its expiry"
    seconds = (expires_ms - market.at_ms) / MILLISECONDS
    return seconds if seconds > 0 else f"settlement of {symbol}, which has expired"


def _option(
    instrument: Instrument,
    terms: OptionTerms,
    coins: Decimal,
    seconds: Decimal,
    index: Decimal,
    market: Market,
    remarks: dict[str, None],
) -> Leg | str:
    symbol, is_inverse = instrument.symbol, instrument.settle == instrument.base
    forward, volatility = option_inputs(instrument, index, market, remarks)
    if volatility is None:
        return f"implied volatility of {symbol}"
    smile = _smile(instrument, market)
    rate = ZERO if smile is None else smile.rate
    part = OptionPart(terms.right, terms.strike, volatility, rate)
    return Leg(symbol, coins, forward, instrument.settle, is_inverse, seconds, part)


def option_inputs(
    instrument: Instrument, index: Decimal, market: Market, remarks: dict[str, None]
) -> tuple[Decimal, Decimal | None]:
    """Return the forward price and the volatility of an option; the latter None where unknown.

    The forward is the surface's, else the mark of the future of that day, else the index. The
    volatility is the surface's, else what the option's own mark implies.
    """
    terms, symbol = terms_of(instrument), instrument.symbol
    smile = _smile(instrument, market)
    if smile is not None and smile.forward is not None:
        forward = smile.forward
    else:
        forward = forward_of(instrument, index, market)
        if terms.forward_symbol not in market.marks:
            remarks[
                f"No forward price for the expiry of {symbol} is given: the index of "
                f"{instrument.base} is taken."
            ] = None
    if smile is not None:
        return forward, smile.volatility(terms.strike)
    mark = market.marks.get(symbol)
    if mark is None or market.at_ms is None:
        return forward, None
    value = mark * forward if instrument.settle == instrument.base else mark
    seconds = (terms.expires_ms - market.at_ms) / MILLISECONDS
    return forward, implied_volatility(terms.right, forward, terms.strike, value, seconds)


def _smile(instrument: Instrument, market: Market) -> Smile | None:
    surface = market.surfaces.get(instrument.base)
    return None if surface is None else surface.at(terms_of(instrument).expires_ms)


def _index(
    base: str,
    members: list[tuple[Instrument, Decimal]],
    market: Market,
    remarks: dict[str, None],
) -> Decimal | None:
    found = market.index.get(base)
    if found is not None:
        return found
    marks: Iterator[Decimal | None] = (
        market.marks.get(one.symbol) for one, _ in members if one.option is None
    )
    mark = next((mark for mark in marks if mark is not None), None)
    if mark is not None:
        remarks[f"The index of {base} is not given: a mark of its contracts is taken."] = None
    return mark
