"""Repair a mask so that it covers the whole thing: one recipe, each step a pure function of its own file.

Read `refine` from top to bottom; the order matters. The image is asked first (snap, attached), then what is left
unsure is covered by thickening, and last comes what lies outside of the object: its shadow and its reflection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.masks.attached import Thing, attached_things, seen_things
from freefill.masks.closeup import Closeup, Overview, look_at
from freefill.masks.contour import close_gaps, drop_specks, evened, fill_holes, smooth
from freefill.masks.parts import Part, distance_outside, find_parts
from freefill.masks.prior import Person, Prior, hint_for
from freefill.masks.reach import CLOSEUP_BOX_PX as REACH_BOX_PX
from freefill.masks.reach import CLOSEUP_SIZE_PX as REACH_SIZE_PX
from freefill.masks.reach import ReachLimits, reach_out
from freefill.masks.reflection import MARGIN as REFLECTION_MARGIN
from freefill.masks.reflection import find_reflection
from freefill.masks.shadow import MARGIN as SHADOW_MARGIN
from freefill.masks.shadow import find_shadow
from freefill.masks.snap import CLOSEUP_SIZE_PX as SNAP_SIZE_PX
from freefill.masks.snap import snap
from freefill.masks.thicken import block_px, edge_softness_px, thicken
from freefill.values import Hole, Image, Mask

STEPS = ("fill", "close", "reach", "snap", "attached", "thicken", "smooth", "shadow", "reflection")


@dataclass(frozen=True)
class RefineSettings:
    """How a mask is refined. Lengths are shares of the size of each part (root of its area); 0 switches a step off.

    Attributes
    ----------
    specks : parts below this share of the largest part's size are dropped
    fill : enclosed regions below this size are filled
    close : gaps and notches narrower than twice this are closed
    snap : how far the contour may move to the object's edge in the image
    reach : how far missing limbs and attached things are looked for in the image
    reach_score : how clearly a piece must resemble the object, 1 (much is found) to 4 (little)
    attached : annotated things that touch are taken along
    trust : thickening is less by up to this share where the image shows that the background begins at the contour
    soften : thickening is more by up to this share where the object's edge is soft
    thicken : the radius of the thickening ...
    thicken_px : ... to which this is added, px ...
    block : ... but at least this share of a block (half its diagonal), where the mask was enlarged by nearest neighbour
    jags : a contour that strays farther from its smoothed course is taken for jagged: its spikes are not thickened
    smooth : the blur that rounds the contour
    shadow, reflection : look for them in the image
    most_parts : the image is asked for so many parts, the largest first
    """

    specks: float = 0.01
    fill: float = 0.15
    close: float = 0.015
    snap: float = 0.06
    reach: float = 0.6
    reach_score: float = 2.1
    attached: bool = True
    trust: float = 0.5
    soften: float = 0.5
    thicken: float = 0.03
    thicken_px: float = 0.5
    block: float = 0.7
    jags: float = 0.002
    smooth: float = 0.01
    shadow: bool = True
    reflection: bool = True
    most_parts: int = 64

    def __post_init__(self) -> None:
        for name in ("specks", "fill", "close", "snap", "reach", "trust", "soften", "thicken", "jags", "smooth"):
            value = getattr(self, name)
            if not (np.isfinite(value) and 0 <= value <= 4):
                raise InputError(f"refine: {name} must be a share from 0 to 4, not {value}")


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
    settings: RefineSettings = RefineSettings(),
    things: Sequence[Thing] = (),
    prior: Prior | None = None,
) -> Refined:
    """Repair a mask: cover the whole object with little of what is around it.

    Parameters
    ----------
    mask : a Mask, or (H, W) bool, True = hole; may be empty
    image : (H, W, 3) float32, RGB in [0, 1]; None = the steps that ask the image are left out
    settings : which steps, and how far
    things : annotated things of other categories; those that touch a masked person are taken along
    prior : what a detector says of the picture: where masked persons go on, what they hold; None = nobody asked one.
        `freefill.detectors.sight.look` makes one

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
    np.int64(21)
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
    share: NDArray[np.float32] | None = None
    overview = None if image is None else Overview(image)
    if overview is not None and settings.reach:
        labels, parts = find_parts(hole)
        more, said = _reach(overview, labels, parts, settings, own, others)
        add("reach", more)
        notes += said
    if overview is not None and settings.snap:
        labels, parts = find_parts(hole)
        more, share, said = _snap(overview, labels, parts, settings)
        add("snap", more)
        notes += said
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
    block = block_px(given)
    stairs_px = 0.5 * block if block > 1 else 0.0
    if settings.thicken or settings.thicken_px:
        even = evened(labels, parts, settings.jags, stairs_px)
        add("thicken", thicken(even, parts, _radii_px(parts, settings, block), share))
    if settings.smooth:
        add("smooth", smooth(hole, parts, settings.smooth, least_px=stairs_px))
    if overview is not None:
        # Of the object as it was before thickening: its rim is ground already.
        for step, more in _beside(overview, *alone, settings).items():
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


def _radii_px(parts: Sequence[Part], settings: RefineSettings, block: int) -> dict[int, float]:
    """Return how far each part is thickened, px: by its own size, but at least by what its blocks may have cut off."""
    step = settings.block * block if block > 1 else 0.0
    return {p.label: max(settings.thicken * p.size_px + settings.thicken_px, step) for p in parts}


def _reach(
    overview: Overview,
    labels: NDArray[np.int32],
    parts: Sequence[Part],
    settings: RefineSettings,
    own: Sequence[Person],
    others: Sequence[Person],
) -> tuple[Hole, list[str]]:
    """Look for missing and attached pieces, part by part, the largest first."""
    found = np.zeros(labels.shape, bool)
    bound = 0
    for part in _worth_asking(parts, settings):
        view = look_at(overview, labels, part, 1.4 * settings.reach * part.size_px, REACH_SIZE_PX, REACH_BOX_PX)
        hint = hint_for(view.box, view.part.shape, own, others)
        reached = reach_out(view, settings.reach, ReachLimits(score=settings.reach_score), hint)
        bound += reached.bound
        if reached.added.any():
            found[view.box.slices] |= view.enlarge(reached.added | view.part)
    return found, [f"{bound} parts: growth in the image was stopped by its bound"] if bound else []


def _snap(
    overview: Overview, labels: NDArray[np.int32], parts: Sequence[Part], settings: RefineSettings
) -> tuple[Hole, NDArray[np.float32], list[str]]:
    """Snap part by part, the largest first; what it adds, by what thickening is multiplied at each pixel, notes."""
    found = np.zeros(labels.shape, bool)
    share = np.ones(labels.shape, np.float32)
    bound = 0
    for part in _worth_asking(parts, settings):
        view = look_at(overview, labels, part, 3 * settings.snap * part.size_px, SNAP_SIZE_PX)
        snapped = snap(view, settings.snap)
        bound += snapped.bound_share > 0.1
        if snapped.added.any():
            found[view.box.slices] |= view.enlarge(snapped.added | view.part)
        size = (view.box.width, view.box.height)
        settled = cv2.resize(snapped.settled, size, interpolation=cv2.INTER_LINEAR)
        # A soft edge goes on for half its width; that of a sharp one, in a picture of ordinary sharpness, is 2 px.
        soft_px = edge_softness_px(view.lab[..., 0] / 100, view.part | snapped.added, settings.snap * view.size_px)
        softer = np.clip(0.5 * (soft_px - 2) / (settings.thicken * view.size_px + 0.5), 0, settings.soften)
        share[view.box.slices] = np.minimum(share[view.box.slices], 1 - settings.trust * settled) * (1 + softer)
    notes = [f"{bound} parts: the object goes on where snapping stopped; the mask may be far too small"]
    return found, share, notes * (bound > 0)


def _worth_asking(parts: Sequence[Part], settings: RefineSettings) -> list[Part]:
    """Return the parts that are large enough to see an edge, the largest first."""
    large = [part for part in parts if part.size_px >= 16]
    return sorted(large, key=lambda part: -part.area_px)[: settings.most_parts]


def _beside(
    overview: Overview, labels: NDArray[np.int32], parts: Sequence[Part], settings: RefineSettings
) -> dict[str, Hole]:
    """Look for the shadow and the reflection of each part, the largest first."""
    found = {step: np.zeros(labels.shape, bool) for step in ("shadow", "reflection")}

    def note(step: str, view: Closeup, shape: Hole) -> bool:
        if shape.any():
            # Soft edges: as much thicker as the object's own contour.
            grown = distance_outside(shape) <= max(settings.thicken * view.size_px, 1.0)
            found[step][view.box.slices] |= view.enlarge(grown)
        return bool(shape.any())

    asked = _worth_asking(parts, settings)
    if settings.shadow:
        for part in asked:
            view = look_at(overview, labels, part, SHADOW_MARGIN * part.size_px, REACH_SIZE_PX, REACH_BOX_PX)
            note("shadow", view, find_shadow(view))
    if settings.reflection:
        views = [look_at(overview, labels, p, REFLECTION_MARGIN * p.size_px, 48.0, 256) for p in asked]
        mirrors = [note("reflection", view, find_reflection(view)) for view in views]
        if any(mirrors):
            # The floor mirrors: the others may be less clear.
            for view, done in zip(views, mirrors, strict=True):
                if not done:
                    note("reflection", view, find_reflection(view, likeness=0.35, lead=0.2))
    return found
