"""Ask the image about a mask part by part, the largest first, and say how much each part is thickened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.distance import distance_outside
from freefill.masks.parts import Part, find_parts
from freefill.masks.refining.closeup import Closeup, Overview, look_at
from freefill.masks.refining.detected import Person, hint_for
from freefill.masks.refining.ends import CLOSEUP_BOX_PX as ENDS_BOX_PX
from freefill.masks.refining.ends import CLOSEUP_SIZE_PX as ENDS_SIZE_PX
from freefill.masks.refining.ends import find_ends
from freefill.masks.refining.pockets import CLOSEUP_BOX_PX as POCKETS_BOX_PX
from freefill.masks.refining.pockets import CLOSEUP_SIZE_PX as POCKETS_SIZE_PX
from freefill.masks.refining.pockets import MARGIN as POCKETS_MARGIN
from freefill.masks.refining.pockets import find_pockets
from freefill.masks.refining.protrusions import CLOSER, SMALL, ProtrusionLimits, find_protrusions
from freefill.masks.refining.protrusions import CLOSEUP_BOX_PX as PROTRUSIONS_BOX_PX
from freefill.masks.refining.protrusions import CLOSEUP_SIZE_PX as PROTRUSIONS_SIZE_PX
from freefill.masks.refining.reach import CLOSEUP_BOX_PX as REACH_BOX_PX
from freefill.masks.refining.reach import CLOSEUP_SIZE_PX as REACH_SIZE_PX
from freefill.masks.refining.reach import ReachLimits, reach_out
from freefill.masks.refining.reflection import MARGIN as REFLECTION_MARGIN
from freefill.masks.refining.reflection import find_reflection
from freefill.masks.refining.settings import RefineSettings
from freefill.masks.refining.shadow import CLOSEUP_BOX_PX as SHADOW_BOX_PX
from freefill.masks.refining.shadow import CLOSEUP_SIZE_PX as SHADOW_SIZE_PX
from freefill.masks.refining.shadow import MARGIN as SHADOW_MARGIN
from freefill.masks.refining.shadow import find_shadow
from freefill.masks.refining.snap import CLOSEUP_SIZE_PX as SNAP_SIZE_PX
from freefill.masks.refining.snap import snap
from freefill.masks.refining.thicken import edge_softness_px
from freefill.values import Box, Hole

# How far contours move when they are snapped, on average, as a share of the reach: whole masks of persons of 40 px and
# more (9 of 10 under 0.13), and masks eroded by 3 % of their size (median 0.25 to 0.28). Decision 0037.
WHOLE, SHORT = 0.10, 0.25
FEW, MANY = 2, 4  # size of a part, blocks
END_RIM = 0.025  # by how much ends are thickened, share of the object's size: rims of mixed colour join the ground
SOFT_SHADOW = 0.05  # by how much a shadow is thickened, as a share of its own size: its soft edge is found already


class Lack(NamedTuple):
    """By how much more a part is thickened, as a share; one pixel of the part, and its area, say which part it is."""

    row: int
    col: int
    area_px: int
    more: float


@dataclass(frozen=True, eq=False)
class Snapping:
    """What snapping found.

    Attributes
    ----------
    added : (H, W) bool
    share : (H, W) float32 in [0, 1], by what thickening is multiplied at each pixel
    lacks : of each part that was asked about
    notes : what the user should know
    """

    added: Hole
    share: NDArray[np.float32]
    lacks: tuple[Lack, ...]
    notes: tuple[str, ...]


def reach_from_parts(
    overview: Overview,
    labels: NDArray[np.int32],
    parts: Sequence[Part],
    settings: RefineSettings,
    own: Sequence[Person],
    others: Sequence[Person],
) -> tuple[Hole, list[str]]:
    """Look for missing and attached pieces; what was found, (H, W) bool, and notes.

    Parameters
    ----------
    overview : of the (H, W, 3) image
    labels : (H, W) int32, 0 = known
    parts : the parts of `labels`
    settings : how
    own, others : detected persons that the mask means, and the others
    """
    found = np.zeros(labels.shape, bool)
    bound = 0
    for part in worth_asking(parts, settings):
        view = look_at(overview, labels, part, 1.4 * settings.reach * part.size_px, REACH_SIZE_PX, REACH_BOX_PX)
        hint = hint_for(view.box, view.part.shape, own, others)
        reached = reach_out(view, settings.reach, ReachLimits(score=settings.reach_score), hint)
        bound += reached.bound
        if reached.added.any():
            # With the part: enlarged alone, a seam would stay between the two.
            found[view.box.slices] |= view.enlarge(reached.added | view.part)
    return found, [f"{bound} parts: growth in the image was stopped by its bound"] if bound else []


def ends_of_parts(
    overview: Overview,
    labels: NDArray[np.int32],
    parts: Sequence[Part],
    settings: RefineSettings,
    own: Sequence[Person],
    others: Sequence[Person],
) -> Hole:
    """Look for ends that stick out of each part; (H, W) bool. Parameters as for `reach_from_parts`."""
    found = np.zeros(labels.shape, bool)
    for part in worth_asking(parts, settings):
        view = look_at(overview, labels, part, 2 * settings.ends * part.size_px, ENDS_SIZE_PX, ENDS_BOX_PX)
        ends = find_ends(view, settings.ends, hint_for(view.box, view.part.shape, own, others))
        if ends.any():
            found[view.box.slices] |= view.enlarge(distance_outside(ends) <= END_RIM * view.size_px)
    return found


def protrusions_of_parts(overview: Overview, hole: Hole, settings: RefineSettings) -> Hole:
    """Look for what hangs on a thickened mask and lies on plain ground; (H, W) bool."""
    labels, parts = find_parts(hole)
    found = np.zeros(labels.shape, bool)
    for part in worth_asking(parts, settings):
        for times, limits in ((1.0, ProtrusionLimits()), (CLOSER, SMALL)):
            margin_px = 2 * settings.ends * times * part.size_px
            view = look_at(overview, labels, part, margin_px, PROTRUSIONS_SIZE_PX / times, PROTRUSIONS_BOX_PX)
            view = replace(view, size_px=times * view.size_px)
            hanging = find_protrusions(view, limits)
            if hanging.any():
                found[view.box.slices] |= view.enlarge(distance_outside(hanging) <= max(END_RIM * view.size_px, 2))
    return found


def pockets_of_parts(overview: Overview, hole: Hole, settings: RefineSettings) -> Hole:
    """Look for what a mask encloses, or nearly, and is no ground; (H, W) bool."""
    labels, parts = find_parts(hole)
    found = np.zeros(labels.shape, bool)
    for part in worth_asking(parts, settings):
        view = look_at(overview, labels, part, POCKETS_MARGIN * part.size_px, POCKETS_SIZE_PX, POCKETS_BOX_PX)
        pockets = find_pockets(view, settings.pockets)
        if pockets.any():
            found[view.box.slices] |= view.enlarge(distance_outside(pockets) <= END_RIM * view.size_px)
    return found


def snap_parts(
    overview: Overview, labels: NDArray[np.int32], parts: Sequence[Part], settings: RefineSettings
) -> Snapping:
    """Snap each part to its edge in the image, and say how far it fell short and where it need not be thickened.

    Parameters
    ----------
    overview, labels, parts, settings : as for `reach_from_parts`
    """
    found = np.zeros(labels.shape, bool)
    share = np.ones(labels.shape, np.float32)
    lacks: list[Lack] = []
    bound = 0
    for part in worth_asking(parts, settings):
        view = look_at(overview, labels, part, 3 * settings.snap * part.size_px, SNAP_SIZE_PX)
        snapped = snap(view, settings.snap)
        bound += snapped.bound_share > 0.1
        if snapped.added.any():
            found[view.box.slices] |= view.enlarge(snapped.added | view.part)
        # A soft edge goes on for half its width; that of a sharp one, in a picture of ordinary sharpness, is 2 px.
        soft_px = edge_softness_px(view.lab[..., 0] / 100, view.part | snapped.added, settings.snap * view.size_px)
        softer = np.clip(0.5 * (soft_px - 2) / (settings.thicken * view.size_px + 0.5), 0, settings.soften)
        short = settings.short * float(np.clip((snapped.short - WHOLE) / (SHORT - WHOLE), 0, 1))
        col = part.box.left + int(np.argmax(labels[part.box.top, part.box.left : part.box.right] == part.label))
        more = (1 + float(softer)) * (1 + short) - 1
        lacks.append(Lack(part.box.top, col, part.area_px, more))
        size = (view.box.width, view.box.height)
        less = 1 - settings.trust * cv2.resize(snapped.settled, size, interpolation=cv2.INTER_LINEAR)
        share[view.box.slices] = np.minimum(share[view.box.slices], less)
    notes = (f"{bound} parts: the object goes on where snapping stopped; the mask may be far too small",)
    return Snapping(found, share, tuple(lacks), notes * (bound > 0))


def radii_px(
    labels: NDArray[np.int32], parts: Sequence[Part], settings: RefineSettings, block: int, lacks: Sequence[Lack]
) -> dict[int, float]:
    """Return how far each part is thickened, px: by its own size, but at least by what its blocks may have cut off."""
    # Parts may have grown together since they were asked about: the mean of what was said of each.
    sums = {part.label: [0.0, 0.0] for part in parts}
    for lack in lacks:
        of_part = sums[int(labels[lack.row, lack.col])]
        of_part[0] += lack.area_px * lack.more
        of_part[1] += lack.area_px
    return {
        p.label: max((settings.thicken * p.size_px + settings.thicken_px) * (1 + said / max(px, 1.0)), lost)
        for p, (said, px), lost in zip(parts, sums.values(), _lost_px(parts, settings, block), strict=True)
    }


def share_by(
    snapping: Snapping | None, own: Sequence[Person], size: tuple[int, int], settings: RefineSettings
) -> NDArray[np.float32] | None:
    """Return by what thickening is multiplied at each pixel, (H, W) float32; None = by 1 everywhere.

    Where a detector looked at a person it tells more than the image does: hair, a hand or a shoe that the mask lacks is
    mostly seen faintly, and where nothing is seen hardly anything is left over.

    Parameters
    ----------
    snapping : what the image told; None = it was not asked
    own : detected persons that the mask means
    size : (H, W)
    settings : how
    """
    told = None if snapping is None else snapping.share
    near = [person for person in own if person.box.overlaps(Box(0, 0, *size))]
    if not near or not settings.faint:
        return told
    faint = np.full(size, -1, np.float32)  # -1: nobody looked here
    for person in near:
        view = person.box.grown(0, size)
        faint[view.slices] = np.maximum(faint[view.slices], person.over(view, (view.height, view.width)))
    least = 1 - settings.unseen
    share = least + (settings.faint - least) * np.minimum(2 * faint, 1)
    return np.asarray(np.where(faint >= 0, share, 1 if told is None else told), np.float32)


def _lost_px(parts: Sequence[Part], settings: RefineSettings, block: int) -> list[float]:
    """Return what each part may have lost at its contour to the mask's blocks, px."""
    if block == 1:
        return [0.0] * len(parts)
    # A contour of many blocks is off by half of one, a part of one or two by nearly a whole one.
    few = [float(np.clip((MANY - part.size_px / block) / (MANY - FEW), 0, 1)) for part in parts]
    return [block * max(settings.block, share + (1 - share) * settings.block) for share in few]


def worth_asking(parts: Sequence[Part], settings: RefineSettings) -> list[Part]:
    """Return the parts that are large enough to see an edge, the largest first."""
    large = [part for part in parts if part.size_px >= 16]
    return sorted(large, key=lambda part: -part.area_px)[: settings.most_parts]


def look_beside(
    overview: Overview, labels: NDArray[np.int32], parts: Sequence[Part], settings: RefineSettings
) -> dict[str, Hole]:
    """Look for the shadow and the reflection of each part, the largest first."""
    found = {step: np.zeros(labels.shape, bool) for step in ("shadow", "reflection")}

    def note(step: str, view: Closeup, shape: Hole) -> bool:
        if shape.any():
            # As much thicker as the object's own contour, and a large shadow's last dusk is wider.
            soft_px = SOFT_SHADOW * np.sqrt(shape.sum()) if step == "shadow" else 0.0
            grown = distance_outside(shape) <= max(settings.thicken * view.size_px, soft_px, 1.0)
            found[step][view.box.slices] |= view.enlarge(grown)
        return bool(shape.any())

    asked = worth_asking(parts, settings)
    if settings.shadow:
        for part in asked:
            view = look_at(overview, labels, part, SHADOW_MARGIN * part.size_px, SHADOW_SIZE_PX, SHADOW_BOX_PX)
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
