"""What a network expects, as a cost of sources."""

from dataclasses import replace

import numpy as np

from freefill.synthesis.expected import GREY_LEVELS, ExpectedPyramid
from freefill.synthesis.synthesise import synthesise
from freefill.synthesis.tuning import Tuning

CELL_PX = 4.0
LOUD = Tuning(expected_weight=10.0)


def grain(height=64, width=64):
    """Grain that is the same left and right but for a faint red on the left and blue on the right."""
    image = np.random.default_rng(0).random((height, width, 3)).astype(np.float32) * 0.2 + 0.4
    image[:, : width // 2, 0] += 0.1
    image[:, width // 2 :, 2] += 0.1
    hole = np.zeros((height, width), bool)
    hole[24:40, 24:40] = True
    return image, hole


def wants_columns(hole, first, last, disagreement=0.0):
    """The costs of a network that expects what lies in the columns from `first` to `last`, in cells."""
    grid = hole.shape[0] // 4, hole.shape[1] // 4
    asking = hole.reshape(grid[0], 4, grid[1], 4).any((1, 3))
    cells = np.full(grid, -1, np.int32)
    cells[asking] = np.arange(asking.sum())
    cost = np.full(grid, 0.05, np.float32)
    cost[:, first:last] = 0
    count = int(asking.sum())
    return cells, np.tile(cost.ravel(), (count, 1)), np.full(count, disagreement, np.float32), (CELL_PX, CELL_PX)


def share_copied_right(made):
    inner = (np.abs(made.holes - 31.5) < 6).all(1)
    return float((made.copied[inner, 1] >= 32).mean())


def test_sources_that_a_network_expects_are_preferred():
    image, hole = grain()
    for first, last, most, least in ((8, 16, 1.0, 0.75), (0, 8, 0.25, 0.0)):
        made = synthesise(image, hole, ~hole, 0, LOUD, expected=wants_columns(hole, first, last))
        assert made is not None
        assert least <= share_copied_right(made) <= most


def test_a_network_that_does_not_know_is_not_followed():
    image, hole = grain()
    plain = synthesise(image, hole, ~hole, 0, LOUD)
    unsure = synthesise(image, hole, ~hole, 0, LOUD, expected=wants_columns(hole, 8, 16, disagreement=1.0))
    assert plain is not None
    assert unsure is not None
    assert np.array_equal(plain.copied, unsure.copied)


def test_forbidden_pixels_are_not_copied_however_much_they_are_expected():
    image, hole = grain()
    source = ~hole
    source[:, 32:] = False
    made = synthesise(image, hole, source, 0, LOUD, expected=wants_columns(hole, 8, 16))
    assert made is not None
    assert (made.copied[:, 1] < 32).all()


def test_costs_count_more_deep_inside_and_on_coarse_levels():
    _, hole = grain()
    tuning = Tuning(expected_weight=0.1, expected_fade=0.5, expected_least=0.01)
    pyramid = ExpectedPyramid(*wants_columns(hole, 8, 16), tuning)
    targets, depth = np.array([[31, 31], [25, 25], [0, 0]], np.int32), np.array([8.0, 1.0, 0.0], np.float32)
    fine, coarse = (pyramid.at(n, (64 >> n, 64 >> n), targets >> n, depth / np.float32(2**n)) for n in (0, 2))
    assert fine.share[0] > fine.share[1] > fine.share[2] == 0
    assert np.allclose(coarse.share, 4 * fine.share)
    assert pyramid.at(0, (64, 64), targets, depth).costs.max() == np.float32(0.05 * GREY_LEVELS)
    faint = ExpectedPyramid(*wants_columns(hole, 8, 16), replace(tuning, expected_least=0.05))
    assert faint.at(0, (64, 64), targets, depth).share.size == 0


def test_a_pixel_looks_up_the_cell_it_lies_in():
    _, hole = grain()
    pyramid = ExpectedPyramid(*wants_columns(hole, 8, 16), Tuning())
    targets = np.array([[30, 26]], np.int32)
    level = pyramid.at(1, (32, 32), targets // 2, np.array([4.0], np.float32))
    assert level.cell.reshape(32, 32)[15, 13] == 7 * 16 + 6
    assert level.row[0] == pyramid._cells[7, 6] * 256
