"""What an engine is, what it needs, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SizeRule:
    """What crop sizes an engine takes, engine px.

    `hole_px` is the thickness of a hole (the diameter of the largest disc in it) that the engine fills well at its own
    scale (None: any): the plan makes a window smaller until its hole is no thicker. `fixed_px` is set where the engine
    takes one square size only.
    """

    min_px: int = 1
    multiple_px: int = 1
    max_px: int | None = None
    hole_px: int | None = None
    fixed_px: int | None = None


@dataclass(frozen=True)
class EngineSpec:
    """What an engine is and needs; read without loading it.

    Attributes
    ----------
    name : what the user types
    factory : "module:Class", loaded on first use
    summary : one line for `freefill engines`
    size : SizeRule
    context : context around a hole on each side, as a share of the root of the hole's area
    min_context_px : the least context, picture px
    bytes_per_px : peak memory for one crop pixel, measured; the plan keeps within --max-memory with it
    bits : depth of the fill; a picture of more bits gets a note
    guides : kinds of guides it takes; one that takes "layout" can also make one itself
    weights : names that fit, of the weights catalogue or of the package, the default first; empty = needs none
    needs : importable modules it needs, each with the extra of ours that brings it
    colour : "own" = works on the picture's own numbers, "srgb" = a network that knows sRGB
    devices : "cpu", "cuda", "mps"
    deterministic : same crop, seed, version and device kind, same fill
    attention : can tell where each part of the hole was copied from
    aliases : other names the user may type
    """

    name: str
    factory: str
    summary: str
    size: SizeRule = SizeRule()
    context: float = 1.0
    min_context_px: int = 32
    bytes_per_px: int = 100
    bits: int = 16
    guides: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    colour: Literal["own", "srgb"] = "own"
    devices: tuple[str, ...] = ("cpu",)
    deterministic: bool = True
    attention: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class EngineSettings:
    """How an engine is made; what an engine has no use for it leaves alone."""

    weights: str | None = None  # a name in the catalogue or a file; None = the engine's default
    device: str = "auto"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    save_stages: bool = False
    save_attention: bool = False
