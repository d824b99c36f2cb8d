"""How a mask is refined: one frozen value, each number with what it means."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from freefill.errors import InputError, did_you_mean

STEPS = (
    "fill",
    "close",
    "person",
    "reach",
    "snap",
    "attached",
    "ends",
    "thicken",
    "smooth",
    "pockets",
    "shadow",
    "reflection",
)
"""What refining does, in this order; each step adds to the mask."""
SWITCHES = ("specks", *STEPS)
"""What can be left out: the steps, and the dropping of specks before them."""


@dataclass(frozen=True)
class RefineSettings:
    """How a mask is refined. Lengths are shares of the size of each part (root of its area); 0 switches a step off.

    Attributes
    ----------
    specks : parts below this share of the largest part's size are dropped
    fill : enclosed regions below this size are filled
    close : gaps and notches narrower than twice this are closed
    person : what a detector sees of the persons that the mask means is taken
    snap : how far the contour may move to the object's edge in the image
    reach : how far missing limbs and attached things are looked for in the image
    reach_score : how clearly a piece must resemble the object, 1 (much is found) to 4 (little)
    attached : annotated things that touch are taken along
    ends : how far small pieces that go on in one colour across the outline may stick out
    pockets : what is enclosed, or nearly, and has no colour of the ground is filled below this size
    trust : thickening is less by up to this share where the image shows that the background begins at the contour
    soften : thickening is more by up to this share where the object's edge is soft
    short : thickening is more by up to this share where the image shows, all around, that the mask falls short
    unseen : where a detector looked at a person, thickening is less by this share where it sees nothing of her ...
    faint : ... and so many times as much where it is half sure; 0 = its word does not count
    thicken : the radius of the thickening ...
    thicken_px : ... to which this is added, px ...
    block : ... but at least this share of a block, where the mask was enlarged by nearest neighbour; parts of few
        blocks get up to a whole one
    jags : a contour that strays farther from its smoothed course is taken for jagged: its spikes are not thickened
    smooth : the blur that rounds the contour
    shadow, reflection : look for them in the image
    most_parts : the image is asked for so many parts, the largest first
    """

    specks: float = 0.01
    fill: float = 0.15
    close: float = 0.015
    person: bool = True
    snap: float = 0.06
    reach: float = 0.6
    reach_score: float = 2.1
    attached: bool = True
    ends: float = 0.25
    pockets: float = 0.2
    trust: float = 0.5
    soften: float = 0.5
    short: float = 0.6  # decision 0037
    unseen: float = 0.16  # decision 0123
    faint: float = 4.0  # decision 0123
    thicken: float = 0.028  # decision 0037
    thicken_px: float = 0.5
    block: float = 0.6  # decision 0036
    jags: float = 0.002  # decision 0036: whole and eroded persons lie below
    smooth: float = 0.01
    shadow: bool = True
    reflection: bool = True
    most_parts: int = 64

    def __post_init__(self) -> None:
        shares = (
            "specks",
            "fill",
            "close",
            "snap",
            "reach",
            "ends",
            "pockets",
            "trust",
            "soften",
            "short",
            "unseen",
            "faint",
            "thicken",
            "jags",
        )
        for name in (*shares, "smooth"):
            value = getattr(self, name)
            if not (np.isfinite(value) and 0 <= value <= 4):
                raise InputError(f"refine: {name} must be a share from 0 to 4, not {value}")

    def without(self, steps: Collection[str]) -> RefineSettings:
        """Return the same with some of SWITCHES off."""
        off: dict[str, Any] = {name: type(getattr(self, name))(0) for name in steps}
        return replace(self, **off, **({"thicken_px": 0.0} if "thicken" in steps else {}))

    def changed(self, words: Iterable[str]) -> RefineSettings:
        """Return the same with what words say: "thicken=0.05", "shadow=no".

        Raises
        ------
        InputError
            If there is no such setting, or the number is none.
        """
        chosen: dict[str, Any] = {}
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        for word in words:
            name, _, number = word.partition("=")
            if name not in known:
                raise InputError(f"'{name}' is not a setting;{did_you_mean(name, known)} all: --settings")
            kind = type(known[name])
            try:
                chosen[name] = number.lower() in ("1", "true", "yes", "on") if kind is bool else kind(number)
            except ValueError:
                raise InputError(f"'{word}': {name} needs a number") from None
        return replace(self, **chosen)


DEFAULT = RefineSettings()
THOROUGH = RefineSettings(short=0.3, faint=0.0, thicken=0.135, thicken_px=1.5, block=2.5)
"""Covers as much as a disc of 10 px at 224 px does, with less than half of what that masks beside (decision 0038)."""
TIGHT = RefineSettings(attached=False, ends=0.0, shadow=False, reflection=False, thicken=0.014)
"""No more than the object: half as thick, and nothing that it holds or casts."""
