"""What a venue asks of an account before it may enter portfolio mode."""

from crossmargin.margin.assessment import UnitAssessment
from crossmargin.margin.lookup import POOL_USD
from crossmargin.money import plain
from crossmargin.rulebooks.portfolio.table import PortfolioTable


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
    return (
        f"Equity of {plain(equity)} USD is below the {plain(entry)} USD that {venue} asks for "
        "before an account may enter portfolio mode.",
    )
