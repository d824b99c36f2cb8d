"""Broken lines: edges that meet the hole from outside and do not go on, or start at its border out of nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.measure import Measurement, paint
from freefill.diagnosis.rim import REACH_PX, Rim
from freefill.diagnosis.view import View
from freefill.values import Image

_NEAR = 2  # samples from the border at which an edge is looked at, on either side
_HALF_PX = 4  # an edge's profile reaches so far across it
_SHIFTS_PX = (-1, 0, 1)  # what the tangent of an edge is wrong by, where it crosses the border
_STEEPEST = 0.45  # cosine between edge and normal below which an edge runs along the border and is left out
_USUAL = 0.7  # how much of what is lost across lines in known ground is taken off
_NOTHING_LOST = 0.2  # where there is no such line: what untouched photographs lose


def broken(view: View) -> Measurement:
    """Follow each edge along its tangent across the border and compare its profiles before and behind it.

    Tangents are those of the structure tensor. Each profile weighs by its contrast (squared) and by how much it is one
    edge and not a texture. The share of that weight which is not found again tells more than how much the worst places
    lose: texture loses everywhere.

    Returns
    -------
    Measure: share of the edges' weight that does not go on, either way, less the same across lines in known ground
    """
    tensor = _tensor(view.lab)
    own = _crossing(view.rim, view, tensor)
    if own is None:
        return Measurement.nothing(view.hole.shape)
    others = [found for rim in view.elsewhere if (found := _crossing(rim, view, tensor)) is not None]
    usual = _share(others) if others else _NOTHING_LOST
    here = (own.weight * own.lost).max(axis=0) / 400  # an edge of 20 Lab units that ends shows in full
    return Measurement(_share([own]) - _USUAL * usual, paint(view, view.rim, np.minimum(here, 1)))


@dataclass(frozen=True, eq=False)
class _Crossing:
    """Edges at a border, seen from outside (first row) and from inside.

    Attributes
    ----------
    lost : (2, n) in [0, 1], how little of an edge's profile is found again on the other side
    weight : (2, n), 0 where nothing crosses
    """

    lost: NDArray[np.float32]
    weight: NDArray[np.float32]


def _share(found: list[_Crossing]) -> float:
    weight = np.concatenate([each.weight for each in found], axis=1)
    lost = np.concatenate([each.lost for each in found], axis=1)
    # 50: where hardly an edge crosses, its share says little and goes to 0.
    return float((weight * lost).sum() / (weight.sum() + 50))


def _tensor(lab: Image) -> Image:
    """Return (h, w, 3), the structure tensor of the colours: row-row, column-column, row-column."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 0.8)
    by_row, by_col = cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8, cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8
    products = [(a * b).sum(axis=2) for a, b in ((by_row, by_row), (by_col, by_col), (by_row, by_col))]
    return np.asarray(cv2.GaussianBlur(np.stack(products, axis=2), (0, 0), 1.5), np.float32)


def _crossing(rim: Rim, view: View, tensor: Image) -> _Crossing | None:
    """Look at every point of a border from both sides; None for a border too short to say anything."""
    if len(rim) < 16:
        return None
    first, last = REACH_PX - 1 - _NEAR, REACH_PX + _NEAR
    usable = np.asarray(rim.valid[first - 2 : last + 3].all(axis=0))
    out, into = (np.stack([rim.rows[k], rim.cols[k]], axis=1) for k in (first, last))
    sides = [_followed(view.lab, tensor, a, b, usable) for a, b in ((out, into), (into, out))]
    return _Crossing(*(np.stack(part) for part in zip(*sides, strict=True)))


def _followed(
    lab: Image, tensor: Image, start: NDArray[np.float32], beyond: NDArray[np.float32], usable: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (n,) lost and weight of the edges at `start`, followed to the other side of the border.

    Parameters
    ----------
    lab : (h, w, 3) the result
    tensor : (h, w, 3) of `_tensor`
    start, beyond : (n, 2) rows and columns of points before the border, and straight across it
    usable : (n,) bool
    """
    across = beyond - start
    length = np.linalg.norm(across, axis=1) + 1e-6
    a, b, c = np.moveaxis(_sampled(tensor, start[:, 0], start[:, 1]), 1, 0)
    angle = 0.5 * np.arctan2(2 * c, a - b)
    gradient = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    tangent = np.stack([-gradient[:, 1], gradient[:, 0]], axis=1)
    steep = (tangent * across).sum(axis=1) / length
    tangent *= np.where(steep < 0, -1, 1)[:, None]
    one_edge = 2 * np.hypot((a - b) / 2, c) / (a + b + 4)  # 1 = a single straight edge, 0 = texture or nothing
    end = start + tangent * (length / np.maximum(np.abs(steep), _STEEPEST))[:, None]
    before = _profile(lab, start, gradient, tangent)
    apart = []
    for shift in _SHIFTS_PX:
        other = _profile(lab, end + shift * gradient, gradient, tangent) - before
        apart.append(_contrast(other))
    contrast = _contrast(before)
    lost = np.clip(np.minimum.reduce(apart) / (contrast + 2), 0, 1) ** 2
    weight = np.where(usable & (np.abs(steep) > _STEEPEST), one_edge * contrast**2, 0)
    return lost.astype(np.float32), weight.astype(np.float32)


def _profile(lab: Image, at: NDArray[np.float32], gradient: NDArray[np.float32], tangent: NDArray[np.float32]) -> Image:
    """Return (k, n, 3), the colours across an edge, the mean of three lines side by side."""
    reach = np.arange(-_HALF_PX, _HALF_PX + 1, dtype=np.float32)[:, None, None]
    lines = [np.asarray(at + reach * gradient + step * tangent, np.float32) for step in (-1, 0, 1)]
    return np.asarray(np.mean([_sampled(lab, line[..., 0], line[..., 1]) for line in lines], axis=0), np.float32)


def _contrast(profile: Image) -> NDArray[np.float32]:
    """Return (n,) how much colours differ along profiles: the mean is left out, since a tint is no broken line."""
    return np.asarray(np.sqrt(np.square(profile - profile.mean(axis=0)).sum(axis=2).mean(axis=0)), np.float32)


def _sampled(image: Image, rows: NDArray[np.float32], cols: NDArray[np.float32]) -> Image:
    """Return the values at points, bilinear, of the points' own shape, channels last."""
    flat = [x.reshape(-1, x.shape[-1]) for x in (rows, cols)]
    parts = [slice(start, start + 16_000) for start in range(0, rows.shape[-1], 16_000)]  # remap takes 32,767 columns
    taken = [
        cv2.remap(image, flat[1][:, p], flat[0][:, p], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for p in parts
    ]
    return np.asarray(np.concatenate(taken, axis=1), np.float32).reshape(*rows.shape, image.shape[2])
