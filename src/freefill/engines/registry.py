"""The list of engines. Classes are named as text and loaded on first use: `import torch` alone takes a second."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import replace

from freefill.engines.engine import Engine, Ready, TrainedAt
from freefill.errors import EngineError, UnknownEngineError, did_you_mean
from freefill.values import EngineSettings, EngineSpec, SizeRule

# Thickest hole that a network fills at its own scale, as a share of the views it was trained on: the paper's boxes
# cover up to half a side (docs/decisions/0022-deepfill-window.md).
HOLE_OF_VIEW = 0.5

ENGINES: tuple[EngineSpec, ...] = (
    EngineSpec(
        name="texture",
        factory="freefill.engines.texture:Texture",
        summary="patch synthesis: copies what fits from the rest of the picture, sharp at any size",
        context=1.5,
        min_context_px=64,
        bytes_per_px=130,  # by tests/test_memory_bound.py
        guides=("image", "layout"),
    ),
    EngineSpec(
        name="patchmatch",
        factory="freefill.engines.patchmatch:PatchMatch",
        summary="copies patches from the rest of the picture (package pypatchmatch)",
        # The package pays for each hole pixel: larger holes get its structure and texture's detail, as good to the eye
        # and ten times as fast (docs/decisions/0005-patchmatch-scale.md).
        size=SizeRule(min_px=16, hole_px=64),
        context=1.0,
        min_context_px=64,
        bytes_per_px=120,
        bits=8,
        needs=(("patchmatch", "patchmatch"),),
    ),
    EngineSpec(
        name="telea",
        factory="freefill.engines.opencv_fill:Telea",
        summary="fast marching (OpenCV): smooth, instant",
        context=0.25,
        min_context_px=16,
        bytes_per_px=60,
    ),
    EngineSpec(
        name="ns",
        factory="freefill.engines.opencv_fill:NavierStokes",
        summary="Navier-Stokes (OpenCV): smooth, for the smallest pictures",
        context=0.25,
        min_context_px=16,
        bytes_per_px=60,
    ),
    EngineSpec(
        name="biharmonic",
        factory="freefill.engines.biharmonic:Biharmonic",
        summary="smoothest surface through the rim (scikit-image): thin holes in smooth ground",
        context=0.25,
        min_context_px=16,
        bytes_per_px=200,
        needs=(("skimage", "biharmonic"),),
    ),
    EngineSpec(
        name="deepfillv2",
        factory="freefill.engines.deepfill:DeepFill",
        summary="network (DeepFillv2): objects of any shape in scenes; faces with --weights celebahq",
        # Trained on crops of 256 with holes of up to 128 px (docs/decisions/0022-deepfill-window.md).
        size=SizeRule(min_px=64, multiple_px=8, hole_px=128),
        context=1.0,
        min_context_px=96,
        bytes_per_px=600,
        guides=("sketch",),
        weights=("places2", "celebahq", "places2-tf", "celebahq-tf", "deepfill-starter"),
        needs=(("torch", "torch"),),
        colour="srgb",
        devices=("cpu", "cuda", "mps"),
        attention=True,
        aliases=("deepfill",),
    ),
    EngineSpec(
        name="lama",
        factory="freefill.engines.lama:Lama",
        summary="network (LaMa): large holes in scenes, repeating structure",
        # Trained on crops of 256; removal works at 512 and fails more often than not at 1024 (RORem's table 2): a hole
        # of 256 with its own size around it makes a window of 768.
        size=SizeRule(min_px=64, multiple_px=8, hole_px=256),
        context=1.0,
        min_context_px=64,
        bytes_per_px=2500,  # estimated from its layers: the file could not be had where this was written
        weights=("lama",),
        needs=(("torch", "torch"),),
        colour="srgb",
        devices=("cpu", "cuda"),
    ),
    EngineSpec(
        name="migan",
        factory="freefill.engines.migan:Migan",
        summary="network (MI-GAN): small and fast, works at 512 px",
        size=SizeRule(min_px=512, fixed_px=512, hole_px=256),
        context=1.0,
        min_context_px=64,
        bytes_per_px=1000,  # estimated, as above
        weights=("migan",),
        needs=(("torch", "torch"),),
        colour="srgb",
        devices=("cpu", "cuda", "mps"),
    ),
)


def names() -> list[str]:
    """Return every name, in the order of the table."""
    return [spec.name for spec in ENGINES]


def find(name: str) -> EngineSpec:
    """Return the spec of a name or alias.

    Raises
    ------
    UnknownEngineError
        If there is none; the message names the nearest.
    """
    for spec in ENGINES:
        if name == spec.name or name in spec.aliases:
            return spec
    raise UnknownEngineError(f"engine '{name}' is not known;{did_you_mean(name, names())} all: freefill engines")


def missing(spec: EngineSpec) -> str | None:
    """Return the extra of ours that would make the engine run here, or None where nothing is missing."""
    for module, extra in spec.needs:
        if importlib.util.find_spec(module) is None:
            return extra
    return None


def load(spec: EngineSpec, settings: EngineSettings) -> Ready:
    """Make the engine.

    Raises
    ------
    EngineError
        If a package that it needs is not installed.
    """
    extra = missing(spec)
    if extra is not None:
        raise EngineError(_needed(spec, extra, settings.weights))
    module, name = spec.factory.split(":")
    engine: Engine = getattr(importlib.import_module(module), name)(settings)
    if isinstance(engine, TrainedAt) and engine.trained_px is not None:
        # Weights that learned on small views know no larger holes: the plan fills those at a smaller scale.
        spec = replace(spec, size=replace(spec.size, hole_px=round(engine.trained_px * HOLE_OF_VIEW)))
    return Ready(spec, engine)


def _needed(spec: EngineSpec, extra: str, weights: str | None) -> str:
    """Say all that is missing at once, with one command, so that nobody installs an extra to hear of weights then."""
    from freefill.weights.locate import card_of, state

    run = f"pip install 'freefill[{extra}]'"
    wanted = weights or next(iter(spec.weights), None)
    # Where none were asked for, small ones that come with freefill will do.
    here = any(state(name) == "ready" for name in ([weights] if weights else spec.weights))
    if wanted is None or card_of(wanted) is None or here:
        return f"engine '{spec.name}' needs the extra '{extra}'; run: {run}"
    return (
        f"engine '{spec.name}' needs the extra '{extra}' and weights that are not on this machine; "
        f"run: {run} && freefill weights fetch {wanted}"
    )
