"""Which engine `auto` takes, by what the hole is. The measurement behind it: docs/decisions/0004-auto.md."""

from __future__ import annotations

from freefill.values import Hole

MIN_SIDE_PX = 32  # below, there are too few patches to choose from, and a smooth fill is nearer to the truth


def choose(hole: Hole) -> tuple[str, str]:
    """Return the engine's name and why, for a hole.

    Patches of the picture itself win at every width from a line of 1 px to half the picture, thin scratches and dust
    included: there is no width below which OpenCV's smooth fills are better. So only the picture's size counts.

    Parameters
    ----------
    hole : (H, W) bool, True = hole, of the whole picture

    Returns
    -------
    A name of the registry that needs no extra and no weights, and a reason to tell the user.
    """
    height, width = hole.shape
    if min(height, width) < MIN_SIDE_PX:
        return "ns", f"the picture is small ({width}x{height} px)"
    return "texture", "copies from the picture itself"
