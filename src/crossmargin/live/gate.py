"""Gate and Bitget, whose contract lists carry fees; no key needed.

Gate: GET /futures/{settle}/contracts and /futures/{settle}/risk_limit_tiers (a page is of
markets). Bitget: GET /api/v2/mix/market/contracts, and /api/v2/mix/market/query-position-lever for
each symbol. Haircuts of both are shown only to a logged-in account or in a reply whose shape is
not known here.
"""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.live.records import (
    Ask,
    FeeRates,
    Ladder,
    Reply,
    Rung,
    decimal,
    from_caps,
    most_common,
    optional,
)

SETTLES = {"usdt": "USDT", "btc": "BTC"}
PAGE = 100
PAGES_MAX = 100
PRODUCTS = {"USDT-FUTURES": "USDT", "USDC-FUTURES": "USDC", "COIN-FUTURES": None}
"""Bitget's product types and what they settle in; None is the base coin."""


def gate_ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the ladder of every listed perpetual; floors are notional in the settle asset."""
    for settle, asset in SETTLES.items():
        tiers = _gate_tiers(ask, settle)
        for row in _gate_contracts(ask, settle):
            rows = tiers.get(row["name"], [])
            rows.sort(key=lambda tier: decimal(tier["risk_limit"]))
            floors, cap = from_caps([decimal(tier["risk_limit"]) for tier in rows] or [Decimal(0)])
            yield Ladder(
                row["name"],
                asset,
                tuple(
                    Rung(
                        floor,
                        decimal(tier["maintenance_rate"]),
                        decimal(tier["leverage_max"]),
                        decimal(tier["initial_rate"]),
                        optional(tier.get("deduction")),
                    )
                    for floor, tier in zip(floors, rows, strict=False)
                ),
                cap,
                # Inverse contracts say 0 here: they count dollars.
                multiplier=optional(row["quanto_multiplier"]) or Decimal(1),
                tick=optional(row["order_price_round"]),
                lot=Decimal(1),
            )


def gate_fees(ask: Ask) -> FeeRates | None:
    """Return what most contracts charge at the lowest VIP level; a rebate is below zero."""
    rows = [row for settle in SETTLES for row in _gate_contracts(ask, settle)]
    return most_common(
        [FeeRates(decimal(row["maker_fee_rate"]), decimal(row["taker_fee_rate"])) for row in rows]
    )


def bitget_ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the ladder of every contract in normal trade; floors are notional."""
    for product, settle in PRODUCTS.items():
        for row in _bitget_contracts(ask, product):
            request = {"productType": product, "symbol": row["symbol"]}
            rows = ask("publicMixGetV2MixMarketQueryPositionLever", request)["data"]
            rows = sorted(rows, key=lambda tier: int(tier["level"]))
            yield Ladder(
                row["symbol"],
                settle or row["baseCoin"],
                tuple(
                    Rung(
                        decimal(tier["startUnit"]),
                        decimal(tier["keepMarginRate"]),
                        decimal(tier["leverage"]),
                    )
                    for tier in rows
                ),
                optional(rows[-1]["endUnit"]) if rows else None,
                tick=decimal(row["priceEndStep"]).scaleb(-int(row["pricePlace"])),
                lot=optional(row["sizeMultiplier"]),
            )


def bitget_fees(ask: Ask) -> FeeRates | None:
    """Return what most contracts charge at the lowest VIP level."""
    rows = [row for product in PRODUCTS for row in _bitget_contracts(ask, product)]
    return most_common(
        [FeeRates(decimal(row["makerFeeRate"]), decimal(row["takerFeeRate"])) for row in rows]
    )


def _gate_contracts(ask: Ask, settle: str) -> list[Reply]:
    rows = ask("publicFuturesGetSettleContracts", {"settle": settle})
    return [row for row in rows if not row.get("in_delisting")]


def _gate_tiers(ask: Ask, settle: str) -> dict[str, list[Reply]]:
    found: dict[str, list[Reply]] = {}
    for page in range(PAGES_MAX):
        request = {"settle": settle, "limit": PAGE, "offset": page * PAGE}
        rows = ask("publicFuturesGetSettleRiskLimitTiers", request)
        new = [row for row in rows if row["contract"] not in found]
        if not new:
            break
        for row in new:
            found.setdefault(row["contract"], [])
        for row in new:
            found[row["contract"]].append(row)
    return found


def _bitget_contracts(ask: Ask, product: str) -> list[Reply]:
    rows = ask("publicMixGetV2MixMarketContracts", {"productType": product})["data"]
    return [row for row in rows if row["symbolStatus"] == "normal"]
