"""Features of a whole picture of which only some rectangles are computed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LARGE_BYTES = 16 << 20


class Room:
    """Memory for the maps of a chain of layers, of which two are needed at a time: they take turns in two places.

    New memory costs time: the system fills it with zeros, page by page. But the places stay as large as the largest map
    was; so large ones get memory of their own, which is given back at once.
    """

    def __init__(self) -> None:
        self._places = [np.empty(0, np.uint8), np.empty(0, np.uint8)]

    def take(self, size_bytes: int) -> NDArray[np.uint8]:
        """Return the place that was not taken last, or new memory."""
        if size_bytes > LARGE_BYTES:
            return np.empty(size_bytes, np.uint8)
        self._places.reverse()
        if self._places[0].size < size_bytes:
            # numpy asks the system for huge pages: a tenth of the time that new memory takes.
            self._places[0] = np.empty(size_bytes, np.uint8)
        return self._places[0][:size_bytes]


class Map:
    """Features of one layer, with a zero margin around them.

    Parameters
    ----------
    like : a tensor of the same batch, on the same device
    channels, size, dtype : of the features; size is (height, width)
    margin : zeros on each side, pixels
    room : memory to lie in, on a processor; None = memory of its own
    """

    def __init__(
        self,
        like: Tensor,
        channels: int,
        size: Sequence[int],
        margin: int,
        dtype: torch.dtype,
        room: Room | None = None,
    ) -> None:
        height, width = size
        shape = (like.shape[0], height + 2 * margin, width + 2 * margin, channels)
        if like.device.type == "cpu":
            place = (room or Room()).take(math.prod(shape) * dtype.itemsize)
            blank = place.reshape(*shape[:3], channels * dtype.itemsize)
            data = torch.from_numpy(blank).view(dtype)
        else:
            blank = data = torch.empty(shape, dtype=dtype, device=like.device)
        # The margin only: what is not computed is not read either (regions.py).
        if margin:
            for edge in (slice(None, margin), slice(-margin, None)):
                blank[:, edge] = 0
                blank[:, :, edge] = 0
        self.data = data.permute(0, 3, 1, 2)  # channels last
        self.size = (height, width)
        self.margin = margin

    @classmethod
    def of(cls, features: Tensor, margin: int, dtype: torch.dtype) -> Map:
        """Copy features, (B, C, H, W)."""
        new = cls(features, features.shape[1], features.shape[2:], margin, dtype)
        new.at(0, 0, *new.size).copy_(features)
        return new

    def at(self, top: int, left: int, height: int, width: int) -> Tensor:
        """Return a view; it may reach into the margin."""
        top, left = top + self.margin, left + self.margin
        return self.data[:, :, top : top + height, left : left + width]
