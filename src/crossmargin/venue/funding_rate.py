"""The parts that venues put a funding rate together from.

`venue.funding` has the formula most share, premium + clamp(interest − premium, ±damper); with
no interest it is Deribit's max(d, P) + min(−d, P). Here is what goes in (premiums, interest),
what bounds it (caps), over which time it is averaged, and what a rate that is paid continuously
comes to. The numbers are the venues' and come in as arguments.

This does not fetch or sample prices. Rates are fractions of notional, cut at 50 digits towards
−infinity where they are quotients; positive: longs pay shorts.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossmargin.durations import DAY_MS, MINUTE_MS
from crossmargin.errors import UnknownError, UsageError
from crossmargin.money import ZERO, exact, quotient_down, quotient_up


class Window(Struct, frozen=True):
    """The samples an average is taken over: the first and last time, both included, and how many.

    Times in milliseconds UTC.
    """

    start_ms: int
    end_ms: int
    samples: int


@exact
def premium(perpetual_price: Decimal, index_price: Decimal) -> Decimal:
    """Return (perpetual − index) ÷ index; `index_price` above zero."""
    return quotient_down(perpetual_price - index_price, index_price)


@exact
def mid_premium(bid: Decimal, ask: Decimal, index_price: Decimal) -> Decimal:
    """Return the premium of the middle of bid and ask.

    Source: OKX, article 360053909272 (best prices, each minute); Hyperliquid, HIP-3 (impact
    prices).
    """
    return quotient_down(bid + ask - 2 * index_price, 2 * index_price)


@exact
def impact_premium(
    impact_bid: Decimal | None, impact_ask: Decimal | None, index_price: Decimal
) -> Decimal:
    """Return [max(0, impact bid − index) − max(0, index − impact ask)] ÷ index.

    Impact prices are what a market order of the venue's size would get on average; the bid is
    never above the ask, so a side may be missing where the other already decides. Source:
    BitMEX, Bybit and Hyperliquid alike.

    Raises
    ------
    UnknownError
        If a side is missing that could count.
    """
    above = below = ZERO
    if impact_bid is not None:
        above = max(ZERO, impact_bid - index_price)
    elif impact_ask is None or impact_ask > index_price:
        raise UnknownError("the premium is unknown: the impact bid is missing")
    if impact_ask is not None:
        below = max(ZERO, index_price - impact_ask)
    elif impact_bid is None or impact_bid < index_price:
        raise UnknownError("the premium is unknown: the impact ask is missing")
    return quotient_down(above - below, index_price)


@exact
def interest_rate(
    quote_rate_per_day: Decimal, base_rate_per_day: Decimal, fundings_per_day: Decimal
) -> Decimal:
    """Return the interest of one interval: (quote − base) ÷ fundings per day.

    Source: BitMEX, "Perpetual Contracts Guide"; Bybit of 2020, article 360039261114.
    """
    return quotient_down(quote_rate_per_day - base_rate_per_day, fundings_per_day)


@exact
def interest_share(interest_per_day: Decimal, interval_ms: int) -> Decimal:
    """Return a day's interest ÷ (24 hours ÷ interval).

    Source: Bybit, "Introduction to Funding Rate" (0.03 % a day).
    """
    return quotient_down(interest_per_day * interval_ms, Decimal(DAY_MS))


@exact
def cap_from_margin_rates(
    initial_rate: Decimal, maintenance_rate: Decimal, factor: Decimal
) -> Decimal:
    """Return min((initial − maintenance) × factor, maintenance), of the first tier's rates.

    The rate stays within ± this. Source: Bybit's published caps agree; the rule itself is from
    memory, and many symbols have caps set by hand.
    """
    return min((initial_rate - maintenance_rate) * factor, maintenance_rate)


def bounded_rate(rate: Decimal, floor: Decimal, cap: Decimal) -> Decimal:
    """Return `rate`, within [floor, cap].

    Raises
    ------
    UsageError
        If the floor is above the cap.
    """
    if floor > cap:
        raise UsageError(f"the funding rate's floor {floor} is above its cap {cap}")
    return max(floor, min(cap, rate))


def averaging_window(now_ms: int, interval_ms: int, sample_ms: int = MINUTE_MS) -> Window:
    """Return what premiums are averaged over: the last interval's samples, the newest included.

    It starts at now − interval + one sample, so that both ends are in and 8 hours hold 480
    minutes. Source: OKX, "OKX to optimize funding rate calculation".

    Raises
    ------
    UsageError
        If the interval is not a whole number of samples, at least one.
    """
    if sample_ms <= 0 or interval_ms < sample_ms or interval_ms % sample_ms:
        raise UsageError(f"{interval_ms} ms is not a whole number of samples of {sample_ms} ms")
    return Window(now_ms - interval_ms + sample_ms, now_ms, interval_ms // sample_ms)


@exact
def averaged_rate(
    premiums: Sequence[Decimal], interest: Decimal, floor: Decimal, cap: Decimal
) -> Decimal:
    """Return the mean of premium − interest, each sample counting alike, within [floor, cap].

    Source: OKX, article 360053909272, the "original" formula, with interest 0.

    Raises
    ------
    UnknownError
        If there is no premium.
    UsageError
        If the floor is above the cap.
    """
    if not premiums:
        raise UnknownError("the funding rate is unknown: there is no premium to average")
    total = sum(premiums, ZERO) - interest * len(premiums)
    return bounded_rate(quotient_down(total, Decimal(len(premiums))), floor, cap)


@exact
def accrued_rate(rate: Decimal, elapsed_ms: int, interval_ms: int) -> Decimal:
    """Return the part of an interval's rate that `elapsed_ms` comes to: rate × elapsed ÷ interval.

    Hyperliquid states an eight hours' rate and charges an eighth of it each hour; Deribit
    charges the same kind of rate all the time.
    """
    return quotient_down(rate * elapsed_ms, Decimal(interval_ms))


@exact
def continuous_funding_paid(
    rates: Sequence[Decimal], elapsed_ms: int, interval_ms: int, notional_signed: Decimal
) -> Decimal:
    """Return what an account pays while `rates` hold one after the other; negative: it receives.

    Σ rate × elapsed ÷ interval × notional, rounded up (against the account) once, at 50 digits,
    so that opposite rates cancel exactly. Source: Deribit, article 31424939178397.

    Parameters
    ----------
    rates : of a whole interval, fractions; each holds for `elapsed_ms`.
    notional_signed : long positive; the coin's amount where funding is paid in the coin.
    """
    return quotient_up(
        sum(rates, ZERO) * elapsed_ms * notional_signed,
        Decimal(interval_ms),
    )
