"""A thing that stands before two others: its edge goes on, what it covers ends there."""

import numpy as np
import pictures
import pytest

from freefill.engines.texture import Texture
from freefill.layout.covering import covering
from freefill.layout.ends import find_ends
from freefill.layout.make import make_layout
from freefill.layout.sight import see
from freefill.values import Crop, EngineSettings


def post(slant=0.0, below=(0.45, 0.3, 0.2), size=(200, 260)):
    """A grey post on the left; on its right a light wall above, boards below."""
    rows, cols = np.indices(size)
    inside = np.clip(130.5 + slant * (rows - 100) - cols, 0, 1)[..., None]
    low = np.clip(rows - 104.5, 0, 1)[..., None]
    behind = (1 - low) * np.array([0.9, 0.9, 0.88]) + low * np.array(below)
    return pictures.grained(inside * np.array([0.5, 0.52, 0.5]) + (1 - inside) * behind)


def covered(image, hole):
    sight = see(image, hole, ~hole, 320)
    return covering(find_ends(sight), [], sight)


@pytest.mark.parametrize("slant", [0.0, 0.2])
def test_the_edge_of_a_post_is_joined_whatever_it_covers_and_only_its_own_side_is_drawn(slant):
    image, hole = post(slant), pictures.blob(axes=(45, 35))
    (line,) = covered(image, hole)
    away = line.curve[:, 1] - 130 - slant * (line.curve[:, 0] - 100)
    assert np.abs(away).max() < 1.0
    on_post = line.curve + 3 * line.side * line.normals
    assert (image[tuple(np.rint(on_post).astype(int).T)].mean(1) < 0.6).all()
    made = make_layout(np.where(hole[..., None], np.float32(0), image), hole, ~hole)
    assert made.confidence[85, 126 + round(slant * -15)] > 0.2
    assert made.confidence[85, 134 + round(slant * -15)] < 0.2  # what is behind says more of itself than the post does


def test_an_edge_with_the_same_things_on_both_sides_is_left_to_others():
    assert covered(post(below=(0.9, 0.9, 0.88)), pictures.blob(axes=(45, 35))) == []


def test_an_edge_that_jumps_aside_is_not_one_thing():
    image, hole = post(), pictures.blob(axes=(45, 35))
    image[100:] = np.roll(image[100:], 8, axis=1)
    assert covered(image, hole) == []


def test_the_fill_has_the_post_and_what_it_covers_ends_there():
    image, hole = post(), pictures.blob(axes=(45, 35))
    crop = Crop(np.where(hole[..., None], 0, image).astype(np.float32), hole, structure="auto")
    fill = Texture(EngineSettings()).fill(crop, 0)
    assert (np.abs(fill.pixels - image).max(2)[hole] > 0.12).mean() < 0.03  # without a layout: 0.056
