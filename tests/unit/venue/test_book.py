"""The book keeps price, then time, whatever comes and goes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import InvariantBroken
from crossmargin.venue.book import Book

D = Decimal
SIZES = st.integers(-5, 5).filter(bool)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(90, 110), SIZES),
        st.tuples(st.just("remove"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("resize"), st.integers(0, 30), st.integers(1, 9)),
    ),
    max_size=60,
)


class Naive:
    """A book that sorts a list whenever it is asked."""

    def __init__(self):
        self.orders = []

    def opposite(self, size, limit):
        sign = 1 if size > 0 else -1
        facing = [one for one in self.orders if one[2] * sign < 0]
        facing.sort(key=lambda one: one[1] * sign)  # Stable: who came first stays first.
        return [one for one in facing if limit is None or one[1] * sign <= limit * sign]


def played(actions):
    book, naive = Book(), Naive()
    for number, (what, first, second) in enumerate(actions):
        if what == "add":
            book.add(number, D(first), D(second))
            naive.orders.append((number, D(first), D(second)))
        elif what == "remove":
            book.remove(first)
            naive.orders = [one for one in naive.orders if one[0] != first]
        else:
            for place, (order_id, price, size) in enumerate(naive.orders):
                if order_id == first:
                    resized = D(second).copy_sign(size)
                    book.resize(first, resized)
                    naive.orders[place] = (order_id, price, resized)
    return book, naive


@given(ACTIONS, st.sampled_from([D(1), D(-1)]), st.none() | st.integers(90, 110).map(D))
def test_whom_an_order_meets_is_what_a_sorted_list_says(actions, size, limit):
    book, naive = played(actions)
    assert list(book.opposite(size, limit)) == naive.opposite(size, limit)
    assert len(book) == len(naive.orders)
    assert all(one[0] in book for one in naive.orders)


@given(ACTIONS)
def test_best_prices_and_depth_are_those_of_the_list(actions):
    book, naive = played(actions)
    bids = [price for _, price, size in naive.orders if size > 0]
    asks = [price for _, price, size in naive.orders if size < 0]
    assert book.best_bid == max(bids, default=None)
    assert book.best_ask == min(asks, default=None)
    found_bids, found_asks = book.depth()
    assert [price for price, _ in found_bids] == sorted(set(bids), reverse=True)
    assert [price for price, _ in found_asks] == sorted(set(asks))
    total = sum(size for _, size in found_bids) - sum(size for _, size in found_asks)
    assert total == sum(size for _, _, size in naive.orders)


def test_depth_can_be_cut_to_the_best_levels():
    book = Book()
    for number, price in enumerate((100, 101, 99)):
        book.add(number, D(price), D(1))
    assert book.depth(2)[0] == [(D(101), D(1)), (D(100), D(1))]


def test_an_order_rests_once_and_with_a_size():
    book = Book()
    book.add(1, D(100), D(1))
    for order_id, size in ((1, D(1)), (2, D(0))):
        with pytest.raises(InvariantBroken, match="cannot rest"):
            book.add(order_id, D(100), size)
    book.remove(7)  # One that is not here is no mistake.
    assert len(book) == 1
