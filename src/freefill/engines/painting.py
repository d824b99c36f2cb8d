"""The painting network, asked about a crop: run by OpenCV, which the core has.

See `networks/painter.py` for what it computes; here are its conventions.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from freefill.distance import thickness
from freefill.engines.small_network import of_this_machine, opened, planes_of, reduced
from freefill.synthesis.harmonic import harmonic_fill
from freefill.values import Crop

THICK_PX = 32  # of the hole in the view, where that can be: as thick as the network has seen many
LEAST_PX, MOST_PX = 64, 128  # longer side of the view; it was trained on the smaller
NAME = "painter"  # of the weights: the user's own of that name, else those of the package


class Painted(NamedTuple):
    """A fill of a small view of a crop.

    Attributes
    ----------
    values : (h, w, 3) float32 in [0, 1]; the crop's own pixels, averaged, outside the hole
    error : (h, w) float32, the mean absolute error that is expected, of values in [0, 1]; 0 outside the hole
    """

    values: NDArray[np.float32]
    error: NDArray[np.float32]


class PaintingNetwork:
    """A network that says softly what belongs in a hole. Thread-safe.

    Parameters
    ----------
    path : an ONNX file as `weights/small_onnx.py` writes it

    Raises
    ------
    WeightsError
        If OpenCV cannot read the file.
    """

    def __init__(self, path: Path) -> None:
        self._network = opened(path)
        self._lock = threading.Lock()  # OpenCV's network keeps its input inside

    def paint(self, crop: Crop) -> Painted | None:
        """Fill the hole of a crop, small; None where there is no hole at that scale, or nothing known."""
        height, width = crop.hole.shape
        longer = max(height, width)
        side = min(max(round(THICK_PX * longer / max(thickness(crop.hole), 1)), LEAST_PX), MOST_PX, longer)
        view, hole, _ = reduced(crop.image, crop.hole, crop.known, side)
        rows, cols = max(round(height * side / longer), 1), max(round(width * side / longer), 1)
        if not hole[:rows, :cols].any() or hole[:rows, :cols].all():
            return None
        smooth = harmonic_fill(view * 2 - 1, hole)
        painted, error = self.averaged(smooth, hole)
        filled = np.where(hole[..., None], np.clip(smooth + painted, -1, 1) / 2 + 0.5, view).astype(np.float32)
        return Painted(filled[:rows, :cols], np.where(hole, error / 2, 0).astype(np.float32)[:rows, :cols])

    def averaged(
        self, smooth: NDArray[np.float32], hole: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what `added` does, as the mean of the view and its mirror, which errs less."""
        painted, error = self.added(smooth, hole)
        there, beside = self.added(smooth[:, ::-1], hole[:, ::-1])
        half = np.float32(0.5)
        return (painted + there[:, ::-1]) * half, (error + beside[:, ::-1]) * half

    def added(
        self, smooth: NDArray[np.float32], hole: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what is to be added to a smooth fill, (h, w, 3), and the error that is expected then, (h, w).

        Parameters
        ----------
        smooth : (h, w, 3) float32 in [-1, 1]; sides divide by 16
        hole : (h, w) bool
        """
        with self._lock:
            self._network.setInput(planes_of(smooth, hole), "planes")
            added, log_scale = (np.asarray(x) for x in self._network.forward(["added", "log_scale"]))
        return np.moveaxis(added[0], 0, 2), np.exp(log_scale[0, 0])


def network() -> PaintingNetwork | None:
    """Return the painting network of this machine; None where there is none."""
    return of_this_machine(PaintingNetwork, NAME)


def painted_for(crop: Crop) -> Painted | None:
    """Return what the network paints in a crop's hole; None where there is none, or nothing to go by."""
    asked = network()
    return None if asked is None else asked.paint(crop)
