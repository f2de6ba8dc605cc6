"""What is taken where nothing is said."""

import pytest

from crossmargin.margin.lookup import leverage_of
from crossmargin.model.account import Account
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.rulebooks.schema import Contract
from tests.toys import RULEBOOK, D, linear


def rules(leverage_max):
    tiers = Tiers.of((Tier(D(0), D("0.01"), D(0), D(leverage_max)),))
    return RULEBOOK.with_contracts({"AUSDT": Contract(linear("AUSDT"), tiers)})


@pytest.mark.parametrize(
    ("leverage_max", "expected"),
    [
        pytest.param("50", "20", id="the venue's default"),
        pytest.param("16", "16", id="no more than the first tier allows"),
    ],
)
def test_leverage_that_is_not_given(leverage_max, expected):
    remarks = {}

    assert D(expected) == leverage_of("AUSDT", Account(), rules(leverage_max), remarks)
    assert [
        f"The leverage of AUSDT is not given: the {expected} that toy starts with is used."
    ] == [*remarks]


def test_leverage_that_is_given_is_taken_as_it_is():
    account = Account(leverage={"AUSDT": D(30)})

    assert D(30) == leverage_of("AUSDT", account, rules("16"), {})
