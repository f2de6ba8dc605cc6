"""Seeds of the simulator: no law breaks, and together they reach what they are for."""

import pytest

from tests.simulation.marks import MUST_REACH
from tests.simulation.plugin import seeds_of
from tests.simulation.report import summary
from tests.simulation.run import LawBroken, World
from tests.simulation.seeds import FOUND

TOGETHER = 40
"""How many seeds make a set; each set must reach everything."""


def pytest_generate_tests(metafunc):
    if "seeds" in metafunc.fixturenames:
        seeds = seeds_of(metafunc.config.getoption("seeds"))
        sets = [seeds[start : start + TOGETHER] for start in range(0, len(seeds), TOGETHER)]
        names = [f"{one[0]}-{one[-1]}" for one in sets]
        metafunc.parametrize("seeds", sets, ids=names)


def test_every_law_holds_and_the_set_reaches_what_it_is_for(seeds, tmp_path):
    worlds, broken = [], []
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        worlds.append(World(seed, folder))
        try:
            worlds[-1].run()
        except LawBroken as found:
            broken.append(str(found))

    assert not broken, "\n\n".join(broken)
    reached = {mark for world in worlds for mark in world.marks.counts}
    assert len(seeds) < TOGETHER or not {*MUST_REACH} - reached, summary(worlds)


@pytest.mark.parametrize(("seed", "steps"), FOUND)
def test_what_a_seed_once_found_stays_mended(seed, steps, tmp_path):
    World(seed, tmp_path, steps).run()
