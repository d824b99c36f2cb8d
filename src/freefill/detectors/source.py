"""Masks by word: what `--mask people` and alike mean. The one door from pictures to detectors."""

from __future__ import annotations

import numpy as np

from freefill.errors import InputError, WeightsError, did_you_mean
from freefill.values import PEOPLE_WORDS, Hole, Image, Mask, Picture
from freefill.weights.locate import state

WORDS: tuple[str, ...] = ("people", "salient", "text")


def mask_of_word(word: str, picture: Picture) -> Mask:
    """Return the mask of what a word names, found in the picture.

    Parameters
    ----------
    word : one of WORDS
    picture : of any depth; grey ones are taken as RGB

    Returns
    -------
    Mask; empty, with a note, where nothing is found

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

        return mask_people(as_image(picture), PeopleWishes.from_words(word), picture.source).mask
    return as_mask(_detect(word, as_image(picture)), word, picture)


def is_word(word: str) -> bool:
    """Tell whether a word names a mask: one of WORDS, or "people but the main one", "people but 2", "small people"."""
    return word in WORDS or PEOPLE_WORDS.fullmatch(word) is not None


def as_mask(hole: Hole, word: str, picture: Picture) -> Mask:
    """Return a hole as a mask that says where it comes from."""
    notes = () if hole.any() else (f"no {word} found in {picture.source}",)
    return Mask(hole, source=f"{word} in {picture.source}", notes=notes)


def as_image(picture: Picture) -> Image:
    """Return (H, W, 3) float32 in [0, 1]; profiles are left aside, detectors do not mind them."""
    values = np.multiply(picture.pixels, np.float32(1 / picture.full_scale), dtype=np.float32)
    return np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values


def needed(word: str) -> tuple[str, ...]:
    """Return the names of the weights that a word needs."""
    if "people" in word:
        from freefill.detectors.people import WEIGHTS
    elif word == "salient":
        from freefill.detectors.salient import WEIGHTS
    else:
        from freefill.detectors.text import WEIGHTS
    return WEIGHTS


def require(names: tuple[str, ...], what: str) -> None:
    """Stop where weights are missing, naming all of them at once.

    Raises
    ------
    WeightsError
        With the command that gets them.
    """
    missing = [name for name in names if state(name) == "not here"]
    if missing:
        raise WeightsError(
            f"{what}: needs weights that are not on this machine; run: freefill weights fetch {' '.join(missing)}"
        )


def _detect(word: str, image: Image) -> Hole:
    if word == "salient":
        from freefill.detectors.salient import detect
    else:
        from freefill.detectors.text import detect
    return detect(image)
