"""`crossmargin serve`: the paper venue, for bots that speak its API or Binance's."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.errors import UsageError

if TYPE_CHECKING:
    from decimal import Decimal

    from crossmargin.api.server import Ready
    from crossmargin.api.startup import Opened
    from crossmargin.rulebooks.schema import Rulebook
    from crossmargin.runtime.served_market import Market

SYNTHETIC = "synthetic"
CANDLES = "candles:"
MAX = "max"

Host = Annotated[str, typer.Option(help="Listen at this address.")]
Port = Annotated[
    int, typer.Option(min=0, max=65_535, help="Listen here; 0 takes any port that is free.")
]
Remote = Annotated[
    bool, typer.Option("--allow-remote", help="Let --host be one that others can reach.")
]
HostName = Annotated[
    list[str] | None,
    typer.Option("--host-name", metavar="NAME", help="Go by this name too; repeatable."),
]
FeedName = Annotated[
    str, typer.Option(help="Prices: synthetic, or candles:FOLDER@2025-10-10T20:00.")
]
Symbols = Annotated[
    str | None, typer.Option(metavar="A,B", help="What is traded; else BTC, ETH and SOL.")
]
Speed = Annotated[str, typer.Option(help="Simulated seconds a second, or max.")]
Venue = Annotated[str, typer.Option(help="Whose rules hold.")]
Edition = Annotated[
    str | None, typer.Option(metavar="DATE", help="Take this edition of the rules.")
]
Store = Annotated[
    str | None, typer.Option(metavar="STORE", help="Keep the venue here; made if missing.")
]
MasterKeyFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Derive the keys' secrets from this; made if missing."),
]
ReadyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Say here how to connect, once it serves.")
]
Stories = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Let the admin play the stories in this folder."),
]
Fast = Annotated[
    bool, typer.Option("--fast", help="Answer before the disk does; a loss of power loses the end.")
]
ShowKeys = Annotated[bool, typer.Option("--show-keys", help="Print the demo keys again.")]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8480,
    allow_remote: Remote = False,
    host_name: HostName = None,
    feed: FeedName = SYNTHETIC,
    symbols: Symbols = None,
    speed: Speed = "1",
    venue: Venue = "binance-usdm",
    edition: Edition = None,
    store: Store = None,
    master_key_file: MasterKeyFile = None,
    ready_file: ReadyFile = None,
    stories: Stories = None,
    fast: Fast = False,
    show_keys: ShowKeys = False,
) -> None:
    """Serve the paper venue to bots, with play money, on this machine.

    Exit status: 0 stopped by a signal, 1 the store failed, 2 bad input, 3 prices are missing.
    """
    from crossmargin.api import server, startup
    from crossmargin.api.context import Settings
    from crossmargin.api.logs import start_logs
    from crossmargin.api.places import places_of

    startup.check_address(
        host, is_remote_allowed=allow_remote, has_master_key=master_key_file is not None
    )
    rate = _speed(speed)
    rulebook, market = _market(venue, edition, feed, symbols)
    default = stores_folder() / f"{venue}-{market.name}.db"
    places = places_of(store, default, master_key_file)
    if places.keys.parent == default.parent:
        default.parent.mkdir(parents=True, exist_ok=True)
    place = server.bound(host, port)
    hosts = startup.hosts_of(host, place.getsockname()[1], tuple(host_name or ()))
    start_logs()
    settings = Settings(stories=stories)
    wanted = startup.Wanted(
        places, rulebook, market, rate, hosts, settings=settings, is_synced=not fast
    )
    opened = startup.opened(wanted)
    told = server.ready(opened, place)

    def say(ready: "Ready") -> None:
        _say(opened, ready, with_keys=opened.is_new or show_keys)

    server.run(server.serve(opened, place, told, ready_file, say))


def stores_folder() -> Path:
    """Return the folder of stores without a name, and of what is kept beside databases."""
    from crossmargin.rulebooks.loader import data_folder

    return data_folder() / "venues"


def _speed(text: str) -> "Decimal | None":
    from decimal import Decimal, InvalidOperation

    if text == MAX:
        return None
    try:
        speed = Decimal(text)
    except InvalidOperation:
        speed = Decimal(0)
    if not speed.is_finite() or not 0 < speed <= 1_000_000:
        raise UsageError(f"--speed {text}: is no number above zero up to a million, nor {MAX}")
    return speed


def _market(
    venue: str, edition: str | None, feed: str, symbols: str | None
) -> "tuple[Rulebook, Market]":
    from datetime import UTC, datetime

    from crossmargin.cli.listed import listed
    from crossmargin.cli.replay import time_ms
    from crossmargin.rulebooks.loader import load_rulebook
    from crossmargin.runtime.clock import SystemClock
    from crossmargin.runtime.served_market import SYMBOLS, candles_market, synthetic_market

    names = None if symbols is None else listed(symbols, "--symbols")
    if feed == SYNTHETIC:
        rulebook = load_rulebook(venue, edition=edition)
        return rulebook, synthetic_market(SystemClock().now_ms(), rulebook, names or SYMBOLS)
    folder, _, moment = feed.removeprefix(CANDLES).rpartition("@")
    if not feed.startswith(CANDLES) or not folder:
        raise UsageError(f"--feed {feed}: is neither {SYNTHETIC} nor {CANDLES}FOLDER@TIME")
    start_ms = time_ms(moment, "--feed")
    at = datetime.fromtimestamp(start_ms / 1000, UTC)
    rulebook = load_rulebook(venue, edition=edition, at=at)
    return rulebook, candles_market(Path(folder), start_ms, rulebook, names)


def _say(opened: "Opened", ready: "Ready", *, with_keys: bool) -> None:
    typer.echo(f"{opened.rulebook.venue}, rules of {opened.rulebook.edition}: paper, play money")
    for sentence in opened.market.choice:
        typer.echo(sentence)
    typer.echo(f"store       {ready.store}")
    typer.echo(f"REST        {ready.base_url}")
    typer.echo(f"WebSocket   {ready.ws_url}")
    if not with_keys:
        typer.echo("keys        as before; --show-keys prints them")
        return
    for one in (*ready.accounts, ready.admin):
        typer.echo(f"{one.name:<11} key {one.api_key}")
        typer.echo(f"{'':<11} secret {one.api_secret}")
