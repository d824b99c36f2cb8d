"""Refine a mask with what the small networks see at it, where they are on this machine."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import replace
from typing import Literal

from freefill.detectors import salient
from freefill.detectors.at_mask import look
from freefill.detectors.joints import NAME as JOINTS
from freefill.detectors.needs import can_run, lacking, require
from freefill.detectors.people import WEIGHTS
from freefill.errors import WeightsError
from freefill.masks.grow import object_size_px, resized
from freefill.masks.refining.attached import Thing, seen_things
from freefill.masks.refining.detected import Prior
from freefill.masks.refining.recipe import Refined, RefineSettings, refine
from freefill.values import Hole, Image, Length, Mask
from freefill.weights.locate import state

PeoplePrior = Literal["auto", "people", "none"]
OF_USE = (JOINTS, *salient.WEIGHTS)  # not needed
WANTED = (*WEIGHTS, *OF_USE)


def refined_mask(
    mask: Mask,
    image: Image | None,
    which: PeoplePrior = "auto",
    *,
    settings: RefineSettings | None = None,
    things: Sequence[Thing] = (),
    seen: Prior | None = None,
) -> tuple[Mask, Refined]:
    """Refine a mask with what the networks see at it, and note who was asked.

    Parameters
    ----------
    mask : of the image's size
    image : (H, W, 3) float32, RGB in [0, 1]; None = by the mask's shape alone
    which : as for `ask`
    settings, things : as for `freefill.masks.refine`
    seen : what the networks saw already; then they are not asked again

    Returns
    -------
    mask : the refined one, with the notes of the given one and of refining
    refined : what each step added

    Raises
    ------
    WeightsError
        As `ask`.
    """
    if image is None or not mask.hole.any():
        prior, note = None, ""
    elif seen is not None:
        prior, note = seen, _said(seen)
    else:
        prior, note = ask(image, mask.hole, which)
    refined = refine(mask, image, settings=settings or RefineSettings(), things=things, prior=prior)
    notes = (*mask.notes, *([note] if note else []), *refined.notes)
    return replace(mask, hole=refined.hole, notes=notes), refined


def ask(image: Image, hole: Hole, which: PeoplePrior = "auto") -> tuple[Prior | None, str]:
    """Look for persons and things at a mask, where that is wanted and can be done; say in one line what was done.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    hole : (H, W) bool
    which : "auto" = where the networks are on this machine, "people" = they must be, "none" = do not look

    Returns
    -------
    prior : None where nobody looked
    note : what looked, or what would make it possible; empty for "none"

    Raises
    ------
    WeightsError
        With "people", where a network is missing or cannot be run. Nothing is ever fetched here.
    """
    if which == "none":
        return None, ""
    if which == "people":
        require(WEIGHTS, "refine --prior people")
    elif not ready():
        missing = [name for name in WANTED if state(name) != "ready"]
        return None, f"refined without a network that knows persons; it {lacking(missing)}"
    try:
        prior = look(image, hole)
    except WeightsError as error:
        if which == "people":
            raise
        return None, f"refined without a network that knows persons: {error}"
    return prior, _said(prior)


def ready() -> bool:
    """Tell whether the networks that find persons are on this machine."""
    return can_run() and all(state(name) == "ready" for name in WEIGHTS)


def asked() -> str:
    """Return the names of the networks that are asked."""
    return ", ".join((*WEIGHTS, *(name for name in OF_USE if state(name) == "ready")))


def _said(prior: Prior) -> str:
    if not prior.persons and not prior.things:
        return f"no person and no known thing at the mask (asked: {asked()})"
    return f"{_count(prior.persons, 'person')}, {_count(prior.things, 'thing')} seen at the mask by {asked()}"


def _count(found: Sized, word: str) -> str:
    return f"{len(found)} {word}{'' if len(found) == 1 else 's'}"


def with_things(mask: Mask, seen: Prior) -> tuple[Mask, tuple[str, ...]]:
    """Take along what the masked persons hold, wear, ride or lead; return the mask, with a note, and what it was."""
    more, names = seen_things(mask.hole, *seen.parted(mask.hole), seen.things)
    notes = (f"taken along: {', '.join(names)}",) if names else ()
    return replace(mask, hole=mask.hole | more, notes=(*mask.notes, *notes)), tuple(names)


def finished(mask: Mask, image: Image | None, *, refining: bool, growing: Length, seen: Prior | None = None) -> Mask:
    """Refine and grow a mask where that is asked for; an empty one stays as it is.

    Parameters
    ----------
    mask : of the image's size
    image : (H, W, 3) float32, RGB in [0, 1]; None = by the mask's shape alone
    refining : refine it first
    growing : then grow it by this much
    seen : what the networks saw at it, where they were asked already
    """
    if refining and mask.hole.any():
        mask, _ = refined_mask(mask, image, seen=seen)
    if growing.value and mask.hole.any():
        mask = replace(mask, hole=resized(mask.hole, growing.in_px(object_size_px(mask.hole))))
    return mask
