"""What became of a venue in a crash, in numbers that fit on a page.

Made from the log and the venue's state at the end, and only by adding up: every amount here is the
venue's own. Text, JSON and page show this; none of them counts anything itself.

Liquidations are counted by unit (a cross pool or an isolated bucket of one account), however many
steps its ladder took. What the insurance fund had to give up itself stands apart: it is nobody's
account. Money is in the settle asset, which is taken to be worth a dollar; exact unless said.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from crossmargin.money import ZERO, exact, quotient_down
from crossmargin.report.crash_records import (
    Adl,
    CrashSummary,
    Fund,
    FundingPaid,
    Group,
    Liquidation,
    Market,
    Minute,
    Reduced,
    minute_of,
)
from crossmargin.report.words import percent
from crossmargin.runtime import feed_pump, population
from crossmargin.runtime.crash import Ending, Ran, window
from crossmargin.runtime.crash_log import Deleveraging, Look, Receipt
from crossmargin.runtime.market_maker import MAKER
from crossmargin.venue.ledger import FUND, balances

BANDS = (
    ("up to 3x", 3),
    ("4x to 5x", 5),
    ("6x to 10x", 10),
    ("11x to 25x", 25),
    ("above 25x", 1000),
)
"""Leverage settings by name and largest."""


@exact
def summarise_crash(
    ran: Ran,
    seed: int,
    others: Sequence[Ran] = (),
) -> CrashSummary:
    """Return what became of a run, and of the same one under other ADL policies.

    Parameters
    ----------
    others : the same seed under other policies.
    """
    crash, log, rulebook = ran.crash, ran.log, ran.crash.rulebook
    struck = {one.account for one in log.receipts}
    traders = [one for one in ran.endings if not one.person.is_hedger]
    hedgers = [one for one in ran.endings if one.person.is_hedger]
    looks = window(ran)
    return CrashSummary(
        venue=rulebook.venue,
        edition=rulebook.edition.isoformat(),
        rulebook_sha256=rulebook.sha256,
        start_ms=log.looks[0].at_ms,
        from_ms=crash.start_ms,
        to_ms=crash.feed.to_ms,
        seed=seed,
        markets=tuple(_market(symbol, looks) for symbol in crash.feed.symbols),
        groups=(
            _group("traders", traders, struck),
            _group("hedgers", hedgers, struck),
            _group("all", ran.endings, struck),
        ),
        bands=tuple(_bands(traders, struck)),
        styles=tuple(
            _group(style, [one for one in traders if one.person.style == style], struck)
            for style in population.STYLES
        ),
        liquidations=_liquidations(ran),
        fund_steps=tuple(one for one in log.receipts if one.account == FUND),
        minutes=_minutes(log.receipts, log.deleveragings),
        fund=_fund(ran, looks),
        maker_start=looks[0].maker_equity,
        maker_end=looks[-1].maker_equity,
        adl=tuple(adl_of(one) for one in (ran, *others)),
        deleveragings=tuple(log.deleveragings),
        fundings=tuple(_fundings(ran)),
        money=_money(ran),
        broken=tuple(log.broken),
        refused=_refused(ran),
        commands=log.commands,
        fingerprint=log.fingerprint,
        prices=crash.feed.choice,
        settings=feed_pump.in_words(crash.settings),
        assumptions=(*population.ASSUMPTIONS, *_scale(ran), *rulebook.notes.values()),
    )


@exact
def adl_of(ran: Ran) -> Adl:
    """Return what auto-deleveraging came to in a run."""
    log = ran.log
    people = {one.person.name for one in ran.endings}
    reduced: dict[str, list[Decimal]] = {}
    for one in log.deleveragings:
        closed = sum(one.said.by_account.values(), ZERO)
        for name, size in one.said.by_account.items():
            mine = reduced.setdefault(name, [ZERO, ZERO, ZERO])
            mine[0] += 1
            mine[1] += size * one.said.price
            mine[2] += quotient_down(one.said.haircut * size, closed)
    rows = [Reduced(name, int(row[0]), row[1], row[2]) for name, row in reduced.items()]
    said = [one.said for one in log.deleveragings]
    return Adl(
        policy=ran.crash.settings.adl_policy,
        events=len(said),
        bankrupt=len({one.account for one in log.deleveragings}),
        closed_usd=sum((row.closed_usd for row in rows), ZERO),
        shortfall=sum((one.shortfall for one in said), ZERO),
        haircut=sum((one.haircut for one in said), ZERO),
        overshoot=sum((one.overshoot for one in said), ZERO),
        reduced=tuple(sorted(rows, key=lambda row: (-row.closed_usd, row.account))),
        shared=sum((one.shared for one in log.receipts), ZERO),
        liquidated=len({one.account for one in log.receipts} & people),
        fund_end=sum(log.looks[-1].fund.values(), ZERO),
        result=_result(ran.endings),
    )


def _market(symbol: str, looks: Sequence[Look]) -> Market:
    priced = [one for one in looks if symbol in one.marks]
    lowest = min(priced, key=lambda one: one.marks[symbol])
    dry = [one for one in looks if not one.bids_usd.get(symbol)]
    return Market(
        symbol=symbol,
        first=priced[0].marks[symbol],
        low=lowest.marks[symbol],
        low_at_ms=lowest.at_ms,
        last=priced[-1].marks[symbol],
        open_first_usd=priced[0].open_usd[symbol],
        open_last_usd=priced[-1].open_usd[symbol],
        bids_least_usd=min(one.bids_usd.get(symbol, ZERO) for one in looks),
        dry_looks=len(dry),
        looks=len(looks),
        dry_at_ms=dry[0].at_ms if dry else None,
    )


def _result(endings: Iterable[Ending]) -> Decimal:
    # Whose end is unknown is left out.
    return sum((one.equity - one.put_in for one in endings if one.equity is not None), ZERO)


def _group(name: str, endings: Sequence[Ending], struck: set[str]) -> Group:
    return Group(
        name=name,
        accounts=len(endings),
        liquidated=sum(one.person.name in struck for one in endings),
        put_in=sum((one.put_in for one in endings), ZERO),
        result=_result(endings),
    )


def _bands(traders: Sequence[Ending], struck: set[str]) -> Iterator[Group]:
    least = 0
    for name, most in BANDS:
        own = [one for one in traders if least < one.person.leverage <= most]
        yield _group(name, own, struck)
        least = most


def _liquidations(ran: Ran) -> tuple[Liquidation, ...]:
    people = {one.name: one for one in ran.crash.people}
    units: dict[tuple[str, str], list[Receipt]] = {}
    for receipt in ran.log.receipts:
        if receipt.account != FUND:
            units.setdefault((receipt.account, receipt.unit), []).append(receipt)
    found = []
    for (account, unit), receipts in units.items():
        person, closed = people.get(account), _closed(receipts)
        kind = "isolated" if receipts[0].is_bucket else "cross"
        if person is not None and person.style == "multi-assets":
            kind = person.style
        found.append(
            Liquidation(
                account=account,
                name=unit,
                kind=kind,
                leverage=None if person is None else person.leverage,
                first_ms=receipts[0].at_ms,
                last_ms=receipts[-1].at_ms,
                steps=tuple(dict.fromkeys(one.step for one in receipts)),
                equity=receipts[0].before.equity,
                closed_usd=closed,
                fund_gained=sum((one.fund_gained for one in receipts), ZERO),
                fund_paid=sum((one.fund_paid for one in receipts), ZERO),
                shared=sum((one.shared for one in receipts), ZERO),
                is_gone=receipts[-1].after is None,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.first_ms, one.account, one.name)))


def _closed(receipts: Iterable[Receipt]) -> dict[str, Decimal]:
    closed: dict[str, Decimal] = {}
    for one in receipts:
        for way, amount in one.closed_usd.items():
            closed[way] = closed.get(way, ZERO) + amount
    return closed


def _minutes(
    receipts: Sequence[Receipt], deleveragings: Sequence[Deleveraging]
) -> tuple[Minute, ...]:
    own = [one for one in receipts if one.account != FUND]
    seen: set[tuple[str, str]] = set()
    firsts: dict[int, int] = {}
    steps: dict[int, list[Receipt]] = {}
    for one in own:
        at_ms = minute_of(one.at_ms)
        steps.setdefault(at_ms, []).append(one)
        firsts[at_ms] = firsts.get(at_ms, 0) + ((one.account, one.unit) not in seen)
        seen.add((one.account, one.unit))
    taken: dict[int, Decimal] = {}
    for event in deleveragings:
        at_ms = minute_of(event.at_ms)
        more = sum(event.said.by_account.values(), ZERO) * event.said.price
        taken[at_ms] = taken.get(at_ms, ZERO) + more
    return tuple(
        Minute(at, firsts.get(at, 0), _closed(steps.get(at, ())), taken.get(at, ZERO))
        for at in sorted({*steps, *taken})
    )


def _fund(ran: Ran, looks: Sequence[Look]) -> Fund:
    # All symbols of a run settle in one asset or in several dollars; they are added up.
    purses = [sum(one.fund.values(), ZERO) for one in looks]
    before = [one for one in ran.log.looks if one.at_ms < ran.crash.start_ms]
    start = sum((before or looks)[-1 if before else 0].fund.values(), ZERO)
    low = min(purses)
    flows: dict[str, Decimal] = {}
    for (reason, _), amount in ran.log.fund_flows.items():
        flows[reason] = flows.get(reason, ZERO) + amount
    return Fund(
        asset=" and ".join(sorted({asset for one in looks for asset in one.fund})),
        start=start,
        end=purses[-1],
        flows=flows,
        gained=sum((one.fund_gained for one in ran.log.receipts), ZERO),
        paid=sum((one.fund_paid for one in ran.log.receipts), ZERO),
        low=low,
        low_at_ms=looks[purses.index(low)].at_ms,
    )


def _fundings(ran: Ran) -> Iterator[FundingPaid]:
    recorded = {(symbol, one.at_ms) for one in ran.crash.feed.moments for symbol in one.fundings}
    for paid in ran.log.fundings:
        if paid.at_ms > ran.crash.start_ms:
            is_recorded = (paid.symbol, paid.at_ms) in recorded
            yield FundingPaid(paid.symbol, paid.at_ms, paid.rate, is_recorded=is_recorded)


def _money(ran: Ran) -> dict[str, dict[str, Decimal]]:
    hedgers = {one.name for one in ran.crash.people if one.is_hedger}
    groups: dict[str, dict[str, Decimal]] = {}
    for (purse, asset), amount in sorted(balances(ran.state).items()):
        kind, _, name = purse.partition("/")
        if kind == "account":
            kind = "hedgers" if name in hedgers else "traders"
            kind = {MAKER: "market maker", FUND: "fund"}.get(name, kind)
        row = groups.setdefault(asset, {})
        row[kind] = row.get(kind, ZERO) + amount
    return groups


def _refused(ran: Ran) -> dict[str, int]:
    counts: dict[str, int] = {}
    for account, refused in ran.log.refused:
        if account != MAKER:
            counts[refused.reason] = counts.get(refused.reason, 0) + 1
    return counts


def _scale(ran: Ran) -> tuple[str, ...]:
    scale = ran.crash.scale
    parts = (scale.capital, scale.depth, scale.fund)
    capital, depth, fund = (percent(part, shown=0) for part in parts)
    return (
        f"The market maker begins with {capital} of the open interest as capital, holds "
        f"at most {scale.leverage:f} times its equity, and offers {depth} of a symbol's "
        "open interest on each side, anew at every moment; it hedges nowhere else.",
        f"The insurance fund begins with {fund} of the open interest.",
        "Prices are the record's: what happens at this venue does not move them.",
        "A dollar, the quote asset and the settle asset are worth the same.",
    )
