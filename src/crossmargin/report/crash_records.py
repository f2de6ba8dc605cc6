"""The records of a crash's report: what every face of it shows and none of them counts.

Money is in the settle asset, which is taken to be worth a dollar, and exact; times are
milliseconds UTC.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.durations import MINUTE_MS
from crossmargin.money import ZERO, quotient_down
from crossmargin.runtime.crash_log import Deleveraging, Receipt


def minute_of(at_ms: int) -> int:
    """Return the beginning of a moment's minute."""
    return at_ms // MINUTE_MS * MINUTE_MS


class Market(Struct, frozen=True):
    """A symbol in the window: marks, open interest, and how its book was.

    Attributes
    ----------
    open_first_usd, open_last_usd : open interest.
    bids_least_usd : the least the market maker offered to buy for at any look.
    dry_looks, looks : at how many looks there was no bid of the market maker's, of how many.
    dry_at_ms : the first of them.
    """

    symbol: str
    first: Decimal
    low: Decimal
    low_at_ms: int
    last: Decimal
    open_first_usd: Decimal
    open_last_usd: Decimal
    bids_least_usd: Decimal
    dry_looks: int
    looks: int
    dry_at_ms: int | None


class Group(Struct, frozen=True):
    """Accounts that have something in common; `result` is what is there less what was put in."""

    name: str
    accounts: int
    liquidated: int
    put_in: Decimal
    result: Decimal

    @property
    def result_fraction(self) -> Decimal:
        """Return the result over what was put in, rounded down at 50 digits; 0 of nothing."""
        return quotient_down(self.result, self.put_in) if self.put_in else ZERO


class Liquidation(Struct, frozen=True):
    """A unit that went down the ladder: from its first step to its last.

    Attributes
    ----------
    name : of the unit, as the venue calls it.
    kind : "cross", "isolated" or "multi-assets".
    steps : names in order, each once.
    equity : of the unit before the first step.
    closed_usd : by where it went: the book, the fund, winners, or others at the mark.
    is_gone : whether nothing of the unit was left after the last step.
    """

    account: str
    name: str
    kind: str
    leverage: Decimal | None
    first_ms: int
    last_ms: int
    steps: tuple[str, ...]
    equity: Decimal
    closed_usd: dict[str, Decimal]
    fund_gained: Decimal
    fund_paid: Decimal
    shared: Decimal
    is_gone: bool

    @property
    def total_usd(self) -> Decimal:
        """Return what was closed, wherever it went."""
        return sum(self.closed_usd.values(), ZERO)


class Minute(Struct, frozen=True):
    """What was closed in one minute; `units` counts those whose first step it was."""

    at_ms: int
    units: int
    closed_usd: dict[str, Decimal]
    deleveraged_usd: Decimal


class Fund(Struct, frozen=True):
    """The insurance fund.

    Attributes
    ----------
    start, end : its purse before the window's first and after its last look.
    flows : what came (above zero) and went, by reason; from the very beginning.
    gained, paid : in liquidations, what it took over counted at the mark.
    low, low_at_ms : of its purse.
    """

    asset: str
    start: Decimal
    end: Decimal
    flows: dict[str, Decimal]
    gained: Decimal
    paid: Decimal
    low: Decimal
    low_at_ms: int


class Reduced(Struct, frozen=True):
    """A winner who was made to close: how often, how much (at the prices it closed at)."""

    account: str
    times: int
    closed_usd: Decimal
    given_up: Decimal


class Adl(Struct, frozen=True):
    """Auto-deleveraging under one policy.

    Attributes
    ----------
    bankrupt : accounts whose positions winners had to close; the fund counts as one.
    haircut : what winners gave up against the mark; `shortfall` is what was missing, `overshoot`
        how much more was taken than the smallest haircut that covers it.
    reduced : winners, those who closed most first.
    liquidated : accounts liquidated in all, because one thing leads to the other.
    result : of all people together.
    """

    policy: str
    events: int
    bankrupt: int
    closed_usd: Decimal
    shortfall: Decimal
    haircut: Decimal
    overshoot: Decimal
    reduced: tuple[Reduced, ...]
    shared: Decimal
    liquidated: int
    fund_end: Decimal
    result: Decimal


class FundingPaid(Struct, frozen=True):
    """A funding: as it is on record, else the venue's own out of its samples; None if none."""

    symbol: str
    at_ms: int
    rate: Decimal | None
    is_recorded: bool


class CrashSummary(Struct, frozen=True):
    """Everything a report says.

    Attributes
    ----------
    money : what is in each group of purses at the end, by asset; each asset sums to zero.
    broken : laws of the books that did not hold, in words; none if all is well.
    refused : commands of people that the venue refused, by reason.
    adl : under the policy of the run first, then under others where they were run.
    fingerprint : hash over every command and event: the same run again has the same.
    """

    venue: str
    edition: str
    rulebook_sha256: str
    start_ms: int
    from_ms: int
    to_ms: int
    seed: int
    markets: tuple[Market, ...]
    groups: tuple[Group, ...]
    bands: tuple[Group, ...]
    styles: tuple[Group, ...]
    liquidations: tuple[Liquidation, ...]
    fund_steps: tuple[Receipt, ...]
    minutes: tuple[Minute, ...]
    fund: Fund
    maker_start: Decimal
    maker_end: Decimal
    adl: tuple[Adl, ...]
    deleveragings: tuple[Deleveraging, ...]
    fundings: tuple[FundingPaid, ...]
    money: dict[str, dict[str, Decimal]]
    broken: tuple[str, ...]
    refused: dict[str, int]
    commands: int
    fingerprint: str
    prices: tuple[str, ...]
    settings: tuple[str, ...]
    assumptions: tuple[str, ...]

    def largest(self, count: int) -> list[Liquidation]:
        """Return the `count` liquidations that closed most, in order of time."""
        most = sorted(self.liquidations, key=lambda one: one.total_usd, reverse=True)[:count]
        return sorted(most, key=lambda one: (one.first_ms, one.account, one.name))
