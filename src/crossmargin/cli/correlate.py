"""`crossmargin correlate`: which positions stack, which hedge, and how many bets they are."""

from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.histories import End, HalfLife, Horizon, Interval, Price, Start


def correlate(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    candles: Annotated[
        Path, typer.Option(metavar="PATH", help="A candle file or a folder of them.")
    ],
    start: Start = None,
    end: End = None,
    interval: Interval = None,
    price: Price = None,
    halflife: HalfLife = None,
    horizon: Horizon = "1d",
    betas: Annotated[
        str | None,
        typer.Option(metavar="ASSET", help="What betas are to; else the asset most at stake."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, numbers as strings.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report that opens in a browser.")
    ] = None,
) -> None:
    """Show correlations of what is held: what stacks, what hedges, net and gross exposure.

    Exit status: 0 an answer, 2 bad input, 3 a history is missing or too short.
    """
    from crossmargin.cli.histories import Window, covariance_of, reference_named, span_ms
    from crossmargin.cli.source import account_file
    from crossmargin.risk.estimates.bets import bets
    from crossmargin.risk.estimates.exposure import exposure
    from crossmargin.risk.situation import situation

    file = account_file(account)
    asked = situation(file.account, file.market, file.rulebook)
    exposed = exposure(asked)
    reference = exposed.largest if betas is None else reference_named(betas, asked)
    beside = () if reference in asked.assets else (reference,)
    window = Window(candles, start, end, interval, price)
    covariance, prices = covariance_of(asked, window, halflife, beside=beside)
    found = bets(exposed, covariance, span_ms(horizon, "--horizon"), reference)
    if html is not None:
        from crossmargin.report.correlation import write_correlation

        title = "" if account == "-" else Path(account).stem
        write_correlation(html, asked, exposed, covariance, found, prices, title=title)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.correlation import correlation_answer

        show_json(correlation_answer(asked, exposed, covariance, found, prices))
        return
    from crossmargin.cli.console import console
    from crossmargin.cli.correlate_tables import show_correlation

    show_correlation(console(), asked, exposed, covariance, found, prices)
    if html is not None:
        typer.echo(f"\nwrote {html}")
