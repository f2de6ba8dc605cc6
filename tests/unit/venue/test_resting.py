"""Sums of resting orders, kept order by order, against sums over all of them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.open_orders import Resting
from crossmargin.model.order import Order
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.venue.resting import RestingGroup

D = Decimal
LINEAR, INVERSE = load_rulebook("binance-usdm"), load_rulebook("binance-coinm")
KINDS = {"BTCUSDT": LINEAR, "BTCUSD_PERP": INVERSE}
NAMES = Resting.__slots__
CHANGES = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.none() | st.integers(-9, 9).filter(bool),
        st.none() | st.decimals(1, 90_000, places=3),
        st.booleans(),
        st.sampled_from((None, D(50_000), D("333.3"))),
    ),
    max_size=30,
)


def fields(sums):
    return {name: getattr(sums, name) for name in NAMES}


@given(symbol=st.sampled_from(sorted(KINDS)), changes=CHANGES)
@exact
def test_sums_kept_are_sums_made_anew(symbol, changes):
    rulebook = KINDS[symbol]
    instrument = rulebook.contracts[symbol].instrument
    group, left = RestingGroup(), {}
    for order_id, size, price, reduces, mark in changes:
        left.pop(order_id, None)
        order = None
        if size is not None:
            # Thirds, so that what an inverse contract is worth has no end of digits.
            order = Order(symbol, D(size) * 3, price, reduce_only=reduces)
            left[order_id] = order
        group.put(order_id, order)
        anew = Resting(mark)
        for one in left.values():
            anew.count(one, instrument, rulebook)
        assert fields(group.sums(mark, instrument, rulebook)) == fields(anew)
        assert group.towards(D(1)) == sum((o.size for o in left.values() if o.size > 0), ZERO)
        assert group.towards(D(-1)) == sum((o.size for o in left.values() if o.size < 0), ZERO)


def test_what_two_orders_come_to():
    # By hand: buys of 2 at 49,990 and 1 at 50,010, which would lose 10 at a mark of 50,000; a
    # sell of 3 at 50,100 that only reduces.
    group = RestingGroup()
    orders = [
        Order("BTCUSDT", D(2), D(49_990)),
        Order("BTCUSDT", D(1), D(50_010)),
        Order("BTCUSDT", D(-3), D(50_100), reduce_only=True),
    ]
    for place, order in enumerate(orders):
        group.put(place, order)
    sums = group.sums(D(50_000), LINEAR.contracts["BTCUSDT"].instrument, LINEAR)
    assert fields(sums) == {
        "mark": 50_000,
        "bids": 149_990,
        "asks": 150_300,
        "asks_size": -3,
        "buys": 3,
        "sells": 0,
        "open_loss": 10,
        "unpriced": 0,
    }
    group.put(1, None)
    assert (sums.bids, sums.open_loss) == (99_980, 0)
