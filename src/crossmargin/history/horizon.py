"""How much a history remembers."""

from msgspec import Struct


class Horizon(Struct, frozen=True):
    """Sizes of a history; what is beyond them is forgotten, the oldest first.

    Attributes
    ----------
    account_max : finished orders, trades, money moves, margin changes and receipts of one account,
        of each so many. Open orders are never forgotten.
    all_max : of all accounts together, of each so many.
    market_max : trades and funding times of one market.
    candles_max : candles of one market, source and interval.
    """

    account_max: int = 1_000
    all_max: int = 200_000
    market_max: int = 1_000
    candles_max: int = 1_500
