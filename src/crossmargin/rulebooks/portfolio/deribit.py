"""The numbers of Deribit's portfolio margin; the formulas are in `margin.scenarios.deribit`."""

from crossmargin.rulebooks.portfolio.table import PortfolioTable


class DeribitPortfolio(PortfolioTable, frozen=True, kw_only=True, tag="deribit"):
    """`[portfolio]` with `method = "deribit"`."""
