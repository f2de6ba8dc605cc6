"""The people of a venue before a crash: who they are, what they hold, drawn from a seed.

Venues do not publish their accounts, so none of this is data; it is the least that a crash needs to
be one, and every figure is a named assumption (`ASSUMPTIONS`). Most accounts are traders: many
small and a few very large ones, more often long than short, on leverage from 1x to 125x as far as
the ladder lets them, in cross, isolated and multi-assets mode. The others are hedgers: large, on
little leverage, short what the traders are long in all, so that longs are shorts without the
market makers. Some of them hold the coin itself beside the short. In a crash they are the winners,
and the ones auto-deleveraging takes from.

The same seed, count and symbols give the same people. Amounts are in USD, which the quote asset is
taken to be worth. Nothing is opened here; `arrivals` does that.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from msgspec import Struct
from numpy.random import Generator

from crossmargin.errors import UsageError
from crossmargin.model.tiers import Tiers
from crossmargin.money import ONE, ZERO, down_to
from crossmargin.rulebooks.schema import Rulebook

HEDGER_SHARE = 0.2
LONG_SHARE = 0.85
WALLET_MIN_USD, WALLET_MAX_USD, WALLET_SHAPE = 1_000, 5_000_000, 1.1
LEVERAGES = (1, 2, 3, 5, 10, 20, 25, 50, 75, 100, 125)
LEVERAGE_WEIGHTS = (6, 10, 14, 20, 22, 14, 4, 5, 2, 2, 1)
STYLES = ("cross", "isolated", "multi-assets")
STYLE_WEIGHTS = (0.5, 0.35, 0.15)
USED_MIN, USED_MAX = 0.1, 0.7
"""The part of a wallet that is margin: between these, evenly."""
SYMBOLS_WEIGHTS = (0.6, 0.28, 0.12)
"""How many accounts hold one, two, three symbols."""
STOP_SHARE, STOP_MIN, STOP_MAX = 0.25, 0.02, 0.1
DIP_SHARE, DIP_MIN, DIP_MAX, DIP_SIZE = 0.15, 0.03, 0.12, 0.2
HEDGE_LEVERAGE_MIN, HEDGE_LEVERAGE_MAX, HEDGE_SETTING = 1.0, 3.0, 5
CARRY_SHARE = 0.3
COIN_PART = Decimal("0.5")
"""Of a multi-assets trader's wealth, what is held in a coin."""
COST_FRACTION = Decimal("0.004")
"""Of notional, left aside for the price a market order is margined at, spread and fees."""
CENT = Decimal("0.01")
QUEUE_SEEN = 40
"""Of how many who are waiting one comes in next."""

_ASSUMED = (
    f"Traders and hedgers: {HEDGER_SHARE:.0%} of the accounts are hedgers, the others traders.",
    f"Traders' wealth is Pareto with shape {WALLET_SHAPE} from {WALLET_MIN_USD:,} to "
    f"{WALLET_MAX_USD:,} USD; from {USED_MIN:.0%} to {USED_MAX:.0%} of it is used as margin.",
    f"The market is long: {LONG_SHARE:.0%} of the traders' positions are.",
    f"Traders' leverage is one of {', '.join(map(str, LEVERAGES))}, most often 5 or 10, and no "
    "more than the ladder allows; "
    + ", ".join(f"{w:.0%} {s}" for s, w in zip(STYLES, STYLE_WEIGHTS, strict=True))
    + ".",
    f"{STOP_SHARE:.0%} of positions carry a stop {STOP_MIN:.0%} to {STOP_MAX:.0%} away; "
    f"{DIP_SHARE:.0%} of traders rest an order to add {DIP_SIZE:.0%} at {DIP_MIN:.0%} to "
    f"{DIP_MAX:.0%} better.",
    "Hedgers are short what the traders are long in all, symbol by symbol, on "
    f"{HEDGE_LEVERAGE_MIN:g} to {HEDGE_LEVERAGE_MAX:g} times their wealth; {CARRY_SHARE:.0%} of "
    "them hold the coin against it, as multi-assets collateral where it may be.",
)
ASSUMPTIONS = tuple(sentence.replace("%", " %") for sentence in _ASSUMED)
"""What the people are assumed to be, in sentences; a percent sign stands apart, as everywhere."""


class Holding(Struct, frozen=True):
    """A position somebody wants.

    Attributes
    ----------
    notional_usd : signed, long above zero.
    stop_fraction : how far from the entry its stop is; None without one.
    """

    symbol: str
    notional_usd: Decimal
    stop_fraction: Decimal | None = None


class Person(Struct, frozen=True):
    """An account and what it is going to do.

    Attributes
    ----------
    style : one of `STYLES`.
    cash_usd : deposited in the settle asset.
    coins_usd : worth of coins deposited beside it, by asset.
    leverage : the setting in every symbol held.
    dip : symbol, notional (signed) and distance of an order left resting; None without one.
    """

    name: str
    is_hedger: bool
    style: str
    leverage: Decimal
    cash_usd: Decimal
    coins_usd: dict[str, Decimal]
    holdings: tuple[Holding, ...]
    dip: tuple[str, Decimal, Decimal] | None = None

    @property
    def wealth_usd(self) -> Decimal:
        """Return what is brought in."""
        return self.cash_usd + sum(self.coins_usd.values(), ZERO)


def population(
    seed: int, count: int, symbols: Sequence[str], rulebook: Rulebook
) -> tuple[Person, ...]:
    """Return `count` people in the order they come in.

    Those who want to sell come when others have bought, so that the market maker never holds much.

    Raises
    ------
    UsageError
        If the rulebook has no ladder for a symbol, or there is nobody.
    """
    if count < 1 or seed < 0:
        raise UsageError(
            f"{count} accounts from seed {seed}: give one at least, and no seed below 0"
        )
    unknown = [
        name for name in symbols if (c := rulebook.contracts.get(name)) is None or not c.tiers
    ]
    if unknown:
        raise UsageError(f"{rulebook.venue} has no ladder for {', '.join(unknown)}")
    chance = np.random.default_rng([seed, count])
    hedgers = round(count * HEDGER_SHARE)
    traders = [_trader(chance, place, symbols, rulebook) for place in range(count - hedgers)]
    found = [*traders, *_hedgers(chance, hedgers, traders, symbols, rulebook)]
    return _in_turn([found[place] for place in chance.permutation(len(found)).tolist()])


def open_interest_usd(people: Sequence[Person]) -> dict[str, Decimal]:
    """Return what the longs hold of each symbol."""
    held: dict[str, Decimal] = {}
    for person in people:
        for one in person.holdings:
            more = max(ZERO, one.notional_usd)
            held[one.symbol] = held.get(one.symbol, ZERO) + more
    return held


def coins_of(symbols: Sequence[str], rulebook: Rulebook) -> dict[str, str]:
    """Return the collateral assets that symbols are the price of, with their symbols."""
    bases = {rulebook.contracts[symbol].instrument.base: symbol for symbol in symbols}
    return {asset: symbol for asset, symbol in bases.items() if asset in rulebook.collateral}


def _trader(chance: Generator, place: int, symbols: Sequence[str], rulebook: Rulebook) -> Person:
    drawn = WALLET_MIN_USD * (1 - chance.random()) ** (-1 / WALLET_SHAPE)
    wealth = _usd(min(drawn, WALLET_MAX_USD))
    style = str(chance.choice(STYLES, p=STYLE_WEIGHTS))
    weights = np.array(LEVERAGE_WEIGHTS) / sum(LEVERAGE_WEIGHTS)
    leverage = Decimal(int(chance.choice(LEVERAGES, p=weights)))
    most = min(len(symbols), len(SYMBOLS_WEIGHTS))
    shares = np.array(SYMBOLS_WEIGHTS[:most])
    held = int(chance.choice(most, p=shares / shares.sum())) + 1
    ranks = 1 / np.arange(1, len(symbols) + 1)
    chosen = chance.choice(symbols, held, replace=False, p=ranks / ranks.sum()).tolist()
    used = wealth * _fraction(chance.uniform(USED_MIN, USED_MAX)) / held
    coins = list(coins_of(symbols, rulebook))
    coin = str(chance.choice(coins)) if style == "multi-assets" and coins else ""
    dip = None
    is_dip = chance.random() < DIP_SHARE
    for symbol in chosen:
        tiers = rulebook.contracts[symbol].tiers
        leverage = leverage if tiers is None else _allowed(leverage, used, tiers)
    notional = down_to(CENT, used * leverage / (ONE + leverage * COST_FRACTION))
    holdings = []
    for symbol in chosen:
        is_long = chance.random() < LONG_SHARE
        stop = _fraction(chance.uniform(STOP_MIN, STOP_MAX))
        has_stop = chance.random() < STOP_SHARE
        signed = notional if is_long else -notional
        holdings.append(Holding(symbol, signed, stop if has_stop else None))
    if is_dip:
        size = down_to(CENT, holdings[0].notional_usd * _fraction(DIP_SIZE))
        dip = (chosen[0], size, _fraction(chance.uniform(DIP_MIN, DIP_MAX)))
    in_coin = down_to(CENT, wealth * COIN_PART) if coin else ZERO
    return Person(
        name=f"trader-{place + 1:04}",
        is_hedger=False,
        style=style,
        leverage=leverage,
        cash_usd=wealth - in_coin,
        coins_usd={coin: in_coin} if coin else {},
        holdings=tuple(holdings),
        dip=dip,
    )


def _hedgers(
    chance: Generator,
    count: int,
    traders: Sequence[Person],
    symbols: Sequence[str],
    rulebook: Rulebook,
) -> list[Person]:
    net = dict.fromkeys(symbols, ZERO)
    for person in traders:
        for one in person.holdings:
            net[one.symbol] += one.notional_usd
    coins = {symbol: asset for asset, symbol in coins_of(symbols, rulebook).items()}
    found = []
    for number, symbol in enumerate(symbols):
        own = range(number, count, len(symbols))
        weights = (1 - chance.random(len(own))) ** (-1 / WALLET_SHAPE)
        for place, weight in zip(own, (weights / weights.sum()).tolist(), strict=True):
            times = _fraction(chance.uniform(HEDGE_LEVERAGE_MIN, HEDGE_LEVERAGE_MAX))
            is_carry = chance.random() < CARRY_SHARE and symbol in coins
            notional = down_to(CENT, net[symbol] * _fraction(weight))
            # The coin is worth the short; a little cash pays fees and funding.
            cash = abs(notional) / (10 if is_carry else times)
            found.append(
                Person(
                    name=f"hedger-{place + 1:04}",
                    is_hedger=True,
                    style="multi-assets" if is_carry else "cross",
                    leverage=Decimal(HEDGE_SETTING),
                    cash_usd=max(CENT, down_to(CENT, cash)),
                    coins_usd={coins[symbol]: abs(notional)} if is_carry else {},
                    holdings=(Holding(symbol, -notional),),
                )
            )
    return found


def _allowed(leverage: Decimal, margin: Decimal, tiers: Tiers) -> Decimal:
    # The most of `leverage` that the ladder lets `margin` be used with; whole, at least 1.
    while leverage > 1:
        most = tiers.pieces[tiers.index(margin * leverage)].leverage_max
        if leverage <= most:
            break
        leverage = max(ONE, min(leverage - 1, most // 1))
    return leverage


def _in_turn(people: Sequence[Person]) -> tuple[Person, ...]:
    # Next is whoever, of the first in the queue, leaves the market maker with the least.
    ahead: dict[str, Decimal] = {}
    queue, found = list(people), []

    def left_with(person: Person) -> Decimal:
        after = dict(ahead)
        for one in person.holdings:
            after[one.symbol] = after.get(one.symbol, ZERO) + one.notional_usd
        return sum((abs(one) for one in after.values()), ZERO)

    while queue:
        person = min(queue[:QUEUE_SEEN], key=left_with)
        queue.remove(person)
        found.append(person)
        for one in person.holdings:
            ahead[one.symbol] = ahead.get(one.symbol, ZERO) + one.notional_usd
    return tuple(found)


def _usd(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")


def _fraction(value: float) -> Decimal:
    return Decimal(f"{value:.6f}")
