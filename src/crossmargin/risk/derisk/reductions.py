"""What it takes to bring a pool back to a target health, and what a set of reductions does.

Health is maintenance margin ÷ equity. Closing part of a position takes its maintenance margin off
and costs its fee and what the market moves against it; at the mark nothing else changes, because
profit that is realised was equity already. A `Task` holds the question; `judged` answers for one
set of reductions, exactly: it posts them as the venue posts fills and lets the core judge the
account.

Options are left as they are. An isolated position is no pool: closing part of it releases its
margin in proportion and leaves its health where it is, so only money helps it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UnknownError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, PositionAssessment, UnitAssessment
from crossmargin.margin.lookup import collateral_rates, leverage_of
from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.model.account import Account, AccountMode, AssetsMode, Position, PositionMode
from crossmargin.model.instrument import Instrument
from crossmargin.model.order import Side
from crossmargin.money import (
    EIGHT_PLACES,
    ONE,
    ZERO,
    exact,
    quotient_up,
    up_to,
)
from crossmargin.rulebooks.margin_rule import Netting
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.actions import FillPrice, positions_of
from crossmargin.venue.posting import post_fill


class Cut(Struct, frozen=True):
    """One reduction, as it is expected to trade.

    Attributes
    ----------
    size : what is closed, not negative, in the instrument's unit.
    price : the average it gets out at.
    fee, slippage : in the settle asset `asset`; what the fill is worse than the mark by.
    """

    symbol: str
    side: Side
    size: Decimal
    price: Decimal
    notional: Decimal
    fee: Decimal
    slippage: Decimal
    asset: str


class Plan(Struct, frozen=True):
    """A set of reductions, and the account after them as the exact core judges it.

    Attributes
    ----------
    method : how it was found.
    top_up : fresh money, in `top_up_asset`.
    cost : fees, slippage and the price of fresh money, in the unit's asset.
    gap : equity that is still lacking for the target, in the unit's asset; at or below zero, none.
    is_restored : whether the target is met, and the unit is not liquidatable.
    """

    method: str
    cuts: tuple[Cut, ...]
    top_up: Decimal
    top_up_asset: str
    cost: Decimal
    after: Assessment
    unit: UnitAssessment
    gap: Decimal
    is_restored: bool


class Candidate(Struct, frozen=True):
    """A position that can be reduced.

    Attributes
    ----------
    rate : what one of its settle asset counts for in the unit's asset.
    """

    held: PositionAssessment
    instrument: Instrument
    mark: Decimal
    rate: Decimal

    @property
    def size(self) -> Decimal:
        """Return how much of it there is, not negative."""
        return abs(self.held.size)

    @property
    def lot(self) -> Decimal:
        """Return the step of sizes."""
        return self.instrument.lot or EIGHT_PLACES


@dataclass(frozen=True)
class Task:
    """A pool and where it is to be brought; make one with `task_of`.

    Attributes
    ----------
    target : maintenance margin ÷ equity to reach, above 0 and up to 1.
    fill_price : the average price a market order gets.
    fee_fraction : of notional, for every reduction.
    top_up_max, top_up_price : how much fresh money there is, and what one unit of it is taken to
        cost.
    """

    now: Assessment
    unit: UnitAssessment
    candidates: tuple[Candidate, ...]
    target: Decimal
    fill_price: FillPrice
    fee_fraction: Decimal
    top_up_max: Decimal = ZERO
    top_up_price: Decimal = ZERO
    _done: dict[tuple[str, Side, Decimal], tuple[Cut, Position | None, Decimal]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def account(self) -> Account:
        """Return the account as it is."""
        return self.now.account

    @property
    def rulebook(self) -> Rulebook:
        """Return the rules it is judged by."""
        return self.now.rulebook

    @property
    def is_joint(self) -> bool:
        """Return whether what one position is asked for depends on the others."""
        netting = self.rulebook.margin.netting
        if netting is Netting.LARGER_SIDE_OF_SYMBOL:
            return self.account.position_mode is PositionMode.HEDGE
        return self.account.mode is AccountMode.PORTFOLIO or netting is not Netting.NONE

    @property
    def top_up_asset(self) -> str:
        """Return the asset that fresh money comes in."""
        if self.account.assets_mode is AssetsMode.SINGLE:
            return self.unit.asset
        return next((one.instrument.settle for one in self.candidates), "USDT")

    @property
    def money_rate(self) -> Decimal:
        """Return what one unit of fresh money counts for in the unit's asset, at the least."""
        asset = self.top_up_asset
        if asset == self.unit.asset:
            return ONE
        found = collateral_rates(asset, self.now.market, self.rulebook)
        return ZERO if isinstance(found, str) else found.bid

    @exact
    def gap(self, unit: UnitAssessment) -> Decimal:
        """Return the equity that is lacking for the target, rounded up; below zero, what is over.

        Raises
        ------
        UnknownError
            If the unit's health is unknown.
        """
        if unit.health is None:
            raise UnknownError(f"health is unknown without {', '.join(unit.missing)}")
        return quotient_up(unit.health.maintenance_margin, self.target) - unit.health.equity

    @exact
    def cut(self, candidate: Candidate, size: Decimal) -> Cut:
        """Return what closing `size` of a position comes to."""
        held, instrument = candidate.held, candidate.instrument
        signed = -size.copy_sign(held.size)
        price = self.fill_price(signed, candidate.mark, instrument)
        value = notional(size, candidate.mark, instrument)
        fee = up_to(EIGHT_PLACES, notional(size, price, instrument) * self.fee_fraction)
        slippage = unrealised_pnl(signed, candidate.mark, price, instrument)
        slippage = up_to(EIGHT_PLACES, slippage)
        settle = instrument.settle
        return Cut(held.symbol, held.side, size, price, value, fee, slippage, settle)

    @exact
    def judged(self, method: str, sizes: Sequence[Decimal], top_up: Decimal = ZERO) -> Plan:
        """Return the plan that closes `sizes`, in the order of the candidates."""
        cuts, cost = [], top_up * self.top_up_price
        asset = self.top_up_asset
        balances = dict(self.account.balances)
        left = {(held.symbol, held.side): held for held in self.account.positions}
        for candidate, size in zip(self.candidates, sizes, strict=True):
            if not size:
                continue
            cut, kept, paid = self._posted(candidate, size)
            cuts.append(cut)
            cost += (cut.fee + cut.slippage) * candidate.rate
            balances[cut.asset] = balances.get(cut.asset, ZERO) + paid
            del left[cut.symbol, cut.side]
            if kept is not None:
                left[cut.symbol, cut.side] = kept
        if top_up:
            balances[asset] = balances.get(asset, ZERO) + top_up
        account = replace(self.account, balances=balances, positions=tuple(left.values()))
        after = assess(account, self.now.market, self.rulebook)
        unit = next(one for one in after.units if one.name == self.unit.name)
        gap = self.gap(unit)
        is_restored = gap <= 0 and not unit.is_liquidatable
        return Plan(method, tuple(cuts), top_up, asset, cost, after, unit, gap, is_restored)

    def _posted(self, candidate: Candidate, size: Decimal) -> tuple[Cut, Position | None, Decimal]:
        # What is left of the position, and what its wallet is paid. Alone in an account: fills of
        # other positions change nothing, and an account of fifty is slow to make fifty times.
        held = candidate.held.position
        key = held.symbol, held.side, size
        if key in self._done:
            return self._done[key]
        cut = self.cut(candidate, size)
        alone = Account({}, (held,), position_mode=self.account.position_mode)
        is_hedge = alone.position_mode is PositionMode.HEDGE
        posted = post_fill(
            alone,
            candidate.instrument,
            -cut.size.copy_sign(held.size),
            cut.price,
            fee_fraction=self.fee_fraction,
            leverage=leverage_of(cut.symbol, self.account, self.rulebook),
            side=cut.side if is_hedge else None,
        ).account
        kept = posted.positions[0] if posted.positions else None
        self._done[key] = cut, kept, posted.balances.get(cut.asset, ZERO)
        return self._done[key]

    @exact
    def top_up_alone(self) -> Decimal:
        """Return the fresh money that alone reaches the target, rounded up at 8 places.

        Enough by the core's judgement; in multi-assets mode more than the gap, for its haircut.
        """
        gap = self.gap(self.unit)
        if gap <= 0 and not self.unit.is_liquidatable:
            return ZERO
        amount = up_to(EIGHT_PLACES, max(gap, ZERO))
        none = [ZERO] * len(self.candidates)
        while not (plan := self.judged("", none, amount)).is_restored:
            # A haircut takes some of it, and a trigger may want the last unit on top.
            amount += max(EIGHT_PLACES, up_to(EIGHT_PLACES, plan.gap))
        return amount

    def sizes_of(self, plan: Plan) -> list[Decimal]:
        """Return what a plan closes, in the order of the candidates."""
        closed = {(cut.symbol, cut.side): cut.size for cut in plan.cuts}
        return [closed.get((one.held.symbol, one.held.side), ZERO) for one in self.candidates]


def task_of(
    now: Assessment,
    unit: UnitAssessment,
    target: Decimal,
    fill_price: FillPrice,
    *,
    fee_fraction: Decimal | None = None,
    top_up_max: Decimal = ZERO,
    top_up_price: Decimal = ZERO,
) -> Task:
    """Return the task of bringing a pool of `now` to `target`; the fee is the taker's if not given.

    Raises
    ------
    UnknownError
        If the health of the pool, or the rate of what its positions settle in, is unknown.
    """
    if unit.health is None:
        raise UnknownError(f"health is unknown without {', '.join(unit.missing)}")
    rulebook = now.rulebook
    candidates = []
    for held in positions_of(now, unit):
        instrument = rulebook.contracts[held.symbol].instrument
        if instrument.kind.is_option or held.mark_price is None:
            continue
        rate = ONE
        if unit.asset != instrument.settle:
            found = collateral_rates(instrument.settle, now.market, rulebook)
            if isinstance(found, str):
                raise UnknownError(f"what a reduction costs is unknown without {found}")
            rate = found.ask
        candidates.append(Candidate(held, instrument, held.mark_price, rate))
    fee = rulebook.fees.taker if fee_fraction is None else fee_fraction
    return Task(now, unit, tuple(candidates), target, fill_price, fee, top_up_max, top_up_price)
