"""Views: what a step trains on. View n of a run is the same whoever asks for it, in whatever order.

That is all that resuming, many machines and worker processes need: nothing about the data is ever saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from freefill.errors import InputError
from freefill.images.for_training import decode
from freefill.training import holes
from freefill.training.options import DataOptions, RunOptions
from freefill.training.photos import Photo
from freefill.training.task import Batch

TRAINED_ON, HELD_OUT = 1, 2  # streams of random numbers
_ENLARGE = 1.25  # "crop" takes photographs that it has to enlarge by up to this, whatever `small` says
_IN_A_ROW = 20  # photographs that cannot be used, before the run stops


class TooSmall(InputError):
    """A photograph is smaller than the view."""


class Views(Dataset[dict[str, Any]]):
    """View number n, for any n: photograph by a new order for every pass, place, mirror and mask by n.

    A view is a dictionary: image (3, h, w) uint8, mask (1, h, w) bool (True = hole), sketch (1, h, w) uint8 where the
    recipe wants one (0 or 1), skipped: how many photographs could not be used before this one, and `first_skipped`,
    the reason for the first of them.
    """

    def __init__(self, options: RunOptions, photos: Sequence[Photo], stream: int = TRAINED_ON) -> None:
        self.options = options
        self.photos = photos
        self.stream = stream
        self._order: tuple[int, NDArray[np.intp]] | None = None  # of one pass

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Return view `number`.

        Raises
        ------
        InputError
            If 20 photographs in a row cannot be used.
        """
        options, reasons = self.options, []
        side = options.data.side_px
        for attempt in range(_IN_A_ROW):
            # The attempt too: another photograph gets a place of its own.
            rng = np.random.Generator(np.random.PCG64([options.seed, self.stream, number, attempt]))
            try:
                image = view(self._photo(number + attempt), options.data, rng)
                break
            except InputError as error:
                if options.data.small == "refuse" and isinstance(error, TooSmall):
                    raise
                reasons.append(str(error))
        else:
            raise InputError(f"{_IN_A_ROW} photographs in a row cannot be used; the first: {reasons[0]}")
        hole = holes.draw(options.masks, (side, side), rng, options.mask_scale, options.largest_hole)
        found = {"image": torch.from_numpy(image).permute(2, 0, 1), "mask": torch.from_numpy(hole)[None]}
        if options.sketch:
            found["sketch"] = torch.from_numpy(sketch(image))[None]
        return {**found, "skipped": len(reasons), "first_skipped": reasons[0] if reasons else ""}

    def _photo(self, number: int) -> Photo:
        passed, place = divmod(number, len(self.photos))
        if self._order is None or self._order[0] != passed:
            rng = np.random.Generator(np.random.PCG64([self.options.seed, self.stream, passed]))
            self._order = passed, rng.permutation(len(self.photos))
        return self.photos[int(self._order[1][place])]


def view(photo: Photo, options: DataOptions, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cut one view out of a photograph: (side_px, side_px, 3) uint8.

    Raises
    ------
    InputError
        If it cannot be read, or is smaller than the view and the options do not want it enlarged.
    """
    side = options.side_px
    # "zoom": so large that the smallest cut has as many pixels as the view.
    least = {"crop": None, "resize": side, "zoom": int(side / options.area[0] ** 0.5) + 1}[options.fit]
    image = decode(photo.read(), photo.name, least)
    short = min(image.shape[:2])
    if options.fit == "crop" and short * _ENLARGE < side and options.small != "enlarge":
        raise TooSmall(
            f"{photo.name}: {image.shape[1]}x{image.shape[0]} px is smaller than the view of {side}x{side}; set "
            "data.side_px lower, data.small to 'skip' or 'enlarge', or data.fit to 'zoom'"
        )
    if options.fit == "resize":
        image = _scaled(image, side, side)
    else:
        if options.fit == "crop" and short < side:
            height, width = (max(round(length * side / short), side) for length in image.shape[:2])
            image = _scaled(image, height, width)
        # The share is one of area.
        cut = side if options.fit == "crop" else max(int(short * rng.uniform(*options.area) ** 0.5), 8)
        top, left = (int(rng.integers(length - cut + 1)) for length in image.shape[:2])
        image = _scaled(image[top : top + cut, left : left + cut], side, side)
    if options.flip and rng.random() < 0.5:
        image = image[:, ::-1]
    if options.colour:
        gain, shift = 1 + options.colour * rng.uniform(-1, 1), 128 * options.colour * rng.uniform(-1, 1)
        image = np.clip((image - 128.0) * gain + 128 + shift + 0.5, 0, 255).astype(np.uint8)  # 0.5: to the nearest
    return np.ascontiguousarray(image)


def _scaled(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    if image.shape[:2] == (height, width):
        return image
    # Shrinking with cubic weights would leave pixels out.
    how = cv2.INTER_AREA if height * width < image.shape[0] * image.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def sketch(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the edges of a view, (h, w) uint8 of 0 and 1: what a user's lines look like.

    The paper takes edges of a network (HED) above 0.6; these are Canny's, of the blurred view, with the view's own
    middle brightness for thresholds, so that nothing has to be fetched.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), max(min(image.shape[:2]) / 128, 0.8))
    middle = float(np.median(grey))
    return (cv2.Canny(grey, 0.66 * middle, 1.33 * middle) > 0).astype(np.uint8)


def collated(views: list[dict[str, Any]]) -> dict[str, Any]:
    """Stack views to a batch of tensors; counts are added, of the reasons the first is kept."""
    kept = [key for key in views[0] if key not in ("skipped", "first_skipped")]
    tensors = {key: torch.stack([each[key] for each in views]) for key in kept}
    reason = next((each["first_skipped"] for each in views if each["first_skipped"]), "")
    return {**tensors, "skipped": sum(each["skipped"] for each in views), "first_skipped": reason}


def on_device(found: dict[str, Any], device: torch.device) -> Batch:
    """Return the tensors of a batch as networks take them."""
    image = found["image"].to(device, non_blocking=True).float() / 127.5 - 1
    mask = found["mask"].to(device, non_blocking=True).float()
    lines = found.get("sketch")
    return Batch(image, mask, None if lines is None else lines.to(device).float())
