"""Bybit: risk limits by symbol, collateral ratios by coin; no key needed.

Replies: GET /v5/market/instruments-info, /v5/market/risk-limit, /v5/spot-margin-trade/collateral.
Rates come as fractions or as percentages, by age of the reply: `initialMargin` × `maxLeverage`
says which. Fees depend on the account and need a key.
"""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.live.records import Ask, Haircut, Ladder, Reply, Rung, decimal, from_caps, optional

CATEGORIES = ("linear", "inverse")
PAGES_MAX = 500
PERCENT = Decimal(100)


def ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the ladder of every contract that trades; floors are position value."""
    for category in CATEGORIES:
        tiers: dict[str, list[Reply]] = {}
        for row in _pages(ask, "publicGetV5MarketRiskLimit", {"category": category}):
            tiers.setdefault(row["symbol"], []).append(row)
        request = {"category": category, "limit": 1000}
        for row in _pages(ask, "publicGetV5MarketInstrumentsInfo", request):
            rows = tiers.get(row["symbol"])
            if row["status"] != "Trading" or not rows:
                continue
            rows.sort(key=lambda tier: decimal(tier["riskLimitValue"]))
            floors, cap = from_caps([decimal(tier["riskLimitValue"]) for tier in rows])
            yield Ladder(
                row["symbol"],
                row["settleCoin"],
                tuple(_rung(floor, tier) for floor, tier in zip(floors, rows, strict=True)),
                cap,
                tick=optional(row["priceFilter"]["tickSize"]),
                lot=optional(row["lotSizeFilter"]["qtyStep"]),
            )


def haircuts(ask: Ask) -> Iterator[Haircut]:
    """Yield the slices of every coin."""
    reply = ask("publicGetV5SpotMarginTradeCollateral", {})
    for row in reply["result"]["list"]:
        tiers = sorted(row["collateralRatioList"], key=lambda tier: decimal(tier["minQty"]))
        slices = [(decimal(tier["minQty"]), decimal(tier["collateralRatio"])) for tier in tiers]
        if tiers and tiers[-1]["maxQty"] != "" and slices[-1][1]:
            slices.append((decimal(tiers[-1]["maxQty"]), decimal(0)))
        yield Haircut(row["currency"], tuple(slices))


def _rung(floor: Decimal, tier: Reply) -> Rung:
    leverage, initial = decimal(tier["maxLeverage"]), decimal(tier["initialMargin"])
    unit = Decimal(1) if initial * leverage < 10 else PERCENT
    return Rung(
        floor,
        decimal(tier["maintenanceMargin"]) / unit,
        leverage,
        initial / unit,
        optional(tier.get("mmDeduction")),
    )


def _pages(ask: Ask, method: str, request: dict[str, object]) -> Iterator[Reply]:
    cursor = ""
    for _ in range(PAGES_MAX):
        page = {**request, "cursor": cursor} if cursor else request
        result = ask(method, page)["result"]
        yield from result["list"]
        cursor, before = result.get("nextPageCursor") or "", cursor
        if cursor in ("", before):
            return
    raise ValueError(f"{method} has more than {PAGES_MAX} pages")
