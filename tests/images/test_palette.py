"""Pictures of numbered colours: what is not filled keeps its number; new colours go where there is room."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from freefill.images.palette import _cluster, colours_of, filled_indices

RGBA = NDArray[np.uint8]


def listed(*colours: tuple[int, ...]) -> RGBA:
    return np.array([(*colour, 255)[:4] for colour in colours], np.uint8)


def grey(count: int, start: int = 0) -> RGBA:
    return listed(*((start + n, start + n, start + n) for n in range(count)))


def test_numbers_show_their_colours_and_those_beyond_the_list_opaque_black():
    entries = np.array([[1, 2, 3, 4], [5, 6, 7, 0]], np.uint8)
    assert colours_of(np.array([[0, 1, 2, 255]], np.uint8), entries).tolist() == [
        [[1, 2, 3, 4], [5, 6, 7, 0], [0, 0, 0, 255], [0, 0, 0, 255]]
    ]


def test_what_is_unchanged_comes_back_as_it_is():
    indices, entries = np.array([[0, 1], [1, 0]], np.uint8), listed((1, 1, 1), (1, 1, 1))
    numbers, out = filled_indices(indices, entries, colours_of(indices, entries))
    assert numbers is indices
    assert out is entries


def test_a_colour_of_the_list_is_used_and_a_new_one_is_put_behind_it():
    indices, entries = np.array([[0, 1, 1, 1]], np.uint8), listed((10, 0, 0), (0, 10, 0))
    wanted = colours_of(indices, entries)
    wanted[0, 1], wanted[0, 2] = (10, 0, 0, 255), (7, 8, 9, 255)
    numbers, out = filled_indices(indices, entries, wanted)
    assert numbers.tolist() == [[0, 0, 2, 1]]
    assert_array_equal(out, listed((10, 0, 0), (0, 10, 0), (7, 8, 9)))
    assert indices.tolist() == [[0, 1, 1, 1]]


def test_a_number_beyond_the_list_keeps_it_and_new_colours_come_behind():
    indices, entries = np.array([[0, 5, 0]], np.uint8), listed((1, 1, 1))
    wanted = colours_of(indices, entries)
    wanted[0, 2] = (9, 9, 9, 255)
    numbers, out = filled_indices(indices, entries, wanted)
    assert numbers.tolist() == [[0, 5, 6]]
    assert out.shape == (7, 4)
    assert_array_equal(colours_of(numbers, out), wanted)


def test_two_numbers_of_one_colour_are_both_kept():
    indices, entries = np.array([[0, 1, 0]], np.uint8), listed((3, 3, 3), (3, 3, 3))
    wanted = colours_of(indices, entries)
    wanted[0, 2] = (4, 4, 4, 255)
    assert filled_indices(indices, entries, wanted)[0].tolist() == [[0, 1, 2]]


def test_in_a_full_list_the_place_of_a_colour_that_nobody_uses_is_taken():
    entries = grey(256)
    indices = np.arange(256).astype(np.uint8).reshape(16, 16)
    indices[0, 7] = 6  # number 7 is used nowhere now
    wanted = colours_of(indices, entries)
    wanted[15, 15] = (200, 0, 0, 255)  # and 255 is not any more
    numbers, out = filled_indices(indices, entries, wanted)
    assert_array_equal(colours_of(numbers, out), wanted)
    assert numbers[15, 15] == 7
    same = np.ones((16, 16), bool)
    same[15, 15] = False
    assert_array_equal(numbers[same], indices[same])


def test_in_a_full_list_that_is_all_used_the_nearest_colour_stands_for_a_new_one():
    entries = grey(256)
    indices = np.arange(257).astype(np.uint8).reshape(1, 257)  # number 0 twice
    wanted = colours_of(indices, entries)
    wanted[0, 256] = (101, 100, 100, 255)
    numbers, out = filled_indices(indices, entries, wanted)
    assert_array_equal(out, entries)
    assert numbers[0, 256] == 100


def test_more_new_colours_than_room_are_gathered_by_weight():
    entries = grey(254)
    indices = np.arange(254).astype(np.uint8)[None].repeat(2, axis=0)
    wanted = colours_of(indices, entries)
    # Two clusters of new colours, and room for two. In each, one colour is wanted far more often.
    wanted[1, :40] = (250, 10, 10, 255)
    wanted[1, 40:44] = (240, 10, 10, 255)
    wanted[1, 44:80] = (10, 250, 10, 255)
    wanted[1, 80] = (10, 213, 10, 255)
    numbers, out = filled_indices(indices, entries, wanted)
    assert out.shape == (256, 4)
    # Weighted means: (40 * 250 + 4 * 240) / 44 and (36 * 250 + 213) / 37.
    assert sorted(out[254:].tolist()) == [[10, 249, 10, 255], [249, 10, 10, 255]]
    assert_array_equal(numbers[0], indices[0])
    shown = colours_of(numbers, out).astype(int)
    assert np.abs(shown[1, :80] - wanted[1, :80]).max() <= 9


def test_thousands_of_new_colours_find_those_of_the_list():
    entries = listed((255, 255, 255), (5, 0, 0))
    indices = np.zeros((72, 72), np.uint8)
    red, green = np.meshgrid(np.arange(72), np.arange(72), indexing="ij")
    wanted = np.stack([red, green, np.zeros_like(red), np.full_like(red, 255)], axis=2).astype(np.uint8)
    indices[0, 1], wanted[0, 0], wanted[0, 1] = 1, 255, (5, 0, 0, 255)  # two pixels that are not filled
    numbers, out = filled_indices(indices, entries, wanted)
    assert len(out) == 256
    assert_array_equal(out[:2], entries)
    assert numbers[5, 0] == 1
    assert numbers[0, 0] == 0
    error = np.abs(colours_of(numbers, out).astype(int) - wanted)
    assert error.mean() < 2  # 72 x 72 colours by 254: squares of some 4.5 levels


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_whatever_is_filled_the_rest_keeps_its_number_and_few_colours_are_exact(data: st.DataObject):
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    count = data.draw(st.integers(1, 8))
    entries = rng.integers(0, 256, (count, 4), dtype=np.uint8)
    indices = rng.integers(0, count, (5, 6)).astype(np.uint8)
    wanted = colours_of(indices, entries)
    changed = rng.random((5, 6)) < data.draw(st.floats(0, 1))
    wanted[changed] = rng.integers(0, 256, (int(changed.sum()), 4), dtype=np.uint8)
    numbers, out = filled_indices(indices, entries, wanted)
    assert_array_equal(colours_of(numbers, out), wanted)
    assert_array_equal(numbers[~changed], indices[~changed])
    assert_array_equal(out[:count], entries)


def clustered(count: int, *weighted: tuple[tuple[int, int, int], int]) -> list[list[int]]:
    colours, weight = listed(*(colour for colour, _ in weighted)), np.array([share for _, share in weighted])
    return sorted(_cluster(colours, weight, count).tolist())


def test_as_many_clusters_as_colours_are_the_colours():
    colours = [((0, 0, 0), 5), ((40, 0, 0), 1), ((41, 0, 9), 2), ((200, 9, 9), 1)]
    assert clustered(4, *colours) == listed(*(colour for colour, _ in colours)).tolist()
    assert clustered(7, *colours) == listed(*(colour for colour, _ in colours)).tolist()
    assert clustered(0, *colours) == []


def test_what_many_pixels_have_is_parted_first():
    few = [((0, 0, 0), 1), ((100, 0, 0), 1)]
    many = [((0, 250, 0), 1000), ((0, 210, 0), 1000)]
    assert clustered(3, *few, *many) == listed((0, 210, 0), (0, 250, 0), (50, 0, 0)).tolist()


def test_a_cluster_is_as_wide_as_its_widest_channel_and_not_as_its_colours_are_bright():
    narrow = [((0, 250, 0), 30), ((4, 250, 0), 30)]
    wide = [((100, 0, 100), 30), ((160, 0, 100), 30)]
    assert clustered(3, *narrow, *wide) == listed((2, 250, 0), (100, 0, 100), (160, 0, 100)).tolist()
