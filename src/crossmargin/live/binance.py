"""Binance USDⓈ-M and COIN-M: leverage brackets need a key, all else here does not.

Replies: GET /fapi/v1/leverageBracket and /dapi/v2/leverageBracket (signed), /fapi/v1/exchangeInfo,
/dapi/v1/exchangeInfo (liquidation fee, tick, lot), /fapi/v1/assetIndex (haircuts in multi-assets
mode). The maker and taker fees are the account's own and are not fetched.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial

from crossmargin.live.records import (
    Ask,
    FeeRates,
    Haircut,
    Ladder,
    Reply,
    Rung,
    decimal,
    most_common,
    optional,
)

NO_CAP = Decimal(2**63 - 1024)
"""From here on, what the venue answers for "no cap"."""


def usdm_ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the ladder of every contract; floors are notional in the settle asset."""
    yield from _ladders(ask, "fapiPublicGetExchangeInfo", "fapiPrivateGetLeverageBracket")


def coinm_ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the ladder of every contract; floors are notional in the coin."""
    yield from _ladders(ask, "dapiPublicGetExchangeInfo", "dapiPrivateV2GetLeverageBracket")


def fees(ask: Ask, *, method: str) -> FeeRates | None:
    """Return the liquidation fee that most contracts have."""
    rows = ask(method, {})["symbols"]
    return most_common(
        [FeeRates(liquidation=decimal(row["liquidationFee"])) for row in rows if _is_live(row)]
    )


usdm_fees = partial(fees, method="fapiPublicGetExchangeInfo")
coinm_fees = partial(fees, method="dapiPublicGetExchangeInfo")


def usdm_haircuts(ask: Ask) -> Iterator[Haircut]:
    """Yield what every asset of multi-assets mode counts and costs."""
    for row in ask("fapiPublicGetAssetIndex", {}):
        yield Haircut(
            row["symbol"].removesuffix("USD"),
            ((Decimal(0), 1 - decimal(row["bidBuffer"])),),
            decimal(row["askBuffer"]),
            decimal(row["autoExchangeBidBuffer"]),
            decimal(row["autoExchangeAskBuffer"]),
        )


def _ladders(ask: Ask, contracts: str, brackets: str) -> Iterator[Ladder]:
    rows = {row["symbol"]: row for row in ask(contracts, {})["symbols"] if _is_live(row)}
    for entry in ask(brackets, {}):
        row = rows.get(entry["symbol"])
        if row is None:
            continue
        tiers = sorted(entry["brackets"], key=lambda tier: int(tier["bracket"]))
        filters = {found["filterType"]: found for found in row["filters"]}
        cap = _either(tiers[-1], "notionalCap", "qtyCap")
        yield Ladder(
            row["symbol"],
            row["marginAsset"],
            tuple(
                Rung(
                    _either(tier, "notionalFloor", "qtyFloor"),
                    decimal(tier["maintMarginRatio"]),
                    decimal(tier["initialLeverage"]),
                    deduction=decimal(tier["cum"]),
                )
                for tier in tiers
            ),
            None if cap >= NO_CAP else cap,
            multiplier=optional(row.get("contractSize")),
            tick=optional(filters["PRICE_FILTER"]["tickSize"]),
            lot=optional(filters["LOT_SIZE"]["stepSize"]),
        )


def _either(tier: Mapping[str, object], *names: str) -> Decimal:
    return next(decimal(tier[name]) for name in names if name in tier)


def _is_live(row: Reply) -> bool:
    return "TRADING" in (row.get("status"), row.get("contractStatus"))
