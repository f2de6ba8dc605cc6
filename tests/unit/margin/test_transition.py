"""What an account below initial margin may do, and which of two states the venue calls riskier."""

from decimal import Decimal
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.health import Health
from crossmargin.margin.transition import (
    UpdateResult,
    risk_order,
    update_result,
    update_result_below_initial,
)

D = Decimal
OK, STILL, NEWLY = UpdateResult


def health(equity: str, maintenance: str, initial: str = "1000") -> Health:
    """Return a record whose initial margin is out of reach unless it is said."""
    return Health(D(equity), D(initial), D(maintenance))


AMOUNTS = st.integers(-50, 50).map(Decimal)
STATES = st.builds(
    lambda equity, maintenance: Health(equity, 2 * abs(maintenance), abs(maintenance)),
    AMOUNTS,
    AMOUNTS,
)

# Safest first; every one differs from the next. Nothing at stake: more is safer, debt is worst.
ORDER = [
    health("10", "0"),
    health("5", "0"),
    health("0", "0"),
    health("100", "50"),
    health("200", "100"),  # The same ratio: more at stake is riskier.
    health("100", "100"),
    health("100", "150"),
    health("0", "10"),
    health("0", "100"),
    health("-100", "150"),  # The quirk: a larger requirement makes a debt a smaller ratio.
    health("-100", "100"),
    health("-100", "50"),
    health("-1", "0"),
    health("-2", "0"),
]


def test_riskier_is_a_total_order():
    for (rank, one), (other_rank, other) in permutations(enumerate(ORDER), 2):
        assert (1 if rank > other_rank else -1) == risk_order(one, other), (one, other)


def test_it_differs_from_the_order_of_least_health():
    # Same ratio, and debts: there the missing money counts, here the ratio.
    assert risk_order(health("200", "100"), health("100", "50")) == 1
    assert not health("200", "100").is_riskier_than(health("100", "50"))
    assert risk_order(health("-100", "150"), health("-100", "100")) == -1
    assert health("-100", "150").is_riskier_than(health("-100", "100"))


@given(STATES, STATES, STATES)
def test_riskier_is_a_total_preorder(one, two, three):
    assert risk_order(one, one) == 0
    assert risk_order(one, two) == -risk_order(two, one)
    if risk_order(one, two) <= 0 and risk_order(two, three) <= 0:
        assert risk_order(one, three) <= 0


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(health("5", "1", "4"), health("4", "9", "4"), OK, id="initial margin is met"),
        pytest.param(health("-5", "1"), health("0", "0", "0"), OK, id="nothing left at all"),
        pytest.param(health("-5", "1"), health("-1", "0", "0"), STILL, id="closed into debt"),
        pytest.param(health("5", "4"), health("6", "5"), STILL, id="more at stake"),
        pytest.param(health("5", "4"), health("5", "4"), OK, id="nothing changes"),
        pytest.param(health("5", "4"), health("4.9", "4"), STILL, id="less equity"),
        pytest.param(health("4", "2"), health("2", "1"), OK, id="half of both"),
        pytest.param(health("4", "2"), health("1.99", "1"), STILL, id="a hair less than half"),
        pytest.param(health("-4", "2"), health("-2", "1"), OK, id="half of a debt"),
        pytest.param(health("-4", "2"), health("-2.01", "1"), STILL, id="debt grows by ratio"),
        pytest.param(health("-2", "0"), health("-1", "0"), OK, id="debt paid back"),
        pytest.param(health("-1", "0"), health("-1", "0"), STILL, id="debt stays"),
        pytest.param(health("-1", "0"), health("5", "1"), STILL, id="debt to a position"),
        pytest.param(health("7", "4", "7"), health("6", "4"), NEWLY, id="met it before, exactly"),
        pytest.param(health("6.99", "4", "7"), health("6", "4"), STILL, id="did not meet it"),
    ],
)
def test_updates(before, after, expected):
    assert expected is update_result(before, after)


def test_below_initial_margin_it_is_not_looked_at():
    before, after = health("-1", "0", "0"), health("5", "0", "0")

    assert update_result(before, after) is OK
    assert update_result_below_initial(after, before) is NEWLY


@given(STATES, STATES)
def test_what_passes_is_no_riskier_or_meets_initial_margin(before, after):
    if update_result(before, after) is OK:
        assert after.equity >= after.initial_margin or risk_order(after, before) <= 0


@given(st.lists(STATES, min_size=2, max_size=6))
def test_a_chain_of_updates_never_ends_riskier_than_it_began(states):
    passed = all(update_result_below_initial(a, b) is OK for a, b in pairwise(states))
    if passed:
        assert risk_order(states[-1], states[0]) <= 0
