"""What limits the size of a trade: house rules and the venue's, and what each is compared with.

A `Trial` is one idea for a trade. It says what the account would be after so many lots of it,
judged by the exact core, and measures that by each rule: a part of equity, a multiple, USD, a
distance. What the largest size is that a rule allows is `risk.plan.sizing`'s search.
"""

from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.lookup import contract_of, leverage_setting
from crossmargin.margin.requirement import Exposure, tier_number
from crossmargin.model.account import Account, AccountMode, PositionMode
from crossmargin.model.market import Market
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, plain, quotient_up
from crossmargin.risk.estimates.exposure import exposure
from crossmargin.risk.plan.intent import Filled, Intent, market_where, traded
from crossmargin.risk.plan.standing import joint_distance, standing_of
from crossmargin.risk.plan.ticket import exit_profit, in_money
from crossmargin.risk.situation import situation
from crossmargin.risk.venues.leverage import leverage_allowed
from crossmargin.risk.venues.underlying import asset_name
from crossmargin.rulebooks.schema import Rulebook


class Rule(StrEnum):
    """What limits a size."""

    RISK = "risk"
    LEVERAGE = "leverage"
    BRACKET = "bracket"
    MARGIN = "margin"
    DISTANCE = "distance"
    GROUP = "group"


class Group(Struct, frozen=True):
    """Assets that count together, and the largest gross exposure in USD to all of them."""

    assets: tuple[str, ...]
    exposure_max: Decimal


class HouseRules(Struct, frozen=True):
    """What somebody allows themselves.

    Attributes
    ----------
    risk_max : of equity, per trade.
    leverage_max : effective, of all positions together.
    distance_min : of the move of all prices together that liquidates; a fraction, 0 asks nothing.
    """

    risk_max: Decimal = Decimal("0.02")
    leverage_max: Decimal = Decimal(5)
    distance_min: Decimal = Decimal("0.1")
    groups: tuple[Group, ...] = ()


class Limit(Struct, frozen=True):
    """One rule and the size it allows.

    Attributes
    ----------
    bound : the rule's number: a fraction, a multiple or USD; None of the venue's own rules.
    size : the largest multiple of the lot, not negative, not above any venue's or rule's bound;
        None where it is further away than anything here matters.
    reached : what the bound is compared with, at the chosen size; None where that is unknown.
    group : the assets of a group.
    """

    rule: Rule
    bound: Decimal | None
    size: Decimal | None
    reached: Decimal | None = None
    group: tuple[str, ...] = ()


class _Judged(Struct, frozen=True):
    """The account after a size of the trade; `fill` is None of none."""

    assessment: Assessment
    fill: Filled | None


class Trial:
    """One idea, and what the account would be after sizes of it."""

    def __init__(
        self,
        account: Account,
        market: Market,
        rulebook: Rulebook,
        idea: Intent,
        rules: HouseRules,
    ) -> None:
        self.account, self.market, self.rulebook = account, market, rulebook
        self.idea, self.rules = idea, rules
        self.instrument = contract_of(idea.symbol, rulebook).instrument
        self.lot = self.instrument.lot or EIGHT_PLACES
        self.said: tuple[str, ...] = ()
        if self.instrument.lot is None:
            self.said = (
                f"The lot of {idea.symbol} is not known: sizes are cut to {plain(self.lot)}.",
            )
        self._judged: dict[int, _Judged] = {}

    @cached_property
    def entry(self) -> Decimal:
        """Return the price of the entry: its own, or the mark; UnknownError if neither is there."""
        found = self.idea.entry or self.market.marks.get(self.idea.symbol)
        if found is None:
            raise UnknownError(f"there is no mark price of {self.idea.symbol} to enter at")
        return found

    @cached_property
    def sign(self) -> Decimal:
        """Return the trade's sign, as its stop has it; UsageError if it has none."""
        if self.idea.stop is None or self.idea.stop == self.entry:
            raise UsageError(f"a size follows from a stop away from the entry {plain(self.entry)}")
        return ONE if self.idea.stop < self.entry else -ONE

    @property
    def is_slow(self) -> bool:
        """Return whether each judgement plays scenarios."""
        return self.account.mode is AccountMode.PORTFOLIO

    def intent(self, size: Decimal) -> Intent:
        """Return the trade at a size, not negative."""
        idea = self.idea
        return Intent(idea.symbol, self.sign * size, idea.entry, idea.stop, idea.take)

    def check(self) -> None:
        """Refuse what cannot be sized.

        Raises
        ------
        UsageError
            If the trade cannot be one, or goes against a position.
        UnknownError
            If the account's health or the ladder is not known.
        """
        symbol = self.idea.symbol
        traded(self.account, self.market, self.rulebook, (self.intent(self.lot),))
        if self.account.position_mode is PositionMode.ONE_WAY:
            for position in self.account.positions:
                if position.symbol == symbol and position.size * self.sign < 0:
                    raise UsageError(
                        f"{symbol} is held {position.side}, and a stop at "
                        f"{plain(self.idea.stop or ZERO)} is of a trade against it; what is sized "
                        "opens or adds"
                    )
        missing = self.now.missing
        if missing:
            raise UnknownError(f"a size is unknown without {', '.join(missing)}")
        if self.rulebook.contracts[symbol].tiers is None and not self.is_slow:
            raise UnknownError(f"a size is unknown without margin tiers of {symbol}")

    def asked(self) -> list[tuple[Rule, Decimal | None, tuple[str, ...]]]:
        """Return the rules that are asked, with their bounds; the slowest last."""
        rules = self.rules
        found: list[tuple[Rule, Decimal | None, tuple[str, ...]]] = [
            (Rule.RISK, rules.risk_max, ()),
            (Rule.LEVERAGE, rules.leverage_max, ()),
        ]
        if not self.is_slow:
            found.append((Rule.BRACKET, None, ()))
        found.append((Rule.MARGIN, None, ()))
        base = asset_name(self.instrument.base)
        found += [
            (Rule.GROUP, group.exposure_max, group.assets)
            for group in rules.groups
            if base in map(asset_name, group.assets)
        ]
        if rules.distance_min:
            found.append((Rule.DISTANCE, rules.distance_min, ()))
        return found

    def measure(self, rule: Rule, group: tuple[str, ...], lots: int) -> Decimal | None:
        """Return what a rule's bound is compared with, after so many lots.

        Of the venue's own rules a share of what it allows. None where it is unknown or means
        nothing, which never passes.
        """
        judged = self._at(lots)
        found = judged.assessment
        if rule is Rule.RISK:
            return self._risk(judged)
        if rule is Rule.BRACKET:
            return self._bracket(found)
        if found.missing:
            return None
        if rule is Rule.MARGIN:
            return self._margin(found)
        there = situation(found.account, found.market, found.rulebook)
        if rule is Rule.DISTANCE:
            return joint_distance(there)
        exposed = exposure(there)
        if rule is Rule.LEVERAGE:
            return exposed.leverage
        wanted = {asset_name(asset) for asset in group}
        own = [one for one in exposed.holdings if asset_name(one.asset) in wanted]
        return sum((abs(one.exposure) for one in own), ZERO)

    def _risk(self, judged: _Judged) -> Decimal | None:
        if judged.fill is None or self.idea.stop is None:
            return ZERO
        equity = standing_of(self.idea.symbol, self.now).equity
        loss = -exit_profit(judged.fill, self.idea.stop, self.rulebook)
        worth = in_money(loss, self.idea.symbol, self.now)
        if worth is None or equity is None or equity <= 0:
            return None
        return quotient_up(worth, equity)

    def _bracket(self, found: Assessment) -> Decimal | None:
        contract = self.rulebook.contracts[self.idea.symbol]
        tiers, setting = (
            contract.tiers,
            leverage_setting(self.idea.symbol, self.account, self.rulebook),
        )
        mark = found.market.marks[self.idea.symbol]
        if tiers is None:
            return None
        share = ZERO
        for position in found.account.positions:
            if position.symbol != self.idea.symbol or position.size * self.sign < 0:
                continue
            exposure = Exposure.of_size(position.size, mark, contract.instrument)
            if tier_number(exposure, tiers) is None:
                return None
            allowed = leverage_allowed((position.size,), contract, mark)
            if setting is not None and allowed is not None:
                share = max(share, quotient_up(setting, allowed))
            if tiers.cap is not None:
                measure = exposure.size if tiers.is_by_size else exposure.value
                share = max(share, quotient_up(measure, tiers.cap))
        return share

    def _margin(self, found: Assessment) -> Decimal | None:
        # The largest share of its equity that any unit of the trade's money needs.
        asset = standing_of(self.idea.symbol, found).asset
        share = ZERO
        for unit in found.units:
            if unit.asset != asset:
                continue
            needed, health = unit.initial_margin, unit.health
            if needed is None or health is None or unit.open_loss is None:
                return None
            needed += unit.open_loss
            if health.equity <= 0:
                if needed or health.equity < 0:
                    return None
                continue
            share = max(share, quotient_up(needed, health.equity))
        return share

    @cached_property
    def now(self) -> Assessment:
        """Return the account as it is."""
        return assess(self.account, self.market, self.rulebook)

    def _at(self, lots: int) -> _Judged:
        found = self._judged.get(lots)
        if found is None:
            found = self._judged[lots] = self._judge(lots)
        return found

    def _judge(self, lots: int) -> _Judged:
        if not lots:
            there = market_where(
                self.idea.symbol, self.entry, self.account, self.market, self.rulebook
            )
            return _Judged(assess(self.account, there, self.rulebook), None)
        intent = self.intent(lots * self.lot)
        done = traded(self.account, self.market, self.rulebook, (intent,))
        assessment = assess(done.account, done.market, self.rulebook)
        return _Judged(assessment, done.fills[0])
