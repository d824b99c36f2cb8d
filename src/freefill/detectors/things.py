"""Things that people carry, near a mask: NanoDet's boxes, filled in by GrabCut or by u2netp.

GrabCut where colours tell the thing from the ground, else u2netp where it is here (docs/results/mask-sources.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from freefill.detectors import salient
from freefill.detectors.boxes import Boxes, touches, whole
from freefill.detectors.crops import resized
from freefill.detectors.nanodet import Found
from freefill.masks.grabcut import WORK_PX, Marks, cut_out, surroundings
from freefill.masks.parts import spans
from freefill.masks.refining.attached import IN_THE_AIR, IN_THE_HAND, WITH_A_PERSON
from freefill.masks.refining.detected import Seen
from freefill.values import Box, Hole, Image
from freefill.weights.locate import state

LEAST_SCORE = 0.35  # of a thing: below it NanoDet sees umbrellas in horses' ears
# Of things that look like nothing else; skis are benches and skateboards are bags at this score.
CLEAR = ("baseball bat", "baseball glove", "tennis racket", "surfboard")
LEAST_CLEAR_SCORE = 0.25
LEAST_OVER_HEADS = 0.25  # of an umbrella that is masked below and free above: somebody stands under it
FREE, BELOW = 0.15, 0.4  # the most that is masked of its upper half, and the least of its lower one
AIR_SCORE, AIR_SIDES = 0.5, 3.0  # what is in the air is believed from this score on, so many of its sides away
MOST_THINGS = 12  # the surest; each takes up to half a second
LEAST_PX = 16  # area of a box
TOLD = 0.8  # of a box: where GrabCut fills more, colours do not tell the thing from the ground
FULL = 0.95  # of a box: a shape that fills more of it was not told from the ground
THROUGH = 0.75  # of a box's sides: a shape that reaches less far is a part of the thing
MOSTLY, SMALL_PX = 0.6, 32  # a thing that is masked by so much, or is smaller, is not worth asking the network
SURE = 0.5  # from this score on what has edges is taken where the shape cannot be told
POCKET = 0.15  # of its box: what a thing encloses is taken up to this size
EDGES_PX, GAP = 256, 0.035  # longer side at which edges are looked for, and what they are closed over, of it


def cut_out_things(image: Image, hole: Hole, kinds: Mapping[str, Found]) -> list[Seen]:
    """Cut out the surest things that people carry, touch the mask and are not all masked."""
    listed = {name: found for name, found in kinds.items() if name in WITH_A_PERSON | IN_THE_HAND}
    boxes: Boxes = np.concatenate([found.boxes for found in listed.values()])
    scores = np.concatenate([found.scores for found in listed.values()])
    names = [name for name, found in listed.items() for _ in found.scores]
    things: list[Seen] = []
    for number in np.argsort(-scores, kind="stable"):
        box = whole(boxes[number], hole.shape)
        if len(things) == MOST_THINGS:
            break
        over_heads = names[number] == "umbrella" and _over_heads(box, hole)
        least = LEAST_OVER_HEADS if over_heads else LEAST_CLEAR_SCORE if names[number] in CLEAR else LEAST_SCORE
        if scores[number] < least:
            continue
        masked = float(hole[box.slices].mean())
        near = touches(box, hole) or (scores[number] >= AIR_SCORE and _in_the_air(names[number], box, hole))
        if box.area >= LEAST_PX and near and masked < 0.9:
            shape = _shape(image, box, masked)
            if shape.mean() < FULL and spans(shape, THROUGH):
                things.append(Seen(names[number], box, shape))
            elif over_heads:
                things.append(Seen(names[number], box, dome(box)))
            elif scores[number] >= SURE:  # half a bicycle left over is worse than some ground taken
                things.append(Seen(names[number], box, shape_by_edges(image, box) | (shape & (shape.mean() < FULL))))
    return things


def _over_heads(box: Box, hole: Hole) -> bool:
    """Tell whether somebody who is masked stands under what is in a box: it is masked below and free above."""
    above, below = np.array_split(hole[box.slices], 2)
    return bool(above.size) and above.mean() <= FREE and below.mean() >= BELOW


def dome(box: Box) -> Hole:
    """Return the upper half of the ellipse that fits a box, (box.height, box.width): an umbrella seen from its side."""
    rows, cols = np.indices((box.height, box.width)) + 0.5
    return (1 - rows / box.height) ** 2 + (2 * cols / box.width - 1) ** 2 <= 1


def _in_the_air(name: str, box: Box, hole: Hole) -> bool:
    """Tell whether a thing may have been thrown or kicked by who is masked; seen_things asks how far they are."""
    return name in IN_THE_AIR and touches(box.grown(int(AIR_SIDES * max(box.height, box.width)), hole.shape), hole)


def _shape(image: Image, box: Box, masked: float) -> Hole:
    """Return the thing's pixels, (box.height, box.width), cut out at GrabCut's working size.

    Parameters
    ----------
    masked : the share of the box that is masked already
    """
    view = surroundings(box, image.shape[:2])
    scale = min(WORK_PX / max(view.height, view.width), 1.0)
    crop = resized(image[view.slices], (max(round(view.height * scale), 2), max(round(view.width * scale), 2)))
    sides = np.array([box.top - view.top, box.left - view.left, box.bottom - view.top, box.right - view.left]) * scale
    within = whole(sides, crop.shape[:2])
    shape = cut_out(crop, Marks(box=within))[within.slices]
    told = shape.mean() < TOLD and spans(shape, THROUGH)
    # The network takes twenty times as long, and of things it knows no more than colours do, where these tell them.
    worth = masked < MOSTLY and max(box.height, box.width) >= SMALL_PX
    if not told and worth and state(salient.WEIGHTS[0]) == "ready":
        by_network = cut_out(crop, Marks(box=within), prior=salient.probabilities(crop))[within.slices]
        shape = by_network | shape if shape.mean() < TOLD else by_network
    return resized(shape.astype(np.float32), (box.height, box.width)) > 0.5


def shape_by_edges(image: Image, box: Box) -> Hole:
    """Return what of a box is thing, (box.height, box.width), where neither network nor colours tell: what has edges.

    A bicycle is thin and dark on a ground of its own colours; its edges are not the ground's. What is farther from an
    edge than a spoke from the next is left out, so that no solid rectangle is taken where the ground is smooth.
    """
    scale = min(EDGES_PX / max(box.height, box.width), 1.0)
    size = (max(round(box.height * scale), 4), max(round(box.width * scale), 4))
    lab = cv2.cvtColor(np.clip(resized(np.ascontiguousarray(image[box.slices]), size), 0, 1), cv2.COLOR_RGB2LAB)
    slope = np.hypot(*(cv2.Scharr(lab[..., 0], cv2.CV_32F, across, 1 - across) for across in (1, 0)))
    # Not the largest: one highlight would set the scale.
    levels = np.clip(255 * slope / max(float(np.quantile(slope, 0.99)), 1e-6), 0, 255).astype(np.uint8)
    _, edges = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    reach = max(round(GAP * max(size)), 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    # Padded: closed over the box's end too.
    shape = cv2.morphologyEx(np.pad(edges, reach), cv2.MORPH_CLOSE, disc)[reach:-reach, reach:-reach]
    shape = _without_pockets(cv2.dilate(shape, np.ones((3, 3), np.uint8)) > 0).view(np.uint8)
    return resized(shape.astype(np.float32), (box.height, box.width)) > 0.5


def _without_pockets(shape: Hole) -> Hole:
    """Fill what a thing encloses, as a racket its strings, where that is a small share of its box."""
    # Padded: all that is open to the box's end is one piece of ground, and no pocket.
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.pad(~shape, 1, constant_values=True).view(np.uint8))
    small = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] < POCKET * shape.size]
    return shape | np.isin(labels, small)[1:-1, 1:-1]
