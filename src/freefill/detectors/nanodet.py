"""Boxes of 80 kinds of things by NanoDet-g, in the whole picture and in tiles of it.

References
----------
RangiLyu, "NanoDet", 2020; the head is that of Li et al., "Generalized Focal Loss", NeurIPS 2020: each side of a box is
the mean of a distribution over 0 to 10 cells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.detectors.boxes import Boxes, areas, overlaps, suppress
from freefill.detectors.crops import resized
from freefill.detectors.session import Model, open_model
from freefill.values import Box, Image

NAME = "nanodet"
SIZE_PX = 416
STRIDES = (8, 16, 32)
SCORES, SIDES = ("Identity", "Identity_1", "Identity_2"), ("Identity_3", "Identity_4", "Identity_5")
STEPS = 11  # of a distance, 0 to 10 strides, each with a probability (generalised focal loss)
# blue, green, red, of 255
MEAN_BGR = np.array([103.53, 116.28, 123.675], np.float32)
DEVIATION_BGR = np.array([57.375, 57.12, 58.395], np.float32)

CATEGORIES = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant",
    "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard",
    "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli",
    "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed", "dining table", "toilet",
    "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink",
    "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip

# A person whose root of area is below this share of the longer side is looked for in tiles too.
TILE_SHARE = 0.6
TILE_TWICE_PX = 1600  # from this longer side on, tiles of half the size are looked at as well
# The network sees squares. From this ratio of the sides on persons are squeezed too thin to be seen: then tiles of this
# ratio, as high as the picture, are looked at instead, and the next begins at this share of one (decision 0090).
LONG, LONG_TILE, LONG_STEP = 1.9, 4 / 3, 0.7

LARGE_OTHERS = (
    "car", "airplane", "bus", "train", "truck", "boat", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe",
)  # fmt: skip
SAME, RIDING = 0.5, 0.8  # boxes of different names that overlap by more are one thing; of a person and another
LEAST_RIVAL = 0.35  # a box below this score takes no other's place
# One box that is a person's and nearly as surely, by this share, an animal's, a vehicle's or a chair's is a jacket on a
# chair or a horse far away: whoever sits or rides has a box of her own.
NEARLY, BARRED = 0.75, (*LARGE_OTHERS, "chair")


@dataclass(frozen=True, eq=False)
class Found:
    """Boxes of one category: (n, 4) top, left, bottom, right in px, and (n,) scores in [0, 1], the best first."""

    boxes: Boxes
    scores: NDArray[np.float64]

    def surer_than(self, least: float) -> Found:
        """Return those with a higher score; as if the network had been asked for them alone."""
        kept = self.scores > least
        return Found(self.boxes[kept], self.scores[kept])


def find_boxes(
    image: Image, category: str = "person", *, least: float = 0.25, most_overlap: float = 0.6, tiles: bool = True
) -> Found:
    """Find the boxes of one category; see `find_kinds`."""
    return find_kinds(image, [category], least=least, most_overlap=most_overlap, tiles=tiles)[category]


def find_kinds(
    image: Image,
    categories: Collection[str],
    *,
    least: float = 0.25,
    most_overlap: float = 0.6,
    tiles: bool = True,
) -> dict[str, Found]:
    """Find the boxes of several categories; the network runs as often as for one.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    categories : of CATEGORIES
    least : the least score
    most_overlap : of two boxes of a category that overlap by more, the better stays
    tiles : look at overlapping tiles too, which finds small things

    Returns
    -------
    category to what was found of it, in the order given

    Raises
    ------
    WeightsError
        If the network is not on this machine.
    """
    model = open_model(NAME)
    columns = [CATEGORIES.index(category) for category in categories]
    height, width = image.shape[:2]
    parts = [_in_part(model, image, columns, least)]
    if tiles:
        parts += [_in_tile(model, image, columns, least, tile) for tile in tiles_of(height, width)]
    kinds = {}
    for category, of_parts in zip(categories, zip(*parts, strict=True), strict=True):
        boxes = np.concatenate([found.boxes for found in of_parts])
        scores = np.concatenate([found.scores for found in of_parts])
        kept = suppress(boxes, scores, most_overlap)
        kinds[category] = Found(boxes[kept], scores[kept])
    return kinds


def surest(kinds: Mapping[str, Found]) -> dict[str, Found]:
    """Of boxes of different names that are the same thing, keep the surest; of a horse and a person the horse."""
    names = np.repeat(np.array(list(kinds), object), [len(found.scores) for found in kinds.values()])
    boxes: Boxes = np.concatenate([np.zeros((0, 4)), *(found.boxes for found in kinds.values())])
    scores = np.concatenate([np.zeros(0), *(found.scores for found in kinds.values())])
    persons, rivals = names == "person", scores >= LEAST_RIVAL
    left = {}
    for name, found in kinds.items():
        # A rider's box is much of the motorcycle's.
        most = np.where(persons | (name == "person"), RIDING, SAME)
        other = rivals & (names != name)
        # What the others' scores count for against this one.
        weighed = np.where(np.isin(names, BARRED), scores / NEARLY, scores) if name == "person" else scores
        kept = [
            not (other & (weighed > score) & (overlaps(boxes, box) > most)).any()
            for box, score in zip(found.boxes, found.scores, strict=True)
        ]
        chosen = np.array(kept, bool)
        left[name] = Found(found.boxes[chosen], found.scores[chosen])
    return left


def large_others(kinds: Mapping[str, Found], least: float = 0.4) -> Boxes:
    """Return the boxes of animals and vehicles that nobody wears or holds, (n, 4)."""
    found = [each.surer_than(least).boxes for name, each in kinds.items() if name in LARGE_OTHERS]
    return np.concatenate([np.zeros((0, 4)), *found])


def tiles_of(height: int, width: int) -> list[Box]:
    """Return the overlapping tiles of a picture in which small persons are looked for.

    Examples
    --------
    >>> len(tiles_of(480, 640)), len(tiles_of(1200, 1600)), len(tiles_of(218, 640))
    (4, 20, 3)
    """
    longer, shorter = max(height, width), min(height, width)
    if longer >= LONG * shorter:
        long = min(round(LONG_TILE * shorter), longer)
        count = int(np.ceil((longer - long) / (LONG_STEP * long))) + 1
        starts = np.rint(np.linspace(0, longer - long, count)).astype(int).tolist()
        return [Box(at, 0, long, width) if height > width else Box(0, at, height, long) for at in starts]
    tiles = _grid(height, width, TILE_SHARE, (0, 1))
    if longer >= TILE_TWICE_PX:
        tiles += _grid(height, width, TILE_SHARE / 2, (0, 1 / 3, 2 / 3, 1))
    return tiles


def _grid(height: int, width: int, share: float, places: Sequence[float]) -> list[Box]:
    """Return tiles of a share of both sides; places, in rows and columns, go from 0 (first) to 1 (last)."""
    high, wide = max(int(height * share), 1), max(int(width * share), 1)
    return [Box(round((height - high) * r), round((width - wide) * c), high, wide) for r in places for c in places]


def _in_tile(model: Model, image: Image, columns: Sequence[int], least: float, tile: Box) -> list[Found]:
    """Find boxes in a tile of the picture."""
    height, width = image.shape[:2]
    top, left, high, wide = tile.top, tile.left, tile.height, tile.width
    # A box that ends at an inner border of the tile is half a thing; a large one is better seen in the whole picture.
    ends = (np.array([top, left]) > 0, np.array([top + high, left + wide]) < (height, width))
    sides = np.array([high, wide])
    kinds = []
    for found in _in_part(model, image[tile.slices], columns, least):
        boxes = found.boxes
        cut = ((boxes[:, :2] <= 3) & ends[0]).any(axis=1) | ((boxes[:, 2:] >= sides - 3) & ends[1]).any(axis=1)
        kept = ~cut & (np.sqrt(areas(boxes)) < wide / 2)
        kinds.append(Found(boxes[kept] + [top, left, top, left], found.scores[kept]))
    return kinds


def _in_part(model: Model, part: Image, columns: Sequence[int], least: float) -> list[Found]:
    """Run the network once, the part squeezed to its size; what is found of each column."""
    height, width = part.shape[:2]
    bgr = resized(np.ascontiguousarray(part), (SIZE_PX, SIZE_PX))[..., ::-1]
    tensor = ((bgr * 255 - MEAN_BGR) / DEVIATION_BGR).transpose(2, 0, 1)[None]
    feeds = {next(iter(model.inputs)): np.ascontiguousarray(tensor, np.float32)}
    answers = model.run(feeds, [*SCORES, *SIDES])
    # Most kinds are nowhere in most parts: those are not decoded.
    seen = np.max([of_cells[0].max(axis=0) for of_cells in answers[:3]], axis=0) > least
    kinds = []
    for column in columns:
        if not seen[column]:
            kinds.append(Found(np.zeros((0, 4)), np.zeros(0)))
            continue
        decoded = [
            _decode(of_cells[0, :, column], logits[0], stride, least)
            for stride, of_cells, logits in zip(STRIDES, answers[:3], answers[3:], strict=True)
        ]
        in_part = np.concatenate([boxes for boxes, _ in decoded])
        in_part = in_part * (np.array([height, width, height, width]) / SIZE_PX)
        in_part = np.clip(in_part, 0, [height, width, height, width])
        score = np.concatenate([scores for _, scores in decoded])
        real = areas(in_part) > 0
        kinds.append(Found(in_part[real], score[real]))
    return kinds


def _decode(
    of_cells: NDArray[np.float32], logits: NDArray[np.float32], stride: int, least: float
) -> tuple[Boxes, NDArray[np.float64]]:
    """Return the boxes of one stride in px of the network's input, and their scores."""
    cells = np.flatnonzero(of_cells > least)
    distances = logits[cells].reshape(-1, 4, STEPS).astype(np.float64)
    weights = np.exp(distances - distances.max(axis=2, keepdims=True))  # less the largest, so that nothing overflows
    left, top, right, bottom = ((weights * np.arange(STEPS)).sum(axis=2) / weights.sum(axis=2) * stride).T
    across = SIZE_PX // stride
    row, col = (cells // across + 0.5) * stride, (cells % across + 0.5) * stride
    return np.stack([row - top, col - left, row + bottom, col + right], axis=1), of_cells[cells].astype(np.float64)
