"""What an isolated bucket bears of a loss."""

from decimal import Decimal

import pytest

from crossmargin.errors import UsageError
from crossmargin.margin.isolated import isolated_loss

D = Decimal


# BitMEX, isolated and cross examples: 4 XBT posted, a loss of 6; and what follows from it.
@pytest.mark.parametrize(
    ("pnl", "margin", "loss"),
    [("-6", "4", "4"), ("-3", "4", "3"), ("-4", "4", "4"), ("5", "4", "0"), ("-1", "0", "0")],
)
def test_a_loss_stops_at_the_margin(pnl, margin, loss):
    assert D(loss) == isolated_loss(D(pnl), D(margin))


def test_a_margin_below_zero_is_refused():
    with pytest.raises(UsageError, match="must not be negative"):
        isolated_loss(D(-1), D(-1))
