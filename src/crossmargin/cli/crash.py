"""`crossmargin crash`: a venue full of accounts through a real crash, and who was left to pay."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crossmargin.feeds.moments import Feed
    from crossmargin.runtime.crash import Crash, Ran
    from crossmargin.venue.command import AnyCommand

SYMBOLS = "BTCUSDT,ETHUSDT,SOLUSDT"
FROM, TO = "2025-10-10T20:00Z", "2025-10-11T00:00Z"
VENUE = "binance-usdm"
POLICIES = ("profit-times-leverage", "profit", "pro-rata-of-profits")
"""Those that `--each-adl` puts side by side."""


def crash(
    candles: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CANDLES]", help="A folder of candles; else a built-in path of October 2025."
        ),
    ] = None,
    accounts: Annotated[int, typer.Option(help="How many accounts there are.")] = 500,
    seed: Annotated[int, typer.Option(help="Who they are and what they hold.")] = 7,
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Where the window begins.")
    ] = FROM,
    end: Annotated[
        str, typer.Option("--to", metavar="TIME", help="The moment to stop before.")
    ] = TO,
    symbols: Annotated[
        str, typer.Option(metavar="A,B", help="What is traded, the most popular first.")
    ] = SYMBOLS,
    path: Annotated[
        str, typer.Option(help="What comes first inside a candle: ohlc high, olhc low.")
    ] = "ohlc",
    price: Annotated[
        str | None, typer.Option(help="Take mark, last or spot prices for marks; else mark, last.")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(help="Use only candles of this length, such as 5m.")
    ] = None,
    adl: Annotated[
        str, typer.Option(metavar="POLICY", help="Who is auto-deleveraged first.")
    ] = POLICIES[0],
    each_adl: Annotated[
        bool, typer.Option("--each-adl", help="Run it under two other policies too, and compare.")
    ] = False,
    store: Annotated[
        str | None,
        typer.Option(metavar="STORE", help="Keep the venue's journal in this new store."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report that opens in a browser.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Send a paper venue of many accounts through a real crash, and say who paid.

    Exit status: 0 an answer, 1 the books do not balance, 2 bad input, 3 prices are missing.
    """
    chosen = (path, price, interval)
    told = _crash(symbols, (start, end), candles, chosen, (accounts, seed), adl)
    ran = _run(told, store)
    others = tuple(_run(one, None) for one in (_under_others(told) if each_adl else ()))
    _show((ran, *others), seed, candles, store, html, as_json=as_json)


def _under_others(told: "Crash") -> "Iterator[Crash]":
    from msgspec.structs import replace

    for policy in POLICIES:
        if policy != told.settings.adl_policy:
            yield replace(told, settings=replace(told.settings, adl_policy=policy))


def _show(
    runs: "tuple[Ran, ...]",
    seed: int,
    candles: Path | None,
    store: str | None,
    html: Path | None,
    *,
    as_json: bool,
) -> None:
    from crossmargin.report.crash_summary import summarise_crash

    ran, *others = runs
    summary = summarise_crash(ran, seed, others)
    if html is not None:
        from crossmargin.report.crash_page import write_crash_page

        write_crash_page(html, ran, summary)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.report.crash_plain import plain_crash

        show_json(plain_crash(summary))
    else:
        from crossmargin.cli.console import console
        from crossmargin.cli.crash_tables import show_crash
        from crossmargin.store.places import shown_place

        show_crash(console(), summary)
        for place in (html, store):
            if place is not None:
                typer.echo(f"wrote {shown_place(str(place))}")
    if summary.broken:
        sys.exit(1)


def _crash(
    named: str,
    between: tuple[str, str],
    candles: Path | None,
    chosen: tuple[str, str | None, str | None],
    people: tuple[int, int],
    policy: str,
) -> "Crash":
    from datetime import UTC, datetime

    from crossmargin.cli.listed import listed
    from crossmargin.cli.replay import time_ms
    from crossmargin.errors import UsageError
    from crossmargin.rulebooks.loader import load_rulebook
    from crossmargin.runtime.crash import LEAD_MS, crash_of
    from crossmargin.runtime.population import population
    from crossmargin.venue.adl import POLICIES as ADL

    symbols = listed(named, "--symbols")
    from_ms, to_ms = time_ms(between[0], "--from"), time_ms(between[1], "--to")
    if from_ms >= to_ms:
        raise UsageError("--to: must be later than --from")
    if policy not in ADL:
        raise UsageError(f"--adl {policy}: is none of {', '.join(ADL)}")
    if candles is None and chosen != ("ohlc", None, None):
        raise UsageError("--path, --price and --interval choose among candles; give a folder")
    rulebook = load_rulebook(VENUE, at=datetime.fromtimestamp(from_ms / 1000, UTC))
    count, seed = people
    crowd = population(seed, count, symbols, rulebook)
    feed = _feed(symbols, from_ms - LEAD_MS, to_ms, candles, *chosen)
    return crash_of(rulebook, feed, from_ms, crowd, policy)


def _feed(
    symbols: tuple[str, ...],
    from_ms: int,
    to_ms: int,
    candles: Path | None,
    order: str,
    price: str | None,
    interval: str | None,
) -> "Feed":
    from crossmargin.feeds.builtin import builtin_path
    from crossmargin.feeds.moments import feed_of, load_feed

    if candles is None:
        return feed_of(builtin_path(symbols)).between(from_ms, to_ms)
    return load_feed(
        candles,
        symbols,
        from_ms,
        to_ms,
        order=order,
        price=price,
        interval=interval,
        venue=VENUE,
    )


def _run(told: "Crash", store: str | None) -> "Ran":
    from crossmargin.runtime.crash import run
    from crossmargin.venue.decide import decide

    with _progress(told) as tick:
        if store is None:
            return run(told, decide, watch=tick)
        from crossmargin.runtime.recording import Recorder, header_of
        from crossmargin.venue.state import State

        at_ms = told.feed.moments[0].at_ms
        header = header_of(told.rulebook, told.settings, at_ms, "crash")
        recorder = Recorder(store, header, lambda: State(told.rulebook, told.settings), decide)
        try:
            return run(told, recorder.decide, recorder.state, watch=tick)
        finally:
            recorder.close()


@contextmanager
def _progress(told: "Crash") -> "Iterator[Callable[[AnyCommand], None]]":
    from rich.progress import Progress

    from crossmargin.cli.console import console
    from crossmargin.venue.command import Tick

    out = console(is_error=True)
    with Progress(console=out, disable=not out.is_terminal, transient=True) as bars:
        bar = bars.add_task(told.settings.adl_policy, total=len(told.feed.moments))

        def tick(asked: "AnyCommand") -> None:
            if isinstance(asked, Tick):
                bars.advance(bar)

        yield tick
