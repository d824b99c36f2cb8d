"""Texture energy and distance to the rim."""

from __future__ import annotations

import numpy as np

from freefill.distance import distance_inside
from freefill.synthesis.features import texture_energy


def test_stripes_have_energy_across_and_none_along():
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2] = 40
    energy = texture_energy(stripes, np.ones((32, 32), np.uint8))
    # Every step along a row is 40, times 3.
    assert (energy[8:24, 8:24, 0] == 120).all()
    assert (energy[..., 1] == 0).all()


def test_differences_that_touch_the_hole_do_not_count():
    image = np.full((32, 32, 3), 100, np.uint8)
    known = np.ones((32, 32), np.uint8)
    known[10:20, 10:20] = 0
    image[10:20, 10:20] = 255
    assert (texture_energy(image, known) == 0).all()


def test_the_distance_to_the_rim_is_one_beside_it():
    hole = np.zeros((5, 5), bool)
    hole[1:4, 1:4] = True
    assert distance_inside(hole).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 1, 2, 1, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0],
    ]
