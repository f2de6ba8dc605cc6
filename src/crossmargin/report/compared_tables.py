"""Tables of a comparison: one of margins, with a line a venue, and one of liquidation prices.

Money, fractions and boundaries are rounded against the account: what is asked up, what the account
has down, how far prices may move towards zero. Sizes are rounded to the nearest at twelve places.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from html import escape

from crossmargin.files.answer import venue_ratio
from crossmargin.margin.assessment import Status, UnitKind
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.health import Health
from crossmargin.report.words import count_of, money, percent, price
from crossmargin.report.words import size as size_in_words
from crossmargin.risk.venues.capacity import Capacity, Limit
from crossmargin.risk.venues.comparison import Answer, Comparison, Total
from crossmargin.risk.venues.underlying import DOLLARS, asset_name
from crossmargin.rulebooks.schema import RatioConvention, Rulebook

MANY = Decimal(10)
UNKNOWN = "?"
NONE = "–"
HEADS_ON_A_PHONE = 3
"""Columns that a narrow screen shows without scrolling."""
SIZE_PLACES = Decimal("0.000000000001")


def margins(comparison: Comparison) -> str:
    """Return the table of what each venue asks, as HTML."""
    totals = [total for one in comparison.answers for total in one.totals]
    has_coins = any(asset_name(total.asset) not in DOLLARS for total in totals)
    has_buckets = any(total.units > 1 for total in totals)
    heads = ["Venue", *(["in"] if has_coins else [])]
    heads += ["Equity", "Initial", "Maintenance"]
    heads += ["Buffer", "Health", "Venue’s ratio", "May fall", "May rise", "Carries"]
    heads += ["Weakest"] if has_buckets else []
    rows = []
    for one in comparison.answers:
        for place, total in enumerate(one.totals):
            cells = [escape(total.asset)] if has_coins else []
            cells += _money(total, one)
            ends = _ends(one) if not place else ["", ""]
            marked = [f'<td class="end">{cell}</td>' for cell in ends]
            plain = [f"<td>{cell}</td>" for cell in cells]
            plain += [*marked, f"<td>{'' if place else carried(one.capacity)}</td>"]
            if has_buckets:
                plain.append(f"<td>{escape(_weakest(total, one))}</td>")
            name = "" if place else escape(one.venue)
            rows.append(
                f'<tr class="{_kinds(one, is_more=bool(place))}"><th scope="row">{name}</th>'
                f"{''.join(plain)}</tr>"
            )
    return _table(heads, rows)


def prices(comparison: Comparison) -> str:
    """Return the table of liquidation prices and what is held at each venue, as HTML."""
    heads = ["Venue"]
    heads += [f"{p.symbol} {p.side}, {p.mode}" for p in comparison.home.assessment.positions]
    rows = []
    for one in comparison.answers:
        cells = []
        found = one.assessment
        for position, boundary in zip(found.positions, found.boundaries.positions, strict=True):
            size = position.size.quantize(SIZE_PLACES).normalize()
            held = f"{position.symbol} {size_in_words(size)}"
            cells.append(f"<td>{_price(boundary)}<br><small>{escape(held)}</small></td>")
        rows.append(
            f'<tr class="{_kinds(one)}"><th scope="row">{escape(one.venue)}<br>'
            f"<small>rules of {one.rulebook.edition}</small></th>{''.join(cells)}</tr>"
        )
    return _table(heads, rows)


def venue_count(number: int, one: str, many: str) -> str:
    """Return how many venues do something, as a sentence begins with it."""
    words = f"{count_of(number, 'venue')} {one if number == 1 else many}"
    return words[:1].upper() + words[1:]


def _table(heads: list[str], rows: list[str]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    hint = '<p class="hint">More columns to the right: scroll the table sideways.</p>'
    return (
        f"{hint if len(heads) > HEADS_ON_A_PHONE else ''}"
        f'<div class="scroll"><table class="wide"><thead><tr>{head}</tr></thead>'
        f"{''.join(rows)}</table></div>"
    )


def _money(total: Total, one: Answer) -> list[str]:
    asset, health, weakest = total.asset, total.health, total.weakest.health
    if health is None or weakest is None:
        return [UNKNOWN] * 6
    return [
        money(health.equity, asset, rounding=ROUND_FLOOR),
        UNKNOWN
        if total.initial_margin is None
        else money(total.initial_margin, asset, rounding=ROUND_CEILING),
        money(health.maintenance_margin, asset, rounding=ROUND_CEILING),
        money(weakest.buffer, asset, rounding=ROUND_FLOOR),
        _share(weakest.fraction()),
        _venue_ratio(weakest, one.rulebook),
    ]


def _share(fraction: Decimal | None) -> str:
    if fraction is None:
        return NONE
    if fraction > MANY:
        return f"over {MANY * 100:,f} %".replace(" ", "&nbsp;")
    return _percent(fraction, ROUND_CEILING)


def _venue_ratio(health: Health, rulebook: Rulebook) -> str:
    ratio = venue_ratio(health, rulebook)
    if ratio is None or rulebook.ratio_convention is RatioConvention.MAINTENANCE_OVER_EQUITY:
        return _share(ratio)
    return _percent(ratio, ROUND_FLOOR)


def _percent(fraction: Decimal, rounding: str) -> str:
    return percent(fraction, rounding=rounding, shown=2).replace(" ", "&nbsp;")


def _ends(one: Answer) -> list[str]:
    joint = one.assessment.boundaries.joint
    if one.assessment.status is Status.LIQUIDATABLE:
        return ["now", "now"]
    if joint is None:
        return [UNKNOWN, UNKNOWN]
    sides = ((joint.down, joint.is_down_known), (joint.up, joint.is_up_known))
    return [_end(end) if is_known else UNKNOWN for end, is_known in sides]


def _end(end: Decimal | None) -> str:
    return NONE if end is None else _percent(end, ROUND_FLOOR)


def carried(found: Capacity | None) -> str:
    """Return how many times the positions could be held, to two places, rounded down."""
    if found is None:
        return UNKNOWN
    shown = f"{found.multiple.quantize(Decimal('0.01'), ROUND_FLOOR):,f}×"
    if found.limit is Limit.NONE:
        return f"over {shown}"
    return f"≥ {shown}" if found.limit is Limit.UNKNOWN_LADDER else shown


def _weakest(total: Total, one: Answer) -> str:
    unit = total.weakest
    if unit.health is None:
        return UNKNOWN
    return "pool" if unit.kind is UnitKind.POOL else one.own_name(unit.name, unit.symbol)


def _price(boundary: PositionBoundary | None) -> str:
    if boundary is None:
        return UNKNOWN
    ends = []
    if boundary.lower is not None or not boundary.is_lower_known:
        lower = price(boundary.lower, rounding=ROUND_CEILING)
        ends.append(f"↓ {lower if boundary.is_lower_known else UNKNOWN}")
    if boundary.upper is not None or not boundary.is_upper_known:
        upper = price(boundary.upper, rounding=ROUND_FLOOR)
        ends.append(f"↑ {upper if boundary.is_upper_known else UNKNOWN}")
    return "<br>".join(ends) or NONE


def _kinds(one: Answer, *, is_more: bool = False) -> str:
    kinds = ["own"] if one.is_home else []
    status = one.assessment.status
    kinds += ["gone"] if status is Status.LIQUIDATABLE else []
    kinds += ["unknown"] if status is Status.UNKNOWN else []
    return " ".join([*kinds, *(["more"] if is_more else [])])
