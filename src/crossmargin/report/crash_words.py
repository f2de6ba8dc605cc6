"""What became of a venue in a crash, in sentences: the same on a terminal and on a page."""

from decimal import Decimal

from crossmargin.money import ZERO
from crossmargin.report.crash_records import (
    CrashSummary,
    FundingPaid,
    Liquidation,
    Market,
    minute_of,
)
from crossmargin.report.words import MINUS, clock, count_of, listed, moment, percent, price

WAYS = {"book": "the book", "fund": "the fund", "winners": "winners", "mark": "others at the mark"}
"""Where failed positions went, in words."""
NOTHING = "0"
POLICIES = {
    "profit-times-leverage": "queue by profit × leverage",
    "profit": "queue by profit",
    "pro-rata-of-profits": "pro rata of profits",
    "price-gain-times-leverage": "queue by price gain × leverage",
    "profit-over-wallet-times-margin-ratio": "queue by profit ÷ wallet × margin ratio",
}
"""ADL policies, in words."""


def usd(amount: Decimal, *, is_signed: bool = False) -> str:
    """Return an amount in whole dollars, below a hundred in cents, half to even; "0" of neither."""
    text = f"{abs(amount):,.{0 if abs(amount) >= 100 else 2}f}"
    if not text.strip("0."):
        return NOTHING
    sign = MINUS if amount < 0 else "+" if is_signed else ""
    return sign + text


def minute(at_ms: int) -> str:
    """Return the UTC time of day of a moment, to the minute it is in."""
    return clock(minute_of(at_ms))


def headline(summary: CrashSummary) -> str:
    """Return what happened, in a sentence."""
    everyone = summary.groups[-1]
    if not summary.liquidations:
        return f"Of {everyone.accounts:,} accounts none was liquidated."
    traders = summary.groups[0]
    verb = "lost" if traders.result < 0 else "gained"
    first, last = summary.liquidations[0].first_ms, max(one.last_ms for one in summary.liquidations)
    begin, stop = minute(first), minute(last)
    span = f"at {begin}" if begin == stop else f"from {begin} to {stop}"
    return (
        f"Of {everyone.accounts:,} accounts {everyone.liquidated:,} were liquidated, {span} UTC: "
        f"traders {verb} {percent(abs(traders.result_fraction), shown=0)} of "
        f"{usd(traders.put_in)} {summary.fund.asset}."
    )


def who_paid(summary: CrashSummary) -> str:
    """Return what the fund, winners and everybody with a profit paid."""
    fund, adl = summary.fund, summary.adl[0]
    parts = [f"The insurance fund went from {usd(fund.start)} to {usd(fund.end)} {fund.asset}"]
    if adl.events:
        parts.append(
            f"winners had to close {usd(adl.closed_usd)} of positions in "
            f"{count_of(adl.events, 'auto-deleveraging')}, and gave up {usd(adl.haircut)}"
        )
    else:
        parts.append("nobody was auto-deleveraged")
    shared = f"{usd(adl.shared)} of loss was shared" if adl.shared else "no loss was shared"
    return f"{'; '.join(parts)}; {shared}."


def books(summary: CrashSummary) -> str:
    """Return whether money was conserved."""
    if summary.broken:
        return f"The books do NOT balance: {summary.broken[0]}."
    assets = listed(sorted(summary.money))
    verb = "sum" if len(summary.money) > 1 else "sums"
    return (
        f"Money is conserved: the books balanced throughout {summary.commands:,} commands, and "
        f"{assets} {verb} to zero over all purses."
    )


def market_words(market: Market) -> str:
    """Return where a symbol went and how its book was."""
    fall = percent((market.low - market.first) / market.first)
    book = "the book always had a bid"
    if market.dry_at_ms is not None:
        share = Decimal(market.dry_looks) / market.looks
        book = (
            f"no bid left at {percent(share, shown=0)} of the looks, first at "
            f"{minute(market.dry_at_ms)}"
        )
    return (
        f"{market.symbol}: from {price(market.first)} to {price(market.low)} at "
        f"{minute(market.low_at_ms)} ({fall}), {price(market.last)} at the end; open interest from "
        f"{usd(market.open_first_usd)} to {usd(market.open_last_usd)}; {book}."
    )


def funding_words(paid: FundingPaid) -> str:
    """Return a funding and where its rate is from."""
    if paid.rate is None:
        return f"{paid.symbol} at {moment(paid.at_ms)}: not settled."
    source = "as recorded" if paid.is_recorded else "out of the venue's own samples"
    return f"{paid.symbol} at {moment(paid.at_ms)}: {percent(paid.rate, shown=4)}, {source}."


def ways_of(closed: dict[str, Decimal]) -> str:
    """Return where positions went: "fund 1,200, winners 300"."""
    return (
        ", ".join(f"{name} {usd(closed[name])}" for name in WAYS if closed.get(name, ZERO)) or "–"
    )


def fate(one: Liquidation) -> str:
    """Return the steps of a ladder in words."""
    return ", ".join(step.replace("-", " ") for step in one.steps)


def fund_words(summary: CrashSummary) -> list[str]:
    """Return where the insurance fund's money came from and went."""
    fund = summary.fund
    reasons = {
        "fed": "put in before the crash",
        "liquidation fee": "liquidation fees",
        "takeover": "left over from those taken over",
        "insurance": "paid for what was missing",
        "own positions": "made or lost on positions it had taken over",
    }
    lines = [
        f"{usd(amount, is_signed=True)} {fund.asset}: {reasons.get(reason, reason)}."
        for reason, amount in fund.flows.items()
        if usd(amount) != NOTHING
    ]
    lines.append(
        f"What it took over was worth {usd(fund.gained)} more in some cases and {usd(fund.paid)} "
        f"less in others, at the mark of the moment."
    )
    lines.append(f"It had least at {minute(fund.low_at_ms)}: {usd(fund.low)} {fund.asset}.")
    if summary.fund_steps:
        lines.append(
            f"From {minute(summary.fund_steps[0].at_ms)} on it could not carry its own positions "
            f"and gave them up to winners, {count_of(len(summary.fund_steps), 'time')}."
        )
    return lines
