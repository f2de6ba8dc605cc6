"""The numbers of Derive's portfolio margin; the formulas are in `margin.scenarios.derive`."""

from crossmargin.rulebooks.portfolio.table import PortfolioTable


class DerivePortfolio(PortfolioTable, frozen=True, kw_only=True, tag="derive"):
    """`[portfolio]` with `method = "derive"`."""
