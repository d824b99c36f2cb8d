"""What a detector says of a picture, as plain values: refinement asks it where a person goes on beyond the mask.

Who fills it is `freefill.detectors.at_mask`; anybody else's detector can. Nothing here knows any network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.values import Box, Hole

# A person of whom at least this share is masked is one that the mask means; the others are somebody else.
MEANT = 0.5


@dataclass(frozen=True, eq=False)
class Person:
    """A detected person.

    Attributes
    ----------
    box : the part of the picture that `sure` covers; it may reach beyond the picture
    sure : (h, w) float32 in [0, 1], how sure it is that a pixel is this person's, at any resolution
    score : how sure it is that there is a person at all, 0 to 1
    lacking : limbs that were seen by their joints alone: there the mask may be incomplete
    """

    box: Box
    sure: NDArray[np.float32]
    score: float = 1.0
    lacking: tuple[str, ...] = ()

    def over(self, view: Box, size: tuple[int, int]) -> NDArray[np.float32]:
        """Return `sure` in another box of the picture, at the size (height, width); 0 beyond the person's own box."""
        down, across = view.height / size[0], view.width / size[1]
        rows = ((np.arange(size[0]) + 0.5) * down + view.top - self.box.top) * self.sure.shape[0] / self.box.height
        cols = ((np.arange(size[1]) + 0.5) * across + view.left - self.box.left) * self.sure.shape[1] / self.box.width
        at_rows, at_cols = np.empty(size, np.float32), np.empty(size, np.float32)
        at_rows[:], at_cols[:] = (rows - 0.5)[:, None], cols - 0.5
        return np.asarray(
            cv2.remap(
                self.sure,
                at_cols,
                at_rows,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=0,
            ),
            np.float32,
        )

    def hole(self, size: tuple[int, int], cut: float = 0.5) -> Hole:
        """Return where the person is surer than `cut`, (H, W) bool of a picture of that size."""
        hole = np.zeros(size, bool)
        here = Box(0, 0, *size)
        if self.box.overlaps(here):
            top, left = max(self.box.top, 0), max(self.box.left, 0)
            bottom, right = min(self.box.bottom, size[0]), min(self.box.right, size[1])
            view = Box(top, left, bottom - top, right - left)
            hole[view.slices] = self.over(view, (view.height, view.width)) >= cut
        return hole

    @property
    def area_px(self) -> float:
        """How many pixels of the picture are surely this person's."""
        return float((self.sure > 0.5).mean()) * self.box.area

    def masked(self, hole: Hole) -> float:
        """Return what share of the person lies in a mask of the whole picture, 0 to 1; 0 where nothing is sure."""
        sides = self.sure.shape
        rows = np.floor(self.box.top + (np.arange(sides[0]) + 0.5) * self.box.height / sides[0]).astype(int)
        cols = np.floor(self.box.left + (np.arange(sides[1]) + 0.5) * self.box.width / sides[1]).astype(int)
        in_rows, in_cols = (rows >= 0) & (rows < hole.shape[0]), (cols >= 0) & (cols < hole.shape[1])
        seen = self.sure[np.ix_(in_rows, in_cols)] > 0.5
        inside = hole[np.ix_(rows[in_rows], cols[in_cols])]
        return float((seen & inside).sum() / seen.sum()) if seen.any() else 0.0


def joined(views: Sequence[Person], trust: float, most_px: int = 320) -> Person:
    """Return one person of whom there are several views, at least one; limbs that may lack are those of the first.

    Parameters
    ----------
    views : the best one first
    trust : by what the sureness of the others is multiplied, 0 to 1
    most_px : the resolution at which evidence is kept, longer side
    """
    if len(views) == 1:
        return views[0]
    box = views[0].box
    for other in views[1:]:
        box = box.joined(other.box)
    scale = min(most_px / max(box.height, box.width), 1.0)
    size = (max(round(box.height * scale), 1), max(round(box.width * scale), 1))
    sure = np.maximum.reduce(
        [views[0].over(box, size), *(np.float32(trust) * view.over(box, size) for view in views[1:])]
    )
    return Person(box, sure, max(view.score for view in views), views[0].lacking)


def union(persons: Sequence[Person], size: tuple[int, int], cut: float = 0.5) -> Hole:
    """Return where any of the persons is surer than `cut`, (H, W) bool of a picture of that size."""
    hole = np.zeros(size, bool)
    for person in persons:
        hole |= person.hole(size, cut)
    return hole


@dataclass(frozen=True, eq=False)
class Seen:
    """A detected thing: its category (COCO's name), the box around it, its pixels, (box.height, box.width) bool."""

    category: str
    box: Box
    hole: Hole


@dataclass(frozen=True, eq=False)
class Prior:
    """What a detector found: persons, in any order, and things that people hold, wear or ride, the surest first."""

    persons: tuple[Person, ...] = ()
    things: tuple[Seen, ...] = ()

    def parted(self, hole: Hole) -> tuple[list[Person], list[Person]]:
        """Return the persons that a mask means, and the others."""
        meant = [person.masked(hole) >= MEANT for person in self.persons]
        own = [person for person, is_meant in zip(self.persons, meant, strict=True) if is_meant]
        return own, [person for person, is_meant in zip(self.persons, meant, strict=True) if not is_meant]


def persons_meant(own: Sequence[Person], others: Sequence[Person], size: tuple[int, int]) -> Hole:
    """Return what is surely of the persons that a mask means, and not more surely of others, (H, W) bool."""
    meant = np.zeros(size, bool)
    for person in own:
        hole = person.hole(size)
        view = Box.around(hole)
        if view is None:
            continue
        shape = (view.height, view.width)
        mine = person.over(view, shape)
        theirs = [other.over(view, shape) for other in others if other.box.overlaps(view)]
        meant[view.slices] |= hole[view.slices] & (mine >= np.maximum.reduce([np.zeros(shape, np.float32), *theirs]))
    return meant


@dataclass(frozen=True, eq=False)
class Hint:
    """What is sure of one close-up, (h, w) each.

    Attributes
    ----------
    own, others : float32 in [0, 1], how sure it is of the persons that the mask means, and of the others
    near : bool, within the box of a person that the mask means
    """

    own: NDArray[np.float32]
    others: NDArray[np.float32]
    near: Hole


def hint_for(view: Box, size: tuple[int, int], own: Sequence[Person], others: Sequence[Person]) -> Hint | None:
    """Return what persons say of a box of the picture; None where no person that is meant touches it."""
    near = [person for person in own if person.box.overlaps(view)]
    if not near:
        return None
    nothing = np.zeros(size, np.float32)
    beside = [person.over(view, size) for person in others if person.box.overlaps(view)]
    within = [Person(person.box, np.ones_like(person.sure)).over(view, size) > 0 for person in near]
    return Hint(
        own=np.maximum.reduce([person.over(view, size) for person in near]),
        others=np.maximum.reduce([nothing, *beside]),
        near=np.logical_or.reduce(within),
    )
