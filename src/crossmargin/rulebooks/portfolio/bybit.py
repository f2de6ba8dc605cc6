"""The numbers of Bybit's portfolio margin; the formulas are in `margin.scenarios.bybit`."""

from crossmargin.rulebooks.portfolio.table import PortfolioTable


class BybitPortfolio(PortfolioTable, frozen=True, kw_only=True, tag="bybit"):
    """`[portfolio]` with `method = "bybit"`."""
