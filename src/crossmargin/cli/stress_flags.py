"""The options of `crossmargin stress`, as the command line takes them."""

from pathlib import Path
from typing import Annotated

import typer

Crash = Annotated[
    str | None, typer.Option(metavar="NAME,…", help="Named crashes, or all of them: all.")
]
Beta = Annotated[
    str | None,
    typer.Option(metavar="A=B,…", help="What a crash has no figure of moves by B × its BTC."),
]
OtherCoins = Annotated[
    bool, typer.Option("--other-coins", help="… or by the median of the crash’s other coins.")
]
Alike = Annotated[
    str | None,
    typer.Option("--all", metavar="FROM:TO:STEP", help="All prices alike, in percent."),
]
Alone = Annotated[
    str | None, typer.Option(metavar="FROM:TO:STEP", help="Each asset by itself, in percent.")
]
Grid = Annotated[
    str | None,
    typer.Option(metavar="A=FROM:TO:STEP,…", help="Every combination of these moves."),
]
ToOne = Annotated[
    str | None,
    typer.Option(metavar="K", help="Correlation goes to one: all move by K × volatility."),
]
Sigma = Annotated[
    str | None,
    typer.Option(metavar="A=PERCENT,…", help="Those volatilities; else from --candles."),
]
Depeg = Annotated[str | None, typer.Option(metavar="ASSET=TIMES,…", help="Collateral off its peg.")]
Funding = Annotated[
    str | None, typer.Option(metavar="RATExTIMES", help="A funding spike: 0.003x3.")
]
Volatility = Annotated[
    str | None, typer.Option(metavar="TIMES,…", help="Implied volatility multiplied: 1.5,0.7.")
]
Thin = Annotated[
    str | None, typer.Option(metavar="K", help="Leaving through a book K times as thin.")
]
Together = Annotated[
    bool, typer.Option("--together", help="Depeg, funding and volatility under every shock.")
]
Modes = Annotated[
    bool, typer.Option("--modes", help="Cross against isolated on all windows of --candles.")
]
Paths = Annotated[
    int | None,
    typer.Option(metavar="N", help="--modes on N paths of blocks of history, not on windows."),
]
Seed = Annotated[int, typer.Option(min=0, help="What those are drawn from.")]
Candles = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Candles: crashes as paths, --modes.")
]
Start = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="With --to: this window as a path as well."),
]
End = Annotated[str | None, typer.Option("--to", metavar="TIME", help="The moment it ends.")]
PathOrder = Annotated[str, typer.Option(help="First inside a candle: ohlc, olhc, worst.")]
Horizon = Annotated[
    str, typer.Option(metavar="TIME", help="Of a window of --modes, of --to-one: 1d.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the answer as JSON, numbers as strings.")
]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write a report that opens in a browser.")
]
