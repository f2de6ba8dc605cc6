"""The numbers of portfolio margin without scenarios; the formulas are in `margin.pooled`.

Requirements add up by position as ever; what is portfolio about it is the pool: wallets, loans and
futures of an account stand or fall together, and profit of one covers a debt of another.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from crossmargin.rulebooks.portfolio.table import PortfolioTable
from crossmargin.rulebooks.ranges import AMOUNT, FRACTION, LEVERAGE, SHARE, Range


class PooledPortfolio(PortfolioTable, frozen=True, kw_only=True):
    """What both ways of pooling have in common; it is one of those below."""


class LoanClass(Struct, frozen=True, forbid_unknown_fields=True):
    """What keeping a loan asks of accounts that borrow at `leverage`, as a fraction of it."""

    leverage: Decimal
    maintenance_rate: Decimal


class StatusLevel(Struct, frozen=True, forbid_unknown_fields=True):
    """What an account is while its ratio is above `above`, in the venue's sense of `name`.

    `product` is the programme whose levels these are: "classic" or "pro".
    """

    product: str
    name: str
    above: Decimal


class UnifiedPortfolio(PooledPortfolio, frozen=True, kw_only=True, tag="unified"):
    """`[portfolio]` with `method = "unified"`: equity of all wallets over all maintenance margins.

    The ratio (Binance: uniMMR) falls as an account gets worse.

    Attributes
    ----------
    liquidation_ratio : at or below which an account is liquidated.
    opening_ratio : at or below which nothing is opened and nothing borrowed.
    loan_leverage : the class an account is taken to be in, because it does not say.
    levels : of every programme, best first.
    """

    liquidation_ratio: Decimal
    opening_ratio: Decimal
    loan_leverage: Decimal
    loans: tuple[LoanClass, ...]
    levels: tuple[StatusLevel, ...] = ()

    ranges: ClassVar[Mapping[str, Range]] = {
        "entry_equity_usd": AMOUNT,
        "liquidation_ratio": Range(Decimal(1), Decimal(10)),
        "opening_ratio": Range(Decimal(1), Decimal(10)),
        "loan_leverage": LEVERAGE,
        "leverage": LEVERAGE,
        "maintenance_rate": FRACTION,
        "above": Range(Decimal(0), Decimal(10)),
    }


class LendingToken(Struct, frozen=True, forbid_unknown_fields=True):
    """A token that may be borrowed, or be borrowed against; caps are a user's, in the token.

    Attributes
    ----------
    loan_to_value : what of its worth may be borrowed; None where that was not read.
    borrow_cap : None where it cannot be borrowed.
    """

    asset: str
    supply_cap: Decimal
    loan_to_value: Decimal | None = None
    borrow_cap: Decimal | None = None


class LendingPortfolio(PooledPortfolio, frozen=True, kw_only=True, tag="lending"):
    """`[portfolio]` with `method = "lending"`: losses are borrowed against tokens by themselves.

    The ratio (Hyperliquid: portfolio margin ratio) rises as an account gets worse.

    Attributes
    ----------
    liquidation_ratio : above which an account is liquidated.
    borrow_offset : what is asked for having borrowed at all, in the settle asset.
    threshold_base, threshold_slope : what of a token's worth counts where it is liquidated, base
        + slope × loan to value.
    entry_volume_usd : weighted volume an account must have traded; None where none was read.
    """

    liquidation_ratio: Decimal
    borrow_offset: Decimal
    threshold_base: Decimal
    threshold_slope: Decimal
    tokens: tuple[LendingToken, ...]
    entry_volume_usd: Decimal | None = None

    ranges: ClassVar[Mapping[str, Range]] = {
        "entry_equity_usd": AMOUNT,
        "entry_volume_usd": AMOUNT,
        "liquidation_ratio": SHARE,
        "borrow_offset": AMOUNT,
        "threshold_base": FRACTION,
        "threshold_slope": FRACTION,
        "supply_cap": AMOUNT,
        "borrow_cap": AMOUNT,
        "loan_to_value": FRACTION,
    }
