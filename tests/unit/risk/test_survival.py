"""Cross against isolated on paths worked out by hand, windows of history, crashes as they went.

Half a bitcoin from 100,000 at 10x on 10,000. Isolated, a bucket of 5,000 is gone at 45,000 ÷ 0.498:
below 90,361.45. Cross, the pool is gone below 80,321.29.
"""

import numpy as np
import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.files.account import parse_account, read_account_file
from crossmargin.replay.modes import both_modes
from crossmargin.risk.situation import Situation, situation
from crossmargin.risk.stress.crash_path import along
from crossmargin.risk.stress.survival import survival
from crossmargin.risk.stress.windows import WINDOWS_MIN, windows
from tests.source import ROOT
from tests.unit.cli.command import ACCOUNT

PATHS = np.array([[1.0, 0.85, 1.0], [1.0, 0.75, 0.7], [1.0, 1.1, 1.2], [1.0, 0.95, 0.96]])[
    :, :, None
]


def home() -> Situation:
    file = parse_account(ACCOUNT, "account")
    return situation(file.account, file.market, file.rulebook)


def modes() -> dict[str, Situation]:
    file = parse_account(ACCOUNT, "account")
    found = both_modes(file.account, file.rulebook)
    return {name: situation(one, file.market, file.rulebook) for name, one in found.items()}


def test_both_modes_go_down_the_same_paths():
    found = survival(modes(), PATHS)
    cross, isolated = found.fates

    # A dip ends the bucket and not the pool; a fall ends both, and the pool is everything.
    assert [10000.0, 0.0, 20000.0, 8000.0] == pytest.approx(cross.wealth.tolist())
    assert [5000.0, 5000.0, 20000.0, 8000.0] == pytest.approx(isolated.wealth.tolist())
    assert (0.75, 0.5) == (cross.survival, isolated.survival)
    assert (10000.0, 5000.0) == (cross.loss_given_liquidation, isolated.loss_given_liquidation)
    assert (0.25, 0.0) == (cross.ruin, isolated.ruin)
    assert {"cross": 0.25, "isolated": 0.25} == found.worse_ending()
    assert {"USDT pool": 0.0, "BTCUSDT bucket": 0.5} == isolated.unit_losses()
    assert [[-1], [1], [-1], [-1]] == cross.lost_at.tolist()


def test_a_unit_that_is_gone_stays_gone():
    path = np.array([[1.0, 0.5, 1.5]])[:, :, None]

    assert [0.0] == survival({"cross": home()}, path).fates[0].wealth.tolist()


def test_the_interval_holds_the_share():
    low, high = survival(modes(), PATHS).fates[0].survival_interval

    # Wilson's for three of four at 95 %.
    assert (0.3006, 0.9544) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        (np.ones((2, 3, 2)), "are none of 1 assets"),
        (np.ones((0, 3, 1)), "are none of 1 assets"),
        (np.zeros((1, 2, 1)), "is not above zero"),
        (np.full((1, 2, 1), np.nan), "is not above zero"),
    ],
)
def test_paths_that_are_none(ratios, said):
    with pytest.raises(UsageError, match=said):
        survival({"cross": home()}, ratios)


def test_modes_of_other_accounts_are_refused():
    file = read_account_file(ROOT / "examples/three-longs.toml")
    other = situation(file.account, file.market, file.rulebook)

    with pytest.raises(UsageError, match="do not hold the same assets"):
        survival({"cross": home(), "isolated": other}, PATHS)
    with pytest.raises(UsageError, match="there is no mode"):
        survival({}, PATHS)


def test_windows_follow_each_other():
    at_ms = np.arange(0, 100, dtype=np.int64)
    prices = np.arange(1.0, 101.0)[:, None]
    found = windows(at_ms, prices, 4)

    assert (25, 4, 1) == found.ratios.shape
    assert [0, 4, 8] == found.starts_ms[:3].tolist()
    # 5, 6, 7, 8 as multiples of 5.
    assert [1.0, 1.2, 1.4, 1.6] == pytest.approx(found.ratios[1, :, 0].tolist())


def test_windows_with_holes_are_left_out_and_counted():
    at_ms = np.arange(0, 100, dtype=np.int64)
    prices = np.ones((100, 1))
    prices[10] = np.nan
    found = windows(np.delete(at_ms, 50), np.delete(prices, 50, axis=0), 4)

    assert (23, 2) == (len(found.ratios), found.dropped)


def test_a_history_too_short_is_no_distribution():
    at_ms = np.arange(0, 4 * WINDOWS_MIN - 4, dtype=np.int64)

    with pytest.raises(UnknownError, match=f"at least {WINDOWS_MIN} are needed"):
        windows(at_ms, np.ones((len(at_ms), 1)), 4)


def test_a_crash_is_walked_from_where_the_account_is():
    at_ms = np.array([0, 60_000, 120_000, 180_000], dtype=np.int64)
    # 20 % and 17 % down from 50,000: the first is beyond 19.68 %, whatever the price was.
    path = along("a crash", home(), at_ms, np.array([[50000.0], [41500.0], [40000.0], [45000.0]]))

    assert (2, 2, 0) == (path.broken, path.lowest, path.unknown)
    assert path.judged(2).pool.is_liquidatable
    assert not path.judged(1).pool.is_liquidatable


def test_a_moment_without_a_price_decides_nothing():
    at_ms = np.array([0, 60_000, 120_000], dtype=np.int64)
    path = along("a crash", home(), at_ms, np.array([[1.0], [np.nan], [0.9]]))

    assert (None, 1) == (path.broken, path.unknown)
    with pytest.raises(UnknownError, match="no price of BTC at the beginning"):
        along("a crash", home(), at_ms, np.array([[np.nan], [1.0], [0.9]]))
    with pytest.raises(UsageError, match="are none of 1 assets"):
        along("a crash", home(), at_ms, np.ones((3, 2)))
