"""Prices at which an account is as far from liquidation as somebody wants it to be.

Nothing moves here: whoever asks lets the market go there. The boundaries are the assessment's.
"""

from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.files.story_tables import Edge
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.model.account import AccountMode
from crossmargin.money import ONE, down_to, exact, quotient_down, up_to
from crossmargin.runtime.market_maker import tick_of
from crossmargin.venue.state import State


@exact
def edge_prices(state: State, wanted: Edge) -> dict[str, Decimal]:
    """Return the prices, on the tick, by symbol.

    The boundary is `distance` away from the price: boundary = price × (1 ± distance). Rounded away
    from the boundary's side it must stay on; at zero and below, beyond it.

    Raises
    ------
    UsageError
        If there is no such account, it is in portfolio mode, prices would have to go to zero or
        below, or no such move liquidates it, as far as is known.
    """
    found = state.accounts.get(wanted.account)
    if found is None:
        raise UsageError(f"there is no account {wanted.account}")
    if found.mode is AccountMode.PORTFOLIO:
        raise UsageError(
            f"{wanted.account} is in portfolio mode, where options do not move like futures: "
            "let its underlying move"
        )
    assessment = assess(found.view(), state.market(), state.rulebook)
    sign = -1 if wanted.direction == "down" else 1
    rest = ONE + sign * wanted.distance
    targets = _ends(assessment, wanted)
    if not targets or rest <= 0:
        raise UsageError(
            f"{wanted.account} cannot be liquidated by prices going {wanted.direction}, as far as "
            "is known"
        )
    is_up = (sign < 0) == (wanted.distance > 0)
    rounded = up_to if is_up else down_to
    return {
        symbol: rounded(tick_of(state, symbol), quotient_down(target, rest))
        for symbol, target in targets.items()
    }


def _ends(assessment: Assessment, wanted: Edge) -> dict[str, Decimal]:
    # The prices at which the account is liquidated; none where no such move does.
    boundaries, is_down = assessment.boundaries, wanted.direction == "down"
    found: dict[str, Decimal] = {}
    if wanted.symbol:
        for held, boundary in zip(assessment.positions, boundaries.positions, strict=True):
            end = None
            if held.symbol == wanted.symbol and boundary is not None:
                end = boundary.lower if is_down else boundary.upper
            if end is not None:
                found[wanted.symbol] = end
        return found
    joint = boundaries.joint
    move = None if joint is None else joint.down if is_down else joint.up
    for held in assessment.positions:
        if held.mark_price is not None and move is not None:
            found[held.symbol] = held.mark_price * (ONE - move if is_down else ONE + move)
    return found
