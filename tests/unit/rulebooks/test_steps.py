"""Stepped ladders: BitMEX's published table, and the rule it follows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.rulebooks.encode import tiers_text
from crossmargin.rulebooks.ladder import tiers_of
from crossmargin.rulebooks.steps import RiskLimits, stepped_tiers, steps_above

D = Decimal
OLDER = RiskLimits(D(200), D(150), D("0.005"), D("0.01"))
NEWER = RiskLimits(D(100), D(50), D("0.005"), D("0.02"))


# riskLimitsExamples, both versions: rows "<200", "<350", "<500", "<650", and the texts below them.
@pytest.mark.parametrize(
    ("limits", "position", "maintenance", "initial"),
    [
        (OLDER, "180", "0.005", "0.01"),
        (OLDER, "199", "0.005", "0.01"),
        (OLDER, "230", "0.01", "0.015"),
        (OLDER, "349", "0.01", "0.015"),
        (OLDER, "499", "0.015", "0.02"),
        (OLDER, "649", "0.02", "0.025"),
        (NEWER, "80", "0.005", "0.02"),
        (NEWER, "130", "0.01", "0.025"),
        # On a limit it is still below: ceil((350 - 200) / 150) = 1.
        (OLDER, "350", "0.01", "0.015"),
        (OLDER, "350.00000001", "0.015", "0.02"),
    ],
)
def test_the_published_rates_are_those_of_the_step(limits, position, maintenance, initial):
    tiers = stepped_tiers(limits, 5)
    tier = tiers.pieces[tiers.index(D(position))]

    assert (D(maintenance), D(initial)) == (tier.rate, tier.initial_rate)


@pytest.mark.parametrize(
    ("position", "steps"), [("0", 0), ("200", 0), ("200.1", 1), ("350", 1), ("351", 2), ("650", 3)]
)
def test_steps_are_counted_upwards(position, steps):
    assert steps == steps_above(D(position), OLDER)


def test_the_text_spells_the_ladder():
    assert "0 0.5% 1% | 200 1% 1.5% | 350 1.5% 2% | 500 ..." == tiers_text(
        stepped_tiers(OLDER, 2), is_whole_position=True
    )


LIMITS = st.builds(
    RiskLimits,
    st.integers(1, 10**6).map(lambda n: D(n) / 100),
    st.integers(1, 10**6).map(lambda n: D(n) / 100),
    st.integers(1, 30).map(lambda n: D(n) / 10_000),
    st.integers(30, 300).map(lambda n: D(n) / 10_000),
)


@given(LIMITS, st.integers(0, 40))
def test_text_and_tiers_are_one_ladder(limits, steps):
    tiers = stepped_tiers(limits, steps)

    assert tiers == tiers_of(tiers_text(tiers, is_whole_position=True), is_whole_position=True)


@given(LIMITS, st.integers(0, 10**8).map(lambda n: D(n) / 1000), st.integers(0, 40))
def test_the_tier_that_holds_is_the_steps_above_the_base(limits, position, steps):
    tiers = stepped_tiers(limits, steps)

    if position <= tiers.known_to:
        assert steps_above(position, limits) == tiers.index(position)
    else:
        assert steps_above(position, limits) > steps


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (RiskLimits(D(0), D(1), D("0.01"), D("0.02")), "base limit 0 and step 1 must be above 0"),
        (RiskLimits(D(1), D(0), D("0.01"), D("0.02")), "base limit 1 and step 0 must be above 0"),
        (
            RiskLimits(D(1), D(1), D("0.03"), D("0.02")),
            "base rates 0.03 (maintenance) and 0.02 (initial) must rise from 0 to 1",
        ),
        (RiskLimits(D(1), D(1), D("0.3"), D("0.5")), "2 steps lead to an initial rate of 1.1"),
    ],
)
def test_what_is_no_ladder_is_refused(limits, said):
    with pytest.raises(UsageError) as caught:
        stepped_tiers(limits, 5)

    assert said == str(caught.value)
