"""Photographs are found, split and cut; what cannot be used is left out, counted and named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from freefill.errors import InputError
from freefill.training import photos as photos_of
from freefill.training import recipes
from freefill.training.options import DataOptions, RunOptions, changed
from freefill.training.photos import Photo
from freefill.training.views import HELD_OUT, Views, view


def test_a_tar_gives_the_same_pictures_as_the_folder_it_holds(photos: Path, shard: Path) -> None:
    from_folder, from_tar = photos_of.find([photos]), photos_of.find([shard])
    assert [photo.name for photo in from_folder] == [photo.name for photo in from_tar]
    assert [photo.read() for photo in from_folder] == [photo.read() for photo in from_tar]


def test_folders_are_searched_to_the_bottom(photos: Path) -> None:
    (photos / "a" / "b").mkdir(parents=True)
    (photos / "photo0.jpg").rename(photos / "a" / "b" / "photo0.jpg")
    assert len(photos_of.find([photos])) == 8


def test_parts_of_one_photograph_stay_on_one_side_and_others_do_not() -> None:
    names = [f"{number}_{part}.jpg" for number in range(200) for part in "abc"]
    trained_on, held_out = photos_of.split([Photo(name, "", 0, 1) for name in names], 0.2)
    of = {photo.name.split("_")[0] for photo in trained_on}, {photo.name.split("_")[0] for photo in held_out}
    assert of[0].isdisjoint(of[1])
    assert 60 < len(held_out) < 180


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.mkdir(), "holds no photographs"),
        (lambda path: None, "no such file or folder"),
        (lambda path: path.write_text("x"), "neither a folder"),
    ],
)
def test_what_holds_no_photographs_is_refused(tmp_path: Path, make, said: str) -> None:
    make(tmp_path / "x")
    with pytest.raises(InputError, match=said):
        photos_of.find([tmp_path / "x"])


def test_a_broken_photograph_is_left_out_counted_and_named(photos: Path, recipe: Path) -> None:
    for number in range(7):
        (photos / f"photo{number}.jpg").write_bytes(b"\xff\xd8 broken")
    views = Views(recipes.load(str(recipe)), photos_of.find([photos]))
    found = [views[number] for number in range(8)]
    assert {each["skipped"] > 0 for each in found} == {True, False}
    assert all("photo7" not in each["first_skipped"] for each in found)
    assert any("photo3.jpg: cannot be read as a picture" in each["first_skipped"] for each in found)


def test_only_broken_photographs_stop_the_run(photos: Path, recipe: Path) -> None:
    for file in photos.iterdir():
        file.write_bytes(b"broken")
    with pytest.raises(InputError, match="20 photographs in a row"):
        Views(recipes.load(str(recipe)), photos_of.find([photos]))[0]


def test_a_photograph_smaller_than_the_crop_is_enlarged_skipped_or_refused(photos: Path) -> None:
    photo = photos_of.find([photos])[0]  # 56x48
    rng = np.random.default_rng(0)
    assert view(photo, DataOptions(side_px=128), rng).shape == (128, 128, 3)
    for small in ("skip", "refuse"):
        with pytest.raises(InputError, match="56x48 px is smaller than the view of 128x128"):
            view(photo, DataOptions(side_px=128, small=small), rng)


def test_a_crop_is_the_photographs_own_pixels(photos: Path) -> None:
    from freefill.images.for_training import decode

    photo = photos_of.find([photos])[0]
    whole = decode(photo.read(), photo.name)
    cut = view(photo, DataOptions(side_px=32, flip=False), np.random.default_rng(1))
    places = [(t, le) for t in range(17) for le in range(25) if np.array_equal(whole[t : t + 32, le : le + 32], cut)]
    assert len(places) == 1


def test_view_n_is_the_same_whoever_asks_and_its_mask_is_its_own(photos: Path, recipe: Path) -> None:
    options, found = recipes.load(str(recipe)), photos_of.find([photos])
    first, second = Views(options, found), Views(options, found)
    [second[number] for number in (30, 4)]
    assert all(torch.equal(first[9][key], second[9][key]) for key in ("image", "mask"))
    masks = {first[number]["mask"].numpy().tobytes() for number in range(16)}
    assert len(masks) == 16


def test_a_pass_shows_every_photograph_once(photos: Path) -> None:
    options = changed(RunOptions(), ("data.side_px=32", 'data.fit="resize"', "data.flip=false"))
    views = Views(options, photos_of.find([photos]))
    for passed in range(2):
        assert len({views[passed * 8 + n]["image"].numpy().tobytes() for n in range(8)}) == 8


def test_held_out_views_are_others_than_those_trained_on(photos: Path, recipe: Path) -> None:
    options, found = recipes.load(str(recipe)), photos_of.find([photos])
    assert not torch.equal(Views(options, found)[0]["mask"], Views(options, found, HELD_OUT)[0]["mask"])


def test_masks_that_fill_everything_are_refused(photos: Path) -> None:
    options = changed(RunOptions(), ("data.side_px=32", "masks={everything=1}"))
    with pytest.raises(InputError, match="covered more than 75% of 32x32 px"):
        Views(options, photos_of.find([photos]))[0]
