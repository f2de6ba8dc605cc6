"""How far prices can move along any direction before something is liquidated.

A direction is a relative move per symbol or asset; k times it is where the market is. Standard
accounts are answered exactly, ladder by ladder (`margin.boundary`); accounts in portfolio mode by
search along the path (`margin.scenarios.crossings`), where options may cross many times.
"""

from collections.abc import Mapping
from decimal import Decimal

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.boundary import Moves, multiple_of, unpriced
from crossmargin.margin.scenarios.boundaries import bends_of
from crossmargin.margin.scenarios.crossings import HIGHEST, LOWEST, crossings
from crossmargin.margin.scenarios.path import anchored, moved
from crossmargin.margin.units import missing_of, units_of
from crossmargin.model.account import Account, AccountMode
from crossmargin.model.market import Market
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, exact, quotient_down
from crossmargin.rulebooks.schema import Rulebook


@exact
def liquidating_multiple(
    account: Account, market: Market, rulebook: Rulebook, vector: Mapping[str, Decimal]
) -> Decimal | None:
    """Return the smallest k ≥ 0 at which moving prices by k × `vector` liquidates something.

    Parameters
    ----------
    vector : relative move per symbol, such as {"BTCUSDT": -0.05, "ETHUSDT": -0.08}; symbols it
        does not name are held. In multi-assets mode it may name assets, whose index then moves;
        an asset that is neither named nor stable moves with the first named symbol it is the
        base of. In portfolio mode all that is quoted on an asset moves with it.

    Returns
    -------
    Decimal or None
        Rounded towards zero at 8 places; 0 if already liquidatable, None if never while all
        prices stay above zero (in portfolio mode: between a hundredth of and a hundred times
        what they are).

    Raises
    ------
    UnknownError
        If a price, ladder, volatility or collateral buffer is missing, or the move leads to where
        a ladder is not known.
    """
    of_base = _by_base(vector, rulebook)
    if account.mode is AccountMode.PORTFOLIO:
        found = crossings_along(account, market, rulebook, vector)
        return found[0] if found else None
    units = units_of(account, rulebook)
    missing = [
        name
        for unit in units
        for name in (*missing_of(unit, market, rulebook), *unpriced(unit, rulebook))
    ]
    if missing:
        raise UnknownError(f"the joint move is unknown without {', '.join(missing)}")
    moves = Moves(
        lambda symbol: vector.get(symbol, Decimal(0)),
        lambda asset: vector.get(asset, of_base.get(asset, Decimal(0))),
    )
    reached = [multiple_of(unit, moves, market, rulebook) for unit in units]
    return min((multiple for multiple in reached if multiple is not None), default=None)


@exact
def crossings_along(
    account: Account, market: Market, rulebook: Rulebook, vector: Mapping[str, Decimal]
) -> tuple[Decimal, ...]:
    """Return every k > 0 at which an account in portfolio mode crosses into liquidation or out.

    Ascending; rounded towards zero at 8 places. The first is 0 where it is already liquidatable.
    `vector` is as in `liquidating_multiple`.

    Raises
    ------
    UnknownError
        If anything needed is missing.
    UsageError
        If the account is not in portfolio mode, or nothing moves.
    """
    assessment = assess(account, market, rulebook)
    if assessment.judge is None:
        raise UsageError("crossings along a direction are of accounts in portfolio mode")
    if assessment.missing:
        raise UnknownError(f"the joint move is unknown without {', '.join(assessment.missing)}")
    moves = _by_base(vector, rulebook) | {
        asset: move for asset, move in vector.items() if asset not in rulebook.contracts
    }
    moves = {asset: move for asset, move in moves.items() if move}
    if not moves:
        raise UsageError("a direction needs something that moves")
    return _crossings(assessment, moves)


def _crossings(assessment: Assessment, moves: dict[str, Decimal]) -> tuple[Decimal, ...]:
    # The path is searched in multiples of the price that moves most.
    judge = assessment.judge
    if judge is None:
        return ()
    start = anchored(assessment.account, assessment.market, assessment.rulebook)
    lead, most = max(moves.items(), key=lambda item: abs(item[1]))
    falls = [move for move in moves.values() if move < 0]
    end = min((quotient_down(LOWEST - ONE, move) for move in falls), default=HIGHEST)
    if most > 0:
        end = min(end, quotient_down(HIGHEST - ONE, most))

    def surplus(at: Decimal) -> Decimal:
        k = (at - ONE) / most
        there = judge(moved(start, {asset: ONE + k * move for asset, move in moves.items()}))
        known = [health for health in there.values() if health is not None]
        # A pool without money or positions has nothing to lose.
        left = [one.buffer for one in known if one.equity or one.maintenance_margin]
        return min(left, default=ONE if known else ZERO)

    low, high = sorted((ONE, ONE + end * most))
    bends = bends_of(assessment.account, start, {lead}, assessment.portfolio)
    found = crossings(surplus, bends, (low, high))
    ends = {down_to(EIGHT_PLACES, quotient_down(root - ONE, most)) for root in found.roots}
    if surplus(ONE) <= 0:
        ends.add(ZERO)
    return tuple(sorted(ends))


def _by_base(vector: Mapping[str, Decimal], rulebook: Rulebook) -> dict[str, Decimal]:
    return {
        rulebook.contracts[symbol].instrument.base: move
        for symbol, move in reversed(list(vector.items()))
        if symbol in rulebook.contracts
    }
