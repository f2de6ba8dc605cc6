"""A market with its underlyings moved: what everything on them is worth there.

When an underlying moves, its index and all that is quoted on it move by the same percentage: marks
of perpetuals and futures, forwards of its expiries. Volatility is held by strike, interest is
held. An option is worth at the new forward what Black-76 says; where its own mark was given, the
distance between that and Black-76 is held too, so that the path starts where the account is.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.margin.scenarios.grouping import NEAREST, leg_of
from crossmargin.margin.scenarios.leg import Leg
from crossmargin.margin.scenarios.revalue import value_now
from crossmargin.model.account import Account
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.surface import Smile, Surface
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.schema import Rulebook


class Anchored(Struct, frozen=True):
    """A market in which every held option has a volatility and a forward of its own.

    Attributes
    ----------
    residuals : by option: its given mark less what its volatility makes it worth, in the settle
        asset.
    """

    market: Market
    instruments: dict[str, Instrument]
    residuals: dict[str, Decimal]


@exact
def anchored(account: Account, market: Market, rulebook: Rulebook) -> Anchored:
    """Return `market` ready to be moved; what is unknown in it stays so."""
    names = dict.fromkeys((*account.symbols, *market.marks))
    instruments = {
        symbol: rulebook.contracts[symbol].instrument
        for symbol in names
        if symbol in rulebook.contracts
    }
    points: dict[tuple[str, int], dict[Decimal, Decimal]] = {}
    forwards: dict[tuple[str, int], Decimal] = {}
    residuals: dict[str, Decimal] = {}
    for symbol in account.symbols:
        one = instruments[symbol]
        index = market.index.get(one.base) or _any_mark(one.base, instruments, market)
        if one.option is None or index is None:
            continue
        leg = leg_of(one, ONE, index, market, {})
        if isinstance(leg, str) or leg.option is None:
            continue
        expiry = one.base, one.option.expires_ms
        points.setdefault(expiry, {})[leg.option.strike] = leg.option.volatility
        forwards[expiry] = leg.price
        if symbol in market.marks:
            residuals[symbol] = market.marks[symbol] - worth(leg)
    surfaces: dict[str, list[Smile]] = {}
    for (base, expires_ms), strikes in points.items():
        rate = _rate(market.surfaces.get(base), expires_ms)
        smile = Smile(expires_ms, tuple(sorted(strikes.items())), forwards[base, expires_ms], rate)
        surfaces.setdefault(base, []).append(smile)
    held = {base: Surface(tuple(smiles)) for base, smiles in surfaces.items()}
    return Anchored(replace(market, surfaces=held), instruments, residuals)


@exact
def moved(start: Anchored, ratios: Mapping[str, Decimal]) -> Market:
    """Return the market with each asset in `ratios` at that multiple of its price, above zero."""
    market = start.market

    def ratio(asset: str) -> Decimal:
        return ratios.get(asset, ONE)

    surfaces = {
        base: Surface(
            tuple(
                replace(smile, forward=smile.forward and smile.forward * ratio(base))
                for smile in surface.smiles
            )
        )
        for base, surface in market.surfaces.items()
    }
    marks = {}
    for symbol, mark in market.marks.items():
        one = start.instruments.get(symbol)
        if one is None:
            marks[symbol] = mark
        elif one.option is None:
            marks[symbol] = mark * ratio(one.base)
    index = {asset: price * ratio(asset) for asset, price in market.index.items()}
    there = replace(market, marks=marks, index=index, surfaces=surfaces)
    for symbol, residual in start.residuals.items():
        leg = leg_of(start.instruments[symbol], ONE, ONE, there, {})
        # A leg that was priced at the start is priced here: its smile has volatility and forward.
        value = worth(leg) + residual if isinstance(leg, Leg) else ZERO
        if value > 0:
            marks[symbol] = value
    return replace(there, marks=marks)


@exact
def worth(leg: Leg) -> Decimal:
    """Return the worth of one unit of an option in its settle asset; nearest at 50 digits."""
    if leg.option is None:
        return ZERO
    value = value_now(leg)
    return NEAREST.divide(value, leg.price) if leg.is_inverse else value


def mark_of(instrument: Instrument, market: Market) -> Decimal | None:
    """Return the mark of a contract; of an option without one, what its surface makes it worth.

    In the settle asset; None where neither is known.
    """
    given = market.marks.get(instrument.symbol)
    index = market.index.get(instrument.base)
    if given is not None or instrument.option is None or index is None:
        return given
    leg = leg_of(instrument, ONE, index, market, {})
    return None if isinstance(leg, str) else worth(leg)


def _any_mark(base: str, instruments: dict[str, Instrument], market: Market) -> Decimal | None:
    return next(
        (
            market.marks[symbol]
            for symbol, one in instruments.items()
            if one.base == base and one.option is None and symbol in market.marks
        ),
        None,
    )


def _rate(surface: Surface | None, expires_ms: int) -> Decimal:
    smile = None if surface is None else surface.at(expires_ms)
    return ZERO if smile is None else smile.rate
