"""What a joined line copies that is faint or turns: the known piece of itself, again and again, from the nearer end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freefill.layout.ends import HALF_WIDTH, End, left_of
from freefill.layout.joining import Joined
from freefill.layout.sight import Sight

COVERED_PX = 1.0  # from the edge of a thing that covers others: nearer, their colours are copied with it
MOST_TURN = np.deg2rad(10.0)  # of a line against its known piece: patches of that show it then no more
SURE = 0.6  # of such a line: a doubtful one the search may leave
PLAIN = 16.0  # Lab: lines of more contrast are followed by the search, to a fraction of a pixel
SIDE_PX = 2.0  # of the line, to each side, that is copied
LEAST_PX = 10.0  # a shorter piece is no pattern
CLEAR_PX = 4.0  # from the hole
STRAY = 8.0  # Lab by which a place on the line may look unlike the rest of it: a post before a kerb is not repeated
USUAL = 2.0  # the same, times what is usual on it


def along(lines: list[Joined], sight: Sight) -> NDArray[np.float32]:
    """Return for each pixel on a faint or turning line the shift to its source, (h, w, 2), rows first; NaN elsewhere.

    Within one piece the shift is the same, so that what is copied hangs together.
    """
    import cv2

    height, width = sight.size
    shifts = np.full((height, width, 2), np.nan, np.float32)
    nearest, sure = np.full((height, width), np.inf), np.zeros((height, width))
    for line in reversed(lines):  # the surest last: it is seen
        if min(line.one.contrast, line.other.contrast) >= PLAIN and not _turns(line):
            continue
        pieces = [_piece(end, sight) for end in (line.one, line.other)]
        lengths = [far - near for near, far in pieces]
        if max(lengths) < LEAST_PX:
            continue
        free = np.ones((height, width), np.uint8)
        points = np.rint(line.curve[:, ::-1]).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(free, [points], isClosed=False, color=0)
        places = np.argwhere((cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_3) <= SIDE_PX + 1) & sight.hole)
        foot = np.linalg.norm(places[:, None] - line.curve[None], axis=2).argmin(1)
        aside = ((places - line.curve[foot]) * line.normals[foot]).sum(1)
        way = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(line.curve, axis=0), axis=1))))
        near = np.abs(aside)
        kept = (near <= SIDE_PX + 0.5) & ((line.side == 0) | (line.side * aside >= COVERED_PX))
        # Of two edges of one thing, a white line by a kerb, each has what lies nearer to it.
        kept &= (near < nearest[places[:, 0], places[:, 1]]) | (line.confidence > sure[places[:, 0], places[:, 1]])
        places, foot, near = places[kept], foot[kept], near[kept]
        aside = aside[kept] / (1 - line.closing * way[foot] / way[-1])
        nearest[places[:, 0], places[:, 1]], sure[places[:, 0], places[:, 1]] = near, line.confidence
        nearer = way[foot] < way[-1] / 2
        # An end whose piece is too short lends nothing: then the other gives all.
        mine = nearer if min(lengths) >= LEAST_PX else np.full(len(foot), lengths[0] > lengths[1])
        for end, piece, chosen, far, side in (
            (line.one, pieces[0], mine, way[foot], aside),
            (line.other, pieces[1], ~mine, way[-1] - way[foot], -aside),
        ):
            if chosen.any():
                source = _on_edge(end, _back(piece, far[chosen]), side[chosen])
                shifts[places[chosen, 0], places[chosen, 1]] = source - places[chosen]
    return shifts


def _turns(line: Joined) -> bool:
    """Tell whether a line leaves the direction of its known piece: no known patch shows it as it runs then."""
    tangents = np.diff(line.curve, axis=0)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=1, keepdims=True), 1e-9)
    return line.confidence >= SURE and bool((tangents @ line.one.heading).min() < np.cos(MOST_TURN))


def _back(piece: tuple[float, float], far: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far back from the hole lies what is copied `far` px into it."""
    near, length = piece[0], piece[1] - piece[0]
    # Whole lengths of the piece back, to the first place that is known.
    return near + (np.floor(far / length) + 1) * length - far


def _on_edge(end: End, back: NDArray[np.float64], aside: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places on the known edge, `back` px from the hole and `aside` px to the left of the heading."""
    left = left_of(end.heading)
    return end.place - back[:, None] * end.heading + (0.5 * end.bend * back**2 + aside)[:, None] * left


def _piece(end: End, sight: Sight) -> tuple[float, float]:
    """Return from where to where, px back from the hole, an end looks like itself: the longest such piece."""
    back = np.arange(CLEAR_PX, end.length + 0.5)
    if len(back) < 2:
        return CLEAR_PX, CLEAR_PX
    across = np.arange(-HALF_WIDTH, HALF_WIDTH + 1.0)
    places = _on_edge(end, np.repeat(back, len(across)), np.tile(across, len(back)))
    rows, cols = np.clip(np.rint(places).astype(int), 0, np.array(sight.size) - 1).T
    seen = sight.lab[rows, cols].reshape(len(back), len(across), 3)
    known = ~sight.hole[rows, cols].reshape(len(back), -1)
    stray = np.sqrt(((seen - np.median(seen, axis=0)) ** 2).sum(2).mean(1))
    like = (stray <= max(STRAY, USUAL * float(np.median(stray)))) & known.all(1)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], like.astype(np.int8), [0]))))
    if len(edges) == 0:
        return CLEAR_PX, CLEAR_PX
    starts, stops = edges[::2], edges[1::2]
    longest = int((stops - starts).argmax())
    return float(back[starts[longest]]), float(back[stops[longest] - 1])
