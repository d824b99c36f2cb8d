"""freefill.masks.people, text and salient, with tiny networks for which a thing is what is bright."""

import numpy as np
import pytest
from PIL import Image

import freefill
from freefill.errors import InputError, NothingFoundError, WeightsError


@pytest.fixture(autouse=True)
def _nobody_is_taken_for_text(monkeypatch):
    """To the tiny networks a bright thing is a person and a row of text at once."""
    monkeypatch.setattr("freefill.detectors.living.SAME", 2.0)


PHOTO = np.random.default_rng(0).integers(20, 40, (240, 300, 3), dtype=np.uint8)
PHOTO[90:150, 120:180] = 245
NIGHT = np.zeros((64, 64, 3), np.uint8)
EACH = (freefill.masks.people, freefill.masks.text, freefill.masks.salient)


@pytest.mark.parametrize("find", EACH)
def test_the_thing_is_found_in_whatever_holds_a_picture(models, tmp_path, find):
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    mask = find(PHOTO)
    assert mask.hole[92:148, 122:178].any()
    assert 0 < mask.share < 0.25
    assert "% of the picture" in mask.notes[0]
    for given in (tmp_path / "photo.png", (tmp_path / "photo.png").read_bytes(), Image.fromarray(PHOTO)):
        assert np.array_equal(find(given).hole, mask.hole)


def test_what_is_found_can_be_filled_at_once(models):
    mask = freefill.masks.people(PHOTO)
    filled = freefill.inpaint(PHOTO, mask, engine="telea", texture="never").image
    assert filled[120, 150].max() < 100
    assert np.array_equal(filled[~mask.hole], PHOTO[~mask.hole])


@pytest.mark.parametrize("find", EACH)
def test_growing_and_refining_take_in_more(models, find):
    plain = find(PHOTO).hole
    assert find(PHOTO, grow="4px").hole.sum() > plain.sum()
    assert find(PHOTO, refine=True).hole.sum() > plain.sum()


def test_nobody_is_an_error_or_an_empty_mask_as_one_likes(models):
    with pytest.raises(NothingFoundError, match="no people found in array; lower the score"):
        freefill.masks.people(NIGHT)
    with pytest.raises(NothingFoundError, match="persons stay"):
        freefill.masks.people(PHOTO, but=900)
    assert not freefill.masks.people(NIGHT, empty_ok=True).hole.any()
    assert not freefill.masks.text(NIGHT, empty_ok=True).hole.any()


def test_a_missing_network_names_its_command(no_weights):
    with pytest.raises(WeightsError, match=r"masks\.people: needs weights .*; run: freefill weights fetch people$"):
        freefill.masks.people(PHOTO)
    with pytest.raises(WeightsError, match=r"run: freefill weights fetch u2netp$"):
        freefill.masks.salient(PHOTO)


def test_a_wrong_argument_is_told(models):
    with pytest.raises(InputError, match="least_score must lie within 0 to 1"):
        freefill.masks.people(PHOTO, score=2)
    with pytest.raises(InputError, match="not a picture"):
        freefill.masks.text(None)


def test_the_room_shows_what_there_is():
    assert dir(freefill.masks) == ["RefineSettings", "THOROUGH", "people", "refine", "salient", "text"]
    with pytest.raises(AttributeError):
        _ = freefill.masks.nothing
