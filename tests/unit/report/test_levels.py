import numpy as np

from crossmargin.model.account import Account
from crossmargin.report.levels import drawn_on, levels_of
from tests.unit.report.stories import MINUTE, T0, dec, fall, long, path, run


def every(result):
    return levels_of(result, np.arange(len(result.path.at_ms)))


def test_in_cross_the_liquidation_price_moves_with_the_other_symbol():
    account = Account({"USDT": dec("300")}, (long("AUSDT", "10", "100"), long("BUSDT", "10", "50")))
    result = run(account, path(AUSDT=[100, 100, 100], BUSDT=[50, 40, 45]))

    a, _ = every(result)

    # 300 + 10 (a − 100) + 10 (b − 50) = 0.1 a + 0.1 b, to the eighth place, rounded up
    expected = [(1200 - 9.9 * b) / 9.9 for b in (50, 40, 45)]
    assert [T0, T0 + MINUTE, T0 + 2 * MINUTE] == a.at_ms
    np.testing.assert_allclose(expected, a.lower, rtol=1e-9)
    assert [None] * 3 == a.upper
    np.testing.assert_allclose([70, 80, 75], a.bankruptcy)
    assert [100.0] * 3 == a.entry


def test_a_bucket_is_sampled_where_the_account_changes_and_at_its_end():
    a, b = every(fall()["isolated"])

    assert a.is_isolated
    assert [T0, T0 + MINUTE, T0 + 2 * MINUTE, T0 + 2 * MINUTE, T0 + 3 * MINUTE] == a.at_ms
    # 100 + 10 (p − 100) = 0.1 p, then 99.085 for 100
    np.testing.assert_allclose([900 / 9.9, 900.915 / 9.9, 900.915 / 9.9], a.lower[:3])
    assert [None, None] == a.lower[3:]
    assert [None, None] == a.entry[3:]
    assert None not in b.lower


def test_without_a_price_there_is_no_level():
    a, _ = every(fall(has_gap=True)["cross"])

    assert a.lower[-2] is not None
    assert a.lower[-1] is None


def test_lines_between_samples_are_straight_and_break_where_the_account_did():
    drawn = drawn_on(
        [10, 20, 20, 30],
        [1.0, 2.0, 5.0, None],
        [5, 10, 15, 20, 20, 25, 30, 35],
        np.array([False, False, False, True, False, False, False, False]),
    )

    assert [None, 1.0, 1.5, 2.0, 5.0, None, None, None] == drawn
