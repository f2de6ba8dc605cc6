"""Small trades that would help most for what they cost.

Each contract that the account holds in cross mode, or that its market has a price of, is bought and
sold a little; the exact core says what becomes of the buffer and of the joint distance, how far all
prices may move together. What lengthens that distance is a hedge, whether it takes off what is held
or stands against it; it is ranked by the distance it adds for each unit of cost. The effects are of
a small trade: they do not go on for ever, and a hedge that follows its asset badly is worth less
than it looks here.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.lookup import leverage_of
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.model.account import Account, MarginMode, PositionMode
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.order import Side
from crossmargin.money import (
    EIGHT_PLACES,
    ONE,
    ZERO,
    exact,
    quotient_down,
    up_to,
)
from crossmargin.risk.estimates.exposure import price_of
from crossmargin.risk.plan.standing import joint_distance
from crossmargin.risk.situation import situation
from crossmargin.venue.posting import post_fill

PART = Decimal("0.01")
"""How large the trades are, of the equity of the account's weakest pool or bucket."""
SHOWN_MAX = 5


class Hedge(Struct, frozen=True):
    """A small trade and what it does.

    Attributes
    ----------
    size : signed, buy positive.
    cost : fee and slippage, in USD.
    buffer : change of the buffer of the weakest pool or bucket, in its asset.
    distance : change of the joint distance; a fraction, above zero where it grows.
    """

    symbol: str
    size: Decimal
    cost: Decimal
    asset: str
    buffer: Decimal
    distance: Decimal

    @property
    def per_cost(self) -> Decimal:
        """Return the distance added per unit of cost."""
        return quotient_down(self.distance, self.cost) if self.cost > 0 else Decimal("Infinity")


@exact
def hedges(now: Assessment, liquidity: Liquidity) -> tuple[Hedge, ...]:
    """Return the trades that lengthen the joint distance, the most for their cost first.

    At most `SHOWN_MAX`; none where no common move liquidates, or its distance is unknown.
    """
    account, market, rulebook = now.account, now.market, now.rulebook
    here = situation(account, market, rulebook)
    before = joint_distance(here)
    equity = now.worst.health.equity if now.worst.health else ZERO
    if before is None or not before.is_finite() or equity <= 0:
        return ()
    worth = PART * equity * price_of(now.worst.asset, here)
    names = dict.fromkeys((*(held.symbol for held in account.positions), *market.marks))
    found = []
    for symbol in names:
        contract = rulebook.contracts.get(symbol)
        if contract is None or contract.instrument.kind.is_option or symbol not in market.marks:
            continue
        if account.mode_of(symbol) is MarginMode.ISOLATED:
            continue
        for sign in (ONE, -ONE):
            hedge = _hedge(now, symbol, sign, worth, before, liquidity)
            if hedge is not None and hedge.distance > 0:
                found.append(hedge)
    found.sort(key=lambda hedge: hedge.per_cost, reverse=True)
    return tuple(found[:SHOWN_MAX])


def _hedge(
    now: Assessment,
    symbol: str,
    sign: Decimal,
    worth: Decimal,
    before: Decimal,
    liquidity: Liquidity,
) -> Hedge | None:
    account, market, rulebook = now.account, now.market, now.rulebook
    instrument, mark = rulebook.contracts[symbol].instrument, market.marks[symbol]
    here = situation(account, market, rulebook)
    settle = price_of(instrument.settle, here)
    per_unit = instrument.multiplier
    if not instrument.kind.is_inverse:
        per_unit *= mark * settle
    size = sign * up_to(instrument.lot or EIGHT_PLACES, quotient_down(worth, per_unit))
    price = liquidity.fill_price(size, mark, instrument)
    posted = post_fill(
        account,
        instrument,
        size,
        price,
        fee_fraction=rulebook.fees.taker,
        leverage=leverage_of(symbol, account, rulebook),
        side=_side(account, symbol, sign),
    )
    after = assess(posted.account, market, rulebook)
    if after.missing:
        return None
    distance = joint_distance(situation(posted.account, market, rulebook))
    buffers = [_buffer(found, now.worst.name) for found in (now, after)]
    if distance is None or buffers[0] is None or buffers[1] is None:
        return None
    slippage = unrealised_pnl(size, mark, price, instrument)
    cost = (posted.fee + abs(slippage)) * settle
    change = buffers[1] - buffers[0]
    return Hedge(symbol, size, cost, now.worst.asset, change, distance - before)


def _side(account: Account, symbol: str, sign: Decimal) -> Side | None:
    # In hedge mode what stands against the trade is closed first.
    if account.position_mode is not PositionMode.HEDGE:
        return None
    own, other = (Side.LONG, Side.SHORT) if sign > 0 else (Side.SHORT, Side.LONG)
    held = {position.side for position in account.positions if position.symbol == symbol}
    return other if other in held else own


def _buffer(found: Assessment, name: str) -> Decimal | None:
    unit = next((one for one in found.units if one.name == name), None)
    return unit.health.buffer if unit is not None and unit.health is not None else None
