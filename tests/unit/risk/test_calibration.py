"""The back-test of probabilities: its score by hand, and that it looks at what came after."""

import numpy as np
import pytest

from benchmarks import calibration
from benchmarks.calibration import ASSETS, HISTORY, STEPS, Panel, Record, brier, records, table
from crossmargin.durations import HOUR_MS
from tests.shared import needs_shared


def test_the_brier_score_as_in_the_paper():
    # Brier 1950: the mean of squared differences; 0.3² and 0.6² are 0.09 and 0.36.
    assert brier(np.array([0.3, 0.4]), np.array([False, True])) == pytest.approx(0.225)


def test_a_bin_shows_what_was_said_beside_what_came():
    record = Record(np.array([0.05, 0.07]), np.array([False, False]), np.array([False, True]))
    lines = list(table(record))

    assert "| 3 to 10 % | 2 | 6.00 % | 0.00 % | 50.0 % | 9.45 % to 90.5 % |" in lines
    assert "Brier score 0.4337; always saying 50.0 % scores 0.2500" in lines[-1]


def made_up(coming):
    """Return a panel of calm hours, then one day of which every hour moves by `coming`."""
    chance = np.random.default_rng(1)
    calm = 0.005 * chance.standard_normal((HISTORY, len(ASSETS)))
    returns = np.vstack([calm, np.full((STEPS, len(ASSETS)), coming), np.zeros((1, len(ASSETS)))])
    at_ms = HOUR_MS * np.arange(len(returns), dtype=np.int64)
    return Panel(at_ms, returns, np.minimum(returns, 0.0), np.maximum(returns, 0.0))


@pytest.fixture
def short(monkeypatch):
    """Draw few paths: what came does not depend on them."""
    monkeypatch.setattr(calibration, "PATHS", 50)


def test_a_crash_ends_longs_and_a_rally_shorts(short):
    # 24 × 0.6 %: a fall by 13 %, a rise by 15 %; 5 times leverage lives, 8 times and more does not.
    crash, rally = (records(made_up(step))["bootstrap"] for step in (-0.006, 0.006))
    longs = slice(len(calibration.LEVERAGES))
    shorts = slice(longs.stop, 2 * longs.stop)

    assert [False, *[True] * 4] == crash.by_closes[longs].tolist()
    assert [False, *[True] * 4] == rally.by_closes[shorts].tolist()
    assert not crash.by_closes[shorts].any()
    assert not rally.by_closes[longs].any()


def test_on_the_panel_of_marks_predictions_are_better_than_a_base_rate(monkeypatch):
    folder = needs_shared("data/candles/binance_um_mark_BTCUSDT_1h.parquet").parent
    monkeypatch.setattr(calibration, "PATHS", 200)
    monkeypatch.setattr(calibration, "METHODS", dict(list(calibration.METHODS.items())[1:2]))
    (record,) = records(calibration.panel(folder), every_days=60).values()
    came = record.by_extremes

    assert len(came) > 500
    assert brier(record.predicted, came) < brier(np.full(len(came), came.mean()), came)
    assert (record.by_closes <= record.by_extremes).all()
