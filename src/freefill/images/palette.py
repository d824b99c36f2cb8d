"""Pictures of a few numbered colours. Numbers stay as they are wherever the picture is not filled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Entries = NDArray[np.uint8]  # (n, 4) RGBA, straight


def colours_of(indices: NDArray[np.uint8], entries: Entries) -> NDArray[np.uint8]:
    """Return (H, W, 4) RGBA of (H, W) numbers; numbers beyond the list are opaque black, as viewers show them."""
    return _full(entries)[indices]


def _full(entries: Entries) -> Entries:
    """Return the list made 256 long."""
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = 255
    table[: len(entries)] = entries[:256]
    return table


def filled_indices(
    indices: NDArray[np.uint8], entries: Entries, colours: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], Entries]:
    """Number the colours anew wherever they are no longer what the numbers show.

    Parameters
    ----------
    indices : (H, W) the file's numbers
    entries : (n, 4) the file's list
    colours : (H, W, 4) RGBA as wanted

    Returns
    -------
    indices : (H, W); those of unchanged pixels are the file's own
    entries : (m, 4), m >= n; the first n are the file's own, save for colours that no pixel uses where there is need
    """
    table = _full(entries)
    count = max(len(entries), int(indices.max()) + 1)
    changed = (table[indices] != colours).any(axis=2)
    if not changed.any():
        return indices, entries
    # One number a colour: sorted far faster than rows.
    packed = np.ascontiguousarray(colours[changed]).view(np.uint32)[:, 0]
    wanted, inverse, share = np.unique(packed, return_inverse=True, return_counts=True)
    wanted = wanted[:, None].view(np.uint8)  # (k, 4)
    used = np.zeros(256, bool)
    used[np.unique(indices[~changed])] = True
    table, usable = _with_new_colours(table, count, used, wanted, share)
    numbers = np.flatnonzero(usable)
    out = indices.copy()
    out[changed] = numbers[_nearest(wanted, table[numbers])][inverse]
    size = max(count, int(numbers.max()) + 1)
    return out, table[:size]


def _with_new_colours(
    table: Entries, count: int, used: NDArray[np.bool_], wanted: Entries, share: NDArray[np.int64]
) -> tuple[Entries, NDArray[np.bool_]]:
    """Put the colours that are missing, or as many as find room, into free places of the list."""
    usable = np.arange(256) < count
    known = table[usable]
    # All against all takes 4 MB at this bound; beyond it a set is looked into.
    missing = ~(wanted[:, None, :] == known[None]).all(axis=2).any(axis=1) if len(wanted) <= 4096 else None
    if missing is None:
        listed = {tuple(entry) for entry in known.tolist()}
        missing = np.array([tuple(entry) not in listed for entry in wanted.tolist()])
    new, weight = wanted[missing], share[missing]
    free = np.flatnonzero(~usable)
    if len(new) > len(free):  # no room for all: colours that no pixel needs any more make some
        free = np.concatenate([free, np.flatnonzero(usable & ~used)])
    if len(new) > len(free):
        new = _cluster(new, weight, len(free))
    table = table.copy()
    table[free[: len(new)]] = new
    usable[free[: len(new)]] = True
    return table, usable


def _cluster(colours: Entries, weight: NDArray[np.int64], count: int) -> Entries:
    """Return `count` colours that stand for the weighted ones: median cut, then four rounds of k-means."""
    if count == 0:
        return colours[:0]
    points = colours.astype(np.float32)
    parts = [np.arange(len(points))]
    while len(parts) < count:
        spread = [np.ptp(points[p], axis=0).max() * np.sqrt(weight[p].sum()) if len(p) > 1 else -1.0 for p in parts]
        part = parts.pop(int(np.argmax(spread)))
        if len(part) < 2:
            parts.append(part)
            break
        axis = int(np.argmax(np.ptp(points[part], axis=0)))
        part = part[np.argsort(points[part, axis], kind="stable")]
        half = np.searchsorted(np.cumsum(weight[part]), weight[part].sum() / 2)
        half = int(np.clip(half, 1, len(part) - 1))
        parts += [part[:half], part[half:]]
    centres = np.stack([np.average(points[p], axis=0, weights=weight[p]) for p in parts])
    for _ in range(4):
        nearest = _nearest(points, centres)
        total = np.bincount(nearest, weights=weight, minlength=len(centres))
        for channel in range(4):
            mass = np.bincount(nearest, weights=weight * points[:, channel], minlength=len(centres))
            centres[:, channel] = np.where(total > 0, mass / np.maximum(total, 1), centres[:, channel])
    return np.rint(centres).astype(np.uint8)


def _nearest(points: NDArray[Any], centres: NDArray[Any]) -> NDArray[np.intp]:
    """Return for each point the number of the nearest centre; the first of several."""
    out = np.empty(len(points), np.intp)
    targets = centres.astype(np.float64)
    norms = (targets**2).sum(axis=1)
    for start in range(0, len(points), 16384):  # bounds the table of distances to 256 colours: 32 MB
        chunk = points[start : start + 16384].astype(np.float64)
        # The square of the point is the same for all centres.
        out[start : start + 16384] = (norms - 2 * chunk @ targets.T).argmin(axis=1)
    return out
