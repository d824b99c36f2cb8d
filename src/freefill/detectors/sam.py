"""From clicks and a box to a mask, by MobileSAM's two networks (encoder and decoder).

References
----------
Kirillov et al., "Segment Anything", ICCV 2023. Zhang et al., "Faster Segment Anything", 2023. The files follow the
Segment Anything project's ONNX export; they could not be had when this was written: only the signature is tested.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freefill.detectors.crops import resized
from freefill.detectors.session import open_model
from freefill.errors import InputError
from freefill.values import Box, Hole, Image

WEIGHTS = ("mobile-sam", "mobile-sam-decoder")
SIZE_PX = 1024  # the longer side at which the encoder sees a picture
POINT, NOT_POINT, PADDING, BOX_START, BOX_END = 1, 0, -1, 2, 3  # the decoder's labels


def segment(
    image: Image,
    *,
    box: Box | None = None,
    points: Sequence[tuple[float, float]] = (),
    not_points: Sequence[tuple[float, float]] = (),
) -> Hole:
    """Return the thing that is meant.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    box : around the thing
    points, not_points : (row, col) on the thing, and beside it

    Returns
    -------
    (H, W) bool

    Raises
    ------
    InputError
        If nothing is marked.
    WeightsError
        If the networks are not on this machine: freefill weights fetch mobile-sam
    """
    if box is None and not points:
        raise InputError("nothing is marked; give --box or --point on the thing")
    encoder, decoder = (open_model(name) for name in WEIGHTS)
    height, width = image.shape[:2]
    scale = SIZE_PX / max(height, width)
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    canvas = np.zeros((SIZE_PX, SIZE_PX, 3), np.float32)  # the encoder takes its own mean off
    canvas[: size[0], : size[1]] = resized(image, size) * 255
    (embedding,) = encoder.run({"input_image": canvas}, ["image_embeddings"])
    coordinates, labels = _prompt(box, points, not_points, scale)
    (mask,) = decoder.run(
        {
            "image_embeddings": embedding,
            "point_coords": coordinates,
            "point_labels": labels,
            "mask_input": np.zeros((1, 1, 256, 256), np.float32),
            "has_mask_input": np.zeros(1, np.float32),  # 0: the mask above is none
            "orig_im_size": np.array([height, width], np.float32),
        },
        ["masks"],
    )
    return mask[0, 0] > 0  # the answer is a logit: 0 is one half


def _prompt(
    box: Box | None, points: Sequence[tuple[float, float]], not_points: Sequence[tuple[float, float]], scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y at the encoder's scale, (1, n, 2), and labels, (1, n); without a box a padding point ends them."""
    rows: list[tuple[float, float, int]] = [(row, col, POINT) for row, col in points]
    rows += [(row, col, NOT_POINT) for row, col in not_points]
    if box is not None:
        rows += [(box.top, box.left, BOX_START), (box.bottom, box.right, BOX_END)]
    else:
        rows.append((0.0, 0.0, PADDING))
    table = np.array(rows, np.float32)
    return table[None, :, 1::-1] * np.float32(scale), table[None, :, 2]
