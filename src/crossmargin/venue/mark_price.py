"""Mark prices from the last trade, as Deribit once made them.

A trade can be far from where anybody would trade now, so the last price counts only within the
spread, and the result only near the index. Today's mark prices are averages over time of the
middle of the book and are taken from the venue as they are; nothing here makes those.
"""

from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.money import exact


@exact
def clamped_mark_price(
    last_price: Decimal,
    bid: Decimal,
    ask: Decimal,
    index_price: Decimal,
    band_fraction: Decimal | None = None,
) -> Decimal:
    """Return the last price within [bid, ask], then within index × (1 ± band); exact.

    Source: Deribit, legacy documentation, "Mark Price".

    Parameters
    ----------
    band_fraction : None where it is not known, and so taken not to bind.

    Raises
    ------
    UsageError
        If the bid is above the ask.
    """
    if bid > ask:
        raise UsageError(f"the bid {bid} is above the ask {ask}")
    price = min(max(last_price, bid), ask)
    if band_fraction is None:
        return price
    width = index_price * band_fraction
    return max(index_price - width, min(index_price + width, price))
