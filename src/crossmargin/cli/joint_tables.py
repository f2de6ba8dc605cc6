"""Moves together as a person reads them: lines and their ends, then the nearest move."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from rich.console import Console

from crossmargin.cli.console import show_list, show_sentence, show_table
from crossmargin.cli.fitting import Column, show_fitting, table_of
from crossmargin.cli.numbers import UNKNOWN, held
from crossmargin.cli.numbers import price as price_text
from crossmargin.durations import interval_text
from crossmargin.margin.assessment import Status
from crossmargin.report.risk_words import described
from crossmargin.report.words import price as rough_price
from crossmargin.risk.joint.along import Along, Outcome
from crossmargin.risk.joint.answer import Joint
from crossmargin.risk.joint.nearest import Nearest, NearestMove


def show_joint(out: Console, found: Joint, prices: Sequence[str] = ()) -> None:
    """Print everything there is to know; `prices` are sentences on which histories were read."""
    now = found.now
    rules = f"{now.rulebook.venue}, rules of {now.rulebook.edition}"
    if now.status is Status.LIQUIDATABLE:
        out.print(f"{rules}: {now.worst.name} is liquidatable where prices are now", style="red")
    else:
        out.print(f"{rules}: how far prices can move together until something is liquidated")
    out.print()
    lines = _lines(found)
    show_fitting(
        out, (table_of(columns, gap=gap) for columns in (lines, _turned(lines)) for gap in (2, 1))
    )
    show_list(
        out,
        "Unknown",
        [f"{one.name}: {one.unknown}" for one in found.lines if one.unknown],
        "yellow",
    )
    if found.nearest is not None:
        _show_nearest(out, found, found.nearest)
    else:
        _show_positions(out, _told(found.lines))
    estimate = [] if found.covariance is None else [described(found.covariance)]
    show_list(out, "Estimated from", [*estimate, *prices], "dim")
    show_list(out, "Assumed", now.assumptions, "dim")


def _lines(found: Joint) -> list[Column]:
    # A row for each line, a column for each asset.
    lines = found.lines
    columns = [
        Column("", tuple(one.name for one in lines), is_words=True),
        Column("Ends at", tuple(_end(one) for one in lines)),
    ]
    for asset in found.assets:
        cells = tuple(move_text(one.outcome.moves[asset]) if one.outcome else "" for one in lines)
        columns.append(Column(asset, cells))
    first = tuple(one.outcome.first if one.outcome else "" for one in lines)
    return [*columns, Column("First to go", first, is_words=True)]


def _turned(columns: list[Column]) -> list[Column]:
    # Of many assets: a row for each, a column for each line.
    names, *others = columns
    headings = tuple(one.heading for one in others)
    return [
        Column("", headings, is_words=True),
        *(
            Column(str(name).replace(", ", ",\n"), tuple(one.cells[place] for one in others))
            for place, name in enumerate(names.cells)
        ),
    ]


def _end(line: Along) -> str:
    if line.unknown:
        return UNKNOWN
    if line.multiple is None:
        return "never"
    return f"{line.multiple.quantize(Decimal('0.0001'), ROUND_DOWN)} ×"


def move_text(move: Decimal) -> str:
    """Return a relative move with its sign and two places, rounded towards zero."""
    return f"{(100 * move).quantize(Decimal('0.01'), ROUND_DOWN):+,f} %" if move else "0 %"


def _show_nearest(out: Console, found: Joint, nearest: Nearest) -> None:
    out.print()
    if nearest.move is None:
        show_sentence(out, "No move was found that liquidates anything.", indent=0)
        _show_blind(out, nearest)
        return
    one = nearest.move
    length = interval_text(found.horizon_ms)
    first = f"{one.outcome.first} goes first"
    sentence = (
        f"Nearest liquidating move: {one.distance:.2f} standard deviations of {length}; {first}"
    )
    show_sentence(out, sentence, "bold", indent=0)
    out.print()
    moves = [one.outcome.moves[asset] for asset in one.assets]
    show_table(
        out,
        table_of(
            [
                Column("", one.assets, is_words=True),
                Column("Move", tuple(map(move_text, moves))),
                Column(f"In its own sd of {length}", tuple(f"{x:+.2f}" for x in one.deviations)),
                Column("Share of the distance", tuple(f"{100 * x:.0f} %" for x in one.shares)),
            ]
        ),
    )
    _show_positions(out, one.outcome)
    show_list(out, "Other near moves", [_other(each) for each in nearest.others], "")
    _show_blind(out, nearest)


def _show_blind(out: Console, nearest: Nearest) -> None:
    blind = nearest.unknown_from
    if blind is None or (nearest.move is not None and blind >= nearest.move.distance):
        return
    sentence = (
        f"From {blind:.2f} standard deviations on some ladder is not known: nearer moves may be"
    )
    show_list(out, "Unknown", [sentence], "yellow")


def _other(one: NearestMove) -> str:
    moves = ", ".join(f"{asset} {move_text(move)}" for asset, move in one.outcome.moves.items())
    return f"{one.distance:.2f} sd: {moves}; {one.outcome.first} goes first"


def _show_positions(out: Console, there: Outcome | None) -> None:
    if there is None or not there.positions:
        return
    out.print()
    held_there = there.positions
    show_fitting(
        out,
        (
            table_of(
                [
                    Column("At its end", tuple(f"{p.symbol} {p.side}" for p in held_there), True),
                    Column("Mark now", tuple(price_text(p.price) for p in held_there)),
                    Column("Mark there", tuple(rough_price(p.price_there) for p in held_there)),
                    Column(
                        "Makes",
                        tuple(
                            f"{held(p.profit, p.asset)} {p.asset}" if p.profit is not None else "?"
                            for p in held_there
                        ),
                    ),
                ],
                gap=gap,
            )
            for gap in (2, 1)
        ),
    )


def _told(lines: Sequence[Along]) -> Outcome | None:
    # The line somebody asked for, else the one that ends first.
    if lines and lines[-1].name == "the vector":
        return lines[-1].outcome
    ended = [one for one in lines if one.multiple is not None]
    return min(ended, key=lambda one: one.multiple or 0).outcome if ended else None
