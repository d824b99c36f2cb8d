"""The thing that stands out in a picture, by a network of the U-2-Net family.

References
----------
Qin et al., "U2-Net: Going Deeper with Nested U-Structure for Salient Object Detection", Pattern Recognition 2020.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.detectors.crops import resized
from freefill.detectors.session import Model, open_model
from freefill.errors import InputError, WeightsError
from freefill.values import Box, Hole, Image

WEIGHTS = ("u2netp",)
MEAN = np.array([0.485, 0.456, 0.406], np.float32)  # of ImageNet, RGB
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
DEFAULT_SIZE_PX = 320  # where a graph leaves its sizes open: that of U2-Net


def detect(image: Image, *, weights: str = "u2netp", cut: float = 0.5) -> Hole:
    """Mask what stands out.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    weights : "u2netp"; or a larger network with the same conventions: "u2net-human" (persons), "birefnet-lite"
    cut : a pixel belongs to the thing from this share of the strongest answer on

    Returns
    -------
    (H, W) bool. Where nothing stands out the answer is whatever stands out most.

    Raises
    ------
    WeightsError
        If the network is not on this machine, or is another than its card says.
    """
    if not 0 < cut < 1:
        raise InputError(f"salient: the cut must lie between 0 and 1, not {cut}")
    return probabilities(image, weights=weights) >= cut


def probabilities(image: Image, *, weights: str = "u2netp", box: Box | None = None) -> NDArray[np.float32]:
    """Return how much each pixel stands out, (H, W) float32, 0 to 1 in each picture.

    Parameters
    ----------
    box : look only there; elsewhere the answer is 0
    """
    model = open_model(weights)
    here = (slice(None), slice(None)) if box is None else box.slices
    view = image[here]
    size = _size(model)
    tensor = ((resized(np.ascontiguousarray(view), size) - MEAN) / DEVIATION).transpose(2, 0, 1)[None]
    feeds = {next(iter(model.inputs)): np.ascontiguousarray(tensor, np.float32)}
    answer = model.run(feeds, [next(iter(model.outputs))])[0]
    if answer.ndim != 4 or answer.shape[:2] != (1, 1):
        raise WeightsError(
            f"{model.path}: its answer is {answer.shape}, not one mask; this is no network for 'salient'"
        )
    mask = answer[0, 0].astype(np.float32)
    if mask.min() < 0 or mask.max() > 1:  # some exports end before the sigmoid
        mask = 1 / (1 + np.exp(-np.clip(mask, -30, 30)))  # clipped: the exponential would overflow
    spread = float(mask.max() - mask.min())
    # As the authors do: answers have no scale of their own.
    mask = (mask - mask.min()) / spread if spread > 1e-6 else np.zeros_like(mask)
    whole = np.zeros(image.shape[:2], np.float32)
    whole[here] = resized(np.ascontiguousarray(mask, np.float32), view.shape[:2])
    return whole


def _size(model: Model) -> tuple[int, int]:
    """Return the size that a network takes: its own where it is fixed."""
    shapes = list(model.inputs.values())
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in (3, None):
        raise WeightsError(f"{model.path}: takes {shapes}, not one RGB picture; this is no network for 'salient'")
    return shapes[0][2] or DEFAULT_SIZE_PX, shapes[0][3] or DEFAULT_SIZE_PX
