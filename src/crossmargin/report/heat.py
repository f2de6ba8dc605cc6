"""A grid of one or two assets as a heat map of table cells: no script, sharp on paper.

Colour is how much of the equity maintenance margin takes in the weakest pool or bucket; the number
stands in the cell. Liquidated cells are a solid colour of their own, unknown ones are hatched.
"""

from html import escape

from crossmargin.margin.assessment import Status
from crossmargin.risk.stress.shocks import signed
from crossmargin.risk.stress.survey import Heat

NUMBERS_MAX = 21
"""Columns up to which cells hold their number; beyond it there is only colour."""


def heat_map(heat: Heat) -> str:
    """Return the grid as a table; the last axis runs to the right."""
    axes = list(heat.axes.items())
    across, columns = axes[-1]
    down, lines = axes[0] if len(axes) > 1 else ("", (None,))
    has_numbers = len(columns) <= NUMBERS_MAX
    head = "".join(f"<th>{escape(signed(move).removesuffix(' %'))}</th>" for move in columns)
    corner = f"{down} ↓ {across} →" if down else f"{across} →"
    rows = []
    for line, move in enumerate(lines):
        label = "" if move is None else signed(move)
        start = line * len(columns)
        cells = "".join(_cell(heat, start + place, has_numbers) for place in range(len(columns)))
        rows.append(f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>')
    return (
        f'<div class="scroll"><table class="heat"><thead><tr><th>{escape(corner)}</th>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        '<p class="legend"><span><i class="cool"></i>little of the equity is asked</span>'
        '<span><i class="hot"></i>nearly all of it</span>'
        '<span><i class="lost"></i>liquidated</span></p>'
    )


def _cell(heat: Heat, row: int, has_numbers: bool) -> str:
    stressed = heat.stressed
    status = stressed.status(row)
    title = escape(stressed.shocks[row].title)
    if status is Status.LIQUIDATABLE:
        return f'<td class="lost" title="{title}: liquidated">{"×" if has_numbers else ""}</td>'
    if status is Status.UNKNOWN:
        return f'<td class="unknown" title="{title}: unknown">{"?" if has_numbers else ""}</td>'
    used = min(stressed.used(row), 1.0)
    share = f"{used * 100:.0f}"
    # The root makes the first tenths of the way visible, where most cells are.
    warmth = f"{used**0.5 * 70:.0f}%"
    return (
        f'<td style="--warmth:{warmth}" title="{title}: {share} %">'
        f"{share if has_numbers else ''}</td>"
    )
