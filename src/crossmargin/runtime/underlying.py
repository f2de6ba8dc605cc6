"""An asset moves, and everything that is quoted on it goes along, in a story's market.

Futures and perpetuals move by the percentage of their underlying, forwards too; volatility stays by
strike, but for what the story adds to it; an option is marked at what its surface makes it worth,
on the tick. Nothing moves here: whoever asks lets the venue see it.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UnitError, UsageError
from crossmargin.margin.scenarios.path import mark_of
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.surface import Smile, Surface
from crossmargin.money import EIGHT_PLACES, down_to, exact, plain, quotient_down, up_to
from crossmargin.runtime.market_maker import tick_of
from crossmargin.venue.command import ObserveSurface
from crossmargin.venue.state import State


class Moved(Struct, frozen=True):
    """What is quoted on an asset once it has moved: marks by symbol, options last, and smiles."""

    marks: dict[str, Decimal]
    smiles: tuple[Smile, ...]


@exact
def moved_market(
    state: State,
    at_ms: int,
    options: Iterable[str],
    asset: str,
    price: Decimal,
    volatility: Decimal,
) -> Moved:
    """Return what is quoted on `asset` at `price` and a moment, `volatility` added to its surface.

    Prices are rounded down to the tick, but not to zero.

    Raises
    ------
    UsageError
        If the asset has no index yet, or a volatility would be below zero.
    """
    market, contracts = state.market(), state.rulebook.contracts
    before = market.index.get(asset)
    if before is None:
        raise UsageError(f"{asset} has no index yet")

    def gone(value: Decimal, step: Decimal) -> Decimal:
        return _on_tick(quotient_down(value * price, before), step)

    marks = {
        symbol: gone(mark, tick_of(state, symbol))
        for symbol, mark in market.marks.items()
        if contracts[symbol].instrument.base == asset
        and contracts[symbol].instrument.option is None
    }
    surface = market.surfaces.get(asset)
    smiles = tuple(
        _shifted(
            replace(smile, forward=smile.forward and gone(smile.forward, EIGHT_PLACES)), volatility
        )
        for smile in (surface.smiles if surface else ())
    )
    there = replace(
        market,
        marks={name: mark for name, mark in market.marks.items() if name not in options} | marks,
        index=market.index | {asset: price},
        surfaces=market.surfaces | {asset: Surface(smiles)},
        at_ms=at_ms,
    )
    own = [name for name in options if contracts[name].instrument.base == asset]
    return Moved(marks | _worths(state, own, there), smiles)


@exact
def option_marks(state: State, options: Iterable[str]) -> dict[str, Decimal]:
    """Return what options are worth by the venue's surfaces, on the tick, by symbol.

    Raises
    ------
    UsageError
        If an option's volatility is not known.
    """
    market = state.market()
    marks = {name: mark for name, mark in market.marks.items() if name not in options}
    return _worths(state, options, replace(market, marks=marks))


def surface_seen(at_ms: int, asset: str, smile: Smile) -> ObserveSurface:
    """Return the command that lets the venue see a smile."""
    return ObserveSurface(
        at_ms=at_ms,
        asset=asset,
        expires_ms=smile.expires_ms,
        points=smile.points,
        forward=smile.forward,
        rate=smile.rate,
    )


def _worths(state: State, options: Iterable[str], market: Market) -> dict[str, Decimal]:
    found = {}
    for symbol in options:
        instrument = state.rulebook.contracts[symbol].instrument
        terms = instrument.option
        if terms is not None and terms.expires_ms <= (market.at_ms or 0):
            continue  # It is settled, and not quoted any more.
        mark = mark_of(instrument, market)
        if mark is None:
            raise UsageError(
                f"{symbol} has neither a mark nor an expiry under [[surfaces.{instrument.base}]]"
            )
        found[symbol] = _on_tick(mark, tick_of(state, symbol))
    return found


def _moves_with(instrument: Instrument, asset: str) -> bool:
    return instrument.base == asset and instrument.option is None


def _on_tick(price: Decimal, tick: Decimal) -> Decimal:
    # Prices are above zero, however little something is worth.
    return down_to(tick, price) or up_to(tick, tick)


def _shifted(smile: Smile, volatility: Decimal) -> Smile:
    points = tuple((strike, value + volatility) for strike, value in smile.points)
    try:
        return replace(smile, points=points)
    except UnitError as error:
        raise UsageError(f"volatility {plain(volatility)} more: {error}") from None
