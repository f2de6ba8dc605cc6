"""An intended trade: read from text, and the account as it would be after it.

The text is SYMBOL ±SIZE @ market|PRICE [stop PRICE] [take PRICE], such as
`BTCUSDT +0.5 @ market stop 92000`. A trade at market fills at the mark and pays the taker's fee.
One at a price fills when the mark is there, so the account is judged there: all that is quoted on
the asset has moved with it. It pays the maker's fee where it waits for the price to come its way,
and the taker's where the price must move against it, as a stop order does.

Several trades are made one after the other. In hedge mode a buy adds to the long side and a sell to
the short one. Nothing is checked against filters of the venue but the lot.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UnitError, UnknownError, UsageError
from crossmargin.margin.lookup import contract_of, leverage_of
from crossmargin.margin.scenarios.path import anchored, moved
from crossmargin.model.account import Account, PositionMode
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, number, plain, quotient_up
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.posting import post_fill

MARKET = "market"
EXITS = ("stop", "take")
GRAMMAR = "SYMBOL ±SIZE @ market|PRICE [stop PRICE] [take PRICE]"


class Intent(Struct, frozen=True):
    """A trade somebody thinks of.

    Attributes
    ----------
    size : signed, buy positive, in the instrument's unit; not zero.
    entry, stop, take : prices in the quote asset; no entry is at market.
    """

    symbol: str
    size: Decimal
    entry: Decimal | None = None
    stop: Decimal | None = None
    take: Decimal | None = None

    def __str__(self) -> str:
        """Return the text it is read from."""
        sign = "+" if self.size > 0 else ""
        at = MARKET if self.entry is None else plain(self.entry)
        exits = zip(EXITS, (self.stop, self.take), strict=True)
        said = "".join(f" {word} {plain(price)}" for word, price in exits if price is not None)
        return f"{self.symbol} {sign}{plain(self.size)} @ {at}{said}"


class Filled(Struct, frozen=True):
    """An intended trade that was made.

    `fee` is in the settle asset, above zero where it is paid.
    """

    intent: Intent
    price: Decimal
    fee: Decimal


class Traded(Struct, frozen=True):
    """An account after its intended trades, the prices it then is at, and the trades."""

    account: Account
    market: Market
    fills: tuple[Filled, ...]


def intent_of(text: str) -> Intent:
    """Return the trade that `text` spells.

    Raises
    ------
    UsageError
        If it is none: one sentence that says at which character, and what belongs there.
    """
    words = _words(text)
    symbol, at = words.next("a symbol, such as BTCUSDT")
    if symbol == "@":
        raise words.wrong(at, "a trade begins with its symbol")
    size = _size(words)
    sign, at = words.next("@ and a price")
    if sign != "@":
        raise words.wrong(at, f"{sign!r} where there should be @ and a price")
    word, at = words.next(f"{MARKET} or a price")
    entry = None if word.lower() == MARKET else words.price(word, at)
    exits: dict[str, Decimal] = {}
    while words.left:
        word, at = words.next("")
        if word.lower() not in EXITS:
            raise words.wrong(at, f"{word!r} is neither stop nor take")
        if word.lower() in exits:
            raise words.wrong(at, f"a second {word.lower()}")
        exits[word.lower()] = words.price(*words.next(f"the price of the {word.lower()}"))
    return Intent(symbol, size, entry, exits.get("stop"), exits.get("take"))


@exact
def traded(
    account: Account, market: Market, rulebook: Rulebook, intents: Iterable[Intent]
) -> Traded:
    """Return the account once all of `intents` have filled, in their order.

    Raises
    ------
    UsageError
        If the venue has no such contract, or the trade cannot be one: a size between lots, a stop
        or a target on the wrong side of the entry, an option.
    UnknownError
        If a trade is at market and there is no mark price.
    """
    fills = []
    for intent in intents:
        instrument = checked(intent, rulebook)
        mark = market.marks.get(intent.symbol)
        if mark is None and intent.entry is None:
            raise UnknownError(f"{intent}: there is no mark price of {intent.symbol}")
        price = intent.entry or mark or ZERO
        _check_exits(intent, price)
        fees = rulebook.fees
        rests = mark is not None and (price - mark) * intent.size < 0
        posted = post_fill(
            account,
            instrument,
            intent.size,
            price,
            fee_fraction=fees.maker if rests else fees.taker,
            leverage=leverage_of(intent.symbol, account, rulebook),
            side=side_of(account, intent),
        )
        market = _market_at(price, instrument, account, market, rulebook)
        account = posted.account
        fills.append(Filled(intent, price, posted.fee))
    return Traded(account, market, tuple(fills))


def checked(intent: Intent, rulebook: Rulebook) -> Instrument:
    """Return the instrument of a trade that the venue can make.

    Raises
    ------
    UsageError
        If it has no such contract, it is an option, or the size falls between lots.
    """
    instrument = contract_of(intent.symbol, rulebook).instrument
    if instrument.kind.is_option:
        raise UsageError(
            f"{intent.symbol} is an option; intended trades are of perpetuals and futures"
        )
    lot = instrument.lot or EIGHT_PLACES
    if not intent.size:
        raise UsageError(f"{intent}: nothing is traded")
    if down_to(lot, intent.size) != intent.size:
        raise UsageError(f"{intent}: sizes of {intent.symbol} are multiples of {plain(lot)}")
    return instrument


def side_of(account: Account, intent: Intent) -> Side | None:
    """Return the side of a hedged account that the trade adds to; None in one-way mode."""
    if account.position_mode is not PositionMode.HEDGE:
        return None
    return Side.LONG if intent.size > 0 else Side.SHORT


def market_where(
    symbol: str, price: Decimal, account: Account, market: Market, rulebook: Rulebook
) -> Market:
    """Return the market once the mark of `symbol` is at `price`: all on its asset moves with it."""
    return _market_at(price, contract_of(symbol, rulebook).instrument, account, market, rulebook)


@exact
def _market_at(
    price: Decimal, instrument: Instrument, account: Account, market: Market, rulebook: Rulebook
) -> Market:
    mark = market.marks.get(instrument.symbol)
    if mark is not None and mark != price:
        start = anchored(account, market, rulebook)
        market = moved(start, {instrument.base: quotient_up(price, mark)})
    # The quotient may be off in its last digit; a price that somebody named is that price.
    return replace(market, marks={**market.marks, instrument.symbol: price})


def _check_exits(intent: Intent, price: Decimal) -> None:
    verb = "buy" if intent.size > 0 else "sell"
    for word, exit_price, sign in (("stop", intent.stop, -1), ("take", intent.take, 1)):
        if exit_price is None:
            continue
        if (exit_price - price) * intent.size * sign <= 0:
            side = "above" if (sign > 0) == (intent.size > 0) else "below"
            raise UsageError(
                f"{intent}: the {word} of a {verb} at {plain(price)} must be {side} it"
            )


class _Words:
    """The words of a trade, each with the place where it begins, counted from 1."""

    def __init__(self, text: str, words: list[tuple[str, int]]) -> None:
        self.text = text
        self.left = words

    def next(self, wanted: str) -> tuple[str, int]:
        """Return the next word and its place; `wanted` is what is missing where there is none."""
        if not self.left:
            raise self.wrong(len(self.text) + 1, f"{wanted} is missing; a trade is {GRAMMAR}")
        return self.left.pop(0)

    def price(self, word: str, at: int) -> Decimal:
        """Return the price that `word` spells."""
        try:
            price = number(word)
        except UnitError as error:
            raise self.wrong(at, f"{error}, so no price") from None
        if price <= 0:
            raise self.wrong(at, f"a price of {word}, must be above 0")
        return price

    def wrong(self, at: int, what: str) -> UsageError:
        """Return the error of what is wrong at a place."""
        return UsageError(f"{self.text!r}, at character {at}: {what}")


def _words(text: str) -> _Words:
    found: list[tuple[str, int]] = []
    begun = False
    for place, sign in enumerate(text, 1):
        if sign == "@" or sign.isspace():
            begun = False
            if sign == "@":
                found.append((sign, place))
        elif begun:
            found[-1] = (found[-1][0] + sign, found[-1][1])
        else:
            found.append((sign, place))
            begun = True
    return _Words(text, found)


def _size(words: _Words) -> Decimal:
    word, at = words.next("a size, such as +0.5")
    if word[0] not in "+-":
        raise words.wrong(at, f"{word!r} has no sign: +SIZE buys, -SIZE sells")
    try:
        size = number(word)
    except UnitError as error:
        raise words.wrong(at, f"{error}, so no size") from None
    if not size:
        raise words.wrong(at, "a size of zero")
    return size
