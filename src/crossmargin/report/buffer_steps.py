"""How one account of a store stood after each thing that happened: what ate its buffer, by event.

The journal's events are folded one by one, and the account is judged after each that could have
touched it, at the venue's own prices. What a fill changed is told as its fee and the rest.
"""

from decimal import Decimal

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.health import Health
from crossmargin.money import ZERO, exact
from crossmargin.risk.causes.attribution import Attribution, Cause, Step, summed
from crossmargin.store.sql import SqlReader
from crossmargin.venue.event import (
    AnyEvent,
    AssetPriceSet,
    Deleveraged,
    Filled,
    FundingSettled,
    LiquidationStep,
    LossShared,
    MoneyMoved,
    OrderAccepted,
    OrderGone,
    PositionChanged,
    PriceSet,
    SurfaceSet,
)
from crossmargin.venue.fold import fold
from crossmargin.venue.judging import judged
from crossmargin.venue.state import State

FUNDING = "funding/"
"""How the purse begins that funding is paid through."""

CAUSES = {
    AssetPriceSet: Cause.COLLATERAL,
    SurfaceSet: Cause.VOLATILITY,
    FundingSettled: Cause.FUNDING,
    MoneyMoved: Cause.TRANSFER,
    OrderAccepted: Cause.ORDERS,
    OrderGone: Cause.ORDERS,
    PositionChanged: Cause.POSITION,
    LiquidationStep: Cause.LIQUIDATION,
    Deleveraged: Cause.LIQUIDATION,
    LossShared: Cause.LIQUIDATION,
    PriceSet: Cause.PRICE,
    Filled: Cause.TRADE,
}
FORCED = ("takeover", "liquidation", "deleveraging", "adl")
"""What a fill's `why` begins with where the owner did not want it."""


@exact
def buffer_change(
    store: SqlReader,
    state: State,
    account: str,
    from_ms: int | None = None,
    to_ms: int | None = None,
    unit: str | None = None,
) -> Attribution:
    """Return what changed the buffer of an account between two moments of a store.

    Parameters
    ----------
    state : a fresh one of the store's rulebook, to fold into.
    from_ms, to_ms : the first moment counted and the last; None is where the account's history
        begins and ends.
    unit : the pool or bucket asked about; None for the first pool there is.

    Raises
    ------
    UsageError
        If the store has no such account, or the account no such pool or bucket.
    UnknownError
        If its health is never known within.
    """
    steps = _Steps(state, account)
    store.hold()
    for one in store.read():
        if to_ms is not None and one.at_ms > to_ms:
            break
        is_counted = from_ms is None or one.at_ms >= from_ms
        state.advance(one.at_ms)
        for event in one.decoded_events():
            fold(state, event)
            steps.take(event, is_counted=is_counted)
    if account not in state.accounts:
        known = ", ".join(sorted(state.accounts))
        raise UsageError(f"the store has no account {account}, only {known}")
    if not steps.begin:
        raise UnknownError(f"the buffer of {account} is not known at any moment asked about")
    # Without a name, the pool or bucket that most has happened to.
    name = unit or max(steps.begin, key=lambda one: len(steps.found[one]))
    if name not in steps.begin:
        raise UsageError(f"{account} has no pool or bucket {name}, only {', '.join(steps.begin)}")
    return summed(name, steps.assets[name], steps.begin[name], steps.found[name])


class _Steps:
    """Judges the account after each event that may have touched it, all its pools and buckets.

    A pool or bucket that is not there yet, or no more, has nothing and is asked for nothing.
    """

    def __init__(self, state: State, account: str) -> None:
        self.state, self.account = state, account
        self.assets: dict[str, str] = {}
        self.begin: dict[str, Health] = {}
        self.last: dict[str, Health] = {}
        self.found: dict[str, list[Step]] = {}

    def take(self, event: AnyEvent, *, is_counted: bool) -> None:
        """Keep what the event did to each unit; before the moments counted, where it starts."""
        if not self._may_touch(event):
            return
        for name, now in self._healths().items():
            before = self.last.get(name, Health())
            self.last[name] = now
            if not is_counted:
                self.begin[name] = now
                self.found.setdefault(name, [])
                continue
            self.begin.setdefault(name, before)
            steps = self.found.setdefault(name, [])
            if now == before:
                continue
            fee = _fee(event, self.account)
            if fee and self._is_of(event, name):
                paid = before.equity - fee
                paid_health = Health(paid, before.initial_margin, before.maintenance_margin)
                steps.append(Step(Cause.FEE, _name(event), paid_health))
            steps.append(Step(_cause(event, self.account), _name(event), now))

    def _is_of(self, event: AnyEvent, unit: str) -> bool:
        # Whether the fee is paid from this unit: pools pay, of all collateral or of one asset.
        contract = self.state.rulebook.contracts.get(getattr(event, "symbol", ""))
        return contract is not None and unit == contract.instrument.settle

    def _may_touch(self, event: AnyEvent) -> bool:
        found = self.state.accounts.get(self.account)
        if found is None:
            return False
        if isinstance(event, PriceSet):
            return event.symbol in found.bare().symbols
        if isinstance(event, AssetPriceSet | SurfaceSet):
            return True
        if getattr(event, "account", None) == self.account:
            return True
        purse = f"account/{self.account}"
        return any(purse in (one.source, one.target) for one in event.postings)

    def _healths(self) -> dict[str, Health]:
        # What is unknown for a while stays as it was; what is gone is nothing.
        found = dict.fromkeys(self.last, Health())
        for unit in judged(self.state, self.account).units:
            self.assets[unit.name] = unit.asset
            found[unit.name] = unit.health or self.last.get(unit.name, Health())
        return found


def _fee(event: AnyEvent, account: str) -> Decimal:
    return event.fee if isinstance(event, Filled) and event.account == account else ZERO


def _cause(event: AnyEvent, account: str) -> Cause:
    if isinstance(event, Filled) and event.why.startswith(FORCED):
        return Cause.LIQUIDATION
    if any(
        FUNDING in (one.source[: len(FUNDING)], one.target[: len(FUNDING)])
        for one in event.postings
        if f"account/{account}" in (one.source, one.target)
    ):
        return Cause.FUNDING
    return CAUSES.get(type(event), Cause.OTHER)


def _name(event: AnyEvent) -> str:
    if isinstance(event, AssetPriceSet | SurfaceSet):
        return event.asset
    if isinstance(event, MoneyMoved):
        return event.why
    return getattr(event, "symbol", "")
