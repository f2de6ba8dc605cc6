"""`crossmargin stress`: what becomes of an account when several things go wrong at once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli import stress_flags as flags
from crossmargin.cli.histories import Interval, Price
from crossmargin.cli.intended import With

if TYPE_CHECKING:
    from crossmargin.cli.stress_plan import Options
    from crossmargin.files.account import AccountFile
    from crossmargin.risk.stress.survey import Survey


def stress(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    crash: flags.Crash = None,
    beta: flags.Beta = None,
    other_coins: flags.OtherCoins = False,
    alike: flags.Alike = None,
    alone: flags.Alone = None,
    grid: flags.Grid = None,
    to_one: flags.ToOne = None,
    sigma: flags.Sigma = None,
    depeg: flags.Depeg = None,
    funding: flags.Funding = None,
    volatility: flags.Volatility = None,
    thin: flags.Thin = None,
    together: flags.Together = False,
    intended: With = None,
    modes: flags.Modes = False,
    paths: flags.Paths = None,
    seed: flags.Seed = 7,
    candles: flags.Candles = None,
    start: flags.Start = None,
    end: flags.End = None,
    interval: Interval = None,
    price: Price = None,
    path: flags.PathOrder = "ohlc",
    horizon: flags.Horizon = "1d",
    as_json: flags.AsJson = False,
    html: flags.Html = None,
) -> None:
    """Show what becomes of an account in crashes, grids, depegs and funding spikes.

    Exit status: 0 an answer, 2 bad input, 3 unknown for lack of data.
    """
    from crossmargin.cli.intended import after_trades
    from crossmargin.cli.source import account_file
    from crossmargin.cli.stress_plan import Options

    options = Options(
        crash, beta, other_coins, alike, alone, grid, to_one, sigma, depeg, funding, volatility,
        thin, together, candles, start, end, path, price, interval, horizon, modes,
        paths, seed,
    )  # fmt: skip
    file = account_file(account)
    before = _survey(file, options) if intended else None
    found = _survey(after_trades(file, intended), options)
    if html is not None:
        from crossmargin.report.stress import write_stress

        title = "" if account == "-" else Path(account).stem
        write_stress(html, found, title=title, before=before)
    _show(found, before, as_json=as_json, html=html)
    if not found.is_known:
        sys.exit(3)


def _survey(file: "AccountFile", options: "Options") -> "Survey":
    from crossmargin.cli.stress_paths import crash_paths, modes_of
    from crossmargin.cli.stress_plan import plan_of
    from crossmargin.risk.situation import situation
    from crossmargin.risk.stress.survey import surveyed

    home = situation(file.account, file.market, file.rulebook)
    plan = plan_of(options, home)
    paths, lacking = crash_paths(options, plan.crashes, home) if options.candles else ([], [])
    fate, said = modes_of(options, home) if options.is_modes else (None, [])
    return surveyed(
        home,
        plan.asked,
        paths=paths,
        pathless=lacking,
        survival=fate,
        notes=(*plan.notes, *said, *(one for path in paths for one in path.choice)),
    )


def _show(found: "Survey", before: "Survey | None", *, as_json: bool, html: Path | None) -> None:
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.stress import stress_answer

        earlier = None if before is None else stress_answer(before)
        show_json({**stress_answer(found), "before": earlier})
        return
    from crossmargin.cli.console import console
    from crossmargin.cli.stress_tables import show_stress

    show_stress(console(), found, before)
    if html is not None:
        typer.echo(f"\nwrote {html}")
