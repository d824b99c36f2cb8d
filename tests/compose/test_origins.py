import numpy as np

from freefill.compose.origins import Origins
from freefill.values import Box, Crop, Fill, Window

WHOLE = Box(0, 0, 10, 12)


def hole(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    found = np.zeros((10, 12), bool)
    for top, left, height, width in boxes:
        found[top : top + height, left : left + width] = True
    return found


def filled(mask: np.ndarray, box: Box, at: dict[tuple[int, int], tuple[int, int]], pad_px=(0, 0)) -> tuple[Fill, Crop]:
    """Return a fill of the box whose pixels, of the box, were copied from others of it; the rest was not copied."""
    cut = np.pad(mask[box.slices], ((0, pad_px[0]), (0, pad_px[1])), mode="symmetric")
    copied = np.full((*cut.shape, 2), -1, np.int32)
    for place, source in at.items():
        copied[place] = source
    image = np.zeros((*cut.shape, 3), np.float32)
    return Fill(image, copied), Crop(image, cut)


def test_sources_are_told_in_the_pictures_own_pixels_in_the_order_of_the_hole():
    mask, box = hole((4, 5, 1, 3)), Box(2, 3, 6, 8)
    origins = Origins(mask)
    fill, crop = filled(mask, box, {(2, 2): (0, 1), (2, 4): (5, 7)})
    origins.note(fill, crop, Window(box, Box(4, 5, 1, 3)))
    assert origins.found is not None
    assert origins.found.tolist() == [[2, 4], [-1, -1], [7, 10]]


def test_a_copy_of_what_was_filled_before_has_its_source():
    mask = hole((1, 1, 1, 1), (5, 6, 1, 1))
    origins = Origins(mask)
    fill, crop = filled(mask, WHOLE, {(1, 1): (8, 9)})
    origins.note(fill, crop, Window(WHOLE, Box(0, 0, 3, 3)))
    later = mask & ~hole((1, 1, 1, 1))
    fill, crop = filled(later, WHOLE, {(5, 6): (1, 1)})
    origins.note(fill, crop, Window(WHOLE, Box(4, 4, 3, 4)))
    assert origins.found is not None
    assert origins.found.tolist() == [[8, 9], [8, 9]]


def test_only_the_windows_own_core_is_noted():
    mask = hole((1, 1, 1, 1), (5, 6, 1, 1))
    origins = Origins(mask)
    fill, crop = filled(mask, WHOLE, {(1, 1): (8, 9), (5, 6): (0, 0)})
    origins.note(fill, crop, Window(WHOLE, Box(0, 0, 3, 3)))
    assert origins.found is not None
    assert origins.found.tolist() == [[8, 9], [-1, -1]]


def test_a_source_in_the_mirrored_border_is_the_pixel_that_was_mirrored():
    mask, box = hole((8, 8, 1, 2)), Box(4, 6, 6, 6)
    origins = Origins(mask)
    fill, crop = filled(mask, box, {(4, 2): (7, 0), (4, 3): (2, 6)}, pad_px=(2, 2))  # rows 6 and 7 mirror 5 and 4
    origins.note(fill, crop, Window(box, Box(8, 8, 1, 2), pad_px=(2, 2)))
    assert origins.found is not None
    assert origins.found.tolist() == [[8, 6], [6, 11]]


def test_a_smaller_fill_and_an_engine_that_does_not_say_have_no_sources():
    mask = hole((1, 1, 2, 2))
    origins = Origins(mask)
    fill, crop = filled(mask, WHOLE, {(1, 1): (8, 9)})
    origins.note(fill, crop, Window(WHOLE, WHOLE, scale=0.5))
    origins.note(Fill(fill.pixels), crop, Window(WHOLE, WHOLE))
    assert origins.found is None
