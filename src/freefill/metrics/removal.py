"""Removal without a truth: does what stands in the hole look like its surroundings, by DINOv2's tokens.

Three scores of the literature, with the tokens that are to be had here (ViT-S/14 in place of DINOv2-giant and SAM), and
therefore under other names: values do not compare with published ones. All three reward a fill that copies what is
beside it, and the last two also reward blur.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.values import Hole, Image, Tokens

SIDE_PX = 448  # the long side of a crop
PATCH_PX = 14  # ViT-S/14
# About the mean of ImageNet, which the network was trained to see as zero.
_PAD_RGB = np.array([123, 116, 103], np.float32) / 255


def rc_s_dinov2s(image: Image, hole: Hole, tokens: Tokens) -> float:
    """Return RC-S over ViT-S tokens: 0 to 1, higher is better.

    Parameters
    ----------
    image : (H, W, 3) float32, the filled picture; cut to a square around each connected part of the hole, resized so
        that its long side is 448 (bilinear)
    hole : (H, W) bool
    tokens : of DINOv2

    References
    ----------
    PROVE (ACM MM 2026, arXiv 2605.14534), RC-S. The kernel of width 10 over unit vectors is linear to a per cent, so
    that the discrepancy of two sets is ten times the squared distance of their means; that is what is computed here.
    """
    scores = []
    for crop, cut in _crops(image, hole):
        grid, inside = tokens(crop), _on_grid(cut)
        unit = grid / np.maximum(np.linalg.norm(grid, axis=2, keepdims=True), 1e-9)
        scores.append(float(np.exp(-_windows(unit, inside) / 3)))
    return float(np.mean(scores))


def _windows(unit: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    """Return the mean discrepancy over sliding windows that hold hole and known tokens, or hole alone."""
    scale = max(inside.shape) / 64
    size, stride = max(int(16 * scale), 2), max(int(8 * scale), 1)
    everywhere = unit[~inside].mean(axis=0) if (~inside).any() else None
    found = []
    for top in range(0, max(inside.shape[0] - size, 0) + 1, stride):
        for left in range(0, max(inside.shape[1] - size, 0) + 1, stride):
            part = (slice(top, top + size), slice(left, left + size))
            here, tokens = inside[part], unit[part]
            if here.sum() > 5 and (~here).sum() > 5:
                found.append(10 * float(((tokens[here].mean(0) - tokens[~here].mean(0)) ** 2).sum()))
            elif here.all() and everywhere is not None:
                found.append(10 * float(((tokens[here].mean(0) - everywhere) ** 2).sum()))
    return float(np.mean(found)) if found else 0.0


def token_coherence(image: Image, hole: Hole, tokens: Tokens) -> float:
    """Return the cosine of the mean tokens inside and outside: -1 to 1, higher is better; it also rises for blur.

    Parameters
    ----------
    image, hole, tokens : as `rc_s_dinov2s`; the whole picture, long side 448

    References
    ----------
    ReMOVE (CVPRW 2024), with SAM's embedding replaced by DINOv2 ViT-S tokens; only squares wholly in the hole count.
    """
    crop, cut = _sized(image, hole)
    grid = tokens(crop)
    share = _share(cut)
    inside, outside = share >= 1, share <= 0
    if not inside.any():
        inside = share >= share.max()  # a thin hole fills no square: then the fullest ones
    return _cosine(grid[inside].mean(axis=0), grid[outside].mean(axis=0)) if outside.any() else 0.0


def context_distance(image: Image, hole: Hole, tokens: Tokens) -> float:
    """Return one minus the cosine of the mean tokens of the hole and of a ring around it: lower is better.

    Parameters
    ----------
    image, hole, tokens : as `rc_s_dinov2s`; the ring is the part's box, wider by a third on each side, less the hole

    References
    ----------
    The context term of CFD (OmniPaint, 2025); its second term needs a segmenter that cannot be had here, and its code
    shifts masks by one token, which is not repeated.
    """
    found = []
    for crop, cut in _crops(image, hole):
        grid, inside = tokens(crop), _on_grid(cut)
        if (~inside).any():
            found.append(1 - _cosine(grid[inside].mean(axis=0), grid[~inside].mean(axis=0)))
    return float(np.mean(found)) if found else 0.0


def _cosine(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9))


def _crops(image: Image, hole: Hole) -> list[tuple[Image, Hole]]:
    """Return a square around each part of the hole over 200 px (or the largest), sized for the network."""
    import cv2

    if not hole.any():
        raise InputError("removal metrics: the hole is empty; there is nothing to judge")
    _, _, stats, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8), connectivity=4)
    parts = stats[1:]
    kept = parts[parts[:, cv2.CC_STAT_AREA] >= 200] if (parts[:, 4] >= 200).any() else parts[[parts[:, 4].argmax()]]
    crops = []
    for left, top, width, height, _ in kept:
        size = max(width, height)
        middle_row, middle_col, half = top + height / 2, left + width / 2, size / 2 + max(round(size / 3), 8)
        rows = slice(max(int(middle_row - half), 0), min(int(middle_row + half), hole.shape[0]))
        cols = slice(max(int(middle_col - half), 0), min(int(middle_col + half), hole.shape[1]))
        crops.append(_sized(image[rows, cols], hole[rows, cols]))
    return crops


def _sized(image: Image, hole: Hole) -> tuple[Image, Hole]:
    """Resize to a long side of 448 and pad at the right and the bottom to multiples of 14."""
    import cv2

    share = SIDE_PX / max(image.shape[:2])
    width, height = (max(round(side * share), PATCH_PX) for side in image.shape[1::-1])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    cut = cv2.resize(hole.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    size = -(-height // PATCH_PX) * PATCH_PX, -(-width // PATCH_PX) * PATCH_PX
    padded = np.empty((*size, 3), np.float32)
    padded[:] = _PAD_RGB
    padded[:height, :width] = small
    whole = np.zeros(size, bool)
    whole[:height, :width] = cut
    return padded, whole


def _share(cut: Hole) -> NDArray[np.float64]:
    rows, cols = cut.shape[0] // PATCH_PX, cut.shape[1] // PATCH_PX
    return cut.reshape(rows, PATCH_PX, cols, PATCH_PX).mean(axis=(1, 3))


def _on_grid(cut: Hole) -> NDArray[np.bool_]:
    """Return (rows, cols): a token that touches the hole is hole."""
    return _share(cut) > 0
