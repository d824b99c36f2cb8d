"""Masks from COCO's annotations, held against COCO's own tools."""

import contextlib
import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as _rle

from freefill.errors import InputError
from freefill.masks.coco import instance_holes, picture_mask, read_coco
from freefill.masks.coco_codes import decode, unpack

rle: Any = _rle  # its type hints know neither polygons nor packed text

SIZES = st.tuples(st.integers(1, 24), st.integers(1, 24))
CORNERS = st.lists(
    st.tuples(st.floats(-9, 33, width=32), st.floats(-9, 33, width=32)), min_size=3, max_size=9
)  # also outside the picture


def square(row, col, side):
    return [col, row, col + side, row, col + side, row + side, col, row + side]


def data(**change):
    """Two pictures, three categories, five annotations."""
    made = {
        "images": [
            {"id": 1, "file_name": "a.jpg", "height": 20, "width": 30},
            {"id": 7, "file_name": "deep/b.jpg", "height": 12, "width": 12},
        ],
        "categories": [
            {"id": 1, "name": "person"}, {"id": 41, "name": "skateboard"}, {"id": 63, "name": "couch"},
        ],
        "annotations": [
            {"id": 10, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": [square(2, 2, 8)]},
            {"id": 11, "image_id": 1, "category_id": 41, "iscrowd": 0, "segmentation": [square(10, 3, 4)]},
            {"id": 12, "image_id": 1, "category_id": 63, "iscrowd": 0, "segmentation": [square(2, 10, 9)]},
            {"id": 13, "image_id": 1, "category_id": 1, "iscrowd": 1,
             "segmentation": {"size": [20, 30], "counts": [400, 100, 100]}},
            {"id": 14, "image_id": 7, "category_id": 1, "iscrowd": 0, "segmentation": [square(1, 1, 5)]},
        ],
    }  # fmt: skip
    return {**made, **change}


def file_of(tmp_path, content):
    path = tmp_path / "instances.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def read(tmp_path, content):
    return read_coco(file_of(tmp_path, content))


# --- codes -------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pycocotools and numpy 2
@settings(deadline=None)
@given(size=SIZES, corners=CORNERS)
def test_a_polygon_has_the_pixels_that_cocos_tools_give_it(size, corners):
    flat = [float(number) for corner in corners for number in corner]
    theirs = rle.decode(rle.frPyObjects([flat], *size)[0]).astype(bool)
    assert np.array_equal(decode([flat], size), theirs)


@settings(deadline=None)
@given(size=SIZES, seed=st.integers(0, 999), share=st.floats(0, 1))
def test_run_lengths_packed_and_plain_give_the_mask_that_was_packed(size, seed, share):
    mask = np.random.default_rng(seed).random(size) < share
    packed = rle.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    assert np.array_equal(decode({"size": list(size), "counts": packed}, size), mask)
    assert np.array_equal(decode({"size": list(size), "counts": unpack(packed).tolist()}, size), mask)


def test_several_polygons_are_joined():
    hole = decode([square(0, 0, 2), square(5, 5, 3)], (9, 9))
    assert hole.sum() == 4 + 9


def test_a_square_has_its_pixels_down_the_rows_and_across_the_columns():
    expected = np.zeros((6, 8), bool)
    expected[1:4, 4:7] = True
    assert np.array_equal(decode([square(1, 4, 3)], (6, 8)), expected)


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ([[1, 2, 3, 4]], "3 points or more"),
        ([[1, 2, 3, 4, 5, 6, 7]], "x and y of each"),
        ([["a", 2, 3, 4, 5, 6]], "not a list of numbers"),
        ([[1, 2, 3, float("nan"), 5, 6]], "not finite"),
        ([[1, 2, 3, 4, 5, 1e9]], "far outside"),
        ([], "neither polygons nor run lengths"),
        (None, "neither polygons nor run lengths"),
        ("abc", "neither polygons nor run lengths"),
        (7, "neither polygons nor run lengths"),
        ([3, 4], "x and y of each"),
        ({"size": [3, 4], "counts": [5, 7]}, "run lengths are for 4x3, the picture is 5x4"),
        ({"size": [4, 5], "counts": [5, 7]}, "add up to 12 px, the picture has 20"),
        ({"size": [4, 5], "counts": [30, -10]}, "a run length of"),
        ({"size": [4, 5], "counts": [10.5, 9.5]}, "not a list of whole numbers"),
        ({"size": [4, 5], "counts": [True, 19]}, "not a list of whole numbers"),
        ({"size": [4, 5], "counts": ["1", "19"]}, "not a list of whole numbers"),
        ({"size": [4, 5], "counts": [float("nan"), 19]}, "not a list of whole numbers"),
        ([[0, 0, 0, 150_000, 1, 0]] * 100, "outline of"),
        ({"size": [4, 5], "counts": "?!"}, "sign"),
        ({"size": [4, 5], "counts": "oo"}, "middle of a number"),
        ({"size": [4, 5], "counts": {"a": 1}}, "not a list of whole numbers"),
        ({"counts": [20]}, "run lengths are for"),
        ({"size": [4, 5]}, "not a list of whole numbers"),
    ],
)
def test_a_broken_region_is_refused_with_what_is_wrong(segmentation, said):
    with pytest.raises(InputError, match=said):
        decode(segmentation, (4, 5))


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers(-5, 99) | st.floats() | st.text("0O1oab`~", max_size=6),
        lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.sampled_from(["size", "counts"]), inner),
        max_leaves=20,
    )
)
def test_whatever_stands_there_gives_a_mask_or_is_refused(segmentation):
    with contextlib.suppress(InputError):
        assert decode(segmentation, (4, 5)).shape == (4, 5)


# --- files -------------------------------------------------------------------------------------------------------


def test_the_union_of_one_category(tmp_path):
    coco = read(tmp_path, data())
    hole = picture_mask(coco, coco.pictures[0], crowds="without").hole
    assert hole.sum() == 64
    assert hole[2:10, 2:10].all()


def test_crowds_are_taken_left_out_or_taken_alone(tmp_path):
    coco = read(tmp_path, data())
    sums = [picture_mask(coco, coco.pictures[0], crowds=how).hole.sum() for how in ("with", "without", "only")]
    assert sums == [164, 64, 100]


def test_no_category_means_all(tmp_path):
    coco = read(tmp_path, data())
    assert len(list(instance_holes(coco, coco.pictures[0], ()))) == 4
    assert picture_mask(coco, coco.pictures[0], (), crowds="without").hole[12, 4]


def test_attached_takes_the_skateboard_and_leaves_the_couch(tmp_path):
    coco = read(tmp_path, data())
    mask = picture_mask(coco, coco.pictures[0], attached=True, crowds="without")
    assert mask.hole[10:14, 3:7].all()
    assert not mask.hole[5, 15]
    assert mask.notes == ("taken along: skateboard",)


def test_one_mask_for_each_thing(tmp_path):
    coco = read(tmp_path, data())
    found = list(instance_holes(coco, coco.pictures[0], ("person", "couch")))
    assert [each.id for each, _ in found] == [10, 12, 13]
    assert [int(hole.sum()) for _, hole in found] == [64, 81, 100]


def test_a_picture_without_the_category_has_an_empty_mask(tmp_path):
    coco = read(tmp_path, data())
    assert not picture_mask(coco, coco.pictures[1], ("couch",)).hole.any()


def test_an_unknown_category_is_answered_with_the_nearest(tmp_path):
    coco = read(tmp_path, data())
    with pytest.raises(InputError, match=r"has no category 'skatebord'; did you mean 'skateboard'"):
        picture_mask(coco, coco.pictures[0], ("skatebord",))


def test_a_broken_polygon_is_named_with_file_picture_and_annotation(tmp_path):
    content = data()
    content["annotations"][0]["segmentation"] = [[1, 2, 3]]
    coco = read(tmp_path, content)
    with pytest.raises(InputError, match=r"instances.json: a.jpg, annotation 10 \(person\): a polygon has 3 numbers"):
        picture_mask(coco, coco.pictures[0])
    assert picture_mask(coco, coco.pictures[1]).hole.any()  # other pictures are not touched by it


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("image_id", r"1 of 5 annotations belong to pictures .* first: annotation 11 with image_id 99"),
        ("category_id", r"1 of 5 annotations belong to categories .* category_id 99"),
    ],
)
def test_ids_that_do_not_match_are_named(tmp_path, key, said):
    content = data()
    content["annotations"][1][key] = 99
    with pytest.raises(InputError, match=said):
        read(tmp_path, content)


def test_two_pictures_of_one_id_are_refused(tmp_path):
    content = data()
    content["images"][1]["id"] = 1
    with pytest.raises(InputError, match="1 pictures share an id"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "is not JSON"),
        ("[1, 2]", "not an instances file"),
        ('{"images": [], "annotations": []}', "needs the lists"),
        (data(images=[{"id": 1, "height": 3, "width": 3}]), "annotations belong|file_name"),
        (data(images=[{"id": 1}]), "height"),
        (data(images=[{"id": 1, "file_name": "a", "height": [], "width": 3}]), "entry is not as COCO"),
        ("[" * 100_000 + "]" * 100_000, "thousands deep"),
        (data(annotations=[{"image_id": 1}]), "category_id"),
        (data(annotations=["a"]), "entry is not as COCO"),
        (data(categories=[5]), "entry is not as COCO"),
        (data(images=[{"id": [1], "file_name": "a", "height": 3, "width": 3}]), "entry is not as COCO"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path, content, said):
    with pytest.raises(InputError, match=said) as refused:
        read(tmp_path, content)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("height", [0, "x", float("inf"), 10**6])
def test_a_picture_of_an_impossible_size_is_named_and_the_others_are_done(tmp_path, height):
    content = data()
    content["images"][0] |= {"height": height, "width": 10**6}
    coco = read(tmp_path, content)
    with pytest.raises(InputError, match=r"instances.json: a.jpg: picture 1 (has no size|is .* over the limit of 200)"):
        picture_mask(coco, coco.pictures[0])
    assert picture_mask(coco, coco.pictures[1]).hole.any()


@pytest.mark.parametrize("counts", [[2**62] * 4 + [144], [-1, 145], [2**64, 1]])
def test_run_lengths_that_wrap_around_are_refused(tmp_path, counts):
    with pytest.raises(InputError, match="run length"):
        decode({"size": [12, 12], "counts": counts}, (12, 12))


def test_packed_run_lengths_that_wrap_around_are_refused():
    sixty_bits = "o" * 12 + "7"  # 2^62 and more in one number, then differences to it
    with pytest.raises(InputError, match="run length"):
        decode({"size": [12, 12], "counts": sixty_bits * 5}, (12, 12))


def test_the_memory_of_a_polygon_is_that_of_the_picture():
    tracemalloc.start()
    try:
        hole = decode([[0, 0, 6000, 0, 6000, 4000, 0, 4000.0]], (4000, 6000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert hole.all()
    assert peak < 16 * hole.size


def test_thousands_of_small_polygons_in_a_huge_picture_take_their_own_columns_only():
    small = [[x, 5, x + 8, 5, x + 8, 13, x, 13] for x in range(0, 9000, 9)]
    hole = decode(small, (9000, 9000))  # minutes where each takes the whole picture: pytest's own clock ends it
    assert hole.sum() == 8 * 8 * len(small)


def test_an_outline_without_end_is_refused():
    corners = [0, 0, 199_000, 0] * 100
    with pytest.raises(InputError, match="longer than any thing"):
        decode([corners], (10, 10))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_coco(tmp_path / "nope.json")
