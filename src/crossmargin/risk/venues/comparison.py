"""One account under the rules of many venues, each answer beside the others.

Every venue that can hold the account gets the same three questions: what is it worth and what is
asked of it (`margin.assess`), how far may prices move, how many times its positions could it carry
(`capacity`). A venue that cannot hold it is refused with the reason; one whose ladder or
collateral is not known stays in the list, unknown.

Sums are by asset: pools and buckets of one asset add up. What stands or falls alone does not, so
buffer and health are those of the least healthy pool or bucket.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, Status, UnitAssessment, worst_of
from crossmargin.margin.health import Health
from crossmargin.model.account import Account, AccountMode
from crossmargin.model.market import Market
from crossmargin.money import exact
from crossmargin.risk.venues.capacity import Capacity, capacity
from crossmargin.risk.venues.translation import translated
from crossmargin.rulebooks.schema import Rulebook

MULTIPLE = (
    "How much it carries: all sizes times one number, added at the mark price without fees, until "
    "initial margin and open loss take all equity; leverage as set, or as the larger tier allows."
)


class Total(Struct, frozen=True):
    """What all pools and buckets of one asset come to, and the least healthy of them.

    `health` is the sum; None where anything of it is unknown. `is_initial_known`: whether its
    initial margin is, too.
    """

    asset: str
    health: Health | None
    weakest: UnitAssessment
    units: int
    is_initial_known: bool = True

    @property
    def initial_margin(self) -> Decimal | None:
        """Return the sum of initial margins; None where it is not known."""
        return self.health.initial_margin if self.health and self.is_initial_known else None


class Answer(Struct, frozen=True):
    """What one venue's rules make of the account.

    Attributes
    ----------
    symbols : the venue's symbol for each of the account's.
    said : what is assumed at this venue, in sentences.
    is_home : whether it is the account's own venue.
    """

    assessment: Assessment
    symbols: dict[str, str]
    totals: tuple[Total, ...]
    capacity: Capacity | None
    said: tuple[str, ...]
    is_home: bool = False

    @property
    def rulebook(self) -> Rulebook:
        """Return the rules that were asked."""
        return self.assessment.rulebook

    @property
    def venue(self) -> str:
        """Return the venue's name, with the account's mode where it is not standard."""
        return name_in(self.rulebook.venue, self.assessment.account.mode)

    @property
    def nearest(self) -> Decimal | None:
        """Return how far all prices may move together, to the nearer side.

        None where either side is unknown, or nothing ends it.
        """
        joint = self.assessment.boundaries.joint
        return self.nearest_known if joint is not None and joint.is_known else None

    @property
    def nearest_known(self) -> Decimal | None:
        """Return the same of the sides that are known: the other may be nearer still."""
        joint = self.assessment.boundaries.joint
        if joint is None:
            return None
        return min((move for move in (joint.down, joint.up) if move is not None), default=None)

    def own_name(self, name: str, symbol: str | None) -> str:
        """Return the `name` of a bucket of the venue's `symbol`, with the account's own symbol."""
        own = {theirs: mine for mine, theirs in self.symbols.items()}
        return name.replace(symbol, own.get(symbol, symbol), 1) if symbol else name


class Refusal(Struct, frozen=True):
    """A venue that cannot hold the account, and why, in one sentence."""

    venue: str
    reason: str
    mode: AccountMode = AccountMode.STANDARD


class Note(Struct, frozen=True):
    """A sentence that is true at these venues; at all where `venues` is empty."""

    venues: tuple[str, ...]
    sentence: str


class Comparison(Struct, frozen=True):
    """The account at its own venue first, then where it may fall or rise furthest.

    Attributes
    ----------
    common : what is assumed about comparing at all.
    notes : every other sentence once, those of most venues first.
    """

    answers: tuple[Answer, ...]
    refusals: tuple[Refusal, ...]
    common: tuple[str, ...]
    notes: tuple[Note, ...]

    @property
    def home(self) -> Answer:
        """Return the account at its own venue, as it is."""
        return self.answers[0]

    @property
    def is_known(self) -> bool:
        """Return whether any venue has an answer."""
        return any(one.assessment.status is not Status.UNKNOWN for one in self.answers)


@exact
def compared(
    account: Account, market: Market, home: Rulebook, others: Iterable[Rulebook]
) -> Comparison:
    """Return `account`, which is of the venue of `home`, under those rules and `others`.

    Raises
    ------
    UsageError
        As `margin.assess`, at the account's own venue. What another cannot hold is a refusal.
    """
    own_symbols = {symbol: symbol for symbol in account.symbols}
    first = replace(_answer(account, market, home, own_symbols, ()), is_home=True)
    answers, refusals = [], []
    common: dict[str, None] = {}
    for mode in _other_modes(account, home):
        try:
            answers.append(_answer(replace(account, mode=mode), market, home, own_symbols, ()))
        except UsageError as error:
            refusals.append(Refusal(home.venue, str(error), mode))
    for rulebook, mode in ((book, AccountMode(mode)) for book in others for mode in book.modes):
        try:
            over = translated(account, market, home, rulebook, mode)
            answer = _answer(over.account, over.market, rulebook, over.symbols, over.said)
        except UsageError as error:
            refusals.append(Refusal(rulebook.venue, str(error), mode))
            continue
        answers.append(answer)
        common |= dict.fromkeys(over.common)
    answers.sort(key=_order)
    found = (first, *answers)
    if any(answer.capacity is not None for answer in found):
        common[MULTIPLE] = None
    return Comparison(found, tuple(refusals), tuple(common), _notes(found))


def name_in(venue: str, mode: AccountMode) -> str:
    """Return what a venue is called in a mode: its name, and the mode where the name lacks it."""
    is_said = mode is AccountMode.STANDARD or venue.endswith(mode.value)
    return venue if is_said else f"{venue} {mode}"


def _other_modes(account: Account, home: Rulebook) -> list[AccountMode]:
    # The modes of its own venue that the account is not in.
    return [mode for mode in map(AccountMode, home.modes) if mode is not account.mode]


def left_out(comparison: Comparison) -> list[str]:
    """Return the venues that cannot hold the account, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for refusal in comparison.refusals:
        by_reason.setdefault(refusal.reason, []).append(name_in(refusal.venue, refusal.mode))
    return [f"{', '.join(venues)}: {reason}" for reason, venues in by_reason.items()]


def assumed(comparison: Comparison) -> list[tuple[str, list[str]]]:
    """Return what is assumed under titles: everywhere, at several venues, at each alone."""
    groups: dict[str, list[str]] = {}
    if comparison.common:
        groups["Assumed everywhere"] = list(comparison.common)
    for note in comparison.notes:
        where = f"at {', '.join(note.venues)}" if note.venues else "everywhere"
        groups.setdefault(f"Assumed {where}", []).append(note.sentence)
    return list(groups.items())


def missing(comparison: Comparison) -> list[str]:
    """Return what is not known, venue by venue."""
    lines = []
    for one in comparison.answers:
        found = one.assessment
        names = dict.fromkeys((*found.missing, *found.boundaries.missing))
        if names:
            lines.append(f"{one.venue}: {', '.join(names)}")
    return lines


def warnings(comparison: Comparison) -> list[str]:
    """Return what is unusual, venue by venue."""
    return [
        f"{one.venue}: {warning}"
        for one in comparison.answers
        for warning in one.assessment.warnings
    ]


def _answer(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    symbols: dict[str, str],
    said: tuple[str, ...],
) -> Answer:
    found = assess(account, market, rulebook)
    room = None if found.missing else capacity(account, market, rulebook)
    said = tuple(dict.fromkeys((*said, *found.assumptions)))
    return Answer(found, symbols, _totals(found), room, said)


def _totals(assessment: Assessment) -> tuple[Total, ...]:
    by_asset: dict[str, list[UnitAssessment]] = {}
    for unit in assessment.units:
        by_asset.setdefault(unit.asset, []).append(unit)
    totals = []
    for asset, units in by_asset.items():
        total: Health | None = Health()
        for unit in units:
            total = None if total is None or unit.health is None else total + unit.health
        is_known = not any(unit.initial_missing for unit in units)
        totals.append(Total(asset, total, worst_of(tuple(units)), len(units), is_known))
    return tuple(totals)


def _order(answer: Answer) -> tuple[int, bool, Decimal, str]:
    # Both sides known, then one (the other may be nearer), then neither; of each, never
    # liquidated, then furthest; then by name.
    nearest, joint = answer.nearest_known, answer.assessment.boundaries.joint
    unknown = 2
    if joint is not None:
        unknown = 0 if joint.is_known else 1 if joint.is_down_known or joint.is_up_known else 2
    return unknown, nearest is not None, -(nearest or Decimal(0)), answer.venue


def _notes(answers: tuple[Answer, ...]) -> tuple[Note, ...]:
    found: dict[str, list[str]] = {}
    for answer in answers:
        for sentence in answer.said:
            found.setdefault(sentence, []).append(answer.venue)
    notes = [
        Note(() if len(venues) == len(answers) > 1 else tuple(venues), sentence)
        for sentence, venues in found.items()
    ]
    # All, then several, then one venue after the other.
    return tuple(sorted(notes, key=lambda note: (bool(note.venues), -len(note.venues))))
