"""One size of the picture during the search: what is known, what is looked for, and the field found so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_inside, open_sided
from freefill.synthesis import features, lines, nnf
from freefill.synthesis.compiled import Crew
from freefill.synthesis.expected import NOTHING, ExpectedPyramid
from freefill.synthesis.guide import GuideLayer
from freefill.synthesis.pyramid import reduce, strips_of
from freefill.synthesis.tuning import Tuning

PLAIN = (0,) * 4  # red, green, blue, forbidden
DETAILED = (0,) * 8  # red, green, blue, two of texture, three of a guide (or forbidden where there is none)
FORBIDDEN_SCALE = 1.7  # one channel of 255 then costs what a value of -100 in three channels would


@dataclass(frozen=True, eq=False)
class Layer:
    """A picture of one size: colours (3 channels) or colours and texture (5), uint8; masks are uint8, 1 = yes."""

    image: NDArray[np.uint8]
    known: NDArray[np.uint8]
    source: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.known.shape[0], self.known.shape[1]


def build(
    image: NDArray[np.uint8], known: NDArray[np.uint8], source: NDArray[np.uint8], tuning: Tuning, crew: Crew
) -> list[Layer]:
    """Return the layers, finest first; the last is the coarsest that still has a hole and a short side of 8 pixels."""
    layers = [_with_texture(Layer(image, known, source), tuning)]
    while True:
        layer = layers[-1]
        if (min(layer.size) + 1) // 2 < tuning.least_side_px:
            return layers
        coarse = Layer(*reduce(layer.image, layer.known, layer.source, crew))
        if coarse.known.all() or not usable_centres(coarse.source).any():
            return layers
        layers.append(_with_texture(coarse, tuning))


def _with_texture(layer: Layer, tuning: Tuning) -> Layer:
    """Add the texture channels on the first layer that is small enough to carry them."""
    if layer.image.shape[2] == 5 or max(layer.size) > tuning.detail_px:
        return layer
    energy = features.texture_energy(layer.image, layer.known)
    return Layer(np.concatenate((layer.image, energy), axis=2), layer.known, layer.source)


def usable_centres(source: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return where a source patch may be centred: on a pixel that may be copied from, the patch inside the picture."""
    usable = source.copy()
    usable[: nnf.REACH] = usable[-nnf.REACH :] = 0
    usable[:, : nnf.REACH] = usable[:, -nnf.REACH :] = 0
    return usable


class Level:
    """A layer made ready for the search.

    Attributes
    ----------
    marks : a tuple as long as there are channels; scale : (C,) root of each channel's weight
    source, filled : (H, W, C) uint8, what may be copied, and the present picture
    valid, usable : (H, W) uint8, may be copied from, may be the centre of a source patch
    holes, targets : (n, 2) int32, rows and columns; index : (H, W) int32, number of the target there or -1
    root : (H, W) float32 root of each pixel's weight in comparisons; base : (targets,) weight of each patch in votes
    field, cost, votes : (targets, 2) int32 and (targets,) float32
    led, sources_of_led : (n,) int64 and (n, 2) int32, numbers of targets whose sources are given, as on a joined line
    worn : (H, W) float32, what a source costs because many targets copy it; empty on light and on guided levels
    """

    def __init__(
        self,
        layer: Layer,
        layers: lines.Layers,
        tuning: Tuning,
        guide: GuideLayer | None = None,
        expected: ExpectedPyramid | None = None,
        number: int = 0,
    ) -> None:
        import cv2

        self.size = layer.size
        self.valid = layer.source
        self.usable = usable_centres(layer.source)
        self.detailed = layer.image.shape[2] == 5
        self.marks = DETAILED if self.detailed else PLAIN
        self.guided = guide is not None
        self.voted = 5 if self.detailed else 3
        self.scale = np.ones(len(self.marks), np.float32)
        self.pull = lines.pull(layer.size, layers, tuning.row_pull, tuning.col_pull, tuning.layered_pull)
        self._pack(layer, guide)

        hole = layer.known == 0
        around = cv2.dilate(hole.astype(np.uint8), np.ones((nnf.PATCH, nnf.PATCH), np.uint8))
        self.holes = np.argwhere(hole).astype(np.int32)
        self.targets = np.argwhere(around).astype(np.int32)
        rows, cols = self.targets[:, 0], self.targets[:, 1]
        self.hold = lines.hold(layer.size, layers, rows, cols)
        self.index = np.full(layer.size, -1, np.int32)
        self.index[rows, cols] = np.arange(len(self.targets), dtype=np.int32)
        depth = distance_inside(hole)
        reaches = np.full((len(rows), 2), tuning.pull_reach, np.float32)
        # A light level refines what the smaller ones found at the right height, and is too large to be asked.
        if self.detailed:
            reaches[open_sided(hole)[rows, cols], 0] = tuning.open_reach
        self.near = lines.near(layer.size, depth[rows, cols, None], reaches)
        self.expected = NOTHING
        if expected is not None and self.detailed:
            self.expected = expected.at(number, layer.size, self.targets, depth[rows, cols])
        self.root = np.ones(layer.size, np.float32)
        fallen = np.float32(tuning.match_base) ** -depth[hole]
        self.root[hole] = np.sqrt(np.maximum(tuning.match_floor, fallen))
        self.base = np.maximum(tuning.vote_floor, np.float32(tuning.vote_base) ** -depth[rows, cols]).astype(np.float32)
        self.field = np.full((len(self.targets), 2), -1, np.int32)
        self.cost = np.zeros(len(self.targets), np.float32)
        self.votes = np.ones(len(self.targets), np.float32)
        self.lead(np.zeros(0, np.int64), np.zeros((0, 2), np.int32))
        # A guide of the whole hole says itself where a piece ends.
        whole = guide is not None and guide.believed is None
        self.worn = np.zeros(layer.size if self.detailed and not whole else (0, 0), np.float32)
        everywhere = np.broadcast_to(np.float32(1), layer.size)
        self.believed = everywhere if guide is None or guide.believed is None else guide.believed
        self.sheet = nnf.Sheet(
            self.marks,
            *layer.size,
            self._room,
            self.filled.ravel(),
            self.root.ravel(),
            self.scale,
            self.pull,
            self.near,
            self.hold,
            self.worn.ravel(),
            self.trust.ravel(),
            self.expected,
            self.valid.ravel(),
            self.usable.ravel(),
            self.index.ravel(),
            self.targets,
            self.holes,
        )
        self._counted = np.zeros(len(self.targets), np.int32)
        # How often each source must be copied where there are fewer of them than targets.
        self._share = np.float32(max(len(self.targets) / max(int(np.count_nonzero(self.usable)), 1), 1.0))
        self.target_strips = strips_of(len(self.targets))
        self.hole_strips = strips_of(len(self.holes))

    def lead(self, led: NDArray[np.int64], sources: NDArray[np.int32]) -> None:
        """Take the sources of some targets as given: the search moves them no more."""
        self.led, self.sources_of_led = led, sources
        self.field[led] = sources

    def count_uses(self, tuning: Tuning) -> None:
        """Let those sources cost more that more targets copy than their share.

        In what is copied in one piece each source has one use. Where many targets each move by another step, so that
        all copy the same few sources, these are stretched or repeated.
        """
        if self.worn.size == 0:
            return
        most, cost = np.float32(tuning.worn_most), np.float32(tuning.worn_cost)
        nnf.wear(self.sheet, self.field, self._counted, self._share, most, cost)

    def _pack(self, layer: Layer, guide: GuideLayer | None) -> None:
        """Lay the channels side by side; pixels that may not be copied from are dear to match."""
        height, width = layer.size
        channels = len(self.marks)
        self.filled = np.zeros((height, width, channels), np.uint8)
        self.filled[..., : self.voted] = layer.image
        self._room = room = np.zeros(height * width * channels + nnf.SPARE, np.uint8)
        self.source = room[: -nnf.SPARE].reshape(height, width, channels)
        np.multiply(self.filled, layer.source[..., None], out=self.source)
        forbidden = layer.source == 0
        self.trust = np.ones(layer.size, np.float32)
        if not self.detailed:
            self.source[forbidden, 3] = 255
            self.scale[3] = FORBIDDEN_SCALE
        elif guide is None:
            self.source[forbidden, 3:] = 255
        else:
            self.source[forbidden, 3:5] = 255
            self.source[..., 5:] = guide.values
            self.filled[..., 5:] = guide.values
            self.scale[5:] = guide.scale
            self.trust = guide.trust
