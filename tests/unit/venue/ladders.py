"""Ladders whose maintenance margins are round numbers, and accounts on them."""

from msgspec.structs import replace

from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.rulebooks.schema import Fees, Rulebook
from tests.toys import D, book, linear, marginal, one_tier

FLAT = Liquidity(D(0), D(0), D(0))
"""Market orders fill at the mark."""

# At a mark of 100: 10 units ask 10; 15 ask 60; 20 ask 110; 30 ask 610; 40 ask 1,110.
LADDER = marginal(("0", "0.01"), ("1000", "0.1"), ("2000", "0.5"))

RULES = book(
    (linear("AUSDT"), LADDER),
    (linear("BUSDT"), LADDER),
    (linear("CUSDT"), one_tier("0.01")),
    (linear("DUSDT"), one_tier("0.01")),
    (linear("EUSDT"), one_tier("0.01")),
    (linear("CUSDC", settle="USDC"), one_tier("0.01")),
)
MARKET = Market(
    {symbol: D(100) for symbol in ("AUSDT", "BUSDT", "CUSDT", "DUSDT", "EUSDT", "CUSDC")}
)


def with_fee(fraction: str, rules: Rulebook = RULES) -> Rulebook:
    """Return `rules` with a liquidation fee."""
    return replace(rules, fees=Fees(D(0), D(0), D(fraction)))
