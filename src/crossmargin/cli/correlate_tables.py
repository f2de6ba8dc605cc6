"""Correlations as a person reads them: what is at stake, the matrix, then what goes with what."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from crossmargin.cli.console import show_list, show_sentence, show_table
from crossmargin.cli.fitting import Column, show_fitting, table_of
from crossmargin.cli.numbers import asked, held
from crossmargin.durations import interval_text
from crossmargin.report.risk_words import described
from crossmargin.risk.estimates.bets import Bets, Pair, Way
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.estimates.exposure import Exposure
from crossmargin.risk.situation import Situation

PAIRS_MAX = 12
"""Rows of pairs, the largest effects first; `--json` has all."""
ABREAST = 8
"""Columns of the matrix in one table; the others follow in the next."""
STYLES = {Way.STACK: "red", Way.HEDGE: "green", Way.NEITHER: "dim"}


def show_correlation(
    out: Console,
    situation: Situation,
    exposed: Exposure,
    covariance: Covariance,
    found: Bets,
    prices: Sequence[str],
) -> None:
    """Print everything there is to know; `prices` are sentences on which histories were read."""
    for sentence in headline(exposed, found):
        show_sentence(out, sentence, indent=0)
    out.print()
    show_fitting(out, (table_of(_stakes(exposed, found), gap=gap) for gap in (2, 1)))
    if len(found.assets) > 1:
        for start in range(0, len(found.assets), ABREAST):
            places = range(len(found.assets))[start : start + ABREAST]
            out.print()
            show_table(out, table_of(_matrix(found.assets, covariance, places)))
    _show_pairs(out, found)
    show_list(out, "Estimated from", [described(covariance), *prices], "dim")
    show_list(out, "Assumed", situation.now.assumptions, "dim")


def headline(exposed: Exposure, found: Bets) -> list[str]:
    """Return what it comes to, in two or three sentences; money in USD."""
    length = interval_text(found.horizon_ms)
    leverage = "equity is gone"
    if exposed.leverage is not None:
        leverage = (
            f"{asked(exposed.leverage, 'USD')} times the equity of {held(exposed.equity, 'USD')}"
        )
    said = [
        f"Exposure in USD: gross {asked(exposed.gross, 'USD')}, {leverage}; net "
        f"{held(exposed.net, 'USD')}.",
        f"One standard deviation of {length}: {found.deviation:,.0f}.",
    ]
    count = len(exposed.holdings)
    if found.number is not None:
        bets = f"{count} holding{'' if count == 1 else 's'}, {found.number:.2f} effective bets"
        is_hedged = found.number > count * 1.005
        said.append(f"{bets}{': more than there are, so they hedge each other' * is_hedged}.")
    return said


def _stakes(exposed: Exposure, found: Bets) -> list[Column]:
    length = interval_text(found.horizon_ms)
    return [
        Column("", found.assets, is_words=True),
        Column("Exposure USD", tuple(held(exposed.by_asset[one], "USD") for one in found.assets)),
        Column(f"Volatility {length}", tuple(f"{100 * one:.2f} %" for one in found.volatility)),
        Column(f"Beta to {found.reference}", tuple(f"{one:.2f}" for one in found.betas)),
        Column("Share of risk", tuple(f"{100 * one:.1f} %" for one in found.shares)),
    ]


def _matrix(assets: tuple[str, ...], covariance: Covariance, places: Sequence[int]) -> list[Column]:
    at = [covariance.assets.index(asset) for asset in assets]
    correlation = covariance.correlation
    columns = [Column("Correlation", assets, is_words=True)]
    for place in places:
        cells = tuple(f"{correlation[row, at[place]]:.2f}" for row in at)
        columns.append(Column(assets[place], cells))
    return columns


def _show_pairs(out: Console, found: Bets) -> None:
    shown = found.pairs[:PAIRS_MAX]
    if not shown:
        return
    length = interval_text(found.horizon_ms)
    out.print()
    columns = [
        Column("", tuple(Text(one.way.value, STYLES[one.way]) for one in shown), is_words=True),
        Column("", tuple(one.first.name for one in shown), is_words=True),
        Column("", tuple(one.second.name for one in shown), is_words=True),
        Column("Correlation", tuple(f"{one.correlation:.2f}" for one in shown)),
        Column(f"Together {length}", tuple(f"{one.together:,.0f}" for one in shown)),
        Column("If unrelated", tuple(f"{one.apart:,.0f}" for one in shown)),
        Column("", tuple(effect(one) for one in shown)),
    ]
    show_fitting(out, (table_of(columns, gap=gap) for gap in (2, 1)))
    left = len(found.pairs) - len(shown)
    if left:
        show_sentence(out, f"{left:,} more with smaller effects; --json has them.", "dim", indent=0)


def effect(pair: Pair) -> str:
    """Return by how much a pair's risk is more or less than if both were unrelated."""
    return f"{100 * (pair.together / pair.apart - 1):+.0f} %" if pair.apart else ""
