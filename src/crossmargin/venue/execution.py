"""Carrying the liquidation ladder out where there is no order book: fills by a liquidity model.

Walks one account down the ladder at one market until every pool and bucket whose health is known
is out of danger, and writes a receipt for each step: what was true, which rule applied, what was
done, what was true after. The insurance fund is a running amount per asset: what it earns from
takeovers above bankruptcy and pays for those below; it is not limited here.

A takeover leaves nothing behind: the fund takes positions, collateral and debts together. In
multi-assets mode that is dearer than a venue whose auto-exchange returns what selling the
collateral brings above its haircut; auto-exchange is not modelled here.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import InvariantBroken
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, UnitAssessment
from crossmargin.margin.collateral import worth
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import collateral_rates
from crossmargin.margin.scenarios.path import mark_of
from crossmargin.margin.units import units_of
from crossmargin.model.account import Account
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, plain, posted_text
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.actions import (
    Auction,
    CancelOrders,
    Reduce,
    TakeOver,
    Trades,
    liquidation_fill,
)
from crossmargin.venue.liquidation import failed_unit, health_of, next_action
from crossmargin.venue.posting import post_takeover

STEPS_MAX = 1000
"""No account has this many tiers and positions to be walked through; more is a bug."""


class Trade(Struct, frozen=True):
    """A liquidation's trade, from the account's view; money in the settle asset.

    `price` is None for a takeover that no positive price could express.
    """

    symbol: str
    side: Side
    size: Decimal
    price: Decimal | None
    realised_pnl: Decimal
    fee: Decimal


CANCEL_RULE = "open orders are cancelled first, which frees their margin"
"""Why orders are cancelled, in words."""
TAKEOVER_RULE = (
    "nothing smaller restores health, so the insurance fund takes the positions over at "
    "the prices that use up the collateral exactly"
)
"""Why everything is taken over, in words."""
DEBT_RULE = "a negative wallet without positions is reset to zero"
"""What becomes of a debt that nothing stands against, in words."""
REDUCTION_RULES = {
    LadderStep.REDUCE_TO_LOWER_TIER: "a smaller position is charged a lower rate, and that is "
    "enough to restore health",
    LadderStep.REDUCE_BY_TWO_TIERS: "two tiers lower a position is charged a lower rate, and that "
    "is enough to restore health",
    LadderStep.REDUCE_BY_FRACTION: "a part of the position is closed in the market, and the rest "
    "is looked at again",
    LadderStep.CLOSE_POSITION: "the position is closed in the market, and the rest is looked at "
    "again",
    LadderStep.REDUCE_SLICE: "the smallest part of everything that is enough is closed, so that "
    "hedges stay whole",
    LadderStep.REDUCE_DELTA: "a part of a future that adds to the delta is closed, and the rest is "
    "looked at again",
    LadderStep.HEDGE_DELTA: "a future is traded against the delta of the options, and stays with "
    "the account",
    LadderStep.REDUCE_NEUTRAL: "both sides of a hedge are reduced, which leaves the delta as it is",
    LadderStep.REDUCE_RISK: "the position without which most is gained is reduced, and the rest is "
    "looked at again",
}
"""Why a reduction is made, in words."""


class Receipt(Struct, frozen=True):
    """One step of the ladder.

    Attributes
    ----------
    unit : name of the pool or bucket.
    before, after : its health; None after, once nothing of it is left.
    rule, action : sentences a person can read.
    trades : what was traded, in their settle assets.
    realised_pnl, fee, fund_change : in `asset`, the pool's or bucket's. The first is signed from
        the account's view, the second is what it paid, the last what the insurance fund gained
        (negative where it paid).
    """

    unit: str
    asset: str
    step: LadderStep
    rule: str
    action: str
    before: Health
    after: Health | None
    trades: tuple[Trade, ...] = ()
    realised_pnl: Decimal = ZERO
    fee: Decimal = ZERO
    fund_change: Decimal = ZERO


class Liquidated(Struct, frozen=True):
    """The account after the ladder, and the receipts of its steps, first step first."""

    account: Account
    receipts: tuple[Receipt, ...]


@exact
def liquidate(
    account: Account, market: Market, rulebook: Rulebook, liquidity: Liquidity
) -> Liquidated:
    """Return the account once no unit of known health is liquidatable at this market."""
    receipts: list[Receipt] = []
    assessment = assess(account, market, rulebook)
    while (unit := failed_unit(assessment)) is not None:
        if len(receipts) >= STEPS_MAX:
            raise InvariantBroken(f"{unit.name}: the liquidation ladder does not end")
        after, receipt = _carry_out(assessment, unit, liquidity)
        assessment = assess(after, market, rulebook)
        receipts.append(replace(receipt, after=health_of(assessment, unit.name)))
    return Liquidated(assessment.account, tuple(receipts))


def _carry_out(
    assessment: Assessment, unit: UnitAssessment, liquidity: Liquidity
) -> tuple[Account, Receipt]:
    dry: tuple[str, ...] = ()
    while True:
        action = next_action(assessment, unit, liquidity.fill_price, dry)
        if isinstance(action, CancelOrders):
            return _cancel(assessment, unit, action)
        if isinstance(action, TakeOver):
            return _take_over(assessment, unit, action)
        if isinstance(action, Trades):
            return _reduce(assessment, unit, action.parts, liquidity)
        if isinstance(action, Auction):
            raise InvariantBroken(f"{unit.name} is auctioned where nobody bids")
        if action.may_trade_at(_price_at(assessment, action, liquidity)):
            return _reduce(assessment, unit, (action,), liquidity)
        dry = (*dry, action.symbol)


def _cancel(
    assessment: Assessment, unit: UnitAssessment, action: CancelOrders
) -> tuple[Account, Receipt]:
    kept = tuple(order for order in assessment.account.orders if order not in action.orders)
    receipt = _receipt(
        unit,
        LadderStep.CANCEL_ORDERS,
        CANCEL_RULE,
        f"cancelled {len(action.orders)} open order(s)",
    )
    return replace(assessment.account, orders=kept), receipt


def _price_at(assessment: Assessment, part: Reduce, liquidity: Liquidity) -> Decimal:
    # Of an option without a mark of its own, what its surface makes it worth.
    instrument = assessment.rulebook.contracts[part.symbol].instrument
    mark = mark_of(instrument, assessment.market)
    if mark is None:
        raise InvariantBroken(f"{part.symbol} is liquidated without a mark price")
    return liquidity.fill_price(part.size, mark, instrument)


def _reduce(
    assessment: Assessment, unit: UnitAssessment, parts: tuple[Reduce, ...], liquidity: Liquidity
) -> tuple[Account, Receipt]:
    account, rulebook = assessment.account, assessment.rulebook
    trades: list[Trade] = []
    said: list[str] = []
    realised = fees = ZERO
    for part in parts:
        settle = rulebook.contracts[part.symbol].instrument.settle
        price = _price_at(assessment, part, liquidity)
        posted = liquidation_fill(account, rulebook, part, price)
        account = posted.account
        pnl, fee = posted.realised_pnl, posted.fee
        trades.append(Trade(part.symbol, part.side, part.size, price, pnl, fee))
        realised += _in_unit(pnl, settle, unit, assessment)
        fees += _in_unit(-fee, settle, unit, assessment)
        verb = "bought" if part.size > 0 else "sold"
        said.append(
            f"{verb} {plain(abs(part.size))} {part.symbol} at {_price(price)}"
            + (f", down to tier {part.tier}" if part.tier else "")
            + f"; liquidation fee {plain(fee)} {settle}"
        )
    step = parts[0].step
    receipt = _receipt(unit, step, REDUCTION_RULES[step], "; ".join(said))
    return account, replace(
        receipt, trades=tuple(trades), realised_pnl=realised, fee=-fees, fund_change=-fees
    )


def _in_unit(amount: Decimal, asset: str, unit: UnitAssessment, assessment: Assessment) -> Decimal:
    # Money in the unit's own asset; in a pool in USD, what it counts for there.
    if unit.asset == asset:
        return amount
    rates = collateral_rates(asset, assessment.market, assessment.rulebook)
    if isinstance(rates, str):
        raise InvariantBroken(f"{asset} is converted without {rates}")
    return worth(amount, rates)


def _take_over(
    assessment: Assessment, unit: UnitAssessment, action: TakeOver
) -> tuple[Account, Receipt]:
    health = unit.health
    if health is None or unit.wallet_balance is None:
        raise InvariantBroken(f"{unit.name} is taken over while its health is unknown")
    by_key = {(p.symbol, p.side): p for p in assessment.positions}
    trades = []
    for takeover in action.takeovers:
        side = Side.LONG if takeover.size > 0 else Side.SHORT
        pnl = by_key[takeover.symbol, side].unrealised_pnl or ZERO
        realised = down_to(EIGHT_PLACES, pnl - takeover.share)
        trades.append(Trade(takeover.symbol, side, -takeover.size, takeover.price, realised, ZERO))
    own = next(u for u in units_of(assessment.account, assessment.rulebook) if u.name == unit.name)
    if trades and not own.is_multi:
        # The trades' losses are the wallet, to the last unit that rounding has left over.
        others = sum((trade.realised_pnl for trade in trades[:-1]), ZERO)
        trades[-1] = replace(trades[-1], realised_pnl=-unit.wallet_balance - others)
    account = post_takeover(
        assessment.account,
        {(trade.symbol, trade.side) for trade in trades},
        {asset: -wallet for asset, wallet in own.wallets.items()},
    )
    receipt = _receipt(unit, LadderStep.TAKE_OVER, *_takeover_words(unit, health, trades))
    return account, replace(
        receipt,
        trades=tuple(trades),
        realised_pnl=-unit.wallet_balance,
        fund_change=down_to(EIGHT_PLACES, health.equity),
    )


def _takeover_words(unit: UnitAssessment, health: Health, trades: list[Trade]) -> tuple[str, str]:
    amount = f"{posted_text(abs(health.equity))} {unit.asset}"
    if not trades:
        return (
            DEBT_RULE,
            f"the insurance fund pays {amount}",
        )
    prices = ", ".join(
        f"{plain(abs(trade.size))} {trade.symbol} at {_price(trade.price)}" for trade in trades
    )
    verb = "gains" if health.equity >= 0 else "pays"
    return (
        TAKEOVER_RULE,
        f"took over {prices}; the insurance fund {verb} {amount}",
    )


def _receipt(unit: UnitAssessment, step: LadderStep, rule: str, action: str) -> Receipt:
    if unit.health is None:
        raise InvariantBroken(f"{unit.name} is liquidated while its health is unknown")
    return Receipt(unit.name, unit.asset, step, rule, action, unit.health, None)


def _price(price: Decimal | None) -> str:
    return "no positive price" if price is None else posted_text(price)
