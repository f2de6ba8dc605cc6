"""What the `[portfolio]` tables of all venues have in common."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from crossmargin.rulebooks.ranges import Range
from crossmargin.rulebooks.sourced import Sourced


class PortfolioTable(
    Sourced, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="method"
):
    """How a venue margins a portfolio; `method` in the file says which record it is.

    Attributes
    ----------
    ranges : the range of every number, by its key; numbers of records within by theirs.
    is_collateral_margined : whether equity counts collateral in full, and what of it is held back
        is asked of the unit that it may hedge.
    is_equity_margined : the same of coins where all collateral is one pool, and what positions
        have made in coins with them: they move with the unit of their underlying.
    assets_modes : those that portfolio mode has, of the venue's.
    is_spot_in_use : whether coins held join the unit of their positions, as far as they hedge it;
        they count as collateral all the same.
    entry_equity_usd : equity an account must have to be margined so; None where none was read.
    """

    ranges: ClassVar[Mapping[str, Range]] = {}
    is_collateral_margined: ClassVar[bool] = False
    is_equity_margined: ClassVar[bool] = False
    is_spot_in_use: ClassVar[bool] = False
    assets_modes: ClassVar[tuple[str, ...]] = ("single", "multi")
    entry_equity_usd: Decimal | None = None
