"""Saved replies of the shared folder, read in place: each makes a file or a sentence.

Where a reply reports open profit, the sizes and prices in the file must reproduce it, to the
tolerance that `checks.json` states for that number, else to the last digits that replies show.
"""

import json
import tomllib
from decimal import Decimal
from functools import cache

import pytest

from crossmargin.errors import UsageError
from crossmargin.imports.convert import VENUES, import_account
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.model.instrument import Instrument, Kind
from tests.shared import needs_shared, shared_folder

FOLDER = "data/fixtures"
NAMES = {"binance": "binance-usdm", "dydx": "dydx-v4", "derive": "derive-v2"}
COIN_MARGINED = {"jkorf-binance-GetPositionInformation-coin", "binance-11291-1", "binance-12407-5"}

# Contract values, from the venues' instrument pages: (settled in the coin, units of size).
INVERSE = {
    "BTCUSD_201225": 100,  # USD; Binance COIN-M
    "ETHUSD_PERP": 10,
    "BTCUSD": 1,  # Bybit
    "ETH-USD-210430": 10,  # OKX
    "XBTUSD": 1,  # BitMEX
    "BTC-PERPETUAL": 1,  # Deribit counts USD
    "PI_XBTUSD": 1,  # Kraken
    "PI_ETHUSD": 1,
}
LINEAR = {"BTC-USDT-SWAP": "0.01", "BTC_USDT": "0.0001", "ETH_USDT": "0.01"}

# Refused although the wallet is given, and why that is right.
REFUSED = {
    "nautilus-binance-order_update_calculated": "an order's event",
    "nautilus-binance-order_update_adl": "an order's event",
    "nautilus-binance-order_update_insurance": "an order's event",
    "nautilus-okx-http_get_account_positions-history": "closed positions",
    "nautilus-okx-http_get_position_tiers": "tiers",
    "nautilus-deribit-http_get_instruments": "instruments",
    "nautilus-dydx-http_get_historical_funding": "funding",
    "nautilus-kraken-http_futures_instruments": "instruments",
    "nautilus-hyperliquid-http_clearinghouse_state_negative_total_raw_usd": "positions cut out",
    "nautilus-hyperliquid-http_all_perp_metas_non_usdc_collateral": "instruments",
    "jkorf-binance-GetAccountInfoV3": "a position without any price",
    "jkorf-okx-GetAccountPositionRisk": "equities, not wallets",
    "jkorf-gate-GetRiskLimitTiers": "tiers",
    "hl-ws-vault-saga": "positions cut out",
    "binance-4206-0": "isolated spot margin",
    "binance-11291-1": "a position without a size",
    "bybit-8030-12": "tiers",
    "gate-8089-20": "a liquidation",
}
# Replies put together from several moments: their own numbers contradict each other.
CONTRADICTORY = {
    "binance-12232-2": "notional 1992.46 and profit 11.18 are of different marks",
    "jkorf-okx-GetAccountPositions": "the mark is 2353.849, the last price 2566.22",
    "okx-6321-14": "the mark is 4786, the last price 34134",
    "nautilus-bitmex-http_get_positions": "posCost is of entry 96720, avgEntryPrice 98390.88",
    "bybit-6867-11": "unrealisedPnl is 0, sessionUPL -0.0006",
    "bitget-8865-21": "the profit is of mark 107415.0, the mark 107415.3",
    "jkorf-gate-GetPositions": "-9440 contracts, value 3568.62, profit -0.0005",
}


@cache
def entries():
    """Return the saved replies of the venues that can be imported, by their id."""
    folder = shared_folder()
    if folder is None or not (folder / FOLDER).exists():
        return {}
    found = {}
    for name in ("venue_examples.json", "ccxt_source_examples.json"):
        for entry in json.loads((folder / FOLDER / name).read_text(), parse_float=Decimal):
            venue = NAMES.get(entry["venue"], entry["venue"])
            if entry["id"] in COIN_MARGINED:
                venue = "binance-coinm"
            if venue in VENUES:
                found[entry["id"]] = (venue, entry["response"])
    return found


def imported(key, balances=()):
    """Return what the reply `key` makes; `balances` are given by hand."""
    venue, response = entries()[key]
    text = json.dumps(response, default=str)
    return import_account(venue, [(key, text)], dict(balances))


def with_wallet(key):
    """Return what the reply `key` makes, with ample balances if it tells of none."""
    try:
        return imported(key)
    except UsageError as error:
        if "no reply says what the wallet holds" not in str(error):
            raise
    return imported(key, {asset: Decimal(10**6) for asset in ("USDT", "USDC", "USD", "BTC", "ETH")})


def instrument(symbol):
    """Return the contract `symbol` with its published value."""
    if symbol in INVERSE:
        return Instrument(symbol, Kind.INVERSE_PERPETUAL, "", "", Decimal(INVERSE[symbol]))
    return Instrument(symbol, Kind.LINEAR_PERPETUAL, "", "", Decimal(LINEAR.get(symbol, 1)))


@cache
def tolerances():
    """Return the tolerance that `checks.json` states for the open profit of a fixture."""
    checks = json.loads((needs_shared(FOLDER) / "checks.json").read_text(), parse_float=Decimal)
    return {
        check["fixture"]: check["tol"]
        for check in checks
        if check["match"] and check["quantity"].lower().startswith(("unrealized", "unrealised"))
    }


def test_the_fixtures_are_there():
    needs_shared(FOLDER)

    assert len(entries()) > 60
    assert entries().keys() >= REFUSED.keys() | CONTRADICTORY.keys()


@pytest.mark.parametrize("key", entries())
def test_each_makes_a_file_or_a_sentence(key):
    sentence = ""
    try:
        assert "venue" in tomllib.loads(imported(key).text)
    except UsageError as error:
        sentence = str(error)

    assert "\n" not in sentence
    assert len(sentence) < 500


@pytest.mark.parametrize("key", entries())
def test_only_what_is_no_account_is_refused(key):
    if key in REFUSED:
        with pytest.raises(UsageError):
            with_wallet(key)
    else:
        assert "venue" in tomllib.loads(with_wallet(key).text)


@pytest.mark.parametrize("key", [key for key in entries() if key not in REFUSED])
def test_the_file_reproduces_the_reported_profit(key):
    found = with_wallet(key)
    file = tomllib.loads(found.text)
    marks = file.get("marks", {})
    rows = {(row["symbol"], row.get("side")): row for row in file.get("positions", [])}
    for (symbol, side), holding in found.draft.holdings.items():
        row = rows.get((symbol, None if side is None else str(side))) or rows[symbol, None]
        if symbol not in marks or holding.unrealised_pnl is None or key in CONTRADICTORY:
            continue
        prices = Decimal(row["entry_price"]), Decimal(marks[symbol])
        profit = unrealised_pnl(Decimal(row["size"]), *prices, instrument(symbol))
        reported = holding.unrealised_pnl
        digits = Decimal("1e-8") if symbol in INVERSE else Decimal("1e-4")
        slack = tolerances().get(key, Decimal("0.0005")) * abs(reported) + digits

        assert abs(profit - reported) <= slack, f"{symbol}: {profit}, reported {reported}"


EQUITIES = {
    "dydx-2303-25": ("25346.73993597", "1e-4"),
    "dydx-2383-26": ("161451.040416029", "1e-4"),
    "jkorf-hyperliquid-GetAccountInfo": ("83.307638", "0"),
    "hl-doc-eth-isolated": ("13109.482328", "0"),
}
"""Equity as the reply states it, and how far its other numbers are rounded."""


@pytest.mark.parametrize("key", EQUITIES)
def test_the_file_reproduces_the_reported_equity(key):
    needs_shared(FOLDER)
    file = tomllib.loads(imported(key).text)
    equity = sum(map(Decimal, file["balances"].values())) + sum(
        Decimal(row["size"]) * (Decimal(file["marks"][row["symbol"]]) - Decimal(row["entry_price"]))
        for row in file["positions"]
    )
    reported, slack = map(Decimal, EQUITIES[key])

    assert abs(equity - reported) <= slack


@pytest.mark.parametrize(
    ("key", "used"),
    [("hl-doc-eth-isolated", "4.967826"), ("jkorf-hyperliquid-GetAccountInfo", "7.525754")],
)
def test_a_bucket_with_its_profit_is_the_margin_used(key, used):
    needs_shared(FOLDER)
    file = tomllib.loads(imported(key).text)
    (row,) = file["positions"]
    mark = Decimal(file["marks"][row["symbol"]])
    profit = Decimal(row["size"]) * (mark - Decimal(row["entry_price"]))

    assert Decimal(used) == Decimal(row["margin"]) + profit
