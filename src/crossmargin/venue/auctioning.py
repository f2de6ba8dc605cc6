"""A slice of a failed account goes to a bidder, hedges and all.

At Derive anybody bids, and pays less the longer nobody does. Here there is one bidder, the
insurance fund, and it bids at once: what an auction asks as it begins (`auction_price_fraction` of
what the slice is worth), for as much as brings the account to the venue's buffer above maintenance
margin, if its money pays for that and its own positions bear it. So no auction runs on, and there
is never reserved cash. Without a bidder, or where the account is worth nothing, all is taken over.

The slice changes hands at marks, and what the bidder pays less is money on top: the same as a
fraction of all positions and all cash for that fraction of the whole price.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assessment import PositionAssessment, UnitAssessment
from crossmargin.margin.collateral import amount_of
from crossmargin.margin.lookup import collateral_rates
from crossmargin.margin.takeover import Takeover
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, plain, posted_text, up_to
from crossmargin.venue.actions import Auction
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.deleveraging import hand_over, instrument_of, mark_of
from crossmargin.venue.event import MoneyMoved
from crossmargin.venue.fund import square_fund, with_purse
from crossmargin.venue.judging import judged_as, pool_of
from crossmargin.venue.ledger import FUND
from crossmargin.venue.posting import post_fill
from crossmargin.venue.state import State

AUCTION_RULE = (
    "a slice of the whole account is auctioned, as much as is enough, and the insurance fund bids "
    "what is asked as the auction begins"
)
"""Why a slice is sold, in words."""


def sell_slice(
    decision: Decision,
    name: str,
    positions: Sequence[PositionAssessment],
    unit: UnitAssessment,
    action: Auction,
) -> str:
    """Let the insurance fund have a slice of the account; return what was done, in words.

    Nothing is done, and nothing said, where the fund cannot bear it.

    Parameters
    ----------
    positions : all of the unit's, with marks.
    """
    state = decision.state
    if unit.health is None or not positions:
        return ""
    parts = [_part(state, position, action.fraction) for position in positions]
    less = action.fraction * unit.health.equity * (ONE - action.price_fraction)
    asset = instrument_of(state, positions[0].symbol).settle
    amount = _in_asset(state, less, unit.asset, asset)
    if amount is None or not _is_borne(state, parts, asset, amount):
        return ""
    for part in parts:
        hand_over(
            decision, name, part.symbol, part.size, FUND, mark_of(state, part.symbol), "auction"
        )
    postings = moved(f"account/{name}", FUND, asset, amount)
    if postings:
        decision.emit(MoneyMoved(why="auction", postings=postings))
    square_fund(decision)
    sold = ", ".join(f"{plain(part.size)} {part.symbol}" for part in parts)
    return (
        f"sold {posted_text(action.fraction * 100)} % of the account to the insurance fund at "
        f"{plain(action.price_fraction * 100)} % of its worth: {sold}; {plain(amount)} {asset} less"
    )


def _part(state: State, position: PositionAssessment, fraction: Decimal) -> Takeover:
    instrument = instrument_of(state, position.symbol)
    held = abs(position.size)
    size = min(held, up_to(instrument.lot or EIGHT_PLACES, held * fraction))
    return Takeover(
        position.symbol, size.copy_sign(position.size), mark_of(state, position.symbol), ZERO
    )


def _in_asset(state: State, amount: Decimal, counted_in: str, asset: str) -> Decimal | None:
    # Posted against the account; None where what the asset counts for is not known.
    if counted_in == asset:
        return up_to(EIGHT_PLACES, amount)
    rates = collateral_rates(asset, state.market(), state.rulebook)
    return None if isinstance(rates, str) else up_to(EIGHT_PLACES, amount_of(amount, rates))


def _is_borne(state: State, parts: Sequence[Takeover], asset: str, amount: Decimal) -> bool:
    # Whether the fund pays for all parts with money it has, and does not fail with them.
    if FUND not in state.accounts:
        return False
    after = with_purse(state)
    for part in parts:
        after = post_fill(
            after,
            instrument_of(state, part.symbol),
            part.size,
            mark_of(state, part.symbol),
            fee_fraction=ZERO,
            leverage=ONE,
        ).account
    balances = after.balances | {
        asset: after.balances.get(asset, ZERO) + down_to(EIGHT_PLACES, amount)
    }
    if any(left < 0 for left in balances.values()):
        return False
    assessment = judged_as(state, replace(after, balances=balances))
    pools = [pool_of(assessment, instrument_of(state, one.symbol).settle) for one in parts]
    return all(
        pool is not None and pool.health is not None and not pool.is_liquidatable for pool in pools
    )
