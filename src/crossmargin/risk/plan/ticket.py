"""The account before and after intended trades, and where each trade's own exits lead.

Before and after are whole assessments; what a ticket shows is read off them. A stop is compared
with liquidation twice, both by the exact core: with the liquidation price of the position after all
trades, everything else held still, and with the path on which all that is quoted on the asset goes
to the stop. Either is enough to say that the stop comes too late.

Risk is the loss from entry to stop, with the fees of both, and the same towards the target. Stops
are taken to fill at their price; a gap costs more.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property

from msgspec import Struct

from crossmargin.errors import UnknownError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, PositionAssessment, Status
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.model.account import Account
from crossmargin.model.market import Market
from crossmargin.money import (
    EIGHT_PLACES,
    ONE,
    ZERO,
    down_to,
    exact,
    quotient_down,
    quotient_up,
    up_to,
)
from crossmargin.risk.estimates.exposure import exposure
from crossmargin.risk.plan.intent import Filled, Intent, checked, side_of, traded
from crossmargin.risk.plan.standing import Standing, money_of, standing_of
from crossmargin.risk.situation import situation
from crossmargin.rulebooks.schema import Rulebook


class Exits(Struct, frozen=True):
    """What a trade's stop and target come to, in the settle asset.

    Attributes
    ----------
    risk : the loss from entry to stop, fees of both included; rounded up. None without a stop.
    risk_fraction : of the equity before, rounded up at 8 places; None without equity.
    reward : the gain from entry to target, less both fees; rounded down.
    liquidation_price : on the stop's side, of the position after all trades, all else held.
    multiple : how much of the way to the stop the account lives through, which may be more than
        all of it; None where nothing on that way ends it, or that is unknown.
    is_stop_beyond : whether liquidation comes before the stop, or with it; None where unknown.
    unknown : what would have to be known for that.
    """

    risk: Decimal | None
    risk_fraction: Decimal | None
    reward: Decimal | None
    liquidation_price: Decimal | None
    multiple: Decimal | None
    is_stop_beyond: bool | None
    unknown: str = ""

    @property
    @exact
    def reward_to_risk(self) -> Decimal | None:
        """Return reward ÷ risk, rounded down at 8 places; None without either."""
        if self.reward is None or not self.risk:
            return None
        return down_to(EIGHT_PLACES, quotient_down(self.reward, self.risk))


class Ticket(Struct, frozen=True, dict=True):
    """An account before and after intended trades.

    Attributes
    ----------
    after : judged where the last trade fills.
    """

    before: Assessment
    after: Assessment
    fills: tuple[Filled, ...]

    @cached_property
    def exits(self) -> tuple[Exits, ...]:
        """Return where the exits of each trade lead."""
        return tuple(_exits(fill, self) for fill in self.fills)

    def position(self, intent: Intent) -> tuple[PositionAssessment, PositionBoundary | None] | None:
        """Return the position that the trade leads to, and its boundary; None if it closes it."""
        side = side_of(self.after.account, intent)
        boundaries = self.after.boundaries.positions
        for position, boundary in zip(self.after.positions, boundaries, strict=True):
            if position.symbol == intent.symbol and side in (None, position.side):
                return position, boundary
        return None

    @cached_property
    def leverage(self) -> tuple[Decimal | None, Decimal | None]:
        """Return effective leverage (`estimates.exposure`) before and after, rounded up."""
        return _leverage(self.before), _leverage(self.after)

    @property
    def money(self) -> tuple[tuple[Standing, Standing], ...]:
        """Return how the money of each traded symbol stands before and after, each asset once."""
        found: dict[str, tuple[Standing, Standing]] = {}
        for fill in self.fills:
            symbol = fill.intent.symbol
            pair = standing_of(symbol, self.before), standing_of(symbol, self.after)
            found.setdefault(pair[0].asset, pair)
        return tuple(found.values())


@exact
def ticket(
    account: Account, market: Market, rulebook: Rulebook, intents: Iterable[Intent]
) -> Ticket:
    """Return the account before and after `intents`.

    Raises
    ------
    UsageError
        As `risk.intent.traded`.
    UnknownError
        As `risk.intent.traded`; also where health is unknown before or after.
    """
    done = traded(account, market, rulebook, intents)
    before = assess(account, market, rulebook)
    after = assess(done.account, done.market, rulebook)
    missing = dict.fromkeys((*before.missing, *after.missing))
    if missing:
        raise UnknownError(f"what a trade does is unknown without {', '.join(missing)}")
    return Ticket(before, after, done.fills)


@exact
def exit_profit(fill: Filled, price: Decimal, rulebook: Rulebook) -> Decimal:
    """Return what the trade makes by `price`, both fees paid; rounded down at 8 places."""
    instrument = checked(fill.intent, rulebook)
    gain = unrealised_pnl(fill.intent.size, fill.price, price, instrument)
    fee = up_to(EIGHT_PLACES, notional(fill.intent.size, price, instrument) * rulebook.fees.taker)
    return down_to(EIGHT_PLACES, gain) - fee - fill.fee


@exact
def in_money(amount: Decimal, symbol: str, assessment: Assessment) -> Decimal | None:
    """Return an amount of what `symbol` settles in, in the asset it is margined in, at the index.

    None where the index is not known.
    """
    settle = assessment.rulebook.contracts[symbol].instrument.settle
    if money_of(symbol, assessment) == settle:
        return amount
    price = assessment.market.index.get(settle)
    return None if price is None else amount * price


@exact
def _leverage(found: Assessment) -> Decimal | None:
    leverage = exposure(situation(found.account, found.market, found.rulebook)).leverage
    return None if leverage is None else up_to(EIGHT_PLACES, leverage)


@exact
def _exits(fill: Filled, view: Ticket) -> Exits:
    intent, rulebook = fill.intent, view.after.rulebook
    reward = None
    if intent.take is not None:
        reward = exit_profit(fill, intent.take, rulebook)
    if intent.stop is None:
        return Exits(None, None, reward, None, None, None)
    risk = -exit_profit(fill, intent.stop, rulebook)
    fraction = None
    equity = standing_of(intent.symbol, view.before).equity
    loss = in_money(risk, intent.symbol, view.before)
    if equity is not None and equity > 0 and loss is not None:
        fraction = up_to(EIGHT_PLACES, quotient_up(loss, equity))
    price, is_beyond = _liquidation(fill, intent.stop, view)
    if view.after.status is Status.LIQUIDATABLE:
        return Exits(risk, fraction, reward, price, ZERO, True)
    try:
        multiple = _multiple(fill, intent.stop, view)
    except UnknownError as error:
        known = True if is_beyond else None
        return Exits(risk, fraction, reward, price, None, known, str(error))
    if multiple is not None and multiple <= ONE:
        is_beyond = True
    return Exits(risk, fraction, reward, price, multiple, is_beyond)


def _liquidation(fill: Filled, stop: Decimal, view: Ticket) -> tuple[Decimal | None, bool | None]:
    # The position's liquidation price on the stop's side, and whether the stop is not before it.
    found = view.position(fill.intent)
    if found is None:
        return None, False
    _, boundary = found
    if boundary is None:
        return None, None
    is_below = stop < fill.price
    price = boundary.lower if is_below else boundary.upper
    is_known = boundary.is_lower_known if is_below else boundary.is_upper_known
    if price is None:
        return None, False if is_known else None
    return price, stop <= price if is_below else stop >= price


def _multiple(fill: Filled, stop: Decimal, view: Ticket) -> Decimal | None:
    # From where the last trade filled to the stop, all on the asset together.
    after = view.after
    base = after.rulebook.contracts[fill.intent.symbol].instrument.base
    start = after.market.marks[fill.intent.symbol]
    here = situation(after.account, after.market, after.rulebook)
    if base not in here.assets:
        return None
    move = quotient_down(stop - start, start)
    return here.reach({base: move}) if move else ZERO
