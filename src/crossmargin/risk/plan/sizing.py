"""How large a trade may be: every limit with its number, the smallest of them binding.

A trade has a stop, and that decides its side: below the entry it buys, above it sells. Each rule is
asked alone for the largest number of lots it allows, by halving over accounts that the exact core
judges after the trade:

- risk: what is lost from entry to stop, both fees included, of the equity before;
- leverage: gross exposure ÷ equity after the trade (`risk.estimates.exposure`);
- bracket: the venue's own limits on a position at the leverage that is set;
- margin: equity must cover initial margin and the open loss of orders;
- distance: how far all prices must be able to move together before anything is liquidated;
- group: gross exposure in USD to assets that are named together.

All but the distance only get tighter with size. A trade may hedge, so distance may first grow:
sizes are doubled, and the search halves between the largest of them that passes and the next.

A stop beyond liquidation is no limit here but a warning of the ticket at the chosen size: with a
bucket of its own a trade of any size may be liquidated before its stop.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.margin.assessment import Assessment
from crossmargin.margin.pnl import notional
from crossmargin.model.account import Account
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact
from crossmargin.risk.plan.intent import Intent
from crossmargin.risk.plan.limits import HouseRules, Limit, Rule, Trial
from crossmargin.risk.plan.standing import standing_of
from crossmargin.risk.plan.ticket import Ticket, in_money, ticket
from crossmargin.rulebooks.schema import Rulebook

TIMES_EQUITY = 1000
"""Sizes worth more than so many times the equity are not looked at."""


class Sizing(Struct, frozen=True):
    """How large the trade may be.

    Attributes
    ----------
    now : the account as it is.
    intent : the trade at the size that all limits allow; its size may be zero.
    binding : the limit that allows least.
    lot : what sizes are rounded down to.
    ticket : before and after the trade; None where its size is zero.
    """

    now: Assessment
    intent: Intent
    limits: tuple[Limit, ...]
    binding: Limit
    lot: Decimal
    ticket: Ticket | None
    said: tuple[str, ...]


@exact
def sized(
    account: Account, market: Market, rulebook: Rulebook, idea: Intent, rules: HouseRules
) -> Sizing:
    """Return the largest size of `idea` that the venue and `rules` allow.

    Parameters
    ----------
    idea : a trade with a stop; of its size only the sign is looked at, where it is not zero.

    Raises
    ------
    UsageError
        If the trade cannot be one (`risk.intent.traded`), has no stop, or goes against a position.
    UnknownError
        If prices, the ladder or the account's health are not known.
    """
    trial = Trial(account, market, rulebook, idea, rules)
    trial.check()
    limits: list[Limit] = []
    for rule, bound, group in trial.asked():
        known = [limit.size for limit in limits if limit.size is not None]
        most = min(known) if known and rule is Rule.DISTANCE and trial.is_slow else None
        limits.append(Limit(rule, bound, _largest(trial, rule, bound, group, most), group=group))
    sizes = [limit.size for limit in limits if limit.size is not None]
    size = min(sizes)
    view = ticket(account, market, rulebook, (trial.intent(size),)) if size else None
    lots = int(size / trial.lot)
    limits = [replace(one, reached=trial.measure(one.rule, one.group, lots)) for one in limits]
    binding = next(limit for limit in limits if limit.size == size)
    intent = trial.intent(size)
    return Sizing(trial.now, intent, tuple(limits), binding, trial.lot, view, trial.said)


def _largest(
    trial: Trial, rule: Rule, bound: Decimal | None, group: tuple[str, ...], most: Decimal | None
) -> Decimal | None:
    """Return the largest size the rule allows; None where no doubling here is too large.

    Parameters
    ----------
    most : no size above it is looked at.
    """

    def fits(lots: int) -> bool:
        found = trial.measure(rule, group, lots)
        if found is None:
            return False
        if rule in (Rule.BRACKET, Rule.MARGIN):
            return found <= ONE
        if rule is Rule.DISTANCE:
            return found >= (bound or ZERO)
        return found <= (bound or ZERO)

    top = _top(trial) if most is None else int(most / trial.lot)
    tried = [0, *(2**power for power in range(top.bit_length())), top]
    if rule is Rule.DISTANCE:
        passing = [lots for lots in tried if fits(lots)]
        if not passing:
            return ZERO
        low = max(passing)
    else:
        low = _last_of_first(tried, fits)
    above = [lots for lots in tried if lots > low]
    if not above:
        return None
    return _halved(fits, low, min(above)) * trial.lot


def _top(trial: Trial) -> int:
    # So many lots that nothing larger matters: at any stop the trade could ruin the account.
    equity = standing_of(trial.idea.symbol, trial.now).equity or ZERO
    lots = 1
    while True:
        value = notional(lots * trial.lot, trial.entry, trial.instrument)
        worth = in_money(value, trial.idea.symbol, trial.now)
        if worth is None or worth > TIMES_EQUITY * max(equity, ONE):
            return lots
        lots *= 2


def _last_of_first(tried: list[int], fits: Callable[[int], bool]) -> int:
    # The last that fits before the first that does not.
    last = 0
    for lots in tried:
        if not fits(lots):
            break
        last = lots
    return last


def _halved(fits: Callable[[int], bool], low: int, high: int) -> int:
    # `low` fits or is nothing, `high` does not.
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
    return low
