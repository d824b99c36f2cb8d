"""What stands before the ground is no source; what lines part is filled from its own side."""

import numpy as np
import pictures

from freefill.layout.bands import ANY, bands
from freefill.layout.draw import draw
from freefill.layout.figure import figures
from freefill.layout.labelling import label
from freefill.layout.sight import see

SIZE = 120, 160


def meadow(animal=(60, 130), size=SIZE):
    """Ground with an animal that touches neither the hole nor the picture's edge."""
    image = np.full((*size, 3), 0.5)
    rows, cols = np.indices(size)
    if animal:
        image[(rows - animal[0]) ** 2 + (cols - animal[1]) ** 2 < 100] = [0.2, 0.1, 0.05]
    return pictures.grained(image)


def test_an_animal_on_a_meadow_stands_out_and_a_tree_that_grows_into_the_picture_does_not():
    hole = pictures.blob(SIZE, (60, 60), (24, 20))
    image = meadow()
    image[:50, 100:112] = [0.2, 0.15, 0.1]
    stands = figures(see(image, hole, ~hole, 192))
    assert stands[60, 130] > 15
    assert stands[20, 106] < 3
    assert stands[100, 20] < 1
    assert stands[hole].max() == 0


def test_a_line_stands_out_nowhere():
    hole = pictures.blob(SIZE, (60, 60), (24, 20))
    image = meadow(animal=None)
    image[100:102, 20:140] = 0.9
    assert figures(see(image, hole, ~hole, 192)).max() < 4  # of 38 Lab


def test_an_animal_is_not_copied_though_nothing_else_lies_at_that_shift():
    hole = pictures.blob(SIZE, (60, 60), (24, 20))
    sight = see(meadow(), hole, ~hole, 192)
    shifts = np.array([[0, 70], [0, 62], [40, 70]], np.int32)
    made = label(sight, shifts, *draw([], sight))
    assert made is not None
    assert sight.image[made.copied[:, 0], made.copied[:, 1]].min() > 0.4


def test_a_line_parts_the_hole_and_each_known_place_belongs_to_the_part_that_is_nearest():
    hole = pictures.blob(SIZE, (60, 80), (24, 30))
    cols = np.arange(50.0, 111.0)
    parts = bands(hole, [np.stack((np.full_like(cols, 60.0), cols), 1)])
    above, below = parts[50, 80], parts[70, 80]
    assert above != below
    assert ANY not in (above, below)
    assert (parts[60, 52:109] == ANY).all()
    assert (parts[10, 80], parts[110, 80]) == (above, below)
    assert not bands(hole, []).any()


def test_between_two_lines_the_strip_keeps_its_own_faint_colour():
    image = np.full((*SIZE, 3), 0.6)
    image[56:66] = [0.66, 0.6, 0.52]  # a strip of sand
    image = pictures.grained(image)
    hole = pictures.blob(SIZE, (60, 80), (40, 45))
    sight = see(image, hole, ~hole, 192)
    cols = np.arange(35.0, 126.0)
    curves = [np.stack((np.full_like(cols, row), cols), 1) for row in (55.5, 65.5)]
    shifts = np.array([(0, d * s) for d in (30, 50, 70, 90) for s in (1, -1)] + [(50, 0), (-50, 0), (45, 9)], np.int32)

    def sandy(parts):
        made = label(sight, shifts, *draw([], sight), None, parts)
        assert made is not None
        strip = (made.pixels[:, 0] >= 57) & (made.pixels[:, 0] <= 64)
        copied = sight.image[made.copied[strip, 0], made.copied[strip, 1]]
        return float((copied[:, 0] - copied[:, 2] > 0.07).mean())

    assert sandy(bands(hole, curves)) > 0.95
