"""The replay as tables, for notebooks.

A page shows, a table answers the next question. There are two, both Parquet: the path, one row
per point and mode, and the events with their receipts, one row each.

Path values are screening values and float64. Money of events is exact: a decimal column with 18
places, which polars adds up as it is; `.cast(pl.Float64)` makes it a float where speed matters
more. Money that moved has 8 places and so is whole; prices, and health before and after, are
products with more digits, and those after the 18th place are cut off.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from crossmargin.errors import UsageError
from crossmargin.margin.health import Health
from crossmargin.money import exact
from crossmargin.replay.result import Event, ReplayResult
from crossmargin.report.along import Values, buffer_of, health_of
from crossmargin.report.summary import same_path

if TYPE_CHECKING:
    import polars as pl

DIGITS = 38
PLACES = 18
_STEP = Decimal(1).scaleb(-PLACES)
_LIMIT = Decimal(10) ** (DIGITS - PLACES)

TEXTS = ("mode", "kind", "unit", "asset", "symbol")
AMOUNTS = ("size", "price", "realised_pnl", "fee", "funding", "fund_change")
HEALTHS = (
    *("equity_before", "maintenance_margin_before"),
    *("equity_after", "maintenance_margin_after"),
)


def path_table(results: Mapping[str, ReplayResult]) -> "pl.DataFrame":
    """Return every point of the path in every mode, modes one after the other.

    Returns
    -------
    DataFrame
        at_ms (Int64), at (Datetime, UTC), mode, then float64: `mark_X` for each symbol X, and for
        each pool or bucket X `equity_X`, `initial_margin_X`, `maintenance_margin_X`, `buffer_X`
        and `health_X` (maintenance margin ÷ equity). Null where there is no price, where a bucket
        does not exist in that mode or at that moment, and for health where equity is not above
        zero.

    Raises
    ------
    UsageError
        If there is no result, or they are not of the same path.
    """
    import polars as pl

    path = same_path(results)
    units = dict.fromkeys(name for result in results.values() for name in result.tracks)
    frames = []
    for mode, result in results.items():
        columns: dict[str, Any] = {"at_ms": path.at_ms, "mode": [mode] * len(path.at_ms)}
        for column, symbol in enumerate(path.symbols):
            columns[f"mark_{symbol}"] = path.marks[:, column]
        for name in units:
            columns |= _unit_columns(name, result)
        frames.append(pl.DataFrame(columns, nan_to_null=True))
    whole = pl.concat(frames)
    moments = pl.col("at_ms").cast(pl.Datetime("ms", "UTC")).alias("at")
    return whole.select("at_ms", moments, pl.exclude("at_ms", "at"))


def events_table(results: Mapping[str, ReplayResult]) -> "pl.DataFrame":
    """Return every event of every mode in order of time, with its receipt.

    Returns
    -------
    DataFrame
        at_ms (Int64), at (Datetime, UTC), mode, kind, unit, asset, symbol; size, price,
        realised_pnl, fee, funding, fund_change, equity_before, maintenance_margin_before,
        equity_after, maintenance_margin_after (Decimal with 18 places, money in `asset`, prices
        in the quote asset; null where there is none); rule and text, sentences. An empty text
        stands for none.

    Raises
    ------
    UsageError
        If an amount has more than 20 digits before the point.
    """
    import polars as pl

    told = [(mode, event) for mode, result in results.items() for event in result.events]
    told.sort(key=lambda one: one[1].at_ms)
    rows = [_row(mode, event) for mode, event in told]
    amount = pl.Decimal(DIGITS, PLACES)
    schema: dict[str, Any] = {"at_ms": pl.Int64, **dict.fromkeys(TEXTS, pl.String)}
    schema |= {**dict.fromkeys((*AMOUNTS, *HEALTHS), amount), "rule": pl.String, "text": pl.String}
    whole = pl.DataFrame(rows, schema=schema)
    moments = pl.col("at_ms").cast(pl.Datetime("ms", "UTC")).alias("at")
    return whole.select("at_ms", moments, pl.exclude("at_ms", "at"))


def _unit_columns(name: str, result: ReplayResult) -> dict[str, Values]:
    track = result.tracks.get(name)
    absent = np.full(len(result.path.at_ms), np.nan)
    if track is None:
        measures = dict.fromkeys(
            ("equity", "initial_margin", "maintenance_margin", "buffer", "health"), absent
        )
    else:
        health = health_of(track)
        measures = {
            "equity": track.equity,
            "initial_margin": track.initial_margin,
            "maintenance_margin": track.maintenance_margin,
            "buffer": buffer_of(track),
            "health": np.where(np.isfinite(health), health, np.nan),
        }
    return {f"{measure}_{name}": values for measure, values in measures.items()}


def _row(mode: str, event: Event) -> dict[str, object]:
    before, after = event.before, event.after
    return {
        "at_ms": event.at_ms,
        "mode": mode,
        "kind": event.kind.value,
        "unit": event.unit,
        "asset": event.asset,
        "symbol": event.symbol,
        **{name: _amount(getattr(event, name)) for name in AMOUNTS},
        **_healths(before, "before"),
        **_healths(after, "after"),
        "rule": event.rule,
        "text": event.text,
    }


def _healths(health: Health | None, when: str) -> dict[str, Decimal | None]:
    return {
        f"equity_{when}": _amount(health.equity if health else None),
        f"maintenance_margin_{when}": _amount(health.maintenance_margin if health else None),
    }


@exact
def _amount(amount: Decimal | None) -> Decimal | None:
    if amount is None:
        return None
    if abs(amount) >= _LIMIT:
        raise UsageError(f"{amount:f} has too many digits for a table")
    return amount.quantize(_STEP, ROUND_DOWN)
