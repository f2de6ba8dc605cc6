"""The summary as other programs read it: plain JSON values.

Money is decimal strings, times are milliseconds UTC with ISO 8601 beside them. The fields are
described in docs/reference/replay-output.md; `SCHEMA` changes with them.
"""

from crossmargin.feeds.series import utc
from crossmargin.files.json_value import Json
from crossmargin.money import plain
from crossmargin.report.headline import headline, verdict
from crossmargin.report.summary import (
    AssetSummary,
    Low,
    ModeSummary,
    Summary,
    SymbolSummary,
    UnitSummary,
)

SCHEMA = 1


def plain_summary(summary: Summary) -> dict[str, Json]:
    """Return everything in `summary`, numbers as decimal strings, ready for `json.dumps`."""
    return {
        "schema": SCHEMA,
        "venue": summary.venue,
        "edition": summary.edition,
        "rulebook_sha256": summary.rulebook_sha256,
        "from_ms": summary.from_ms,
        "from": utc(summary.from_ms),
        "to_ms": summary.to_ms,
        "to": utc(summary.to_ms),
        "points": summary.points,
        "headline": [headline(mode) for mode in summary.modes],
        "verdict": verdict(summary.modes),
        "symbols": [_symbol(symbol) for symbol in summary.symbols],
        "modes": {mode.name: _mode(mode) for mode in summary.modes},
        "gaps": [
            {
                "symbol": gap.symbol,
                "from_ms": gap.from_ms,
                "from": utc(gap.from_ms),
                "to_ms": gap.to_ms,
                "to": utc(gap.to_ms),
                "missing": gap.missing,
            }
            for gap in summary.gaps
        ],
        "prices": list(summary.prices),
        "assumptions": list(summary.assumptions),
    }


def _mode(mode: ModeSummary) -> Json:
    first = mode.gone[0].gone_at_ms if mode.gone else None
    return {
        "outcome": mode.outcome.value,
        "is_liquidated": bool(mode.gone),
        "liquidated_at_ms": first,
        "liquidated_at": None if first is None else utc(first),
        "assets": {asset.asset: _asset(asset) for asset in mode.assets},
        "flows": {
            flow.asset: {
                "realised_pnl": plain(flow.realised_pnl),
                "funding": plain(flow.funding),
                "fees": plain(flow.fees),
                "fund_change": plain(flow.fund_change),
            }
            for flow in mode.flows
        },
        "units": {unit.name: _unit(unit) for unit in mode.units},
        "liquidation_steps": len(mode.liquidations),
        "reductions": mode.reductions,
        "unknown_ms": mode.unknown_ms,
        "missing_at_end": list(mode.missing_at_end),
        "open_at_end": list(mode.open_at_end),
        "decisions": mode.decisions,
    }


def _asset(asset: AssetSummary) -> Json:
    start, end, change = asset.equity_start, asset.equity_end, asset.change
    return {
        "equity_start": None if start is None else plain(start),
        "equity_end": None if end is None else plain(end),
        "equity_change": None if change is None else plain(change),
        "equity_lowest": _low(asset.lowest),
    }


def _unit(unit: UnitSummary) -> Json:
    at_ms, equity = unit.taken_over_at_ms, unit.taken_over_equity
    closed_at_ms = unit.closed_at_ms
    return {
        "asset": unit.asset,
        "kind": "pool" if unit.is_pool else "bucket",
        "smallest_buffer": _low(unit.smallest_buffer),
        "highest_health": _low(unit.highest_health),
        "taken_over_at_ms": at_ms,
        "taken_over_at": None if at_ms is None else utc(at_ms),
        "taken_over_equity": None if equity is None else plain(equity),
        "closed_at_ms": closed_at_ms,
        "closed_at": None if closed_at_ms is None else utc(closed_at_ms),
    }


def _symbol(symbol: SymbolSummary) -> Json:
    return {
        "symbol": symbol.symbol,
        "first": plain(symbol.first),
        "last": None if symbol.last is None else plain(symbol.last),
        "low": _low(symbol.low),
        "high": _low(symbol.high),
    }


def _low(low: Low | None) -> Json:
    if low is None:
        return None
    return {"amount": plain(low.amount), "at_ms": low.at_ms, "at": utc(low.at_ms)}
