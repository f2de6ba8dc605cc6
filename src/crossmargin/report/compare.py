"""The modes side by side: one row for each number somebody asks for.

Who only reads ten lines reads these. Everything comes from the summary; a cell with several
assets has a line for each.
"""

from collections.abc import Callable
from decimal import Decimal
from html import escape

from crossmargin.money import quotient_down
from crossmargin.report.drawing import family
from crossmargin.report.headline import label
from crossmargin.report.summary import AssetSummary, FlowSummary, ModeSummary, Summary
from crossmargin.report.words import clock, day, moment, money, percent


def compared(summary: Summary) -> str:
    """Return the table of all modes as HTML."""
    modes = summary.modes
    is_short = summary.to_ms - summary.from_ms <= 10 * 86_400_000

    def when(at_ms: int) -> str:
        return f"{day(at_ms)[:-5]} {clock(at_ms)}" if is_short else moment(at_ms)[:-4]

    rows = [
        ("Equity at the start", [_assets(mode, _start) for mode in modes]),
        ("Equity at the end", [_assets(mode, _end) for mode in modes]),
        ("Gained or lost", [_assets(mode, _change) for mode in modes]),
        ("Smallest buffer", [_smallest(mode, when) for mode in modes]),
        ("Highest health", [_health(mode, when) for mode in modes]),
        ("Liquidated", [_taken(mode, when) for mode in modes]),
        ("Insurance fund", [_flows(mode, _fund) for mode in modes]),
        ("Realised", [_flows(mode, lambda f: _signed(f.realised_pnl, f)) for mode in modes]),
        ("Funding", [_flows(mode, lambda f: _signed(f.funding, f)) for mode in modes]),
        ("Fees", [_flows(mode, lambda f: _signed(-f.fees, f)) for mode in modes]),
    ]
    head = "".join(
        f'<th class="{family(number)}" scope=col>{escape(label(mode.name))}</th>'
        for number, mode in enumerate(modes)
    )
    body = "\n".join(
        f"<tr><th scope=row>{title}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for title, cells in rows
    )
    # One asset is named once, in the corner; several are named in each cell.
    assets = {asset.asset for mode in modes for asset in mode.assets}
    assets |= {flow.asset for mode in modes for flow in mode.flows}
    corner = f"in {escape(min(assets))}" if len(assets) == 1 else ""
    kind = "compare one" if corner else "compare"
    return (
        f'<table class="{kind}"><thead><tr><th scope="row">{corner}</th>{head}</tr></thead>'
        f"{body}</table>"
    )


def _assets(mode: ModeSummary, cell: Callable[[AssetSummary], str]) -> str:
    return "<br>".join(cell(asset) for asset in mode.assets) or "–"


def _start(asset: AssetSummary) -> str:
    return _unit(money(asset.equity_start, asset.asset), asset.asset)


def _end(asset: AssetSummary) -> str:
    if asset.equity_end is None:
        return "unknown"
    return f"<b>{_unit(money(asset.equity_end, asset.asset), asset.asset)}</b>"


def _change(asset: AssetSummary) -> str:
    change, start = asset.change, asset.equity_start
    if change is None:
        return "unknown"
    text = _unit(money(change, asset.asset, is_signed=True), asset.asset)
    if start is None or start <= 0:
        return text
    return f"{text} {_note(percent(quotient_down(change, start), is_signed=True))}"


def _smallest(mode: ModeSummary, when: Callable[[int], str]) -> str:
    # The smallest of each asset's pools and buckets: amounts of different assets do not compare.
    cells = []
    for asset in mode.assets:
        own = [
            (unit.smallest_buffer, unit)
            for unit in mode.units
            if unit.asset == asset.asset and unit.smallest_buffer is not None
        ]
        if own:
            low, unit = min(own, key=lambda one: one[0].amount)
            name = "" if len(mode.units) == 1 else f"{unit.name}, "
            text = _unit(money(low.amount, unit.asset), unit.asset)
            cells.append(f"{text} {_note(f'{name}{when(low.at_ms)}')}")
    return "<br>".join(cells) or "–"


def _health(mode: ModeSummary, when: Callable[[int], str]) -> str:
    unit = mode.closest
    if unit is None or unit.highest_health is None:
        return "–"
    high = unit.highest_health
    text = "100 % or more" if high.amount >= 1 else percent(high.amount)
    name = "" if len(mode.units) == 1 else f"{unit.name}, "
    return f"{text} {_note(f'{name}{when(high.at_ms)}')}"


def _taken(mode: ModeSummary, when: Callable[[int], str]) -> str:
    cells = [
        f"{escape(unit.name)} {'pool' if unit.is_pool else 'bucket'} "
        f"{_note(when(unit.gone_at_ms or 0))}"
        for unit in mode.gone[:6]
    ]
    if len(mode.gone) > len(cells):
        cells.append(f"and {len(mode.gone) - len(cells)} more")
    if mode.reductions:
        cells.insert(0, f"{mode.reductions:,} reductions")
    return "<br>".join(cells) or "no"


def _flows(mode: ModeSummary, cell: Callable[[FlowSummary], str]) -> str:
    flows = mode.flows or tuple(FlowSummary(asset.asset) for asset in mode.assets)
    return "<br>".join(cell(flow) for flow in flows) or "–"


def _fund(flow: FlowSummary) -> str:
    amount = flow.fund_change
    if not amount:
        return _unit("0", flow.asset)
    verb = "paid" if amount < 0 else "gained"
    return f"{verb} {_unit(money(abs(amount), flow.asset), flow.asset)}"


def _signed(amount: Decimal, flow: FlowSummary) -> str:
    return _unit(money(amount, flow.asset, is_signed=True), flow.asset)


def _unit(text: str, asset: str) -> str:
    return f'{text} <small class="unit">{escape(asset)}</small>'


def _note(text: str) -> str:
    return f"<small>{escape(text)}</small>"
