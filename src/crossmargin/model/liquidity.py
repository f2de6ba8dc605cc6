"""What a market order pays when there is no order book: a stated, simple impact model.

The price moves against the order by half the spread plus an amount that grows with its notional,
up to a limit. It is an assumption about markets, not a fact about one; whoever uses it says so.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.model.instrument import Instrument
from crossmargin.money import ONE, plain

MILLION = Decimal(1_000_000)


class Liquidity(Struct, frozen=True):
    """Linear impact, in fractions of the mark price.

    Attributes
    ----------
    half_spread : paid by any order.
    impact_per_million : paid in addition per million quote units of notional.
    slippage_max : no order pays more than this.
    """

    half_spread: Decimal = Decimal("0.0002")
    impact_per_million: Decimal = Decimal("0.001")
    slippage_max: Decimal = Decimal("0.2")

    def fill_price(self, size: Decimal, mark_price: Decimal, instrument: Instrument) -> Decimal:
        """Return the average price that buying (size above 0) or selling at market gets; exact.

        `size` in the instrument's unit, prices in the quote asset.
        """
        quantity = abs(size) * instrument.multiplier
        quote = quantity if instrument.kind.is_inverse else quantity * mark_price
        slippage = self.half_spread + self.impact_per_million * quote / MILLION
        slippage = min(slippage, self.slippage_max)
        return mark_price * (ONE + slippage if size > 0 else ONE - slippage)

    def sentence(self) -> str:
        """Return what is assumed, in words."""
        return (
            f"Market orders are assumed to fill {plain(self.half_spread * 100)} % from the mark "
            f"plus {plain(self.impact_per_million * 100)} % per million of notional, at most "
            f"{plain(self.slippage_max * 100)} %."
        )
