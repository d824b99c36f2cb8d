"""Data sets are read as they lie on disk."""

from pathlib import Path

import pytest
from PIL import Image

from freefill.errors import InputError
from freefill.evaluation.sources import read_set


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)
    return path


@pytest.mark.parametrize("layout", [
    "val_large", "val_256", "data_large/val", "val2017", "CelebAMask-HQ/CelebA-HQ-img", "celeba_hq/val",
    "img_align_celeba",
])  # fmt: skip
def test_of_a_known_set_the_pictures_that_papers_measure_on_are_read(layout, tmp_path):
    picture(tmp_path / "train" / "not_this.jpg")
    paths = [picture(tmp_path / layout / name) for name in ("b.jpg", "a.png")]
    assert [(item.name, item.picture) for item in read_set(tmp_path, own_masks=False)] == [
        ("a", paths[1]),
        ("b", paths[0]),
    ]


def test_a_plain_folder_is_read_at_any_depth_in_the_order_of_names(tmp_path):
    for name in ("z.jpg", "deep/er/c.WEBP", "a/b.tif"):
        picture(tmp_path / name)
    assert [item.name for item in read_set(tmp_path, own_masks=False)] == ["a/b", "deep/er/c", "z"]
    assert [item.name for item in read_set(tmp_path, own_masks=False, limit=2)] == ["a/b", "deep/er/c"]


def test_triplets_are_joined_by_name_and_a_picture_without_a_mask_is_left_out(tmp_path):
    for name in (
        "image/a.jpg",
        "image/b.png",
        "image/alone.png",
        "mask/a.png",
        "mask/b_mask001.png",
        "background/a.png",
    ):
        picture(tmp_path / name)
    found = [(item.name, item.mask and item.mask.name, item.truth and item.truth.name)
             for item in read_set(tmp_path, own_masks=True)]  # fmt: skip
    assert found == [("a", "a.png", "a.png"), ("b", "b_mask001.png", None)]


def test_of_a_folder_for_each_case_the_mask_that_was_used_is_taken(tmp_path):
    for name in ("one/raw.png", "one/mask.png", "two/raw.jpg", "two/mask.png", "two/mask_used.png", "two/output_x.png"):
        picture(tmp_path / name)
    found = [
        (item.name, item.picture.name, item.mask and item.mask.name) for item in read_set(tmp_path, own_masks=True)
    ]
    assert found == [("one", "raw.png", "mask.png"), ("two", "raw.jpg", "mask_used.png")]


def test_pairs_beside_each_other_are_joined(tmp_path):
    for name in ("x/a.jpg", "x/a_mask.png", "x/b.jpg"):
        picture(tmp_path / name)
    assert [(item.name, item.mask and item.mask.name) for item in read_set(tmp_path, own_masks=True)] == [
        ("x/a", "a_mask.png")
    ]


@pytest.mark.parametrize(("own", "words"), [(True, "holds no pictures with masks"), (False, "holds no pictures")])
def test_a_folder_that_holds_nothing_that_fits_is_an_error(own, words, tmp_path):
    with pytest.raises(InputError, match=words):
        read_set(tmp_path, own_masks=own)
