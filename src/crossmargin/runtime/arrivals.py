"""People coming in: accounts opened, money brought, positions bought from the market maker.

Nothing is written into an account: a position is an order that met the maker's quotes, so that the
books balance as at any other time. What is larger than the quotes is bought in parts, each after
the maker has quoted anew, and what the maker's capital does not carry is not bought at all.

As in `feed_pump`, each command must have been decided before the next one is asked for.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.model.order import OrderType
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, quotient_down, up_to
from crossmargin.runtime.market_maker import MarketMaker, tick_of
from crossmargin.runtime.population import Holding, Person
from crossmargin.venue import command
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.state import State

PARTS_MAX = 40
"""In how many parts a position is bought at most."""


def arrive(
    person: Person, look: Callable[[], State], at_ms: int, maker: MarketMaker
) -> Iterator[AnyCommand]:
    """Yield the commands with which somebody comes in, at the prices of the moment."""
    name = person.name
    yield command.OpenAccount(at_ms=at_ms, account=name)
    mode = AssetsMode.MULTI if person.style == "multi-assets" else AssetsMode.SINGLE
    if look().accounts[name].assets_mode is not mode:
        yield command.SetAssetsMode(at_ms=at_ms, account=name, mode=mode)
    yield from _deposits(person, look, at_ms)
    for one in person.holdings:
        yield command.SetLeverage(
            at_ms=at_ms, account=name, symbol=one.symbol, leverage=person.leverage
        )
        if person.style == "isolated":
            yield command.SetMarginMode(
                at_ms=at_ms, account=name, symbol=one.symbol, mode=MarginMode.ISOLATED
            )
    for one in person.holdings:
        yield from _buy(person, one, look, at_ms, maker)
    if person.dip is not None:
        symbol, notional, distance = person.dip
        sign = ONE.copy_sign(notional)
        price = _mark(look(), symbol) * (ONE - sign * distance)
        step = tick_of(look(), symbol)
        price = (down_to if sign > 0 else up_to)(step, price)
        size = _size(look(), symbol, notional, price)
        if size:
            yield command.PlaceOrder(
                at_ms=at_ms, account=name, symbol=symbol, size=size, price=price
            )


def _deposits(person: Person, look: Callable[[], State], at_ms: int) -> Iterator[AnyCommand]:
    name, state = person.name, look()
    asset = state.rulebook.contracts[person.holdings[0].symbol].instrument.settle
    yield command.Deposit(at_ms=at_ms, account=name, asset=asset, amount=person.cash_usd)
    for coin, worth in person.coins_usd.items():
        price = state.asset_prices.get(coin)
        amount = ZERO if price is None else down_to(EIGHT_PLACES, quotient_down(worth, price))
        if amount:
            yield command.Deposit(at_ms=at_ms, account=name, asset=coin, amount=amount)


def _buy(
    person: Person, wanted: Holding, look: Callable[[], State], at_ms: int, maker: MarketMaker
) -> Iterator[AnyCommand]:
    name, symbol = person.name, wanted.symbol
    mark = _mark(look(), symbol)
    left = _size(look(), symbol, wanted.notional_usd, mark)
    stop = None
    if wanted.stop_fraction is not None:
        sign = ONE.copy_sign(left)
        stop = down_to(tick_of(look(), symbol), mark * (ONE - sign * wanted.stop_fraction))
    for _ in range(PARTS_MAX):
        quotes = maker.quote(look(), at_ms, symbol, mark)
        there = sum((one.size for one in quotes.levels if one.size * left < 0), ZERO)
        size = min(abs(left), abs(there)).copy_sign(left)
        if not size:
            return
        yield quotes
        before = _held(look(), name, symbol)
        yield command.PlaceOrder(
            at_ms=at_ms,
            account=name,
            symbol=symbol,
            size=size,
            type=OrderType.MARKET,
            stop_loss_price=stop,
        )
        stop = None  # One exit follows the whole position.
        filled = _held(look(), name, symbol) - before
        left -= filled
        if not filled:
            return


def _mark(state: State, symbol: str) -> Decimal:
    return state.symbol(symbol).mark or ZERO


def _size(state: State, symbol: str, notional: Decimal, price: Decimal) -> Decimal:
    # Signed, rounded down to the lot; of linear contracts.
    if not price:
        return ZERO
    lot = state.settings.filters_of(symbol).lot or EIGHT_PLACES
    multiplier = state.rulebook.contracts[symbol].instrument.multiplier
    size = down_to(lot, quotient_down(abs(notional), price * multiplier))
    return size.copy_sign(notional) if size else ZERO


def _held(state: State, name: str, symbol: str) -> Decimal:
    held = state.accounts[name].position(symbol, None)
    return held.size if held else ZERO
