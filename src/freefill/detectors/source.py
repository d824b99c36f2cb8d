"""Masks by word: what `--mask people` and alike mean. The one door from pictures to detectors."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from freefill.errors import InputError, WeightsError, did_you_mean
from freefill.values import PEOPLE_WORDS, Hole, Image, Mask, Picture
from freefill.weights.cards.catalogue import JOBS
from freefill.weights.locate import state

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
    from freefill.detectors.text import find_rows, mask_rows

    image = as_image(picture)
    rows = find_rows(image, settings)
    mask = as_mask(mask_rows(image, rows, settings), "text", picture)
    count = f"text: {len(rows)} row{'' if len(rows) == 1 else 's'}, {share_of(mask.hole)}"
    return replace(mask, notes=(count,)) if mask.hole.any() else mask


def share_of(hole: Hole) -> str:
    """Say how much of the picture a mask covers.

    Examples
    --------
    >>> share_of(np.eye(4, dtype=bool))
    '25.0 % of the picture'
    """
    share = 100 * float(hole.mean())
    return f"{share:.1f} % of the picture" if share >= 0.05 else "less than 0.1 % of the picture"


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
    """Stop where the extra or weights are missing, naming all of it at once, with one line to run.

    Raises
    ------
    WeightsError
        With the command that gets them.
    """
    missing = [name for name in names if state(name) == "not here"]
    lacks = lacking(missing)
    if lacks:
        raise WeightsError(f"{what}: {lacks}")


def lacking(missing: Sequence[str]) -> str:
    """Say what must be got before networks can be asked, and by which command; empty where that is nothing.

    Parameters
    ----------
    missing : names of weights that are not on this machine
    """
    needs, commands = [], []
    if not can_run():
        needs.append("the extra 'detect'")
        commands.append("pip install 'freefill[detect]'")
    if missing:
        needs.append("weights that are not on this machine")
        commands.append(f"freefill weights fetch {' '.join(_jobs(missing))}")
    return f"needs {' and '.join(needs)}; run: {' && '.join(commands)}" if needs else ""


def can_run() -> bool:
    """Tell whether what runs networks is installed."""
    return importlib.util.find_spec("onnxruntime") is not None


def _jobs(missing: Sequence[str]) -> list[str]:
    """Return the shortest names that fetch them all: the one of a job where several belong to it."""
    for job, names in JOBS.items():
        if len(missing) > 1 and set(missing) <= set(names):
            return [job]
    return list(missing)
