"""The pointing network, asked about a crop: run by OpenCV, which the core has.

See `networks/pointer.py` for what it computes; here are its conventions, and the distribution turned into costs.
"""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.engines.small_network import of_this_machine, opened, planes_of, reduced
from freefill.synthesis.harmonic import harmonic_fill
from freefill.values import Crop, Pointing

# As in networks/pointer.py, which would load torch.
CELL_PX = 4
WINDOW_PX = 8
LONG_SIDE_PX = 128  # the network was trained on views of 64 to 128 px
LEAST_CELLS = 8  # sources; with fewer there is nothing to point at
SURE = np.float32(0.025)  # disagreement at which the network is believed by 1/e, as patch synthesis does
NAME = "structure"  # of the weights: none come with the package (docs/decisions/0085)
NO_SOURCE = np.float32(-1e4)


class PointingNetwork:
    """A network that says where what belongs in a hole can be copied from. Thread-safe.

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

    def point(self, crop: Crop) -> Pointing | None:
        """Ask about the hole of a crop; None where there is no hole at the network's scale, or too little around it."""
        view, hole, source = reduced(crop.image, crop.hole, crop.known, LONG_SIDE_PX)
        asking = any_of_cell(hole)
        known = ~any_around_cell(~source)
        if not asking.any() or np.count_nonzero(known) < LEAST_CELLS:
            return None
        smooth = harmonic_fill(view * 2 - 1, hole)
        # / 4: windows are in -1..1, costs are of values in [0, 1].
        expected = self.shares(smooth, hole, asking, known) @ apart(windows_of(smooth)) / 4
        best = expected[:, known.ravel()].min(1)
        # Cells that were added to round up the sides are nobody's.
        cell_px = CELL_PX * max(crop.hole.shape) / LONG_SIDE_PX
        rows, cols = (
            min(math.ceil(side / cell_px), most) for side, most in zip(crop.hole.shape, asking.shape, strict=True)
        )
        there = np.zeros(asking.shape, bool)
        there[:rows, :cols] = True
        numbers = np.full((rows, cols), -1, np.int32)
        numbers[asking[:rows, :cols]] = np.arange(np.count_nonzero(asking & there))
        costs = np.maximum(expected - best[:, None], 0).astype(np.float32)[there[asking]][:, there.ravel()]
        return Pointing(numbers, costs, best[there[asking]].astype(np.float32), (cell_px, cell_px))

    def shares(
        self, smooth: NDArray[np.float32], hole: NDArray[np.bool_], asking: NDArray[np.bool_], known: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return each asking cell's distribution over all cells, (n, h*w): the mean over the view and its mirror.

        Parameters
        ----------
        smooth : (h, w, 3) float32 in [-1, 1], the view with a smooth fill in its hole; sides divide by 16
        hole : (h, w) bool
        asking, known : (h/4, w/4) bool, cells of the hole, and cells that may be pointed at
        """
        logits = self._logits(smooth, hole, asking)
        mirrored = self._logits(smooth[:, ::-1], hole[:, ::-1], asking[:, ::-1])
        height, width = asking.shape
        numbers = np.full(asking.shape, -1)
        numbers[:, ::-1][asking[:, ::-1]] = np.arange(len(mirrored))
        back = np.reshape(mirrored[numbers[asking]], (-1, height, width))[:, :, ::-1].reshape(-1, height * width)
        logits = np.where(known.ravel(), (logits + back) / 2, NO_SOURCE)
        shares = np.exp(logits - logits.max(1, keepdims=True))  # less the largest, so that nothing overflows
        return shares / shares.sum(1, keepdims=True)

    def _logits(
        self, smooth: NDArray[np.float32], hole: NDArray[np.bool_], asking: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        planes = planes_of(smooth, hole)
        with self._lock:
            self._network.setInput(planes, "planes")
            queries, keys, tables = (np.asarray(x) for x in self._network.forward(["queries", "keys", "offsets"]))
        table: NDArray[Any] = tables[0, 0]
        reach = table.shape[0] // 2
        height, width = asking.shape
        rows, cols = np.nonzero(asking)
        down = np.clip(rows[:, None] - np.repeat(np.arange(height), width), -reach, reach) + reach
        right = np.clip(cols[:, None] - np.tile(np.arange(width), height), -reach, reach) + reach
        asked = queries[0, :, rows, cols]  # (n, d)
        return asked @ keys[0].reshape(keys.shape[1], -1) + table[down, right]


def network() -> PointingNetwork | None:
    """Return the pointing network that the user trained and took in; None where there is none."""
    return of_this_machine(PointingNetwork, NAME)


def expectation_for(crop: Crop, notes: list[str]) -> Pointing | None:
    """Return what the network expects in a crop's hole, or None where it is not asked, not here, or knows nothing.

    What was done is added to `notes`.
    """
    asked = network() if crop.structure == "network" else None
    if asked is None:
        return None
    pointing = asked.point(crop)
    if pointing is None:
        notes.append("structure: too little is known around the hole for the network; it was filled without")
        return None
    sure = float(np.exp(-pointing.disagreement / SURE).mean())
    notes.append(f"structure: a small network said what it expects in the hole (sure of {sure:.0%} of it)")
    return pointing


def any_of_cell(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which cells hold a pixel of a mask, (h/4, w/4)."""
    height, width = mask.shape
    return np.asarray(mask.reshape(height // CELL_PX, CELL_PX, width // CELL_PX, CELL_PX).any((1, 3)))


def any_around_cell(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which cells hold a pixel of a mask or have one beside them, (h/4, w/4)."""
    side = CELL_PX + 2
    around: Any = np.lib.stride_tricks.sliding_window_view(np.pad(mask, 1), (side, side))[::CELL_PX, ::CELL_PX]
    return np.asarray(around.any((2, 3)))


def windows_of(view: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the 8 x 8 window about each cell, flat, (cells, 192)."""
    margin = (WINDOW_PX - CELL_PX) // 2
    padded = np.pad(view, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    windows: Any = np.lib.stride_tricks.sliding_window_view(padded, (WINDOW_PX, WINDOW_PX), axis=(0, 1))
    windows = windows[::CELL_PX, ::CELL_PX]
    return np.ascontiguousarray(windows).reshape(windows.shape[0] * windows.shape[1], -1)


def apart(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean squared difference between each two windows, (cells, cells)."""
    squares = np.square(windows).mean(1)
    # A difference of sums may round below 0.
    return np.maximum(squares[:, None] + squares - (2 / windows.shape[1]) * (windows @ windows.T), 0)
