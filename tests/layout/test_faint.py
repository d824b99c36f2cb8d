"""Faint lines: a wire before a clear sky is seen, joined and laid through the hole; grain is no line."""

import cv2
import numpy as np
import pictures
import pytest

from freefill.engines.texture import Texture
from freefill.layout.along import PLAIN, along
from freefill.layout.ends import find_ends
from freefill.layout.faint import faint_ways
from freefill.layout.joining import join
from freefill.layout.make import LEAST_SURE, make_layout
from freefill.layout.sight import see
from freefill.values import Crop, EngineSettings

SIZE = 200, 260


def sky():
    rows, _ = np.indices(SIZE)
    return np.array([0.75, 0.82, 0.9]) + 0.05 * (rows / SIZE[0])[..., None]


def wired(darker=0.05, slant=0.3):
    """A wire one pixel wide, a little darker than the sky."""
    rows, cols = np.indices(SIZE)
    away = np.abs((cols - 130 - slant * (rows - 100)) / np.hypot(1, slant))
    noise = np.random.default_rng(0).normal(0, 0.004, (*SIZE, 3))
    return (sky() - darker * np.clip(1 - away, 0, 1)[..., None] + noise).astype(np.float32)


def kerb(post=True):
    """A line between two greys with, at its left, a post before it."""
    image = np.full((*SIZE, 3), 0.6)
    image[100:] = 0.55
    if post:
        image[80:110, 62:68] = 0.2
    return pictures.grained(image)


def ways(image, hole):
    sight = see(image, hole, ~hole, 320)
    known = (~sight.hole).astype(np.uint8)
    distance = cv2.distanceTransform(known, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return faint_ways(sight, np.asarray(distance, np.float32))


def test_a_wire_that_the_segment_detector_does_not_see_is_joined_where_it_runs(monkeypatch):
    hole = pictures.blob()
    sight = see(wired(), hole, ~hole, 320)
    lines = [line for line in join(find_ends(sight), sight) if line.confidence >= LEAST_SURE]
    assert len(lines) == 1
    rows, cols = lines[0].curve.T
    assert np.abs((cols - 130 - 0.3 * (rows - 100)) / np.hypot(1, 0.3)).max() < 1.5
    monkeypatch.setattr("freefill.layout.ends.faint_ways", lambda *_: [])
    assert join(find_ends(sight), sight) == []


@pytest.mark.parametrize("image", [pictures.ground(), pictures.grained(sky())], ids=["stochastic ground", "soft light"])
def test_where_there_is_no_line_none_is_seen(image):
    assert ways(image, pictures.blob()) == []


def test_a_wire_goes_through_the_hole_in_the_fill():
    image, hole = wired(), pictures.blob()
    fill = Texture(EngineSettings()).fill(
        Crop(np.where(hole[..., None], 0, image).astype(np.float32), hole, structure="auto"), 0
    )
    drop = []
    for row in range(62, 139):
        col = round(130 + 0.3 * (row - 100))
        drop.append(fill.pixels[row, [col - 6, col + 6]].mean() - fill.pixels[row, col - 1 : col + 2].mean(1).min())
    assert np.mean(np.array(drop) > 0.015) > 0.9


def test_what_stands_before_a_line_is_not_repeated_along_it():
    hole = pictures.blob()
    for post in (False, True):
        sight = see(kerb(post), hole, ~hole, 320)
        made = make_layout(kerb(post), hole, ~hole, labels=lambda lined: False)
        assert len(made.lines) == 1
        assert min(made.lines[0].one.contrast, made.lines[0].other.contrast) < PLAIN
        shifts = along(list(made.lines), sight)
        led = np.argwhere(np.isfinite(shifts[..., 0]))
        assert len(led) > 200
        sources = np.rint(led + shifts[led[:, 0], led[:, 1]]).astype(int)
        assert sight.image[sources[:, 0], sources[:, 1]].min() > 0.45
        assert not hole[sources[:, 0], sources[:, 1]].any()


def test_strong_lines_are_left_to_the_search():
    hole = pictures.blob()
    made = make_layout(pictures.pole(), hole, ~hole, labels=lambda lined: False)
    assert made.lines
    assert not np.isfinite(made.along).any()
