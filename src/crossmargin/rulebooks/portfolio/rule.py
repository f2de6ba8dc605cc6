"""Every way of margining a portfolio that rulebook data can ask for."""

from crossmargin.rulebooks.portfolio.bybit import BybitPortfolio
from crossmargin.rulebooks.portfolio.deribit import DeribitPortfolio
from crossmargin.rulebooks.portfolio.derive import DerivePortfolio
from crossmargin.rulebooks.portfolio.okx import OkxPortfolio
from crossmargin.rulebooks.portfolio.pooled import LendingPortfolio, UnifiedPortfolio

ScenarioRule = OkxPortfolio | DeribitPortfolio | BybitPortfolio | DerivePortfolio
"""Methods that play a grid of scenarios."""

PooledRule = UnifiedPortfolio | LendingPortfolio
"""Methods that add requirements up, in one pool."""

PortfolioRule = ScenarioRule | PooledRule
