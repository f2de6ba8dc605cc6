"""`crossmargin replay`: an account through real prices, in cross and in isolated mode."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.errors import UsageError

if TYPE_CHECKING:
    from crossmargin.feeds.funding import FundingRates
    from crossmargin.feeds.path import PricePath
    from crossmargin.files.account import AccountFile


def replay(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    candles: Annotated[
        Path, typer.Option("--candles", metavar="PATH", help="A candle file or a folder of them.")
    ],
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="First moment, such as 2025-10-10T12:00Z; else the file's at, else all.",
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="TIME", help="The moment to stop before; else the last there is."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write the report and two Parquet files here."),
    ] = None,
    path: Annotated[
        str,
        typer.Option(help="What comes first inside a candle: ohlc high, olhc low, worst."),
    ] = "ohlc",
    price: Annotated[
        str | None, typer.Option(help="Use only mark, last or spot prices; else mark, else last.")
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(help="Use only candles of this length, such as 5m; else the finest."),
    ] = None,
    funding: Annotated[
        Path | None,
        typer.Option(
            "--funding", metavar="PATH", help="Funding history; else what lies beside the candles."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Run an account through candles and funding, in cross and in isolated mode side by side.

    Exit status: 0 an answer, 2 bad input, 3 prices are missing (the message says which).
    """
    from crossmargin.cli.run import run_and_show
    from crossmargin.cli.source import account_file

    file = account_file(account)
    prices = _prices(file, candles, start, end, path, price, interval)
    file = file.in_force_at(datetime.fromtimestamp(prices.from_ms / 1000, UTC))
    rates = _funding(file, prices, candles, funding)
    run_and_show(file, prices, rates, out=out, as_json=as_json)


def time_ms(text: str, option: str) -> int:
    """Return the moment `text` names, in milliseconds UTC.

    Raises
    ------
    UsageError
        If it is not ISO 8601; a time zone other than UTC is converted, none means UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: is not a time such as 2025-10-10T12:00Z") from None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)


def _prices(
    file: "AccountFile",
    candles: Path,
    start: str | None,
    end: str | None,
    order: str,
    price: str | None,
    interval: str | None,
) -> "PricePath":
    from crossmargin.feeds.folder import list_files, period
    from crossmargin.feeds.path import load_path

    account = file.account
    symbols = list(account.symbols)
    if not symbols:
        raise UsageError("the account has no positions or orders to replay")
    venue = file.rulebook.venue
    from_ms = file.market.at_ms if start is None else time_ms(start, "--from")
    to_ms = None if end is None else time_ms(end, "--to")
    if from_ms is None or to_ms is None:
        files = list_files(candles, symbols, venue=venue, price=price)
        first, last = period(files, symbols, price=price)
        from_ms = first if from_ms is None else from_ms
        to_ms = last if to_ms is None else to_ms
    if from_ms >= to_ms:
        raise UsageError("--to: must be later than --from")
    directions = {p.symbol: 1 if p.size > 0 else -1 for p in account.positions if p.size}
    return load_path(
        candles,
        symbols,
        from_ms,
        to_ms,
        order=order,
        directions=directions,
        price=price,
        interval=interval,
        venue=venue,
    )


def _funding(
    file: "AccountFile", prices: "PricePath", candles: Path, history: Path | None
) -> "tuple[FundingRates, ...]":
    from crossmargin.feeds.funding import load_funding

    contracts = file.rulebook.contracts
    first_rates = {}
    for symbol in prices.symbols:
        tiers = contracts[symbol].tiers
        first_rates[symbol] = tiers.pieces[0].rate if tiers else None
    return load_funding(
        candles,
        prices.symbols,
        prices.from_ms,
        prices.to_ms,
        history=history,
        rules=file.rulebook.funding,
        first_tier_rates=first_rates,
        venue=file.rulebook.venue,
    )
