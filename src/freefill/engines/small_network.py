"""What the small networks of `--structure network` share: how they are opened, and what they read of a crop."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from freefill.errors import WeightsError
from freefill.weights.locate import here

Network = TypeVar("Network")

MULTIPLE_PX = 16  # as in networks/pointer.py and painter.py, which would load torch


def opened(path: Path) -> Any:
    """Return a network that OpenCV runs.

    Raises
    ------
    WeightsError
        If it cannot read the file.
    """
    import cv2

    try:
        return cv2.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), np.uint8))
    except (cv2.error, OSError) as error:
        raise WeightsError(f"{path}: cannot be read as a network ({str(error).splitlines()[0]})") from None


@functools.lru_cache(maxsize=4)
def _kept(kind: Callable[[Path], Any], path: Path, changed_ns: int) -> Any:
    """Open a file once, and again when it has changed."""
    del changed_ns
    return kind(path)


def of_this_machine(kind: Callable[[Path], Network], name: str) -> Network | None:
    """Return the network of that name, the user's own first; None where there is none."""
    path = here(name)
    return None if path is None else _kept(kind, path, path.stat().st_mtime_ns)


def reduced(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    source: NDArray[np.bool_],
    long_side_px: int,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return a crop at the network's scale, known pixels averaged, its sides rounded up by repeating the edge.

    Returns
    -------
    view : (h, w, 3) float32 in [0, 1], sides divide by 16; means nothing in the hole
    hole, source : (h, w) bool; what was added is hole
    """
    import cv2

    height, width = hole.shape
    scale = long_side_px / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    cover = (~hole).astype(np.float32)
    share = cv2.resize(cover, size, interpolation=cv2.INTER_AREA)
    view = cv2.resize(image * cover[..., None], size, interpolation=cv2.INTER_AREA)
    view = view / np.maximum(share, 1e-6)[..., None]
    copied = cv2.resize(source.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    more = (0, (-size[1]) % MULTIPLE_PX), (0, (-size[0]) % MULTIPLE_PX)
    view = np.pad(view, (*more, (0, 0)), mode="edge").astype(np.float32)
    return view, np.pad(share < 0.5, more, constant_values=True), np.pad(copied >= 0.5, more)


def planes_of(smooth: NDArray[np.float32], hole: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return what the network reads, (1, 6, h, w): see `freefill.networks.small_unet.planes_of`."""
    height, width = hole.shape
    row = np.broadcast_to(np.linspace(-1, 1, height, dtype=np.float32)[:, None], hole.shape)
    col = np.broadcast_to(np.linspace(-1, 1, width, dtype=np.float32), hole.shape)
    return np.stack([*np.moveaxis(smooth, 2, 0), hole.astype(np.float32), row, col])[None].astype(np.float32)
