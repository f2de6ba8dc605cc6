"""Venues small enough to simulate: packaged rulebooks, cut to a few symbols and to small accounts.

A simulated account has some thousand dollars, so a ladder whose second tier begins at millions
would never be climbed. All floors and deductions are divided by the same number: the ladder stays
what it is, marginal or whole-position, by notional or by size. How far a ladder is known stays, or
accounts would be large enough to be unknown and nothing else.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from msgspec.structs import replace

from crossmargin.model.tiers import Tiers
from crossmargin.rulebooks.loader import load_rulebook

D = Decimal
LADDER_DIVISOR = D(1000)


class Traded(NamedTuple):
    """A symbol: what it usually costs, and the steps of its prices and sizes."""

    symbol: str
    price: str
    tick: str
    lot: str


VENUES = {
    "binance-usdm": (
        Traded("BTCUSDT", "60000", "0.1", "0.001"),
        Traded("ETHUSDT", "3000", "0.01", "0.001"),
        Traded("BTCUSDT_261225", "60500", "0.1", "0.001"),
    ),
    "binance-coinm": (Traded("BTCUSD_PERP", "60000", "0.1", "1"),),
    "bitget": (
        Traded("BTCUSDT", "60000", "0.1", "0.001"),
        Traded("ETHUSDT", "3000", "0.01", "0.01"),
    ),
    "bitmex": (Traded("XBTUSD", "60000", "0.5", "100"),),
    "bybit": (
        Traded("BTCUSDT", "60000", "0.1", "0.001"),
        Traded("ADAUSDT", "0.5", "0.0001", "1"),
        Traded("BTCUSD", "60000", "0.5", "1"),
    ),
    "coinex": (Traded("BTCUSDT", "60000", "0.1", "0.001"),),
    "deribit": (
        Traded("BTC-PERPETUAL", "60000", "0.5", "10"),
        Traded("BTC-25DEC26", "60500", "0.5", "10"),
        Traded("BTC_USDC-PERPETUAL", "60000", "0.5", "0.001"),
    ),
    "dydx-v4": (
        Traded("BTC-USD", "60000", "1", "0.0001"),
        Traded("ETH-USD", "3000", "0.1", "0.001"),
    ),
    "gate": (Traded("BTC_USDT", "60000", "0.1", "1"), Traded("ETH_USDT", "3000", "0.01", "1")),
    "hyperliquid": (Traded("BTC", "60000", "1", "0.001"), Traded("ETH", "3000", "0.1", "0.01")),
    "kraken": (
        Traded("PF_XBTUSD", "60000", "1", "0.001"),
        Traded("PF_ETHUSD", "3000", "0.1", "0.01"),
        Traded("PI_XBTUSD", "60000", "0.5", "1"),
    ),
    "moonxbt": (Traded("BTCUSDT", "60000", "0.1", "0.001"),),
    "okx": (
        Traded("BTC-USDT-SWAP", "60000", "0.1", "0.1"),
        Traded("ETH-USDT-SWAP", "3000", "0.01", "0.1"),
    ),
    "phemex": (Traded("BTCUSDT", "60000", "0.1", "0.001"),),
}
"""Of every packaged rulebook with a ladder that says what happens to an account that has failed:
Derive's auction has no part in the paper venue, and AsterDEX and APOLLOX publish no ladder."""

USUAL_USD = {"BTC": D(60000), "XBT": D(60000), "ETH": D(3000)}
"""What an asset costs; others cost a dollar."""
EXPIRES_MS = int(datetime(2026, 12, 25, 8, tzinfo=UTC).timestamp()) * 1000
"""When the dated contracts above expire: 25 December 2026, 08:00 UTC."""


@cache
def rulebook_of(venue):
    """Return a venue's rulebook with the symbols that are simulated, and low ladders."""
    rules = load_rulebook(venue)
    found = {}
    for traded in VENUES[venue]:
        contract = rules.contracts[traded.symbol]
        found[traded.symbol] = replace(contract, tiers=_low(contract.tiers))
    return replace(rules, contracts=found)


def _low(tiers):
    if tiers is None:
        return None
    return Tiers.of(
        tuple(
            replace(
                piece,
                floor=piece.floor / LADDER_DIVISOR,
                deduction=piece.deduction / LADDER_DIVISOR,
            )
            for piece in tiers.pieces
        ),
        None if tiers.cap is None else tiers.cap / LADDER_DIVISOR,
        known_to=tiers.known_to,
        is_floor_included=tiers.is_floor_included,
        is_by_size=tiers.is_by_size,
    )
