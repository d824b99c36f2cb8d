"""The search: it finds what is there, whatever the number of threads, and never what is forbidden."""

from __future__ import annotations

import numpy as np
import pytest

from freefill.synthesis import nnf, starts
from freefill.synthesis.compiled import Crew, kernel
from freefill.synthesis.levels import Layer, Level, usable_centres
from freefill.synthesis.lines import NO_LAYERS
from freefill.synthesis.synthesise import cast_votes
from freefill.synthesis.tuning import Tuning

STRIPS = 8


def periodic_level(allowed: np.ndarray | None = None, channels: int = 5) -> tuple[Level, np.ndarray]:
    """A picture of repeated 16 x 16 tiles with a hole that is already filled with the truth."""
    tile = np.random.default_rng(5).integers(0, 200, (16, 16, channels)).astype(np.uint8)
    image = np.tile(tile, (4, 4, 1))
    known = np.ones((64, 64), np.uint8)
    known[24:36, 24:36] = 0
    source = known if allowed is None else known & allowed
    tuning = Tuning(row_pull=0.0, col_pull=0.0)
    return Level(Layer(image, known, source), NO_LAYERS, tuning), image


def exhausted(level: Level) -> Level:
    with Crew(1) as crew:
        crew.run(nnf.exhaust, STRIPS, level.target_strips, level.sheet, level.field, level.cost)
    return level


@pytest.mark.parametrize("channels", [3, 5])
def test_the_exhaustive_search_finds_the_same_tile_again(channels):
    level, _ = periodic_level(channels=channels)
    exhausted(level)
    offsets = level.field - level.targets
    assert (offsets % 16 == 0).all()
    assert (level.cost < 1e-3).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_of_equal_sources_the_exhaustive_search_takes_the_first_in_reading_order(threads):
    level, _ = periodic_level()
    with Crew(threads) as crew:
        crew.run(nnf.exhaust, STRIPS, level.target_strips, level.sheet, level.field, level.cost)
    usable = np.argwhere(level.usable.reshape(level.size))
    for target, found in zip(level.targets, level.field, strict=True):
        same = usable[((usable - target) % 16 == 0).all(1)]
        assert tuple(found) == tuple(same[0])


def test_random_search_comes_close_to_the_exhaustive_one():
    best = exhausted(periodic_level()[0]).cost
    level, _ = periodic_level()
    with Crew(2) as crew:
        crew.run(starts.scatter, STRIPS, level.target_strips, level.sheet, 7, level.field)
        for turn in range(12):
            args = level.field, level.field.copy(), level.cost, turn % 2 == 0, 64, turn, 7
            crew.run(nnf.search, STRIPS, level.target_strips, level.sheet, *args)
    assert np.mean(level.cost <= best + 1e-3) > 0.95


def searched(threads: int, seed: int) -> np.ndarray:
    level, _ = periodic_level()
    with Crew(threads) as crew:
        crew.run(starts.scatter, STRIPS, level.target_strips, level.sheet, seed, level.field)
        for turn in range(2):
            args = level.field, level.field.copy(), level.cost, turn % 2 == 0, 64, turn, seed
            crew.run(nnf.search, STRIPS, level.target_strips, level.sheet, *args)
    return level.field


def test_the_field_does_not_depend_on_threads_but_on_the_seed():
    assert np.array_equal(searched(1, 3), searched(2, 3))
    assert np.array_equal(searched(1, 3), searched(5, 3))
    assert not np.array_equal(searched(1, 3), searched(1, 4))


def test_no_source_is_centred_where_copying_is_forbidden():
    allowed = np.zeros((64, 64), np.uint8)
    allowed[:, 40:] = 1
    level, _ = periodic_level(allowed)
    exhausted(level)
    rows, cols = level.field.T
    assert usable_centres(level.valid)[rows, cols].all()
    assert cols.min() >= 40


def test_votes_of_a_perfect_field_give_the_truth():
    level, image = periodic_level()
    exhausted(level)
    hole = np.zeros((64, 64), bool)
    hole[24:36, 24:36] = True
    level.filled[hole] = 0
    with Crew(2) as crew:
        change = cast_votes(level, Tuning(boost=1.0), crew)
    assert np.array_equal(level.filled[hole][:, :5], image[hole])
    assert change == pytest.approx(image[hole][:, :3].mean(), rel=1e-6)


def test_a_place_that_cannot_be_used_moves_to_the_nearest_that_can():
    usable = np.zeros((32, 32), np.uint8)
    usable[20, 9] = usable[4, 28] = 1
    level, _ = periodic_level()
    sheet = level.sheet._replace(height=32, width=32, usable=usable.ravel())

    @kernel
    def settled(sheet, y, x):
        return starts.settle(sheet, y, x)

    assert settled(sheet, 18, 10) == (20, 9)
    assert settled(sheet, 5, 31) == (4, 28)


def test_random_numbers_depend_on_each_of_their_four_arguments():
    @kernel
    def drawn(seed, place, turn, shot):
        return nnf.draw(seed, place, turn, shot)

    values = {drawn(*[1 if n == k else 0 for n in range(4)]) for k in range(5)}
    assert len(values) == 5
    # Both halves are spread evenly: the mean of many lies in the middle.
    halves = np.array([[v >> 32, v & 0xFFFFFFFF] for v in (drawn(0, n, 0, 0) for n in range(4000))]) / 2**32
    assert np.abs(halves.mean(0) - 0.5).max() < 0.03
