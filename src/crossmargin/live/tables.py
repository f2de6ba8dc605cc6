"""What can be fetched from which venue, and fetching it.

One row a venue in `VENUES`: which ccxt exchange, and for tiers, fees and haircuts either the
function that reads them or the sentence that says why not. A part that fails is reported and the
others are fetched all the same; nothing is written here. Units are in the readers' modules.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from crossmargin.errors import UnknownError, UsageError
from crossmargin.live import binance, bybit, chains, gate, kraken, okx
from crossmargin.live.client import Client
from crossmargin.live.records import Ask, FeeRates, Fetched, Haircut, Ladder

T = TypeVar("T")

OWN_FEES = "maker and taker fees are shown only to an account of one's own"
HAS_NONE = "there is one collateral asset, which counts in full"
NOT_READ = "no public reply that is known here says its numbers"


class Venue(NamedTuple):
    """How one venue is asked; a text in place of a function is why that part is not fetched."""

    exchange: str
    ladders: Callable[[Ask], Iterable[Ladder]] | str
    fees: Callable[[Ask], FeeRates | None] | str
    haircuts: Callable[[Ask], Iterable[Haircut]] | str
    key_prefix: str | None = None
    needs_key: tuple[str, ...] = ()


VENUES = {
    "binance-usdm": Venue(
        "binanceusdm",
        binance.usdm_ladders,
        binance.usdm_fees,
        binance.usdm_haircuts,
        "BINANCE",
        ("tiers",),
    ),
    "binance-coinm": Venue(
        "binancecoinm",
        binance.coinm_ladders,
        binance.coinm_fees,
        "each pool counts its own coin in full",
        "BINANCE",
        ("tiers",),
    ),
    "bitget": Venue("bitget", gate.bitget_ladders, gate.bitget_fees, NOT_READ),
    "bybit": Venue("bybit", bybit.ladders, OWN_FEES, bybit.haircuts),
    "deribit": Venue(
        "deribit",
        "margin is a formula, and its numbers are in the venue's documents alone",
        kraken.deribit_fees,
        NOT_READ,
    ),
    "dydx-v4": Venue("dydx", chains.dydx_ladders, "the indexer does not say them", HAS_NONE),
    "gate": Venue(
        "gate", gate.gate_ladders, gate.gate_fees, "they are shown only to an account of one's own"
    ),
    "hyperliquid": Venue(
        "hyperliquid", chains.hyperliquid_ladders, chains.hyperliquid_fees, HAS_NONE
    ),
    "kraken": Venue("krakenfutures", kraken.kraken_ladders, kraken.kraken_fees, NOT_READ),
    "okx": Venue("okx", okx.ladders, OWN_FEES, okx.haircuts),
}
"""Every venue that can be asked, by the name it has in rulebooks."""

NO_EXCHANGE = "ccxt, through which venues are asked, does not know it"
NEVER = {
    "apollox": NO_EXCHANGE,
    "asterdex": NOT_READ,
    "binance-portfolio-margin": "its ladders are those of binance-usdm and binance-coinm",
    "bitmex": NO_EXCHANGE,
    "coinex": NO_EXCHANGE,
    "derive-v2": "its margin is a formula, and its numbers are in documents and contracts alone",
    "moonxbt": NO_EXCHANGE,
    "phemex": NOT_READ,
}
"""Why other venues cannot be asked."""


def check_can_be_fetched(venue: str) -> None:
    """Refuse a venue that cannot be asked, and say why.

    Raises
    ------
    UsageError
        If it is none of `VENUES`.
    """
    if venue not in VENUES:
        why = NEVER.get(venue, "it is no venue that is known here")
        raise UsageError(f"{venue} cannot be fetched: {why}; {', '.join(sorted(VENUES))} can be")


def fetch(venue: str, *, url: str | None = None) -> Fetched:
    """Return what a venue publishes of tiers, fees and haircuts now.

    Parameters
    ----------
    url
        Asked instead of the venue's own address: scheme, host and port.

    Raises
    ------
    UsageError
        If no such venue can be asked, or `url` is none.
    UnknownError
        If nothing at all could be fetched: why, part by part.
    """
    check_can_be_fetched(venue)
    asked = VENUES[venue]
    client = Client(asked.exchange, url=url, key_prefix=asked.key_prefix)
    missing: list[str] = []

    def part(name: str, read: Callable[[Ask], T | None] | str) -> T | None:
        try:
            found = _read(client, asked, name, read)
        except UnknownError as error:
            missing.append(f"{name}: {error}")
            return None
        if not found:
            missing.append(f"{name}: {client.address} lists none")
        return found or None

    ladders = part("tiers", _all(asked.ladders))
    fees = part("fees", asked.fees)
    haircuts = part("haircuts", _all(asked.haircuts))
    if ladders is None and fees is None and haircuts is None:
        # Where nobody is reached, that is the reason for all of it.
        why = client.unreachable or "; ".join(missing)
        raise UnknownError(f"nothing of {venue} could be fetched: {why}")
    return Fetched(
        venue,
        client.address,
        client.program,
        ladders,
        fees,
        haircuts,
        tuple(missing),
        is_official=url is None,
    )


def _all(read: Callable[[Ask], Iterable[T]] | str) -> Callable[[Ask], tuple[T, ...]] | str:
    return read if isinstance(read, str) else lambda ask: tuple(read(ask))


def _read(
    client: Client, asked: Venue, name: str, read: Callable[[Ask], T | None] | str
) -> T | None:
    if isinstance(read, str):
        raise UnknownError(read)
    if name in asked.needs_key and not client.has_key:
        prefix = asked.key_prefix
        raise UnknownError(
            "the venue shows them only with a key: set "
            f"{prefix}_API_KEY and {prefix}_API_SECRET (a key that may only read is enough)"
        )
    try:
        return read(client.ask)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UnknownError(
            f"the reply is not of the shape that is known ({type(error).__name__}: {error})"
        ) from None
