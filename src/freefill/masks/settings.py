"""How a mask is refined: one frozen value, each number with what it means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freefill.errors import InputError


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
    short : thickening is more by up to this share where the image shows, all around, that the mask falls short
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
    snap: float = 0.06
    reach: float = 0.6
    reach_score: float = 2.1
    attached: bool = True
    trust: float = 0.5
    soften: float = 0.5
    short: float = 0.6
    thicken: float = 0.028
    thicken_px: float = 0.5
    block: float = 0.6
    jags: float = 0.002
    smooth: float = 0.01
    shadow: bool = True
    reflection: bool = True
    most_parts: int = 64

    def __post_init__(self) -> None:
        shares = ("specks", "fill", "close", "snap", "reach", "trust", "soften", "short", "thicken", "jags")
        for name in (*shares, "smooth"):
            value = getattr(self, name)
            if not (np.isfinite(value) and 0 <= value <= 4):
                raise InputError(f"refine: {name} must be a share from 0 to 4, not {value}")


DEFAULT = RefineSettings()
THOROUGH = RefineSettings(short=0.3, thicken=0.135, thicken_px=1.5, block=2.5)
"""Covers as much as a disc of 10 px at 224 px does, with less than half of what that masks beside (decision 0038)."""
