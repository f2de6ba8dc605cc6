"""What happened and why, as HTML a person reads from left to right.

Each liquidation step is a receipt: what was true, which rule applied, what was done, what was
true after. Orders are a table; funding is added up by symbol, because nobody reads a thousand
payments. Everything is in the events table too; what a page leaves out it says.

All text comes from people's files or is built from their names, so all of it is escaped.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from html import escape

from crossmargin.margin.health import Health
from crossmargin.money import ZERO
from crossmargin.replay.result import Event, EventKind, ReplayResult
from crossmargin.report.drawing import family
from crossmargin.report.headline import label
from crossmargin.report.words import count_of, moment, money, price, size

SHOWN_MAX = 200
"""Receipts and orders on a page; the events table has all."""

_NUMBER = re.compile(r"(?<![\w.,-])([1-9]\d{2,})(\.\d+)?(?![\w.-]*\w)")


def receipts(results: Mapping[str, ReplayResult]) -> str:
    """Return the liquidation steps of all modes in order of time, as HTML."""
    steps = _in_time(results, lambda event: event.is_liquidation)
    if not steps:
        return "<p>Nothing was liquidated.</p>"
    shown = "\n".join(_receipt(number, name, event) for number, name, event in steps[:SHOWN_MAX])
    return f'<ol class="receipts">{shown}</ol>{_rest(len(steps))}'


def orders(results: Mapping[str, ReplayResult]) -> str:
    """Return the fills and refused orders of all modes as an HTML table; empty without any."""
    kinds = (EventKind.FILL, EventKind.ORDER_REFUSED)
    steps = _in_time(results, lambda event: event.kind in kinds)
    if not steps:
        return ""
    rows = "\n".join(
        f'<tr><td data-label="When">{moment(event.at_ms)}</td>'
        f'<td data-label="Mode">{_badge(number, name)}</td>'
        f'<td class="words" data-label="What">{escape(readable(event.text))}</td>'
        f'<td class="number" data-label="Realised">'
        f"{_amount(event, money(event.realised_pnl, event.asset, is_signed=True))}</td></tr>"
        for number, name, event in steps[:SHOWN_MAX]
    )
    head = "<tr><th>When</th><th>Mode</th><th>What</th><th class=number>Realised</th></tr>"
    return f'<table class="rows">{head}{rows}</table>{_rest(len(steps))}'


def funding(results: Mapping[str, ReplayResult]) -> str:
    """Return the funding of each mode and symbol, added up, as an HTML table; empty without."""
    rows = []
    for number, (name, result) in enumerate(results.items()):
        paid = [event for event in result.events if event.kind is EventKind.FUNDING]
        for symbol, asset in dict.fromkeys((event.symbol, event.asset) for event in paid):
            own = [e.funding for e in paid if (e.symbol, e.asset) == (symbol, asset)]
            given = sum((amount for amount in own if amount < 0), ZERO)
            got = sum((amount for amount in own if amount > 0), ZERO)
            cells = [str(len(own)), *(money(x, asset, is_signed=True) for x in (given, got))]
            cells.append(f"{money(given + got, asset, is_signed=True)} {asset}")
            titles = ("Times", "Paid", "Received", "Together")
            rows.append(
                f'<tr><td data-label="Mode">{_badge(number, name)}</td>'
                f'<td data-label="Symbol">{escape(symbol)}</td>'
                + "".join(
                    f'<td class="number" data-label="{title}">{escape(cell)}</td>'
                    for title, cell in zip(titles, cells, strict=True)
                )
                + "</tr>"
            )
    unknown = [
        event
        for result in results.values()
        for event in result.events
        if event.kind is EventKind.FUNDING_UNKNOWN
    ]
    note = "".join(
        f"<p class=note>{moment(event.at_ms)}: {escape(event.text)}.</p>" for event in unknown[:5]
    )
    if not rows:
        return note
    head = (
        "<tr><th>Mode</th><th>Symbol</th><th class=number>Times</th><th class=number>Paid</th>"
        "<th class=number>Received</th><th class=number>Together</th></tr>"
    )
    return f'<table class="rows">{head}{"".join(rows)}</table>{note}'


def readable(text: str) -> str:
    """Return a sentence with thousands separated, and decimals rounded to what the size deserves.

    From 100 on four are kept, from 1,000 two.

    Names such as 1000SHIBUSDT and dates stay as they are; all digits are in the events table.
    """

    def separated(match: re.Match[str]) -> str:
        places = min(len(match[2] or ".") - 1, 2 if len(match[1]) > 3 else 4)
        return f"{Decimal(match[0]):,.{places}f}"

    return _NUMBER.sub(separated, text)


def _receipt(number: int, name: str, event: Event) -> str:
    kind = event.kind.value.replace("-", " ")
    extra = _money_moved(event)
    return f"""<li class="receipt {family(number)}">
<header><b>{moment(event.at_ms)}</b> {_badge(number, name)} <span>{escape(event.unit)}</span>
<span class="kind">{kind}</span></header>
<div><h4>Before</h4>{_health(event.before, event.asset)}</div>
<div class="words"><h4>Rule</h4><p>{escape(_sentence(event.rule))}</p></div>
<div class="words"><h4>Action</h4><p>{escape(_sentence(readable(event.text)))}</p>{extra}</div>
<div><h4>After</h4>{_health(event.after, event.asset)}</div>
</li>"""


def _money_moved(event: Event) -> str:
    parts = []
    if event.size is not None and event.price is not None:
        parts.append(f"size {size(event.size)} at {price(event.price)}")
    for word, amount in (
        ("realised", event.realised_pnl),
        ("fee", -event.fee),
        ("insurance fund", event.fund_change),
    ):
        if amount:
            parts.append(f"{word} {money(amount, event.asset, is_signed=True)}")
    text = f"{'; '.join(parts)} {event.asset}"
    return f'<p class="note">{escape(text[:1].upper() + text[1:])}</p>' if parts else ""


def _health(health: Health | None, asset: str) -> str:
    if health is None:
        return '<p class="note">Nothing of it is left.</p>'
    amounts = (
        ("Equity", health.equity),
        ("Maintenance", health.maintenance_margin),
        ("Buffer", health.buffer),
    )
    rows = "".join(f"<dt>{word}</dt><dd>{money(x, asset)}</dd>" for word, x in amounts)
    return f"<dl>{rows}</dl>"


def _badge(number: int, name: str) -> str:
    return f'<span class="badge {family(number)}">{escape(label(name))}</span>'


def _amount(event: Event, text: str) -> str:
    return escape(f"{text} {event.asset}") if event.realised_pnl else ""


def _rest(count: int) -> str:
    if count <= SHOWN_MAX:
        return ""
    left = count - SHOWN_MAX
    return f'<p class="note">{count_of(left, "more step")} in events.parquet.</p>'


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _in_time(
    results: Mapping[str, ReplayResult], is_one: Callable[[Event], bool]
) -> list[tuple[int, str, Event]]:
    # Number and name of the mode, and the event; those of one moment stay in the modes' order.
    found = [
        (number, name, event)
        for number, (name, result) in enumerate(results.items())
        for event in result.events
        if is_one(event)
    ]
    return sorted(found, key=lambda one: one[2].at_ms)
