"""The failures that are looked for, in the order in which a user can act on them; one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from freefill.diagnosis.broken import broken
from freefill.diagnosis.colour import colour
from freefill.diagnosis.foreign import foreign
from freefill.diagnosis.grain import grain
from freefill.diagnosis.measure import Measurement
from freefill.diagnosis.repeat import repeat
from freefill.diagnosis.residue import residue
from freefill.diagnosis.seam import seam
from freefill.diagnosis.smudge import smudge
from freefill.diagnosis.unlike import unlike
from freefill.diagnosis.view import View


@dataclass(frozen=True)
class Failure:
    """A failure that people report, in words, and how it is measured.

    Attributes
    ----------
    name : as the calibration and the commands say it
    means : what one sees, for the user
    advice : what to try next; each option exists
    measure : from a view of the fill
    """

    name: str
    means: str
    advice: str
    measure: Callable[[View], Measurement]


FAILURES: tuple[Failure, ...] = (
    Failure(
        "residue",
        "part of the removed thing is left beside the hole",
        "the mask is too tight: --grow 3%, or --refine to have it repaired",
        residue,
    ),
    Failure(
        "seam",
        "a step runs along the border of the hole",
        "let the fill fade out: --grow 2% --feather 2%",
        seam,
    ),
    Failure(
        "colour",
        "the fill is of another colour than what it continues",
        "the border may hold a shadow or a glow of the thing: --grow 5% --feather 2%",
        colour,
    ),
    Failure(
        "smudge",
        "the fill is blurred or has lost its texture",
        "make it sharp with the picture's own texture: --texture always, or --engine texture",
        smudge,
    ),
    Failure(
        "repeat",
        "the same patch is seen again and again",
        "another fill: --seed 1; or forbid what is repeated: --not-from MASK",
        repeat,
    ),
    Failure(
        "broken",
        "lines that reach the hole do not go on",
        "fills of another kind: --tries 3; or a mask that ends where no line crosses",
        broken,
    ),
    Failure(
        "grain",
        "the fill has more or less grain than the picture",
        "take the picture's own pixels: --texture always, or --engine texture",
        grain,
    ),
    Failure(
        "foreign",
        "something stands in the fill that belongs elsewhere",
        "forbid copying from it: --not-from MASK, or allow only the ground: --source MASK",
        foreign,
    ),
)

UNLIKE = Failure(
    "unlike",
    "parts of the fill resemble nothing in the picture",
    "fills of another kind: --tries 3, --structure layout or never; or a network: freefill engines",
    unlike,
)
"""Looked for where a network's tokens are here."""
