"""All decisions about one picture, before a pixel is computed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from freefill.values.box import Box

Structure = Literal["auto", "layout", "network", "never"]


@dataclass(frozen=True)
class Window:
    """A part of the picture that one call of the engine fills.

    Attributes
    ----------
    box : the region with its context, picture px
    core : the region whose hole pixels this window fills, within `box`; cores do not share a hole pixel
    scale : engine px per picture px; 1 = full resolution, below 1 = filled small, then made sharp
    pad_px : rows and columns added by reflection at the bottom and right to meet the engine's SizeRule, engine px
    detail : windows of full resolution, in order, in which patch synthesis turns the fill into sharp pixels, with the
        fill as its guide; empty = the fill is pasted as it is. Their cores share out this window's core.
    structure : whether the engine asks what crosses the hole before it fills it; "never" also where the plan knows that
        it would not help
    """

    box: Box
    core: Box
    scale: float = 1.0
    pad_px: tuple[int, int] = (0, 0)
    detail: tuple[Window, ...] = ()
    structure: Structure = "never"


@dataclass(frozen=True)
class Plan:
    """All decisions about one picture, before a pixel is computed; the same input gives the same plan."""

    size: tuple[int, int]
    engine: str
    windows: tuple[Window, ...]
    seed: int
    hole_px: int
    grow_px: int = 0
    feather_px: int = 0
    notes: tuple[str, ...] = ()
    reason: str = ""  # why this engine, where it was chosen

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts, lists, numbers and texts."""
        return asdict(self)
