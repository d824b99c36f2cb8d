"""The tiles in which small persons are looked for."""

from itertools import pairwise

import numpy as np
import pytest

from freefill.detectors import nanodet
from freefill.detectors.nanodet import Found, find_boxes, tiles_of

LONG = [(218, 640), (640, 218), (100, 191), (300, 3000), (4000, 500)]


@pytest.mark.parametrize("size", [*LONG, (480, 640), (1080, 1920), (640, 359), (5, 5)])
def test_tiles_lie_in_the_picture_and_cover_it(size):
    seen = np.zeros(size, int)
    for tile in tiles_of(*size):
        assert seen[tile.slices].shape == (tile.height, tile.width)
        seen[tile.slices] += 1
    assert seen.all() or min(size) < 10


@pytest.mark.parametrize("size", LONG)
def test_tiles_of_a_long_picture_are_squeezed_little_and_overlap(size):
    tiles = tiles_of(*size)
    assert all(max(tile.height, tile.width) < 1.4 * min(tile.height, tile.width) for tile in tiles)
    assert all(one.overlaps(two) for one, two in pairwise(tiles))


def test_the_network_is_shown_the_tiles_of_a_long_picture_unsqueezed(monkeypatch):
    shown = []
    monkeypatch.setattr(nanodet, "open_model", lambda name: None)

    def in_part(model, part, columns, least):
        shown.append(part.shape[:2])
        return [Found(np.zeros((0, 4)), np.zeros(0)) for _ in columns]

    monkeypatch.setattr(nanodet, "_in_part", in_part)
    find_boxes(np.zeros((218, 640, 3), np.float32))
    assert shown == [(218, 640), (218, 291), (218, 291), (218, 291)]
