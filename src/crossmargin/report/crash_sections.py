"""The tables of a crash's page: who lost, who was liquidated, whom ADL hit, where the money is.

Bars in tables are boxes, as in a comparison. Everything that comes from data is escaped.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape

from crossmargin.money import ZERO, plain
from crossmargin.report.crash_records import Adl, CrashSummary, Group, Liquidation
from crossmargin.report.crash_words import NOTHING, POLICIES, fate, minute, usd, ways_of
from crossmargin.report.parts import kept
from crossmargin.report.words import MINUS, percent, price
from crossmargin.risk.venues.underlying import DOLLARS

LISTED_MAX = 300
"""Rows of one list; `--json` has all."""
LARGEST_MAX = 20
WINNERS_MAX = 15


def tiles(summary: CrashSummary) -> str:
    """Return the few numbers that say how bad it was."""
    everyone, adl = summary.groups[-1], summary.adl[0]
    closed = sum((one.total_usd for one in summary.liquidations), ZERO)
    before = sum((one.open_first_usd for one in summary.markets), ZERO)
    after = sum((one.open_last_usd for one in summary.markets), ZERO)
    fund = summary.fund
    rows = (
        (f"{everyone.liquidated:,}", f"of {everyone.accounts:,} accounts liquidated"),
        (usd(closed), f"USD of positions failed, of {usd(before)} open"),
        (usd(fund.end), f"left in the insurance fund, of {usd(fund.start)}"),
        (usd(adl.closed_usd), f"closed by winners in {adl.events:,} auto-deleveragings"),
        (usd(adl.shared), "of loss shared"),
        (percent((after - before) / before) if before else "–", "change of open interest"),
    )
    cells = "".join(
        f"<div><b>{kept(big)}</b><span>{kept(small)}</span></div>" for big, small in rows
    )
    return f'<div class="tiles">{cells}</div>'


def who_lost(summary: CrashSummary) -> str:
    """Return the groups of accounts, with bars of the part that they lost."""
    titled = (
        ("Everybody", summary.groups),
        ("Traders by leverage setting", summary.bands),
        ("Traders by margin mode", summary.styles),
    )
    rows = []
    for title, groups in titled:
        rows.append(f'<tr class="part"><th colspan="6" scope="rowgroup">{escape(title)}</th></tr>')
        rows += [_group(one) for one in groups if one.accounts]
    head = _head("", "accounts", "liquidated", "put in", "result", "of what was put in")
    return _table(head, rows)


def _group(one: Group) -> str:
    share = max(ZERO, min(Decimal(1), -one.result_fraction))
    bar = f'<div class="track"><i style="width:{share * 100:.1f}%"></i></div>'
    numbers = (
        f"{one.accounts:,}",
        f"{one.liquidated:,}",
        usd(one.put_in),
        usd(one.result, is_signed=True),
    )
    return (
        f'<tr><th scope="row">{escape(one.name)}</th>{_numbers(numbers)}'
        f'<td class="bar">{bar}<span>{kept(percent(one.result_fraction, is_signed=True))}</span>'
        f"</td></tr>"
    )


def policies(summary: CrashSummary) -> str:
    """Return what auto-deleveraging came to, under each policy that was run."""
    head = _head(
        "Policy", "times", "winners", "closed", "most by one", "given up", "missing", "overshoot"
    )
    rows = [_policy(one) for one in summary.adl]
    return _table(head, rows)


def _policy(one: Adl) -> str:
    most = one.reduced[0].closed_usd if one.reduced else ZERO
    numbers = (
        f"{one.events:,}",
        f"{len(one.reduced):,}",
        *map(usd, (one.closed_usd, most, one.haircut, one.shortfall, one.overshoot)),
    )
    name = POLICIES.get(one.policy, one.policy)
    return f'<tr><th scope="row">{escape(name)}</th>{_numbers(numbers)}</tr>'


def reduced(summary: CrashSummary) -> str:
    """Return whom auto-deleveraging hit hardest, under each policy that was run."""
    tables = []
    for adl in summary.adl:
        if not adl.reduced:
            continue
        rows = [
            f'<tr><th scope="row">{escape(one.account)}</th>'
            f"{_numbers((usd(one.closed_usd), f'{one.times:,}', usd(one.given_up)))}</tr>"
            for one in adl.reduced[:WINNERS_MAX]
        ]
        left = len(adl.reduced) - WINNERS_MAX
        more = f'<p class="note">and {left:,} more</p>' if left > 0 else ""
        name = POLICIES.get(adl.policy, adl.policy)
        head = _head("", "closed", "times", "given up")
        tables.append(f"<div><h3>{escape(name)}</h3>{_table(head, rows)}{more}</div>")
    return f'<div class="abreast">{"".join(tables)}</div>' if tables else ""


def deleveragings(summary: CrashSummary) -> str:
    """Return every auto-deleveraging of the run."""
    head = _head(
        "Time", "of", "symbol", "size", "at", "winners", "missing", "given up", "overshoot", texts=3
    )
    rows = []
    for one in summary.deleveragings[:LISTED_MAX]:
        said = one.said
        numbers = (
            plain(said.size),
            price(said.price),
            f"{len(said.by_account):,}",
            *map(usd, (said.shortfall, said.haircut, said.overshoot)),
        )
        rows.append(
            f"<tr><td>{minute(one.at_ms)}</td><td>{escape(one.account)}</td>"
            f"<td>{escape(said.symbol)}</td>{_numbers(numbers)}</tr>"
        )
    return _folded(f"All {len(summary.deleveragings):,}", head, rows, len(summary.deleveragings))


def liquidations(summary: CrashSummary) -> str:
    """Return the largest liquidations, and everybody who was liquidated; both in order of time."""
    found = summary.liquidations
    head = _head(
        "Time",
        "account",
        "unit",
        "leverage",
        "steps",
        "closed by",
        "equity before",
        "fund",
        texts=6,
    )
    rows = [_liquidation(one) for one in summary.largest(LARGEST_MAX)]
    shown = _table(head, rows, "list")
    if len(found) <= len(rows):
        return shown if rows else "<p>Nobody.</p>"
    every = [_liquidation(one) for one in found[:LISTED_MAX]]
    return shown + _folded(f"All {len(found):,}", head, every, len(found))


def _liquidation(one: Liquidation) -> str:
    span = minute(one.first_ms)
    if minute(one.last_ms) != span:
        span += f"–{minute(one.last_ms)}"
    leverage = "–" if one.leverage is None else f"{plain(one.leverage)}x"
    words = (span, one.account, f"{one.kind} {one.name}", leverage, fate(one))
    cells = "".join(f"<td>{escape(word)}</td>" for word in words)
    numbers = (usd(one.equity), usd(one.fund_gained - one.fund_paid, is_signed=True))
    return f"<tr>{cells}<td>{kept(ways_of(one.closed_usd))}</td>{_numbers(numbers)}</tr>"


def money(summary: CrashSummary) -> str:
    """Return what is in whose purse at the end, asset by asset."""
    assets = sorted(summary.money)
    purses = dict.fromkeys(name for row in summary.money.values() for name in row)
    rows = []
    for name in purses:
        cells = [_amount(summary.money[asset].get(name), asset) for asset in assets]
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{_numbers(cells)}</tr>')
    sums = [plain(sum(summary.money[asset].values(), ZERO)) for asset in assets]
    rows.append(f'<tr class="sum"><th scope="row">all together</th>{_numbers(sums)}</tr>')
    return _table(_head("Purse", *assets), rows)


def _amount(amount: Decimal | None, asset: str) -> str:
    if amount is None:
        return ""
    if asset not in DOLLARS:
        return f"{amount:,.4f}".replace("-", MINUS)
    return plain(amount) if usd(amount) == NOTHING else usd(amount)


def _folded(title: str, head: str, rows: Sequence[str], count: int) -> str:
    if not rows:
        return "<p>None.</p>"
    more = ""
    if count > len(rows):
        more = f'<p class="note">{count - len(rows):,} more are in the JSON summary.</p>'
    table = _table(head, rows, "list") + more
    return f"<details><summary>{escape(title)}</summary>{table}</details>"


def _table(head: str, rows: Iterable[str], kind: str = "") -> str:
    # Wider than a phone: then it is moved sideways.
    return (
        f'<div class="scroll"><table class="rows {kind}">{head}<tbody>{"".join(rows)}</tbody>'
        "</table></div>"
    )


def _head(*names: str, texts: int = 1) -> str:
    kinds = ["" if place < texts else " class=number" for place in range(len(names))]
    cells = [
        f"<th scope=col{kind}>{escape(name)}</th>" for name, kind in zip(names, kinds, strict=True)
    ]
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def _numbers(values: Sequence[str]) -> str:
    return "".join(f'<td class="number">{kept(value)}</td>' for value in values)
