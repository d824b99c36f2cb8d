"""MobileSAM's signature: clicks and boxes reach the decoder as it wants them."""

import numpy as np
import pytest

from freefill.detectors.sam import BOX_END, BOX_START, NOT_POINT, PADDING, POINT, _prompt, segment
from freefill.errors import InputError, WeightsError
from freefill.values import Box

IMAGE = np.full((100, 200, 3), 0.5, np.float32)


def test_points_go_in_as_x_and_y_at_the_encoders_scale_and_a_padding_point_ends_them():
    coordinates, labels = _prompt(None, [(10, 40)], [(5, 6)], 2.0)
    assert coordinates.tolist() == [[[80, 20], [12, 10], [0, 0]]]
    assert labels.tolist() == [[POINT, NOT_POINT, PADDING]]


def test_a_box_goes_in_as_its_two_corners():
    coordinates, labels = _prompt(Box(10, 20, 30, 40), [], [], 1.0)
    assert coordinates.tolist() == [[[20, 10], [60, 40]]]
    assert labels.tolist() == [[BOX_START, BOX_END]]


def test_the_mask_has_the_pictures_size(models):
    """The stand-in masks everything where the first x lies beyond the middle of 1024."""
    assert segment(IMAGE, points=[(50, 150)]).all()
    left = segment(IMAGE, points=[(50, 50)])
    assert left.shape == (100, 200)
    assert not left.any()


def test_nothing_marked_is_refused(models):
    with pytest.raises(InputError, match="nothing is marked"):
        segment(IMAGE)


def test_missing_networks_are_named(no_weights):
    with pytest.raises(WeightsError, match="freefill weights fetch mobile-sam"):
        segment(IMAGE, points=[(1, 1)])
