"""Masks: found, read, drawn, grown, refined, taken from annotations.

import freefill
mask = freefill.masks.people("photo.jpg")       # or text, salient: what is seen in the picture
mask = freefill.masks.refine(mask.hole, image)  # covers the whole thing

They are loaded on first use; what finds things lies above this room, in freefill.finding.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freefill.finding import people, salient, text
    from freefill.masks.refining.recipe import THOROUGH, RefineSettings, refine

_HOMES = {
    "RefineSettings": "freefill.masks.refining.recipe",
    "THOROUGH": "freefill.masks.refining.recipe",
    "people": "freefill.finding",
    "refine": "freefill.masks.refining.recipe",
    "salient": "freefill.finding",
    "text": "freefill.finding",
}

__all__ = ["THOROUGH", "RefineSettings", "people", "refine", "salient", "text"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'freefill.masks' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Show what is loaded on first use as well."""
    return sorted(__all__)
