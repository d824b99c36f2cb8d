"""Masks: read, drawn, grown, refined, taken from annotations. `freefill.masks.refine` is loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freefill.masks.refinement import refine

__all__ = ["refine"]


def __getattr__(name: str) -> Any:
    if name == "refine":
        from freefill.masks import refinement

        return refinement.refine
    raise AttributeError(f"module 'freefill.masks' has no attribute '{name}'")
