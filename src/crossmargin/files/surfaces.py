"""Implied volatility as files give it: [[surfaces.ASSET]], one table an expiry."""

from collections.abc import Mapping, Sequence

from crossmargin.errors import UnitError, UsageError
from crossmargin.files.tables import SmileTable
from crossmargin.model.surface import Smile, Surface
from crossmargin.money import number


def surfaces_of(tables: Mapping[str, Sequence[SmileTable]]) -> dict[str, Surface]:
    """Return the surfaces of a file by asset.

    Raises
    ------
    UsageError
        One sentence with place and reason.
    """
    return {
        asset: Surface(
            tuple(_smile(row, f"surfaces.{asset}[{place}]") for place, row in enumerate(rows))
        )
        for asset, rows in tables.items()
    }


def _smile(row: SmileTable, where: str) -> Smile:
    if row.expires.tzinfo is None:
        raise UsageError(f"{where}.expires: needs its time zone, such as Z for UTC")
    points = []
    for strike, volatility in row.volatilities.items():
        try:
            points.append((number(strike), volatility))
        except UnitError as error:
            raise UsageError(f"{where}.volatilities: strike {error}") from None
    try:
        return Smile(
            int(row.expires.timestamp() * 1000),
            tuple(sorted(points)),
            row.forward,
            row.interest_rate,
        )
    except UnitError as error:
        raise UsageError(f"{where}: {error}") from None
