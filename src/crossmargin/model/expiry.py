"""When a contract expires: what an option's terms say, or the date in a future's name."""

from crossmargin.durations import DAY_MS, HOUR_MS
from crossmargin.model.instrument import Instrument, Kind

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
EXPIRY_HOUR_MS = 8 * HOUR_MS
"""08:00 UTC, when Binance, OKX, Bybit and Deribit let contracts expire."""
DAYS_TO_2000 = 10_957
"""From 1 January 1970 to 1 January 2000."""


def symbol_expiry_ms(symbol: str) -> int | None:
    """Return when the date in a symbol's name is reached at 08:00 UTC; None where there is none.

    Read are yymmdd (BTCUSDT_251226, BTC-USD-251226) and ddmmmyy (BTC-26DEC25, BTCUSDT-5DEC25) as
    the last part after a hyphen or underscore; years from 2000 on. In milliseconds UTC.
    """
    part = symbol.replace("_", "-").rpartition("-")[2]
    if not part.isascii():
        return None
    if len(part) == 6 and part.isdigit():
        return _moment_ms(int(part[:2]), int(part[2:4]), int(part[4:]))
    day, month, year = part[:-5], part[-5:-2].upper(), part[-2:]
    if len(day) in (1, 2) and day.isdigit() and month in MONTHS and year.isdigit():
        return _moment_ms(int(year), MONTHS.index(month) + 1, int(day))
    return None


def expiry_ms(instrument: Instrument) -> int | None:
    """Return when a contract expires, in milliseconds UTC; None if never or not known."""
    if instrument.option is not None:
        return instrument.option.expires_ms
    if instrument.kind in (Kind.LINEAR_FUTURE, Kind.INVERSE_FUTURE):
        return symbol_expiry_ms(instrument.symbol)
    return None


def _moment_ms(year: int, month: int, day: int) -> int | None:
    """Return 08:00 UTC of a day of this century; None if there is no such day.

    Within 2000 to 2099 every fourth year is a leap year, the first one included.
    """
    if not 1 <= month <= 12:
        return None
    leap = 1 if year % 4 == 0 else 0
    if not 1 <= day <= MONTH_DAYS[month - 1] + (leap if month == 2 else 0):
        return None
    days = DAYS_TO_2000 + 365 * year + (year + 3) // 4
    days += sum(MONTH_DAYS[: month - 1]) + (leap if month > 2 else 0) + day - 1
    return days * DAY_MS + EXPIRY_HOUR_MS
