"""Text: rows of it by PP-OCR's detector, then the glyphs' own strokes inside each row.

References
----------
Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", AAAI 2020: the network marks the core of
each row, which has to be widened by area times 1.6 over perimeter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.detectors.crops import resized
from freefill.detectors.glyphs import glyphs_in_row
from freefill.detectors.session import open_model
from freefill.errors import InputError
from freefill.values import Hole, Image

WEIGHTS = ("text",)
SENSITIVE = "text-sensitive"
MEAN_BGR = np.array([0.485, 0.456, 0.406], np.float32)  # in this order for BGR: so the network was trained
DEVIATION_BGR = np.array([0.229, 0.224, 0.225], np.float32)
SHORT_SIDE_PX = 736  # smaller pictures are enlarged to it: small text is found better
LONG_SIDE_PX = 2048  # larger ones are reduced to it
MULTIPLE_PX = 32  # PP-OCR's detector halves five times


@dataclass(frozen=True)
class TextSettings:
    """How text is found.

    Attributes
    ----------
    sensitive : the larger network, more complete on faint text, with more false alarms
    least : a pixel belongs to a row from this probability on
    least_mean : rows whose mean probability is below this are none
    widen : how far a row's core is widened, in area over perimeter
    shape : "glyphs" = the strokes, "boxes" = whole rows
    rim : growth of the strokes, as a share of the row's height: soft edges, and what a JPEG smeared
    """

    sensitive: bool = False
    least: float = 0.3
    least_mean: float = 0.5
    widen: float = 1.6
    shape: Literal["glyphs", "boxes"] = "glyphs"
    rim: float = 0.04

    def __post_init__(self) -> None:
        if not (0 < self.least < 1 and 0 <= self.least_mean <= 1 and 0 <= self.widen <= 5 and 0 <= self.rim <= 1):
            raise InputError("text: thresholds lie within 0 to 1, widen within 0 to 5")


@dataclass(frozen=True, eq=False)
class TextRow:
    """A row of text: its corners, (4, 2) x and y in px, turned as the text is, and the network's mean probability."""

    corners: NDArray[np.float32]
    score: float

    @property
    def height_px(self) -> float:
        """The shorter side."""
        sides = np.linalg.norm(np.diff(self.corners[:3], axis=0), axis=1)
        return float(sides.min())


def detect(image: Image, settings: TextSettings = TextSettings()) -> Hole:
    """Mask all text.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]

    Returns
    -------
    (H, W) bool, glyph-shaped unless boxes are asked for; a row whose strokes cannot be told apart is masked whole

    Raises
    ------
    WeightsError
        If the network is not on this machine: freefill weights fetch text
    """
    return mask_rows(image, find_rows(image, settings), settings)


def mask_rows(image: Image, rows: Sequence[TextRow], settings: TextSettings = TextSettings()) -> Hole:
    """Mask rows that were found."""
    hole = np.zeros(image.shape[:2], bool)
    for row in rows:
        if settings.shape == "boxes":
            cv2.fillPoly(hole.view(np.uint8), [np.rint(row.corners).astype(np.int32)], 1)
        else:
            glyphs_in_row(image, row.corners, row.height_px, settings.rim, hole)
    return hole


def find_rows(image: Image, settings: TextSettings = TextSettings()) -> list[TextRow]:
    """Find rows of text, the surest first."""
    likely = probabilities(image, SENSITIVE if settings.sensitive else WEIGHTS[0])
    scale = np.array([image.shape[1] / likely.shape[1], image.shape[0] / likely.shape[0]])
    count, labels, stats, _ = cv2.connectedComponentsWithStats((likely > settings.least).view(np.uint8), connectivity=8)
    rows = []
    for label in range(1, count):
        left, top, width, height = stats[label, :4]
        if min(width, height) < 3:  # as in PaddleOCR
            continue
        here = (slice(top, top + height), slice(left, left + width))
        part = labels[here] == label
        score = float(likely[here][part].mean())
        if score < settings.least_mean:
            continue
        contours, _ = cv2.findContours(part.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        centre, sides, angle = cv2.minAreaRect(np.concatenate(contours))
        sides = (sides[0] + 1, sides[1] + 1)  # from the middles of pixels to their edges
        # Area times `widen` over perimeter, at both ends.
        widen = 2 * settings.widen * sides[0] * sides[1] / (2 * (sides[0] + sides[1]))
        corners = cv2.boxPoints((centre, (sides[0] + widen, sides[1] + widen), angle))
        rows.append(TextRow(((corners + np.array([left, top])) * scale).astype(np.float32), score))
    return sorted(rows, key=lambda row: -row.score)


def probabilities(image: Image, weights: str = "text") -> NDArray[np.float32]:
    """Return how likely each pixel lies in the core of a row, at the network's scale, (h, w) float32."""
    model = open_model(weights)
    size = _work_size(image.shape[0], image.shape[1])
    tensor = ((resized(image, size)[..., ::-1] - MEAN_BGR) / DEVIATION_BGR).transpose(2, 0, 1)[None]
    answer = model.run({next(iter(model.inputs)): np.ascontiguousarray(tensor, np.float32)})[0]
    return np.asarray(answer.reshape(answer.shape[-2:]), np.float32)


def _work_size(height: int, width: int) -> tuple[int, int]:
    """Return the size at which the network looks: sides are multiples of 32."""
    scale = max(SHORT_SIDE_PX / min(height, width), 1.0)
    scale = min(scale, LONG_SIDE_PX / max(height, width))
    sides = [max(round(side * scale / MULTIPLE_PX), 1) * MULTIPLE_PX for side in (height, width)]
    return sides[0], sides[1]
