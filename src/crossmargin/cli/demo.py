"""`crossmargin demo`: three longs on one wallet through a crash, cross against isolated."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crossmargin.feeds.path import PricePath

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
FROM_MS = 1_760_097_600_000
TO_MS = FROM_MS + 24 * 3_600_000
"""10 October 2025 12:00 UTC to the same time the day after."""
WALLET = "10000"
MARGIN_EACH = 2_000
LEVERAGE = 10


def demo(
    candles: Annotated[
        Path | None,
        typer.Option(
            "--candles",
            metavar="PATH",
            help="Real candles of 10 and 11 October 2025; else a built-in path.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the report is written.")
    ] = Path("demo-out"),
) -> None:
    """Run 10,000 USDT with BTC, ETH and SOL longs at 10x through the crash of October 2025."""
    from crossmargin.cli.run import run_and_show
    from crossmargin.feeds.builtin import builtin_path
    from crossmargin.feeds.funding import load_funding, no_funding
    from crossmargin.feeds.path import load_path
    from crossmargin.files.account import parse_account

    if candles is None:
        prices = builtin_path(SYMBOLS)
        rates = tuple(no_funding(symbol, "the built-in path has none") for symbol in SYMBOLS)
    else:
        prices = load_path(candles, SYMBOLS, FROM_MS, TO_MS)
        rates = load_funding(candles, SYMBOLS, FROM_MS, TO_MS)
    text = account_text(prices)
    typer.echo("The account, opened at the first prices of the path:\n")
    typer.echo(text)
    run_and_show(parse_account(text, "demo account"), prices, rates, out=out, as_json=False)


def account_text(prices: "PricePath") -> str:
    """Return the demo account as an account file: 2,000 USDT of margin in each of three longs.

    Sizes are whole thousandths of a coin, rounded down, so margins are 2,000 to the lot.
    """
    from crossmargin.feeds.series import exact
    from crossmargin.money import down_to, number, plain

    entries = [exact(mark) for mark in prices.marks[0].tolist()]
    sizes = [down_to(number("0.001"), number(MARGIN_EACH * LEVERAGE) / entry) for entry in entries]
    lines = [
        'venue = "binance-usdm"',
        'at = "2025-10-10T12:00:00Z"',
        "[balances]",
        f'USDT = "{WALLET}"',
        "[leverage]",
        *(f"{symbol} = {LEVERAGE}" for symbol in prices.symbols),
    ]
    for symbol, size, entry in zip(prices.symbols, sizes, entries, strict=True):
        lines += [
            "[[positions]]",
            f'symbol = "{symbol}"',
            f'size = "{plain(size)}"',
            f'entry_price = "{plain(entry)}"',
        ]
    return "\n".join(lines) + "\n"
