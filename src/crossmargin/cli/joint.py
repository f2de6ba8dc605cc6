"""`crossmargin joint`: how far everything can move together before something is liquidated."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.histories import End, HalfLife, Horizon, Interval, Price, Start
from crossmargin.cli.intended import With
from crossmargin.errors import UsageError
from crossmargin.money import ZERO

if TYPE_CHECKING:
    from crossmargin.cli.histories import Window
    from crossmargin.risk.estimates.correlation import Covariance
    from crossmargin.risk.joint.answer import Joint
    from crossmargin.risk.situation import Situation


Vector = Annotated[
    str | None,
    typer.Option(metavar="A=MOVE,B=MOVE", help="A line of your own: BTC=-10%,ETH=-15%."),
]
Betas = Annotated[
    str | None,
    typer.Option(metavar="ASSET", help="Move this one, the others by beta; takes --candles."),
]
Candles = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Candles: they give the nearest liquidating move."),
]
Pair = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="The safe region of two assets; a report draws it."),
]


def joint(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    vector: Vector = None,
    betas: Betas = None,
    candles: Candles = None,
    start: Start = None,
    end: End = None,
    interval: Interval = None,
    price: Price = None,
    halflife: HalfLife = None,
    horizon: Horizon = "1d",
    region: Pair = None,
    trades: With = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search for the nearest move.")] = 7,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, numbers as strings.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report that opens in a browser.")
    ] = None,
) -> None:
    """Show how far prices can move together, along lines and in the likeliest way.

    Exit status: 0 an answer, 2 bad input, 3 unknown for lack of data.
    """
    from crossmargin.cli.assets import asset_moves, asset_pair
    from crossmargin.cli.histories import Window, span_ms
    from crossmargin.cli.intended import after_trades
    from crossmargin.cli.source import account_file
    from crossmargin.risk.joint.answer import joint as all_together
    from crossmargin.risk.situation import situation

    file = after_trades(account_file(account), trades)
    asked = situation(file.account, file.market, file.rulebook)
    window = None if candles is None else Window(candles, start, end, interval, price)
    covariance, prices, reference = _estimated(asked, window, halflife, betas)
    pair = None if region is None else asset_pair(region, asked, "--region")
    found = all_together(
        asked,
        span_ms(horizon, "--horizon"),
        vector=None if vector is None else asset_moves(vector, asked, "--vector"),
        covariance=covariance,
        reference=reference,
        region=pair or (_drawn_pair(asked) if html is not None else None),
        seed=seed,
    )
    _show(found, prices, html, "" if account == "-" else Path(account).stem, as_json=as_json)
    if not found.is_known:
        sys.exit(3)


def _show(
    found: "Joint", prices: tuple[str, ...], html: Path | None, title: str, *, as_json: bool
) -> None:
    if html is not None:
        from crossmargin.report.joint import write_joint

        write_joint(html, found, prices, title=title)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.joint import joint_answer

        show_json(joint_answer(found, prices))
        return
    from crossmargin.cli.console import console
    from crossmargin.cli.joint_tables import show_joint

    show_joint(console(), found, prices)
    if html is not None:
        typer.echo(f"\nwrote {html}")


def _estimated(
    asked: "Situation",
    window: "Window | None",
    halflife: str | None,
    betas: str | None,
) -> "tuple[Covariance | None, tuple[str, ...], str | None]":
    if window is None:
        if betas is not None or halflife is not None:
            raise UsageError("--betas and --halflife need histories: give --candles")
        return None, (), None
    # Betas may be to an asset that is not held: then its history is read too.
    from crossmargin.cli.histories import covariance_of, reference_named

    reference = None
    beside: tuple[str, ...] = ()
    if betas is not None:
        reference = reference_named(betas, asked)
        beside = () if reference in asked.assets else (reference,)
    covariance, prices = covariance_of(asked, window, halflife, beside=beside)
    return covariance, prices, reference


def _drawn_pair(asked: "Situation") -> tuple[str, str] | None:
    # A report without --region draws the two assets that are most at stake, where there are two.
    from crossmargin.errors import UnknownError
    from crossmargin.risk.estimates.exposure import exposure

    try:
        at_stake = exposure(asked).by_asset
    except UnknownError:
        at_stake = {}
    ranked = sorted(asked.assets, key=lambda asset: -abs(at_stake.get(asset, ZERO)))[:2]
    first, *second = (asset for asset in asked.assets if asset in ranked)
    return (first, second[0]) if second else None
