"""Masks by word: what `--mask people` and alike mean. The one door from pictures to detectors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freefill.detectors.needs import needed, require
from freefill.errors import InputError, did_you_mean
from freefill.masks.parts import share_of
from freefill.values import PEOPLE_WORDS, Hole, Image, Mask, Picture

if TYPE_CHECKING:
    from freefill.detectors.text import TextSettings

WORDS: tuple[str, ...] = ("people", "salient", "text")


def mask_of_word(word: str, picture: Picture, score: float | None = None) -> Mask:
    """Return the mask of what a word names, found in the picture.

    Parameters
    ----------
    word : one of WORDS
    picture : of any depth; grey ones are taken as RGB
    score : how sure it must be, 0 to 1; None = the detector's own

    Returns
    -------
    Mask with a note of what was found; empty, with a note, where that is nothing

    Raises
    ------
    InputError
        If the word is not known.
    WeightsError
        If a network is not on this machine; the message has the command that gets all that is missing. Nothing is
        fetched here.
    """
    if not is_word(word):
        raise InputError(f"mask '{word}' is not known;{did_you_mean(word, WORDS)} all: {', '.join(WORDS)}")
    require(needed(word), f"mask {word}")
    if PEOPLE_WORDS.fullmatch(word):
        from freefill.detectors.people_mask import PeopleWishes, mask_people

        wishes = PeopleWishes.from_words(word)
        if score is not None:
            wishes = replace(wishes, settings=replace(wishes.settings, least_score=score))
        return mask_people(as_image(picture), wishes, picture.source).mask
    if word == "salient":
        from freefill.detectors import salient

        hole = salient.detect(as_image(picture)) if score is None else salient.detect(as_image(picture), cut=score)
        return as_mask(hole, "salient thing", picture)
    from freefill.detectors.text import TextSettings

    return text_mask(picture, TextSettings() if score is None else TextSettings(least_mean=score))


def is_word(word: str) -> bool:
    """Tell whether a word names a mask: one of WORDS, or "people but the main one", "people but 2", "small people"."""
    return word in WORDS or PEOPLE_WORDS.fullmatch(word) is not None


def as_mask(hole: Hole, word: str, picture: Picture) -> Mask:
    """Return a hole as a mask that says where it comes from."""
    notes = (f"{word}: {share_of(hole)}" if hole.any() else f"no {word} found in {picture.source}",)
    return Mask(hole, source=f"{word} in {picture.source}", notes=notes)


def text_mask(picture: Picture, settings: TextSettings) -> Mask:
    """Return the mask of all text, with a note of how many rows there are."""
    from freefill.detectors.living import without_beings
    from freefill.detectors.text import find_rows, mask_rows

    image = as_image(picture)
    rows = without_beings(image, find_rows(image, settings))
    mask = as_mask(mask_rows(image, rows, settings), "text", picture)
    count = f"text: {len(rows)} row{'' if len(rows) == 1 else 's'}, {share_of(mask.hole)}"
    return replace(mask, notes=(count,)) if mask.hole.any() else mask


def as_image(picture: Picture) -> Image:
    """Return (H, W, 3) float32 in [0, 1]; profiles are left aside, detectors do not mind them."""
    values = np.multiply(picture.pixels, np.float32(1 / picture.full_scale), dtype=np.float32)
    return np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values
