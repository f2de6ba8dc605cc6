"""The numbers of Okx's portfolio margin; the formulas are in `margin.scenarios.okx`."""

from crossmargin.rulebooks.portfolio.table import PortfolioTable


class OkxPortfolio(PortfolioTable, frozen=True, kw_only=True, tag="okx"):
    """`[portfolio]` with `method = "okx"`."""
