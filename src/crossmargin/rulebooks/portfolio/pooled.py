"""The numbers of Pooled's portfolio margin; the formulas are in `margin.scenarios.pooled`."""

from crossmargin.rulebooks.portfolio.table import PortfolioTable


class PooledPortfolio(PortfolioTable, frozen=True, kw_only=True, tag="pooled"):
    """`[portfolio]` with `method = "pooled"`."""
