"""Smiles and surfaces: volatility between strikes, beyond them, and what is refused."""

from decimal import Decimal

import pytest

from crossmargin.errors import UnitError
from crossmargin.model.surface import Smile, Surface

D = Decimal
POINTS = ((D(90), D("0.5")), (D(100), D("0.4")), (D(110), D("0.6")))


@pytest.mark.parametrize(
    ("strike", "volatility"),
    [
        ("90", "0.5"),
        ("100", "0.4"),
        ("110", "0.6"),
        ("95", "0.45"),
        ("103", "0.46"),
        ("0.01", "0.5"),
        ("1000", "0.6"),
    ],
    ids=["first", "listed", "last", "half way", "three tenths", "below all", "above all"],
)
def test_volatility_is_straight_between_strikes_and_flat_beyond(strike, volatility):
    assert D(volatility) == Smile(0, POINTS).volatility(D(strike))


def test_one_strike_says_it_for_all():
    smile = Smile(0, ((D(100), D("0.7")),))

    assert [D("0.7")] * 3 == [smile.volatility(D(strike)) for strike in (1, 100, 10_000)]


def test_a_third_is_rounded_to_the_nearest_at_50_digits():
    smile = Smile(0, ((D(90), D("0.5")), (D(93), D("0.7"))))

    # 0.5 and a fifteenth, 0.0666…: its fifty digits start behind the first nought.
    assert D("0.5" + 49 * "6" + "7") == smile.volatility(D(91))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"points": ()}, "at least one strike"),
        ({"points": ((D(0), D("0.5")),)}, "strike 0 must be above 0"),
        ({"points": ((D(-1), D("0.5")),)}, "strike -1 must be above 0"),
        ({"points": ((D("NaN"), D("0.5")),)}, "strike NaN"),
        ({"points": (POINTS[1], POINTS[0])}, "strike 90 must be above 100"),
        ({"points": (POINTS[0], POINTS[0])}, "strike 90 must be above 90"),
        ({"points": ((D(90), D("-0.1")),)}, "volatility at strike 90 is -0.1"),
        ({"points": ((D(90), D("Infinity")),)}, "volatility at strike 90 is Infinity"),
        ({"points": POINTS, "forward": D(0)}, "forward is 0"),
        ({"points": POINTS, "forward": D("NaN")}, "forward is NaN"),
        ({"points": POINTS, "rate": D("Infinity")}, "rate cannot be Infinity"),
    ],
)
def test_what_is_no_smile_is_refused(given, words):
    with pytest.raises(UnitError, match=words):
        Smile(0, **given)


def test_a_surface_knows_the_expiries_that_were_observed_and_no_other():
    near, far = Smile(1_000, POINTS), Smile(2_000, POINTS[:1])
    surface = Surface((far, near))

    assert near is surface.at(1_000)
    assert far is surface.at(2_000)
    assert surface.at(1_500) is None
    assert Surface(()).at(1_000) is None
