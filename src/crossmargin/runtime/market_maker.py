"""The account that makes the market: what it does when a price has moved.

Whoever moves a price moves the maker first. Old quotes go, orders that rest beyond the new price
are traded with, new quotes come as far as the maker's capital carries them; so a price never stands
where the book does not. The commands are worked out one at a time from the venue as it then is:
each must have been decided before the next is asked for.

What levels there are and what finite capital stands behind is `liquidity`'s. The maker has no
opinion on prices, and no margin arithmetic of its own: its equity is the assessment's.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from crossmargin.files.story_tables import LiquidityTable
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.pnl import notional
from crossmargin.model.instrument import Kind
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, quotient_down, up_to
from crossmargin.runtime.liquidity import Makers, affordable, quotes
from crossmargin.venue import command
from crossmargin.venue.command import AnyCommand, TimeInForce
from crossmargin.venue.state import State

MAKER = "maker"
"""The account that quotes."""


class MarketMaker:
    """Quotes every symbol it is asked to, out of one pool of capital.

    Attributes
    ----------
    terms : spread, depth, capital and leverage.
    depths : notional on each side of a symbol, where it is another than the terms'.
    """

    def __init__(self, terms: LiquidityTable, depths: Mapping[str, Decimal] | None = None) -> None:
        """Start with terms alone: the account is opened by `enter`."""
        self.terms, self.depths = terms, depths or {}

    def enter(self, state: State, at_ms: int, symbols: Iterable[str]) -> Iterator[AnyCommand]:
        """Yield what opens the account: capital in every settle asset, leverage where it is set."""
        contracts = state.rulebook.contracts
        yield command.OpenAccount(at_ms=at_ms, account=MAKER, is_maker=True)
        names = tuple(symbols)
        for asset in dict.fromkeys(contracts[symbol].instrument.settle for symbol in names):
            yield command.Deposit(
                at_ms=at_ms, account=MAKER, asset=asset, amount=self.terms.capital
            )
        for symbol in names:
            is_option = contracts[symbol].instrument.option is not None
            if state.rulebook.is_leverage_settable and not is_option:
                yield command.SetLeverage(
                    at_ms=at_ms, account=MAKER, symbol=symbol, leverage=self.terms.leverage
                )

    def move(self, state: State, at_ms: int, symbol: str, price: Decimal) -> Iterator[AnyCommand]:
        """Yield what the maker does when the price of a symbol goes to `price`."""
        yield command.Quote(at_ms=at_ms, account=MAKER, symbol=symbol, levels=())
        bids, asks = state.symbol(symbol).book.depth()
        bought = sum((size for limit, size in bids if limit >= price), ZERO)
        sold = sum((size for limit, size in asks if limit <= price), ZERO)
        tick = tick_of(state, symbol)
        # Orders rest on ticks, so rounded like this the maker meets the same ones.
        for size, limit in ((-bought, up_to(tick, price)), (sold, down_to(tick, price))):
            if size:
                yield command.PlaceOrder(
                    at_ms=at_ms,
                    account=MAKER,
                    symbol=symbol,
                    size=size,
                    price=limit,
                    time_in_force=TimeInForce.IOC,
                )
        yield self.quote(state, at_ms, symbol, price)

    def quote(self, state: State, at_ms: int, symbol: str, price: Decimal) -> command.Quote:
        """Return the quotes around `price` that the maker's equity carries now."""
        terms, filters = self.terms, state.settings.filters_of(symbol)
        lot = filters.lot or EIGHT_PLACES
        depth = self.depths.get(symbol, terms.depth)
        instrument = state.rulebook.contracts[symbol].instrument
        index = state.asset_prices.get(instrument.base)
        if instrument.kind is Kind.INVERSE_OPTION and index is not None:
            depth = quotient_down(depth, index)  # priced in the coin, depth is in the quote asset
        makers = Makers(terms.spread, terms.step, depth, terms.levels, tick_of(state, symbol), lot)
        position = state.accounts[MAKER].position(symbol, None)
        offered = quotes(price, makers, instrument)
        # Margined at its own price, which is highest at the last of the asks.
        dearest = max((level.price for level in offered), default=price)
        levels = affordable(
            offered,
            ZERO if position is None else position.size,
            self._room(state, symbol, price),
            dearest,
            instrument,
            lot,
        )
        return command.Quote(at_ms=at_ms, account=MAKER, symbol=symbol, levels=levels)

    def _room(self, state: State, symbol: str, price: Decimal) -> Decimal:
        # The notional the maker may hold of a symbol, in quote units, beside all else.
        contracts = state.rulebook.contracts
        instrument = contracts[symbol].instrument
        account = state.accounts[MAKER]
        assessment = assess(account.view(), state.market(), state.rulebook)
        pool = next((one for one in assessment.pools if one.asset == instrument.settle), None)
        equity = account.balances.get(instrument.settle, ZERO)
        if pool is not None and pool.health is not None:
            equity = pool.health.equity
        if instrument.kind.is_inverse:
            equity *= price  # capital is in the coin, notional in the quote asset
        return equity * self.terms.leverage - self._elsewhere(state, symbol, assessment)

    def _elsewhere(self, state: State, symbol: str, assessment: Assessment) -> Decimal:
        # What is held and quoted in other symbols of the same settle asset takes capital too.
        contracts = state.rulebook.contracts
        settle = contracts[symbol].instrument.settle
        sides: dict[str, dict[bool, Decimal]] = {}
        for order in state.accounts[MAKER].orders.values():
            instrument = contracts[order.symbol].instrument
            if order.symbol != symbol and instrument.settle == settle and order.price is not None:
                side = sides.setdefault(order.symbol, {True: ZERO, False: ZERO})
                side[order.size > 0] += notional(order.size, order.price, instrument)
        held = sum(
            (
                one.notional or ZERO
                for one in assessment.positions
                if one.symbol != symbol and contracts[one.symbol].instrument.settle == settle
            ),
            ZERO,
        )
        return held + sum((max(side.values()) for side in sides.values()), ZERO)


def tick_of(state: State, symbol: str) -> Decimal:
    """Return the step of a symbol's prices; 8 places where the settings give none."""
    return state.settings.filters_of(symbol).tick or EIGHT_PLACES
