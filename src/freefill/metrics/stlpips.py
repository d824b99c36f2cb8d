"""ST-LPIPS, the shift-tolerant perceptual distance, in its AlexNet layout.

A. Ghildyal, F. Liu: Shift-tolerant perceptual similarity metric, ECCV 2022. The trunk is an AlexNet whose strides are
all replaced by a stride of 1 followed by a blur of stride 2; it was trained, from scratch, on people's choices between
two damaged pictures. Values are therefore not those of LPIPS, and are compared with each other only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from freefill.errors import InputError
from freefill.metrics.lpips import unit_length, weighted_distance
from freefill.metrics.pairs import same_images
from freefill.values import Box, Hole, Image

if TYPE_CHECKING:
    from torch import Tensor

MIN_SIDE_PX = 21  # below, nothing is left for the reflected border of the third blur
MARGIN_PX = 32  # around the hole's box: about half of what one feature of the deepest level sees

# (layer's name in the file, padding, blur before the ReLU, max-pool and blur before the convolution)
_LAYERS = (
    ("slice1.0", 2, "slice1.1", None),
    ("slice2.5", 2, None, "slice2.4"),
    ("slice3.9", 1, None, "slice3.8"),
    ("slice4.11", 1, None, None),
    ("slice5.13", 1, None, None),
)


class StLpips:
    """The distance, with its weights loaded; may be called from several threads.

    Parameters
    ----------
    state : the tensors of the authors' `alex_shift_tolerant.pth`, opened by `weights.opening.features.open_stlpips`;
        the distance is computed where they lie
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self._state = state
        self._device = state["scaling_layer.shift"].device

    def __call__(self, a: Image, b: Image) -> float:
        """Return the distance of two images: 0 for equal ones, about 0.8 for unrelated ones; symmetric.

        Parameters
        ----------
        a, b : (H, W, 3) float32, RGB in [0, 1]; no side under 21 px; nothing is resized

        Raises
        ------
        InputError
            If the shapes disagree or a side is too short.
        """
        same_images("ST-LPIPS", a, b)
        return self.between(self.features(a), self.features(b))

    def features(self, image: Image) -> list[Tensor]:
        """Return what the distance compares, so that one truth can be held against many fills.

        Parameters
        ----------
        image : (H, W, 3) float32, RGB in [0, 1]; no side under 21 px

        Returns
        -------
        five levels, each (1, c, h, w), scaled to length 1 along its channels; h, w about H, W over 2, 4, 8, 8, 8

        Raises
        ------
        InputError
            If a side is too short.
        """
        import torch

        if min(image.shape[:2]) < MIN_SIDE_PX:
            raise InputError(
                f"ST-LPIPS: an image of {image.shape[1]}x{image.shape[0]} is too small; the least side is 21 px"
            )
        with torch.inference_mode():
            return self._forward(image)

    def between(self, a: list[Tensor], b: list[Tensor]) -> float:
        """Return the distance of two images by their features: per level, weighted squares, averaged over positions."""
        return weighted_distance(self._state, a, b)

    def in_hole(self, truth: Image, composite: Image, hole: Hole, margin_px: int = MARGIN_PX) -> float:
        """Return the distance over the hole's bounding box plus a margin, divided by the hole's share of that box.

        The division makes holes of different sizes and shapes comparable: without it a thin scratch in a large box
        would always look well filled.

        Parameters
        ----------
        truth : (H, W, 3) float32, RGB in [0, 1]
        composite : (H, W, 3) float32, RGB in [0, 1]; the fill in the hole, the truth elsewhere
        hole : (H, W) bool, True = hole; not empty
        margin_px : how far the box reaches beyond the hole, cut at the picture's edge

        Raises
        ------
        InputError
            If the shapes disagree, the hole is empty, or the picture is smaller than 21 px.
        """
        if truth.shape[:2] != hole.shape:
            raise InputError(f"ST-LPIPS: the image is {truth.shape[:2]}, the hole {hole.shape}")
        box = hole_box(hole, margin_px)
        inside = box.slices
        return self(truth[inside], composite[inside]) / float(hole[inside].mean())

    def _forward(self, image: Image) -> list[Tensor]:
        """Return five levels of features, each scaled to length 1 along its channels."""
        import torch
        from torch.nn import functional as F

        state = self._state
        x = torch.from_numpy(np.ascontiguousarray(image)).to(self._device)
        x = x.permute(2, 0, 1)[None] * 2 - 1  # (1, 3, h, w)
        x = (x - state["scaling_layer.shift"]) / state["scaling_layer.scale"]
        levels = []
        for name, padding, blur_after, blur_before in _LAYERS:
            if blur_before is not None:
                x = _blur(F.max_pool2d(x, 3, stride=1), state[f"net.{blur_before}.filt"])
            x = F.conv2d(x, state[f"net.{name}.weight"], state[f"net.{name}.bias"], padding=padding)
            if blur_after is not None:
                x = _blur(x, state[f"net.{blur_after}.filt"])
            x = F.relu(x)
            levels.append(unit_length(x))
        return levels


def hole_box(hole: Hole, margin_px: int = MARGIN_PX) -> Box:
    """Return the hole's bounding box grown by the margin, and to 21 px where the picture allows it.

    Raises
    ------
    InputError
        If the hole is empty.
    """
    box = Box.around(hole)
    if box is None:
        raise InputError("ST-LPIPS: the hole is empty; there is nothing to compare")
    # Where the box lies in a corner it grows to one side only.
    margin_px = max(margin_px, MIN_SIDE_PX - min(box.height, box.width))
    return box.grown(margin_px, (hole.shape[0], hole.shape[1]))


def _blur(x: Tensor, kernel: Tensor) -> Tensor:
    """Blur each channel by [1, 2, 1] both ways and halve; the border is reflected by 2 px, not 1, as in training."""
    from torch.nn import functional as F

    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=x.shape[1])
