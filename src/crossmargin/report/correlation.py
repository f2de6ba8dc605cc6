"""One page on what stacks and what hedges: exposures, correlations, pairs, and how many bets.

One file that fetches nothing, like all reports. Everything that comes from data is escaped.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING
from html import escape
from pathlib import Path

from crossmargin.durations import interval_text
from crossmargin.report.joint import table
from crossmargin.report.parts import kept, listed_items, plot_box, plotted, write_page
from crossmargin.report.risk_charts import correlation_chart
from crossmargin.report.risk_words import described, share_words, signed
from crossmargin.report.words import count_of, money
from crossmargin.risk.estimates.bets import Bets, Way
from crossmargin.risk.estimates.correlation import Covariance
from crossmargin.risk.estimates.exposure import Exposure
from crossmargin.risk.situation import Situation

PAIRS_MAX = 40
_STAKES = (
    "Exposure is what a rise of the price by all of itself would gain at today’s slope, in USD; "
    "share of risk is the part of the portfolio’s variance, below zero where an asset hedges."
)
_PAIRS = (
    "Standard deviations of what both make, in USD, and what they would be if the two had nothing "
    "to do with each other. A stack is riskier than that, a hedge less; neither where the "
    "correlation is within twice its standard error."
)


def correlation_page(
    situation: Situation,
    exposed: Exposure,
    covariance: Covariance,
    found: Bets,
    prices: Sequence[str] = (),
    *,
    title: str = "",
) -> str:
    """Return the answer as one HTML document; `title` is what the account is called."""
    book = situation.rulebook
    chart = correlation_chart(covariance, found.assets)
    headline = _headline(exposed, found)
    sections = [
        _section("What is at stake", _STAKES, _stakes(exposed, found)),
        _section("Correlations", "", plot_box(0, "Correlation of log returns", chart["height"])),
    ]
    if found.pairs:
        sections.append(_section("What stacks, what hedges", _PAIRS, _pairs(found)))
    sentences = (described(covariance), *prices)
    sections.append(_section("What it is estimated from", "", listed_items(sentences)))
    if situation.now.assumptions:
        assumed = listed_items(situation.now.assumptions)
        sections.append(_section("What was assumed", "", assumed))
    rules = f"{book.venue}, rules of {book.edition}"
    parts = {
        "title": escape(f"{title or 'Correlation'}: {headline}"),
        "kicker": " · ".join(escape(words) for words in (title, rules) if words),
        "headline": kept(headline),
        "verdict": kept(_verdict(exposed, found)),
        "sections": "\n".join(sections),
        "source": escape(f"Rulebook {book.venue} {book.edition}, sha256 {book.sha256[:12]}."),
    }
    return plotted(parts, [chart], "comparison.css")


def write_correlation(
    path: Path,
    situation: Situation,
    exposed: Exposure,
    covariance: Covariance,
    found: Bets,
    prices: Sequence[str] = (),
    *,
    title: str = "",
) -> None:
    """Write `correlation_page` to `path`, replacing what is there, whole or not at all.

    Raises
    ------
    UsageError
        If it cannot be written there.
    """
    page = correlation_page(situation, exposed, covariance, found, prices, title=title)
    write_page(path, page)


def _headline(exposed: Exposure, found: Bets) -> str:
    held = count_of(len(exposed.holdings), "holding")
    if found.number is None:
        return f"{held.capitalize()}, and nothing at risk."
    if found.number > len(exposed.holdings) * 1.005:
        return f"{held.capitalize()} that hedge each other."
    return f"{held.capitalize()}, {found.number:.1f} effective bets."


def _verdict(exposed: Exposure, found: Bets) -> str:
    leverage = "equity is gone"
    if exposed.leverage is not None:
        times = money(exposed.leverage, "USD", rounding=ROUND_CEILING)
        leverage = f"{times} times the equity of {money(exposed.equity, 'USD')}"
    return (
        f"Gross exposure {money(exposed.gross, 'USD')} USD, {leverage}; net "
        f"{money(exposed.net, 'USD')}. One standard deviation of "
        f"{interval_text(found.horizon_ms)} is {found.deviation:,.0f} USD."
    )


def _stakes(exposed: Exposure, found: Bets) -> str:
    rows = [
        [
            asset,
            money(exposed.by_asset[asset], "USD"),
            f"{100 * volatility:.2f} %",
            signed(beta),
            share_words(share),
        ]
        for asset, volatility, beta, share in zip(
            found.assets, found.volatility, found.betas, found.shares, strict=True
        )
    ]
    length = interval_text(found.horizon_ms)
    heads = ["", "Exposure, USD", f"Volatility of {length}", f"Beta to {found.reference}"]
    return table([*heads, "Share of risk"], rows)


def _pairs(found: Bets) -> str:
    rows = [
        [
            f"{one.first.name} and {one.second.name}",
            one.way.value if one.way is not Way.NEITHER else "–",
            signed(one.correlation),
            f"{one.together:,.0f}",
            f"{one.apart:,.0f}",
            share_words(one.together / one.apart - 1) if one.apart else "–",
        ]
        for one in found.pairs[:PAIRS_MAX]
    ]
    heads = ["", "They", "Correlation", "Together", "If unrelated", "Difference"]
    left = len(found.pairs) - len(rows)
    more = f"<p class=note>{left:,} more with smaller effects.</p>" if left else ""
    return table(heads, rows) + more


def _section(title: str, about: str, content: str) -> str:
    words = f"<p class=about>{escape(about)}</p>" if about else ""
    return f"<section><h2>{escape(title)}</h2>{words}{content}</section>"
