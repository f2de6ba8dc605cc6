"""`crossmargin stress`: what becomes of an account when several things go wrong at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from crossmargin.cli.histories import End, Interval, Price, Start


def stress(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    crash: Annotated[
        str | None, typer.Option(metavar="NAME,…", help="Named crashes, or all of them: all.")
    ] = None,
    beta: Annotated[
        str | None,
        typer.Option(metavar="A=B,…", help="What a crash has no figure of moves by B × its BTC."),
    ] = None,
    other_coins: Annotated[
        bool, typer.Option("--other-coins", help="… or by the median of the crash’s other coins.")
    ] = False,
    alike: Annotated[
        str | None,
        typer.Option("--all", metavar="FROM:TO:STEP", help="All prices alike, in percent."),
    ] = None,
    alone: Annotated[
        str | None, typer.Option(metavar="FROM:TO:STEP", help="Each asset by itself, in percent.")
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(metavar="A=FROM:TO:STEP,…", help="Every combination of these moves."),
    ] = None,
    to_one: Annotated[
        str | None,
        typer.Option(metavar="K", help="Correlation goes to one: all move by K × volatility."),
    ] = None,
    sigma: Annotated[
        str | None,
        typer.Option(metavar="A=PERCENT,…", help="Those volatilities; else from --candles."),
    ] = None,
    depeg: Annotated[
        str | None, typer.Option(metavar="ASSET=TIMES,…", help="Collateral off its peg.")
    ] = None,
    funding: Annotated[
        str | None, typer.Option(metavar="RATExTIMES", help="A funding spike: 0.003x3.")
    ] = None,
    volatility: Annotated[
        str | None, typer.Option(metavar="TIMES,…", help="Implied volatility multiplied: 1.5,0.7.")
    ] = None,
    thin: Annotated[
        str | None, typer.Option(metavar="K", help="Leaving through a book K times as thin.")
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Depeg, funding and volatility under every shock.")
    ] = False,
    modes: Annotated[
        bool, typer.Option("--modes", help="Cross against isolated on all windows of --candles.")
    ] = False,
    candles: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Candles: crashes as paths, --modes.")
    ] = None,
    start: Start = None,
    end: End = None,
    interval: Interval = None,
    price: Price = None,
    path: Annotated[str, typer.Option(help="First inside a candle: ohlc, olhc, worst.")] = "ohlc",
    horizon: Annotated[
        str, typer.Option(metavar="TIME", help="Of a window of --modes, of --to-one: 1d.")
    ] = "1d",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, numbers as strings.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report that opens in a browser.")
    ] = None,
) -> None:
    """Show what becomes of an account in crashes, grids, depegs and funding spikes.

    Exit status: 0 an answer, 2 bad input, 3 unknown for lack of data.
    """
    from crossmargin.cli.source import account_file
    from crossmargin.cli.stress_plan import Options, crash_paths, modes_of, plan_of
    from crossmargin.risk.situation import situation
    from crossmargin.risk.survey import surveyed

    options = Options(
        crash, beta, other_coins, alike, alone, grid, to_one, sigma, depeg, funding, volatility,
        thin, together, candles, start, end, path, price, interval, horizon, modes,
    )  # fmt: skip
    file = account_file(account)
    home = situation(file.account, file.market, file.rulebook)
    plan = plan_of(options, home)
    paths, lacking = crash_paths(options, plan.crashes, home) if candles else ([], [])
    fate, said = modes_of(options, home) if modes else (None, [])
    found = surveyed(
        home,
        plan.asked,
        paths=paths,
        pathless=lacking,
        survival=fate,
        notes=(*plan.notes, *said, *(one for path in paths for one in path.choice)),
    )
    if html is not None:
        from crossmargin.report.stress import write_stress

        write_stress(html, found, title="" if account == "-" else Path(account).stem)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.stress import stress_answer

        show_json(stress_answer(found))
    else:
        from crossmargin.cli.console import console
        from crossmargin.cli.stress_tables import show_stress

        show_stress(console(), found)
        if html is not None:
            typer.echo(f"\nwrote {html}")
    if not found.is_known:
        sys.exit(3)
