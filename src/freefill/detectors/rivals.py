"""What of a person's mask is another thing: a bench's back, an elephant's ear, the bus that somebody sits in.

Masks of persons are made in squares around boxes, and where a person is half hidden the networks take what hides her.
The network for boxes knows benches and elephants too. Where one of them is surer than any person, what only weak
evidence calls a person stays, if it has the other thing's colours. Decision 0084.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.detectors.nanodet import Found
from freefill.distance import distance_outside
from freefill.masks.refining.attached import IN_THE_HAND, WITH_A_PERSON
from freefill.masks.refining.colour_regions import cut_into_regions
from freefill.masks.refining.detected import Person
from freefill.values import Box, Hole, Image

# Held and ridden things go with her; a chair's box is mostly whoever sits in it.
NO_RIVALS = WITH_A_PERSON | IN_THE_HAND | {"chair"}
LEAST_SCORE = 0.44  # of the other thing; below it parts of an airplane are elephants
STRONG = 0.8  # what is so surely a person's is never doubted
NOBODY = 0.2  # below this sureness of anybody a place shows the other thing's colours
LEAST_PIECE = 0.1  # of the person's area: smaller pieces are hands and hair as often
RIM = 0.1  # of the person's size: what lies so near to what is surely hers is her outline, and hair is weakly seen
LIKE_HER = 2.5  # log-odds like; regions that resemble her by more than this stay hers
MOSTLY = 0.5  # of a piece: by so much it must resemble the other thing more than her
SIDE_PX = 160  # at which it is looked at: regions of 5 px are then 5 % of a person wide


def without_rivals(image: Image, persons: Sequence[Person], kinds: Mapping[str, Found], cut: float) -> list[Person]:
    """Take from persons what is another thing that nobody wears, holds or rides.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    persons : of this image
    kinds : boxes of all kinds, of which only the surest of each place are left
    cut : a pixel is a person's from this sureness on
    """
    size = (image.shape[0], image.shape[1])
    theirs = _theirs(kinds, size)
    if not theirs.any():
        return list(persons)
    return [_without(image, person, persons, theirs, cut) for person in persons]


def _theirs(kinds: Mapping[str, Found], size: tuple[int, int]) -> Hole:
    """Return where another thing is surer than any person, (H, W) bool."""
    best = np.zeros((2, *size), np.float32)
    for name, found in kinds.items():
        if name in NO_RIVALS:
            continue
        layer = best[0 if name == "person" else 1]
        for box, score in zip(found.boxes, found.scores, strict=True):
            top, left, bottom, right = np.maximum(box.round().astype(int), 0)
            layer[top:bottom, left:right] = np.maximum(layer[top:bottom, left:right], score)
    return (best[1] >= LEAST_SCORE) & (best[1] > best[0])


def _without(image: Image, person: Person, everybody: Sequence[Person], theirs: Hole, cut: float) -> Person:
    around = Box.around(person.hole(theirs.shape, cut))
    if around is None:
        return person
    view = around.grown(max(around.height, around.width) // 2, theirs.shape)
    scale = min(SIDE_PX / max(view.height, view.width), 1.0)
    size = (max(round(view.height * scale), 8), max(round(view.width * scale), 8))
    other = cv2.resize(theirs[view.slices].view(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST) > 0
    sure = person.over(view, size)
    doubted = other & (sure >= cut) & (sure < STRONG)
    whole_px = float((sure >= cut).sum())
    if doubted.sum() < LEAST_PIECE * whole_px:
        return person
    crop = cv2.resize(np.ascontiguousarray(image[view.slices]), size[::-1], interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(np.clip(crop, 0, 1), cv2.COLOR_RGB2LAB), np.float32)
    regions = cut_into_regions(lab, sure >= cut)
    anybody = np.maximum.reduce([each.over(view, size) for each in everybody if each.box.overlaps(view)])
    hers, of_other = regions.mean(sure) >= STRONG, (regions.mean(anybody) < NOBODY) & (regions.share(other) > 0.5)
    if hers.sum() < 3 or of_other.sum() < 5:
        return person
    size_px = float(np.sqrt(whole_px))
    unlike_her, unlike_it = (regions.unlike(samples, size_px) for samples in (hers, of_other))
    weak = regions.share(doubted) > 0.5
    score = regions.spread(4 * np.log((unlike_it + 3) / (unlike_her + 3)), weak | of_other)
    away = regions.mean(distance_outside(hers[regions.labels])) / size_px
    taken = weak & (score < LIKE_HER) & (away > RIM)
    piece = regions.joined(np.asarray(taken[regions.pairs].all(axis=1)))
    area, like_it = (np.bincount(piece, regions.areas * these, len(taken)) for these in (taken, taken & (score < 0)))
    lost = (taken & ((area >= LEAST_PIECE * whole_px) & (like_it > MOSTLY * area))[piece])[regions.labels]
    if not lost.any():
        return person
    at = Person(view, lost.astype(np.float32)).over(person.box, person.sure.shape)
    left = np.where((at > 0.5) & (person.sure < STRONG), np.float32(0), person.sure)
    return replace(person, sure=_without_slivers(left, person.sure, cut))


def _without_slivers(left: NDArray[np.float32], before: NDArray[np.float32], cut: float) -> NDArray[np.float32]:
    """Leave out small pieces that are cut off from all that is surely the person's, where something was taken.

    A box of the other thing ends with straight sides, and the evidence in a soft rim: lines a pixel wide would stay.
    """
    count, found, stats, _ = cv2.connectedComponentsWithStats((left >= cut).view(np.uint8), connectivity=8)
    labels = np.asarray(found, np.int32)
    _, pieces = cv2.connectedComponents((before >= cut).view(np.uint8), connectivity=8)
    taken_from = np.isin(pieces, np.unique(pieces[(before >= cut) & (left < cut)]))
    surely, parted = (np.bincount(labels.ravel(), of.ravel(), count) > 0 for of in (left >= STRONG, taken_from))
    slivers = ~surely & parted & (stats[:, cv2.CC_STAT_AREA] < LEAST_PIECE * float((before >= cut).sum()))
    slivers[0] = False  # label 0 is all the rest
    return np.where(slivers[labels], np.float32(0), left)
