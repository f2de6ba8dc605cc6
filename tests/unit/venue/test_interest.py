"""Loans cost interest by the hour, for what is owed when the hour ends."""

from decimal import Decimal

import pytest

from crossmargin.durations import HOUR_MS
from crossmargin.model.account import AssetsMode
from crossmargin.venue import event
from crossmargin.venue.clock import tick
from crossmargin.venue.command import Tick
from crossmargin.venue.ledger import audit, event_audit
from crossmargin.venue.settings import VenueSettings
from tests.unit.venue.stage import Stage
from tests.unit.venue.test_ledger import paid

D = Decimal
RATE = VenueSettings(interest_hourly={"USDT": D("0.00001")})


def owing(usdt="-1000", mode=AssetsMode.MULTI, settings=RATE):
    """Return ann with a balance of USDT, ticked at the hour from which interest counts."""
    stage = Stage(settings=settings)
    stage.funded("ann", "1")
    stage.emit(
        paid("account/ann", "outside", str(D(1) - D(usdt))),
        event.AssetsModeSet(account="ann", mode=mode),
    )
    stage.do(tick, Tick(at_ms=0))
    return stage


def charged(stage, *at_ms):
    """Return what interest has cost after ticks."""
    for moment in at_ms:
        events = stage.do(tick, Tick(at_ms=moment))
        assert [] == [words for one in events for words in event_audit(one)]
    assert [] == audit(stage.state)
    return stage.state.purse("interest", "USDT")


@pytest.mark.parametrize(
    ("ticks", "interest"),
    [
        pytest.param((HOUR_MS - 1,), "0", id="before the hour"),
        pytest.param((HOUR_MS,), "0.01", id="on the hour"),
        pytest.param((HOUR_MS, HOUR_MS + 1), "0.01", id="once an hour"),
        # 1 000.01 x 0.00001 = 0.0100001 in the second hour.
        pytest.param((HOUR_MS, 2 * HOUR_MS), "0.0200001", id="on what is owed then"),
        pytest.param((3 * HOUR_MS,), "0.03", id="hours that nobody ticked"),
    ],
)
def test_a_loan_costs_interest_every_hour(ticks, interest):
    stage = owing()

    assert D(interest) == charged(stage, *ticks)
    assert D(-1000) - D(interest) == stage.state.accounts["ann"].balances["USDT"]


def test_interest_is_rounded_up():
    # 0.0001 x 0.00001 is less than a unit.
    assert D("0.00000001") == charged(owing("-0.0001"), HOUR_MS)


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(lambda: owing("1000"), id="nothing is owed"),
        pytest.param(lambda: owing(mode=AssetsMode.SINGLE), id="single-asset mode lends nothing"),
        pytest.param(lambda: owing(settings=VenueSettings()), id="no rate"),
    ],
)
def test_without_a_loan_or_a_rate_there_is_no_interest(stage):
    assert D(0) == charged(stage(), HOUR_MS)


def test_what_is_paid_back_before_the_hour_costs_nothing():
    stage = owing()
    stage.emit(paid("outside", "account/ann", "1000"))

    assert D(0) == charged(stage, HOUR_MS)
