"""What the rim says: layers are found with their tilt, clutter has none."""

from __future__ import annotations

import numpy as np
import pytest

from freefill.distance import open_sided
from freefill.synthesis.lines import NO_LAYERS, Layers, hold, near, pull, read_rim


def bands(tilt: float) -> np.ndarray:
    rows, cols = np.mgrid[0:96, 0:128]
    place = rows + np.tan(np.deg2rad(tilt)) * (cols - 64)
    values = np.select([place < 30, place < 50, place < 70], [220, 140, 60], 180)
    return np.repeat(values[..., None].astype(np.uint8), 3, axis=2)


def middle_known() -> np.ndarray:
    known = np.ones((96, 128), np.uint8)
    known[25:75, 50:80] = 0
    return known


@pytest.mark.parametrize("tilt", [0, 10, -10, 30])
def test_the_tilt_of_bands_is_found(tilt):
    found = read_rim(bands(tilt), middle_known())
    assert found.tilt == tilt
    assert np.median(found.strength) > 0.9


def test_noise_has_no_layers():
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
    assert read_rim(noise, middle_known()).strength.max() == 0


def test_a_plain_sky_has_no_layers():
    sky = np.random.default_rng(0).normal(128, 2, (96, 128, 3)).astype(np.uint8)
    assert read_rim(sky, middle_known()).strength.max() < 0.1


def test_a_rim_of_a_few_pixels_says_nothing():
    known = np.zeros((96, 128), np.uint8)
    known[:3, :3] = 1
    assert read_rim(bands(0), known) is NO_LAYERS


def posts() -> np.ndarray:
    """Return upright bands."""
    values = np.select([np.arange(128) < 45, np.arange(128) < 60, np.arange(128) < 75], [220, 140, 60], 180)
    return np.repeat(np.tile(values, (96, 1))[..., None].astype(np.uint8), 3, axis=2)


def test_posts_that_go_on_below_the_hole_hold():
    assert np.median(read_rim(posts(), middle_known()).strength) > 0.9


def test_posts_of_which_only_the_upper_end_is_seen_say_nothing():
    known = middle_known()
    known[25:, 50:80] = 0
    found = read_rim(posts(), known)
    assert abs(found.tilt) > 45  # they are found
    assert found.strength.max() == 0


def test_level_layers_hold_where_the_picture_ends_behind_the_hole():
    known = middle_known()
    known[25:75, 50:] = 0
    assert np.median(read_rim(bands(0), known).strength) > 0.9


def test_layers_make_distance_dear_across_them_only():
    form = pull((100, 100), Layers(0.0, np.ones(4, np.float32)), rows=150, cols=40, layered=600)
    assert form == pytest.approx([2.25, 0, 0.16, 36, 0, 0])


def test_each_place_holds_as_its_own_layer_does():
    layers = Layers(0.0, np.array([0, 1, 0], np.float32), start=0.25, step=0.25)
    held = hold((4, 4), layers, np.array([0, 1, 2, 3]), np.array([0, 0, 0, 0]))
    assert held.tolist() == [0, 0, 1, 0]


def test_nearness_counts_at_the_rim_and_little_deep_inside_at_any_size_of_the_level():
    for longest in (100, 400):
        depth = np.array([0, 0.05, 0.5], np.float32) * longest
        assert near((10, longest), depth, 0.05).tolist() == pytest.approx([1, 0.5, 1 / 101])


def test_only_what_is_carried_on_sideways_is_open():
    hole = np.zeros((6, 8), bool)
    hole[3:, 5:] = True  # a torn corner
    hole[1:3, 1:3] = True  # a hole in the middle
    assert np.array_equal(np.argwhere(open_sided(hole)), [(row, col) for row in range(3, 6) for col in range(5, 8)])
    below = np.zeros((6, 8), bool)
    below[4:] = True  # nothing is known at these heights
    assert not open_sided(below).any()
    notch = np.zeros((6, 8), bool)
    notch[2:4, 5:] = True  # closed between above and below
    assert not open_sided(notch).any()
