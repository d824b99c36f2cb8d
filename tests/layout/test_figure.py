"""What stands before the ground is no source; what lines part is filled from its own side."""

import numpy as np
import pictures

from freefill.layout.bands import ANY, bands
from freefill.layout.draw import draw
from freefill.layout.figure import figures, with_feet
from freefill.layout.labelling import label
from freefill.layout.novelty import novelty
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
    parts, strips = bands(hole, [np.stack((np.full_like(cols, 60.0), cols), 1)])
    assert not strips.any()
    above, below = parts[50, 80], parts[70, 80]
    assert above != below
    assert ANY not in (above, below)
    assert (parts[60, 52:109] == ANY).all()
    assert (parts[10, 80], parts[110, 80]) == (above, below)
    assert not bands(hole, []).parts.any()


def test_between_two_lines_what_the_strip_does_not_show_is_dear_however_deep_in_the_hole():
    image = np.full((*SIZE, 3), 0.6)
    image[56:66] = [0.63, 0.6, 0.56]  # a strip of sand
    hole = pictures.blob(SIZE, (60, 80), (40, 45))
    sight = see(image.astype(np.float32), hole, ~hole, 192)
    cols = np.arange(35.0, 126.0)
    cut = bands(hole, [np.stack((np.full_like(cols, row), cols), 1) for row in (55.5, 65.5)])
    assert (cut.strips[60, 80], cut.strips[45, 80], cut.strips[75, 80]) == (True, False, False)
    deep, shifts = np.array([[60, 80]]), np.array([[0, 60], [45, 0]], np.int32)
    sand, tarmac = novelty(sight, sight.lab, deep, shifts, np.ones((2, 1), bool), cut)[:, 0]
    assert tarmac - sand > 1.5
    sand, tarmac = novelty(sight, sight.lab, deep, shifts, np.ones((2, 1), bool), bands(hole, []))[:, 0]
    assert tarmac - sand < 0.5


def test_before_a_hall_that_stands_out_as_a_whole_a_person_still_does():
    """Much of the picture is farther from the rim than the person is different from it."""
    hole = pictures.blob(SIZE, (60, 0), (50, 24))
    image = np.full((*SIZE, 3), 0.2)
    image[4:62, 40:156], image[62:116, 40:156] = 0.8, 0.45  # a bright hall and its floor
    image[72:100, 90:100] = 0.7
    stands = figures(see(pictures.grained(image), hole, ~hole, 192))
    assert stands[86, 95] > 15
    assert stands[86, 60] < 3


def test_below_what_stands_out_are_its_feet_ever_less_so_and_beside_it_nothing():
    stands = np.zeros((60, 20), np.float32)
    stands[10:20, 8:12] = 20
    stands[10:20, 2:4] = 5  # a ripple has no feet
    avoided = with_feet(stands)
    assert np.array_equal(avoided[:20], stands[:20])
    assert 8 < avoided[22, 9] < 12
    assert (np.diff(avoided[19:27, 9]) <= 0).all()
    assert avoided[26:, 9].max() == 0
    assert avoided[20:, :8].max() == 0


def test_a_belt_does_not_make_a_person_two_short_things():
    stands = np.zeros((80, 4), np.float32)
    stands[5:45] = 20
    whole = with_feet(stands)
    stands[20:22] = 0
    assert np.array_equal(with_feet(stands)[45:60] > 0, whole[45:60] > 0)
    assert with_feet(stands)[60, 0] > 0
