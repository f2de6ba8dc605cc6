"""Kraken Futures and Deribit, whose instrument lists carry tiers or fees; no key needed.

Kraken: GET /derivatives/api/v3/instruments (`marginLevels`: `contracts` of inverse ones, which are
dollars each, `numNonContractUnits`, which is quote currency, of the others) and /feeschedules, in
percent. Deribit: GET /api/v2/public/get_instruments has fees; its margin is a formula whose
numbers are in its documents alone.
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
    most_common,
    optional,
)

INVERSE, LINEAR = "futures_inverse", "flexible_futures"


def kraken_ladders(ask: Ask) -> Iterator[Ladder]:
    """Yield the ladder of every contract that can be traded."""
    for row in _tradeable(ask):
        is_inverse = row["type"] == INVERSE
        key = "contracts" if is_inverse else "numNonContractUnits"
        yield Ladder(
            row["symbol"],
            row["base"] if is_inverse else row["quote"],
            tuple(
                Rung(
                    decimal(tier[key]),
                    decimal(tier["maintenanceMargin"]),
                    initial_rate=decimal(tier["initialMargin"]),
                )
                for tier in row["marginLevels"]
            ),
            unit="size" if is_inverse else "notional",
            multiplier=decimal(row["contractSize"]),
            tick=optional(row["tickSize"]),
            lot=Decimal(1).scaleb(-int(row["contractValueTradePrecision"])),
        )


def kraken_fees(ask: Ask) -> FeeRates | None:
    """Return what most contracts charge at no volume."""
    schedules = {
        schedule["uid"]: min(schedule["tiers"], key=lambda tier: decimal(tier["usdVolume"]))
        for schedule in ask("publicGetFeeschedules", {})["feeSchedules"]
    }
    tiers = [schedules.get(row.get("feeScheduleUid")) for row in _tradeable(ask)]
    return most_common(
        [
            FeeRates(decimal(tier["makerFee"]).scaleb(-2), decimal(tier["takerFee"]).scaleb(-2))
            for tier in tiers
            if tier
        ]
    )


def deribit_fees(ask: Ask) -> FeeRates | None:
    """Return what most futures and perpetuals charge, and the most a liquidation is charged."""
    reply = ask("publicGetGetInstruments", {"currency": "any", "kind": "future"})
    return most_common(
        [
            FeeRates(
                decimal(row["maker_commission"]),
                decimal(row["taker_commission"]),
                decimal(row["max_liquidation_commission"]),
            )
            for row in reply["result"]
            if row["kind"] == "future" and row["is_active"]
        ]
    )


def _tradeable(ask: Ask) -> list[Reply]:
    rows = ask("publicGetInstruments", {})["instruments"]
    return [
        row
        for row in rows
        if row["type"] in (INVERSE, LINEAR) and row["tradeable"] and row.get("marginLevels")
    ]
