"""Masks by word: the door that `--mask people` goes through."""

import socket
from typing import Any

import numpy as np
import pytest

from freefill.detectors.source import WORDS, as_image, mask_of_word
from freefill.errors import InputError, WeightsError
from freefill.inputs import mask_for
from freefill.values import Picture


def picture(dtype: Any = np.uint8, channels=3):
    pixels = np.full((416, 416, channels), 0.1)
    pixels[150:230, 200:260] = 0.95
    full = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    return Picture((pixels * full).astype(dtype), source="photo.png")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, 3), (np.uint16, 1), (np.float32, 3)])
def test_each_word_gives_a_mask_of_the_pictures_size(models, word, dtype, channels):
    mask = mask_of_word(word, picture(dtype, channels))
    assert mask.hole.any()
    assert mask.size == (416, 416)
    assert word in mask.source


def test_the_library_and_the_commands_reach_it_by_word(models):
    assert np.array_equal(mask_for("people", picture()).hole, mask_of_word("people", picture()).hole)


def test_depth_does_not_matter(models):
    assert np.array_equal(
        mask_of_word("people", picture(np.uint8)).hole, mask_of_word("people", picture(np.float64)).hole
    )


def test_nothing_found_is_said(models):
    dark = Picture(np.zeros((64, 64, 3), np.uint8), source="night.png")
    mask = mask_of_word("people", dark)
    assert not mask.hole.any()
    assert mask.notes == ("no people found in night.png",)


def test_all_that_is_missing_is_named_in_one_command(no_weights):
    with pytest.raises(WeightsError, match=r"mask people: .* run: freefill weights fetch people$"):
        mask_of_word("people", picture())


def test_no_socket_is_opened(no_weights, monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("a socket was opened")

    monkeypatch.delenv("FREEFILL_OFFLINE")
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    for word in WORDS:
        with pytest.raises(WeightsError):
            mask_of_word(word, picture())


def test_an_unknown_word_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'people'"):
        mask_of_word("peple", picture())


def test_grey_becomes_rgb_in_0_to_1():
    image = as_image(picture(np.uint16, 1))
    assert image.shape == (416, 416, 3)
    assert image.dtype == np.float32
    assert 0 <= image.min() <= image.max() <= 1
