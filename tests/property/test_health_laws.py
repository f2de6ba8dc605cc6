"""Laws of single amounts: comparing health, and what collateral counts for (see `laws.LAWS`)."""

from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.collateral import rates, worth
from crossmargin.margin.health import Health
from crossmargin.money import CONTEXT
from tests.property import brute
from tests.property.books import collateral
from tests.property.ladders import digits, haircuts
from tests.property.methods import Form
from tests.property.strategies import worlds
from tests.property.test_laws import LAST_DIGITS, fields, healths
from tests.property.worlds import EIGHT_PLACES, haircut


@given(digits(-8, 6), digits(-8, 6), st.integers(0, 99), st.integers(0, 99), digits(-6, 6))
def test_a_haircut_value_is_below_market_value_and_monotone(one, other, bid, ask, price):
    rate = rates(price, haircut(Decimal(bid) / 100, Decimal(ask) / 100))
    with localcontext(CONTEXT):
        for amount in (one, -one):
            assert worth(amount, rate) <= amount * price
        for low, high in (sorted([one, other]), sorted([-one, other]), sorted([-one, -other])):
            assert worth(low, rate) <= worth(high, rate)


@given(
    haircuts("BTC", Form(has_slices=True, has_borrowing=True)),
    st.lists(digits(-8, 8), min_size=2, max_size=2),
    digits(-6, 6),
)
def test_collateral_in_slices_is_below_market_value_and_monotone(how, amounts, price):
    rate, told = rates(price, how), collateral(how)
    with localcontext(CONTEXT):
        for low, high in (sorted(amounts), sorted(-amount for amount in amounts)):
            assert worth(low, rate) <= worth(high, rate) <= high * price
            assert Fraction(worth(high, rate)) == brute.worth(Fraction(high), Fraction(price), told)


def health_records():
    """Return healths of few values, so that ties are common, and of fifty digits."""
    long = st.integers(-(10**50) + 1, 10**50 - 1).map(lambda n: Decimal(n).scaleb(-45))
    amounts = st.one_of(st.integers(-3, 3).map(Decimal), long)
    asked = st.one_of(st.integers(0, 3).map(Decimal), long.map(abs))
    return st.builds(Health, amounts, st.just(Decimal(0)), asked)


def risk(health):
    """Return a sort key in rationals: solvent by ratio, then insolvent by what is missing."""
    equity, _, asked = fields(health)
    if equity > 0 or (not equity and not asked):
        return 0, asked / (equity or 1)
    return 1, asked - equity


@given(health_records(), health_records(), health_records(), st.integers(1, 99))
def test_comparing_health_is_a_total_order_that_agrees_with_rationals(one, two, three, times):
    with localcontext(CONTEXT):
        near = Health(one.equity * times / 7, Decimal(0), one.maintenance_margin * times / 7)
    records = [one, two, three, near]
    for mine in records:
        for its in records:
            assert (risk(mine) > risk(its)) == mine.is_riskier_than(its)


@given(worlds(), st.sampled_from(["equity", "initial_margin", "maintenance_margin"]))
def test_adding_healths_and_the_buffer_are_exact_in_any_decimal_context(world, name):
    found = list(healths(*world).values())
    with localcontext(prec=5):
        total = sum(found, Health())
        buffers = [health.buffer for health in found]
    expected = sum(Fraction(getattr(health, name)) for health in found)
    room = (1 + sum(abs(amount) for health in found for amount in fields(health))) * LAST_DIGITS

    assert abs(expected - Fraction(getattr(total, name))) <= room
    for health, buffer in zip(found, buffers, strict=True):
        assert abs(Fraction(buffer) - (fields(health)[0] - fields(health)[2])) <= room


@given(worlds())
def test_the_health_fraction_rounds_up(world):
    for health in healths(*world).values():
        equity, _, asked = fields(health)
        shown = health.fraction()
        if (equity <= 0 and asked) or equity < 0:
            assert shown is None
        else:
            ratio = asked / equity if equity else Fraction(0)
            assert ratio <= Fraction(shown) < ratio + Fraction(EIGHT_PLACES)
            assert (shown < 1) <= (not health.is_liquidatable())
