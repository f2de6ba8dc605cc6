"""An instrument's terms as an option, and the price that its moneyness is measured against."""

from decimal import Decimal

from crossmargin.errors import InvariantBroken
from crossmargin.model.instrument import Instrument, OptionTerms
from crossmargin.model.market import Market


def terms_of(instrument: Instrument) -> OptionTerms:
    """Return the option's terms.

    Raises
    ------
    InvariantBroken
        If the instrument is none.
    """
    if instrument.option is None:
        raise InvariantBroken(f"{instrument.symbol} is margined as an option and is none")
    return instrument.option


def forward_of(instrument: Instrument, index: Decimal, market: Market) -> Decimal:
    """Return the mark of the future of the same expiry, else the index; in the quote asset."""
    return market.marks.get(terms_of(instrument).forward_symbol, index)
