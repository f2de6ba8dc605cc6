"""What a venue asks of an account before it may enter portfolio mode."""

from decimal import Decimal

from crossmargin.margin.assessment import UnitAssessment
from crossmargin.margin.lookup import POOL_USD
from crossmargin.money import down_to, plain
from crossmargin.rulebooks.portfolio.table import PortfolioTable

CENT = Decimal("0.01")


def below_entry(
    pools: tuple[UnitAssessment, ...], rule: PortfolioTable, venue: str
) -> tuple[str, ...]:
    """Return the sentence to show where a pool in USD has less than the entry; else none."""
    entry = rule.entry_equity_usd
    if entry is None or len(pools) != 1 or pools[0].asset != POOL_USD or pools[0].health is None:
        return ()
    equity = pools[0].health.equity
    if equity >= entry:
        return ()
    held = plain(down_to(CENT, equity))
    return (
        f"Equity of {held} USD is below the {plain(entry)} USD that {venue} asks for before an "
        "account may enter portfolio mode.",
    )
