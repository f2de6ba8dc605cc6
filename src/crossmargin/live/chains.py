"""Hyperliquid and dYdX v4, whose parameters are public state of a chain; no key needed.

Hyperliquid: POST /info of type `meta` (margin tables by id; an id without a table is one tier of
the market's largest leverage) and `userFees` of an address nobody has, which tells the schedule.
Maintenance rate of a tier = 1 ÷ (2 × its largest leverage); source: its documentation, "Margin
tiers". dYdX: GET /v4/perpetualMarkets of the indexer; its fees are not there.
"""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.live.records import Ask, FeeRates, Ladder, Rung, decimal, optional
from crossmargin.money import quotient_up

NOBODY = "0x0000000000000000000000000000000000000000"
GONE = ("FINAL_SETTLEMENT",)


def hyperliquid_ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the ladder of every listed perpetual; floors are notional in USDC."""
    reply = ask("publicPostInfo", {"type": "meta"})
    tables = {int(number): table for number, table in reply["marginTables"]}
    for row in reply["universe"]:
        if row.get("isDelisted"):
            continue
        table = tables.get(int(row.get("marginTableId", 0)))
        tiers = table["marginTiers"] if table else [{**row, "lowerBound": "0"}]
        yield Ladder(
            row["name"],
            None,
            tuple(
                Rung(
                    decimal(tier["lowerBound"]),
                    quotient_up(Decimal(1), 2 * decimal(tier["maxLeverage"])),
                    decimal(tier["maxLeverage"]),
                )
                for tier in tiers
            ),
            lot=Decimal(1).scaleb(-int(row["szDecimals"])),
        )


def hyperliquid_fees(ask: Ask) -> FeeRates | None:
    """Return the fees of the lowest volume tier."""
    schedule = ask("publicPostInfo", {"type": "userFees", "user": NOBODY})["feeSchedule"]
    return FeeRates(decimal(schedule["add"]), decimal(schedule["cross"]))


def dydx_ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the one tier of every market, and between which open interest its rate rises."""
    for symbol, row in ask("indexerGetPerpetualMarkets", {})["markets"].items():
        if row["status"] in GONE:
            continue
        initial = decimal(row["initialMarginFraction"])
        lower, upper = (decimal(row[f"openInterest{end}Cap"]) for end in ("Lower", "Upper"))
        yield Ladder(
            symbol,
            None,
            (Rung(Decimal(0), decimal(row["maintenanceMarginFraction"]), initial_rate=initial),),
            tick=optional(row["tickSize"]),
            lot=optional(row["stepSize"]),
            open_interest_caps=(lower, upper) if upper else None,
        )
