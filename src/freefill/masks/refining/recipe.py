"""Repair a mask so that it covers the whole thing: one recipe, each step a pure function of its own file.

Read `refine` from top to bottom; the order matters. The image is asked first (snap, attached), then what is left
unsure is covered by thickening, and last comes what lies outside of the object: its shadow and its reflection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from freefill.errors import InputError
from freefill.masks.parts import find_parts
from freefill.masks.refining.attached import Thing, attached_things, seen_things
from freefill.masks.refining.closeup import Overview
from freefill.masks.refining.contour import close_gaps, drop_specks, evened, fill_holes, smooth
from freefill.masks.refining.detected import Prior, persons_meant
from freefill.masks.refining.image_steps import (
    Snapping,
    ends_of_parts,
    look_beside,
    pockets_of_parts,
    protrusions_of_parts,
    radii_px,
    reach_from_parts,
    share_by,
    snap_parts,
)
from freefill.masks.refining.settings import DEFAULT, STEPS, THOROUGH, RefineSettings
from freefill.masks.refining.thicken import block_px, thicken
from freefill.values import Hole, Image, Mask

__all__ = ["STEPS", "THOROUGH", "RefineSettings", "Refined", "refine"]


@dataclass(frozen=True, eq=False)
class Refined:
    """A refined mask, and where it came from.

    Attributes
    ----------
    hole : (H, W) bool; contains the given mask, less the dropped specks
    added : step to (H, W) bool, what it added; the steps of `STEPS` that added something, disjoint
    dropped : (H, W) bool, the specks
    notes : what the user should know
    """

    hole: Hole
    added: Mapping[str, Hole]
    dropped: Hole
    notes: tuple[str, ...] = ()

    def shares(self) -> dict[str, float]:
        """Return what each step added, as a share of the given mask (less specks)."""
        added_px = {step: int(hole.sum()) for step, hole in self.added.items()}
        given_px = max(int(self.hole.sum()) - sum(added_px.values()), 1)
        return {step: px / given_px for step, px in added_px.items()}

    def every_step(self) -> dict[str, Hole]:
        """Return what each of `STEPS` added, also where that is nothing: so an overlay gives each its own colour."""
        return {step: self.added.get(step, np.zeros_like(self.hole)) for step in STEPS}


def refine(
    mask: Mask | Hole,
    image: Image | None = None,
    *,
    settings: RefineSettings = DEFAULT,
    things: Sequence[Thing] = (),
    prior: Prior | None = None,
) -> Refined:
    """Repair a mask: cover the whole object with little of what is around it.

    Parameters
    ----------
    mask : a Mask, or (H, W) bool, True = hole; may be empty
    image : (H, W, 3) float32, RGB in [0, 1]; None = the steps that ask the image are left out
    settings : which steps, and how far; `THOROUGH` where nothing may be left over, whatever is masked beside
    things : annotated things of other categories; those that touch a masked person are taken along
    prior : what a detector says of the picture: where masked persons go on, what they hold; None = nobody asked one.
        `freefill.detectors.at_mask.look` makes one

    Returns
    -------
    Refined

    Raises
    ------
    InputError
        If mask, image and things differ in size.

    Examples
    --------
    >>> hole = np.zeros((9, 9), bool)
    >>> hole[3:6, 3:6] = True
    >>> refine(hole, settings=RefineSettings(thicken=0.4)).hole.sum()
    np.int64(25)
    """
    given = mask.hole if isinstance(mask, Mask) else mask
    _check(given, image, things)
    labels, parts = find_parts(np.ascontiguousarray(given))
    hole, dropped = drop_specks(labels, parts, settings.specks)
    notes = [f"{dropped} specks dropped"] if dropped else []
    added: dict[str, Hole] = {}
    kept = hole

    def add(step: str, more: Hole) -> None:
        nonlocal hole
        new = more & ~hole
        if new.any():
            added[step] = new
            hole = hole | new

    if not hole.any():
        return Refined(hole, added, given & ~hole, tuple(notes))
    if dropped:
        labels, parts = find_parts(hole)
    prior = prior or Prior()
    own, others = prior.parted(hole)
    add("fill", fill_holes(hole, parts, settings.fill))
    if settings.close:
        add("close", close_gaps(labels, parts, settings.close))
    if own and settings.person:
        add("person", persons_meant(own, others, hole.shape))
    snapping: Snapping | None = None
    overview = None if image is None else Overview(image)
    if overview is not None and settings.reach:
        labels, parts = find_parts(hole)
        more, said = reach_from_parts(overview, labels, parts, settings, own, others)
        add("reach", more)
        notes += said
    if overview is not None and settings.snap:
        labels, parts = find_parts(hole)
        snapping = snap_parts(overview, labels, parts, settings)
        add("snap", snapping.added)
        notes += snapping.notes
    labels, parts = find_parts(hole)
    alone = labels, parts
    if settings.attached and (things or prior.things):
        # Annotations are believed alone: what a detector saw is the same things again, less well cut out.
        more, names = attached_things(hole, parts, things) if things else seen_things(hole, own, others, prior.things)
        add("attached", more)
        labels, parts = find_parts(hole)
        # A detected thing's outline is too rough to look for its shadow.
        alone = (labels, parts) if things else alone
        notes += [f"taken along: {', '.join(names)}"] if names else []
    # Looked for at the object's own outline, and added when that is thickened: they are small and well seen.
    sticking_out = (
        ends_of_parts(overview, labels, parts, settings, own, others)
        if overview is not None and settings.ends
        else None
    )
    block = block_px(given)
    stairs_px = 0.5 * block if block > 1 else 0.0
    if settings.thicken or settings.thicken_px:
        even = evened(labels, parts, settings.jags, stairs_px)
        radii = radii_px(labels, parts, settings, block, snapping.lacks if snapping else ())
        add("thicken", thicken(even, parts, radii, share_by(snapping, own, hole.shape, settings)))
    if settings.smooth:
        add("smooth", smooth(hole, parts, settings.smooth, least_px=stairs_px))
    if overview is not None and sticking_out is not None:
        add("ends", sticking_out | protrusions_of_parts(overview, hole | sticking_out, settings))
    if overview is not None and settings.pockets:
        add("pockets", pockets_of_parts(overview, hole, settings))
    if overview is not None:
        # Of the object as it was before thickening: its rim is ground already.
        for step, more in look_beside(overview, *alone, settings).items():
            add(step, more)
    if block > 1:
        notes.append(f"the mask was enlarged about {block} times: its steps are smoothed")
    return Refined(hole, added, given & ~kept, tuple(notes))


def _check(given: Hole, image: Image | None, things: Sequence[Thing]) -> None:
    """Refuse what does not fit together."""
    if given.ndim != 2 or given.dtype != np.bool_ or given.size == 0:
        raise InputError(f"refine: the mask must be (H, W) bool, not {given.shape} of {given.dtype}")
    if image is not None and image.shape != (*given.shape, 3):
        raise InputError(f"refine: the image is {image.shape}, the mask {given.shape}; bring them to one size")
    for thing in things:
        if thing.hole.shape != given.shape:
            raise InputError(f"refine: '{thing.category}' is {thing.hole.shape}, the mask {given.shape}")
