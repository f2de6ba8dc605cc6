import numpy as np

from crossmargin.report.thinning import drawn_points, sampled


def test_a_short_path_is_drawn_whole():
    assert list(range(5)) == drawn_points([np.zeros(5)], [2]).tolist()


def test_a_long_path_keeps_ends_extremes_holes_and_events():
    line = np.sin(np.arange(100_000) / 700)
    line[31_415], line[27_182] = 9, -9
    other = np.cos(np.arange(100_000) / 500)
    other[5_000:6_000] = np.nan

    points = drawn_points([line, other], [77_777])

    assert {0, 99_999, 31_415, 27_182, 77_776, 77_777} <= set(points.tolist())
    assert {4_999, 5_000, 5_999, 6_000} <= set(points.tolist())
    assert len(points) < 5_000
    assert (np.diff(points) > 0).all()


def test_every_stretch_keeps_its_lowest_and_highest_point():
    generator = np.random.default_rng(1)
    line = generator.normal(size=20_000).cumsum()

    kept = line[drawn_points([line], [], drawn_max=400)]

    # 200 stretches of 100 points
    for stretch in line.reshape(200, 100):
        assert stretch.min() in kept
        assert stretch.max() in kept


def test_an_unknown_line_is_no_obstacle():
    points = drawn_points([np.full(9_000, np.nan)], [], drawn_max=100)

    assert {0, 8_999} <= set(points.tolist())


def test_samples_are_denser_around_events():
    chosen = sampled(np.arange(10_000), [5_000], 100)

    assert len(chosen) <= 110
    assert {0, 9_999, 4_999, 5_000} <= set(chosen.tolist())
    assert (abs(chosen - 5_000) < 30).sum() > 40


def test_many_events_do_not_make_more_samples():
    assert len(sampled(np.arange(10_000), range(0, 10_000, 3), 100)) <= 110


def test_few_points_are_all_samples():
    assert [0, 1, 2] == sampled(np.arange(3), [1], 100).tolist()
