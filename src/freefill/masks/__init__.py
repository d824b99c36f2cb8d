"""Masks: read, drawn, grown, refined, taken from annotations. `freefill.masks.refine` is loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freefill.masks.refining.recipe import THOROUGH, RefineSettings, refine

__all__ = ["THOROUGH", "RefineSettings", "refine"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from freefill.masks.refining import recipe

        return getattr(recipe, name)
    raise AttributeError(f"module 'freefill.masks' has no attribute '{name}'")
