"""Edges that close in on a joined line are led along it, and speak for it."""

import numpy as np
import pictures
import pytest

from freefill.layout.companions import companions
from freefill.layout.ends import find_ends
from freefill.layout.joining import join
from freefill.layout.make import make_layout
from freefill.layout.sight import see

HOLE = pictures.blob(axes=(45, 60))
GONE = 180  # column at which the white line meets the grass


def road(beside=22.0, closes=True):
    """Grass over tarmac, parted in row 90, and a white line that ends in the hole, `beside` px below it on the left."""
    rows, cols = np.indices(HOLE.shape)
    away = rows - 90 - beside * (1 - closes * cols / GONE)
    grass = np.clip(90.5 - rows.astype(np.float64), 0, 1)[..., None]
    white = (np.clip(2.5 - np.abs(away), 0, 1) * (cols < GONE))[..., None]
    ground = grass * np.array([0.2, 0.5, 0.2]) + (1 - grass) * np.array([0.4, 0.4, 0.42])
    return pictures.grained((1 - white) * ground + white * np.array([0.95, 0.95, 0.95]))


def seen(image):
    sight = see(np.where(HOLE[..., None], 0, image).astype(np.float32), HOLE, ~HOLE, 320)
    ends = find_ends(sight)
    return ends, [line for line in join(ends, sight) if line.confidence >= 0.45], sight


def test_a_white_line_that_closes_in_on_the_grass_is_led_along_it():
    ends, lines, sight = seen(road())
    (kerb,) = lines
    surer, *led = companions(ends, lines, sight)
    assert led
    for line in led:
        rows, cols = line.curve.T
        near = cols < 130
        assert np.abs(rows - 90 - 22 * (1 - cols / GONE))[near].max() < 4  # half the line's width, and 1.5 px
        assert line.one_ended
    assert surer.confidence > kerb.confidence or kerb.confidence == 1
    assert np.array_equal(surer.curve, kerb.curve)


def test_the_layout_draws_the_white_line_white():
    made = make_layout(np.where(HOLE[..., None], 0, road()).astype(np.float32), HOLE, ~HOLE)
    rows, cols = np.indices(HOLE.shape)
    on = HOLE & (np.abs(rows - 90 - 22 * (1 - cols / GONE)) < 1) & (cols < 120)
    assert (made.drawn[..., 0][on] > 65).mean() > 0.7
    assert made.confidence[on].mean() > 0.4


@pytest.mark.parametrize("image", [road(closes=False), road(beside=45.0)], ids=["parallel", "far away"])
def test_what_does_not_close_in_or_is_far_from_the_line_is_left_alone(image):
    ends, lines, sight = seen(image)
    assert lines
    assert len(companions(ends, lines, sight)) == len(lines)


def test_an_edge_that_has_its_own_partner_is_no_companion():
    ends, lines, sight = seen(pictures.pole())
    assert len(lines) == 2
    assert len(companions(ends, lines, sight)) == 2
