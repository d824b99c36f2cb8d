"""The masks that the study holds against each other, for one picture with people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from freefill.errors import FreefillError
from freefill.images.read import read_picture
from freefill.inputs import mask_for
from freefill.masks.coco import Coco, CocoPicture, picture_mask
from freefill.masks.sources import mask_from_picture
from freefill.request import MaskOptions
from freefill.values import Hole, Mask, Picture

KINDS = {
    "annotated": "drawn by people, as the data set has them",
    "annotated, refined": "the same, made complete by freefill (hair, what is held, shadows) with a margin",
    "predicted": "found by networks, or given by you",
    "predicted, refined": "the same, made complete by freefill with a margin",
    "fixed disc": "annotated, grown by a disc of 10 px at 224 x 224, whatever the person's size",
}
"""What each kind of mask is, for the reader of the page."""
_DISC_PX, _DISC_SIDE_PX = 10, 224  # the remedy of the study that began this: a disc of 10 px drawn at 224 x 224


def masks_of(picture: Picture, coco: Coco, entry: CocoPicture, given: Path | None) -> dict[str, Mask | str]:
    """Return each kind's mask, or one line on why there is none.

    Parameters
    ----------
    picture, entry : the picture and its annotations
    given : a folder of masks somebody predicted (two-colour pictures of 224 x 224 among them), which then stand for
        "predicted"; None = the networks that know persons predict them
    """
    annotated = picture_mask(coco, entry, ("person",))
    refined = MaskOptions(refine=True)

    @cache
    def predicted() -> Mask:  # a network looks for persons: once for both kinds
        return _predicted(picture, entry, given)

    made: dict[str, Callable[[], Mask]] = {
        "annotated": lambda: annotated,
        "annotated, refined": lambda: mask_for(annotated, picture, refined, 1e9),  # 1e9: it is read already
        "predicted": predicted,
        "predicted, refined": lambda: mask_for(predicted(), picture, refined, 1e9),
        "fixed disc": lambda: replace(annotated, hole=fixed_disc(annotated.hole)),
    }
    out: dict[str, Mask | str] = {}
    for kind, make in made.items():
        try:
            mask = make()
            out[kind] = (
                mask if mask.hole.any() and not mask.hole.all() else f"{entry.file}: the mask is empty or everything"
            )
        except FreefillError as error:
            out[kind] = str(error)
    return out


def _predicted(picture: Picture, entry: CocoPicture, given: Path | None) -> Mask:
    options = MaskOptions(mask_fit="scale")
    if given is None:
        return mask_for("people", picture, options, 1e9)
    # Without any, a name that the error can say.
    path = next((p for p in sorted(given.glob(f"{Path(entry.file).stem}.*"))), given / f"{Path(entry.file).stem}.png")
    return mask_for(mask_from_picture(read_picture(path)), picture, options, 1e9)


def fixed_disc(hole: Hole) -> Hole:
    """Return the hole grown by a disc of 10 px at 224 x 224, and brought back; never less than it was."""
    size = (_DISC_SIDE_PX, _DISC_SIDE_PX)
    small = cv2.resize(hole.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _DISC_PX + 1,) * 2)
    grown = cv2.resize(cv2.dilate(small, disc), hole.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return grown | hole  # thin parts may get lost on the way to 224 px and back
