"""Smooth ground: the light is a surface stretched over the hole, and only the grain is copied.

A sky, a wall out of focus, a glow or a vignette has no structure that a copy could bring, but a light that differs from
place to place: copies laid side by side make patches of it. Where rim and copies are smooth, the light is a harmonic
surface instead. It meets the rim and those copies beside it that are nearly as light; from all others it stays apart,
so that no edge is washed out. The surface has no detail, and is solved at a size at which the hole is thin.

References
----------
Perez, Gangnet, Blake, Poisson image editing, SIGGRAPH 2003, equation 2 (the membrane).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside, thickness
from freefill.synthesis.bend import bend
from freefill.synthesis.features import largest
from freefill.synthesis.solve import descend, hardness
from freefill.synthesis.swaths import Swaths, moved_by, swaths, wholly
from freefill.values import Box

THIN_SHARE = 0.06  # of the longer side: across a thinner hole copies do not become patches
THICK_PX = 40  # the surface is solved where the hole is no deeper than this
LONG_PX = 800  # and the picture no longer
LOW_PASS_PX = 2.0  # what is coarser is light, what is finer is grain
SLOPE = 3.5  # grey levels a pixel: steeper light is structure
GRAIN = 8.0  # grey levels: stronger grain is texture
SHARP = 6.0  # grey levels: where neither of two things has this, neither can end in a hard edge
NEAR_PX = 2  # structure this near counts
SURE_LINE = 0.3  # of a joined line
MOST = 0.8  # of the copies and known pixels around must be smooth
MOST_PX = 3  # "around"
RIM_SHARE = 0.6  # of a region's known rim must be smooth
TIED = 0.02  # how much the light of other copies is held, as the screening of the paste
LOOSE = 1e-5  # nearly free, but not wholly: a region without any rim would have no answer
FAINT = 0.1  # how much a rim with structure counts at first
TOLERANCE = 1e-5
MOST_STEPS = 600
REMAP_PX = 16384  # OpenCV's remap takes no more points a side than 32767


@dataclass(frozen=True, eq=False)
class Membrane:
    """The light that the paste is drawn to.

    Attributes
    ----------
    copied : (n, 2) int32, where each pixel is copied from; another place than was asked where a swath lies
    smooth : (n,) bool, the hole pixels that the surface covers
    blurred : (n,) bool, those whose copy is out of focus: its edges are soft
    lift : (n, 3) float32, what is to be added to each copy: the surface's light minus that of the copy where it comes
        from; 0 where the ground is not smooth
    """

    copied: NDArray[np.int32]
    smooth: NDArray[np.bool_]
    blurred: NDArray[np.bool_]
    lift: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Ground:
    """The picture at the size the surface is solved at.

    Attributes
    ----------
    factor : full-size pixels a small one, down and across, at least 1
    light : (h, w, 3) float32, low-passed over known pixels
    grain : (h, w) float32, what is finer than the light, of full scale
    known, smooth : (h, w) bool; smooth = known, and free of structure
    """

    factor: tuple[float, float]
    light: NDArray[np.float32]
    grain: NDArray[np.float32]
    known: NDArray[np.bool_]
    smooth: NDArray[np.bool_]


def stretch(
    image: NDArray[np.float32],
    known: NDArray[np.uint8],
    holes: NDArray[np.int32],
    copied: NDArray[np.int32],
    lines: NDArray[np.float32] | None = None,
    source: NDArray[np.bool_] | None = None,
) -> Membrane:
    """Find smooth ground in the hole and the light that belongs there.

    Parameters
    ----------
    image : (H, W, 3) float32; not read outside `known`
    known : (H, W) uint8, 1 = known
    holes : (n, 2) int32, rows and columns to be written
    copied : (n, 2) int32, where each of them is copied from
    lines : (h, w) float32 over the whole picture, how sure it is that an edge goes on here; no surface crosses one
    source : (H, W) bool, may be copied from in swaths (`swaths.py`); None = no swath is laid
    """
    if thickness(known == 0) < THIN_SHARE * max(known.shape):
        nothing = np.zeros(len(holes), np.bool_)
        return Membrane(copied, nothing, nothing, np.zeros((len(holes), 3), np.float32))
    ground = read_ground(image, known)
    from_where = _small_places(copied, ground.factor)
    light = _sample(ground.light, from_where)
    smooth = _sample(ground.smooth.astype(np.float32), from_where) > 0.5
    height, width = ground.known.shape
    rows = holes[:, 0].astype(np.int64) * height // known.shape[0]
    cols = holes[:, 1].astype(np.int64) * width // known.shape[1]
    cells = rows * width + cols
    counts = np.bincount(cells, minlength=height * width).reshape(height, width)
    sums = [np.bincount(cells, light[:, k], height * width).reshape(height, width) for k in range(3)]
    copies = np.stack(sums, axis=2) / np.maximum(counts, 1)[..., None]
    copies = np.where(counts[..., None] > 0, copies, ground.light).astype(np.float32)
    region = _region(ground, counts, np.bincount(cells, smooth, height * width).reshape(height, width), lines)
    source = np.zeros(known.shape, np.bool_) if source is None else source
    laid = swaths(ground.light, ground.grain, ground.smooth, wholly(source, ground.known.shape), region, copies)
    if laid.number.any():
        lies = laid.number > 0
        at = np.argwhere(lies) + laid.shifts[laid.number[lies]]
        copies[lies] = ground.light[at[:, 0], at[:, 1]]
        shifts = np.rint(laid.shifts * np.array(ground.factor)).astype(np.int32)
        copied = moved_by(copied, holes, shifts[laid.number[rows, cols]], source)
        from_where = _small_places(copied, ground.factor)
        light = _sample(ground.light, from_where)
    covered = region[rows, cols]
    lift = np.zeros((len(holes), 3), np.float32)
    if covered.any():
        surface = _surface(copies, counts > 0, region, ground, laid)
        lift[covered] = _sample(surface, _small_places(holes[covered], ground.factor)) - light[covered]
    return Membrane(copied, covered, _sample(ground.grain, from_where) < SHARP / 255, lift)


def read_ground(image: NDArray[np.float32], known: NDArray[np.uint8]) -> Ground:
    """Return light and structure of the known picture, small enough for the surface."""
    import cv2

    hole = known == 0
    box = Box.around(hole)
    assert box is not None  # there is no fill without a hole
    depth = distance_inside(hole[box.grown(1, (hole.shape[0], hole.shape[1])).slices])
    factor = max(1.0, float(depth.max()) / THICK_PX, max(known.shape) / LONG_PX)
    there = (~hole).astype(np.float32)
    colours = image.copy()
    colours[hole] = 0
    if factor > 1:
        size = max(1, round(known.shape[1] / factor)), max(1, round(known.shape[0] / factor))
        there = np.asarray(cv2.resize(there, size, interpolation=cv2.INTER_AREA), np.float32)
        colours = np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), np.float32)
        colours /= np.maximum(there, 1e-6)[..., None]
    inside = there >= 0.5
    weight = inside.astype(np.float32)
    sums = np.maximum(_blur(weight), 1e-6)
    light = (_blur(colours * weight[..., None]) / sums[..., None]).astype(np.float32)
    grain = np.sqrt(_blur(np.square(colours - light).mean(axis=2) * weight) / sums).astype(np.float32)
    rough = inside & ((grain > GRAIN / 255) | (_slope(light, inside) > SLOPE / 255))
    rough = cv2.dilate(rough.astype(np.uint8), np.ones((2 * NEAR_PX + 1, 2 * NEAR_PX + 1), np.uint8)) > 0
    # A cell of which a little is known bounds the surface as well: it must end somewhere.
    some = there > 0.05
    return Ground((known.shape[0] / some.shape[0], known.shape[1] / some.shape[1]), light, grain, some, some & ~rough)


def _blur(values: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (0, 0), LOW_PASS_PX, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _slope(light: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the largest difference to a known neighbour, over channels."""
    slope = np.zeros(known.shape, np.float32)
    for axis in (0, 1):
        one, two = (slice(None, -1), slice(1, None)) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        step = largest(np.abs(light[one] - light[two])) * (known[one] & known[two])
        np.maximum(slope[one], step, out=slope[one])
        np.maximum(slope[two], step, out=slope[two])
    return slope


def _region(
    ground: Ground, counts: NDArray[Any], smooth_counts: NDArray[Any], lines: NDArray[np.float32] | None
) -> NDArray[np.bool_]:
    """Return where the hole is smooth: most copies around are, and most of the rim that the place belongs to."""
    import cv2

    hole, size = counts > 0, (2 * MOST_PX + 1, 2 * MOST_PX + 1)
    full = ground.factor[0] * ground.factor[1]
    everything = np.where(hole, counts, full * ground.known).astype(np.float32)
    agreeing = np.where(hole, smooth_counts, full * ground.smooth).astype(np.float32)
    share = cv2.boxFilter(agreeing, -1, size, normalize=False), cv2.boxFilter(everything, -1, size, normalize=False)
    region = hole & (share[0] > MOST * share[1])
    if lines is not None:
        region &= cv2.resize(lines, (hole.shape[1], hole.shape[0]), interpolation=cv2.INTER_LINEAR) < SURE_LINE
    count, labels = cv2.connectedComponents(region.astype(np.uint8), connectivity=4)
    grown = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int64)
    rim = (grown > 0) & ground.known & ~hole
    seen = np.bincount(grown[rim], minlength=count)
    good = np.bincount(grown[rim & ground.smooth], minlength=count)
    keep = (good > 0) & (good >= RIM_SHARE * seen)
    keep[0] = False
    return keep[np.asarray(labels, np.int32)]


def _surface(
    copies: NDArray[np.float32], hole: NDArray[np.bool_], region: NDArray[np.bool_], ground: Ground, laid: Swaths
) -> NDArray[np.float32]:
    """Return the light of the hole: level inside the region, near that of the copies outside, met at the rim.

    Minimises the sum of w (u_p - u_q - g_pq)^2 over neighbours plus t (u_p - copy_p)^2: g is 0 within the region and
    against the rim, in a swath the step in its band, else the step between the copies; w is 1 in the region, else it
    falls where the copies are two things; t holds what is not smooth. A rim with structure counts little at first, so
    that only a long piece of it is met (ground with a streak, not the end of a wire); in a second round it counts where
    its light agrees with that.
    """
    curved = bend(ground.light, ~hole, ground.smooth)
    flat = copies if curved is None else copies - curved  # a glow is stretched over its own dome, not over a plane
    light = _solve(flat, flat, hole, region, ground, laid, first=True)
    light = _solve(flat, light, hole, region, ground, laid, first=False)
    return light if curved is None else light + curved


def _solve(
    copies: NDArray[np.float32],
    guess: NDArray[np.float32],
    hole: NDArray[np.bool_],
    region: NDArray[np.bool_],
    ground: Ground,
    laid: Swaths,
    *,
    first: bool,
) -> NDArray[np.float32]:
    """Return `guess` with the light of the hole solved for; see `_surface`."""
    framed, guessed = (np.pad(values, ((1, 1), (1, 1), (0, 0))) for values in (copies, guess))
    smooth = np.pad(np.where(hole, region, ground.smooth), 1)
    fixed = np.pad(~hole & ground.known, 1)
    number = np.full(smooth.shape, -1, np.int32)
    number[1:-1, 1:-1][hole] = np.arange(int(hole.sum()), dtype=np.int32)
    swath, band = np.pad(laid.number, 1), np.pad(laid.band, ((1, 1), (1, 1), (0, 0)))
    rows, cols = (places + 1 for places in np.nonzero(hole))
    own, mine, even = framed[rows, cols], guessed[rows, cols], smooth[rows, cols]
    near = np.empty((len(rows), 4), np.int32)
    weight = np.zeros((len(rows), 4), np.float32)
    diagonal = np.where(even, np.float32(LOOSE), np.float32(TIED))
    right = diagonal[:, None] * own
    for side, (dy, dx) in enumerate(((-1, 0), (0, -1), (1, 0), (0, 1))):
        place = rows + dy, cols + dx
        step = own - framed[place]
        both, rim = even & smooth[place], fixed[place]
        near[:, side] = number[place]
        apart = np.abs(np.where(rim[:, None], mine - framed[place], step)).mean(axis=1)
        level = (np.where(rim[:, None], mine, own) + framed[place]).mean(axis=1) / 2
        linked = np.where(both, np.float32(1), hardness(apart, level))
        if first:
            linked[rim & even & ~both] = FAINT
        weight[:, side] = np.where(rim | (near[:, side] >= 0), linked, 0)
        diagonal += weight[:, side]
        wanted = np.where((both | rim)[:, None], 0, step) + np.where(rim[:, None], framed[place], 0)
        one = both & ~rim & (swath[place] > 0) & (swath[place] == swath[rows, cols])
        wanted[one] = band[rows[one], cols[one]] - band[place][one]
        right += weight[:, side, None] * wanted
    answer = mine.copy()
    descend(0, 3, near, weight, diagonal, right.astype(np.float32), answer, TOLERANCE, MOST_STEPS)
    surface = guess.copy()
    surface[hole] = answer
    return surface


def _small_places(places: NDArray[np.int32], factor: tuple[float, float]) -> NDArray[np.float32]:
    """Return where full-size pixels lie in the small picture, (n, 2) float32."""
    return ((places + 0.5) / np.array(factor) - 0.5).astype(np.float32)


def _sample(values: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values between pixels: (n,) or (n, 3) float32."""
    import cv2

    parts = []
    for first in range(0, len(places), REMAP_PX):
        part = places[first : first + REMAP_PX]
        rows, cols = np.ascontiguousarray(part[:, :1]), np.ascontiguousarray(part[:, 1:])
        parts.append(cv2.remap(values, cols, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0])
    return np.concatenate(parts).astype(np.float32)
