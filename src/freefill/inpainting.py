"""The recipe: how a picture and a mask become a filled picture. Read this first.

plan    all decisions: windows, context, scale                          compose/fit.py
cut     a window's pixels, as the engine wants them                     compose/canvas.py
fill    pixels for the hole                                             engines/
detail  a small fill guides patch synthesis at full resolution          engines/texture.py
paste   the hole's pixels, and no others, become the picture's          compose/canvas.py, blend.py
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from freefill.compose.canvas import Canvas, guide_for
from freefill.compose.fit import make_plan
from freefill.engines.engine import Ready
from freefill.errors import InputError
from freefill.images.profile import colour_codec
from freefill.masks.grow import grow, object_size_px
from freefill.values import Hole, Image, Mask, Options, Picture, Plan, Result


def inpaint(
    picture: Picture,
    mask: Mask,
    ready: Ready,
    options: Options,
    texture: Ready | None = None,
    source: Hole | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Fill the masked part of a picture.

    Parameters
    ----------
    picture, mask : of the same size
    ready : the engine that fills
    options : seed, growing, windows, memory
    texture : patch synthesis, which makes fills of smaller scale sharp; None leaves them enlarged
    source : (H, W) bool, True = may be copied from; None = every known, opaque pixel
    progress : called with (windows done, windows in all)

    Returns
    -------
    Result; its picture equals the input outside its mask, bit for bit

    Raises
    ------
    InputError
        If the sizes differ or everything is hole.
    EngineError
        If the engine cannot fill this hole.
    """
    seconds: dict[str, float] = dict.fromkeys(("plan", "cut", "fill", "detail", "paste"), 0.0)
    with _timed(seconds, "plan"):
        final, core, plan = prepare(picture, mask, ready, options, texture)
    if plan.hole_px == 0:
        return Result(picture, mask, plan, seconds, ("the mask is empty: nothing to fill, the picture is unchanged",))
    notes = [*mask.notes, *plan.notes]
    if ready.spec.bits < 16 and picture.pixels.dtype != np.uint8:
        notes.append(f"engine '{ready.spec.name}' works in {ready.spec.bits} bits: the fill has 256 levels")
    stages: dict[str, Image] = {}
    with _timed(seconds, "cut"):
        codec = colour_codec(picture, ready.spec.colour)
        allowed = _allowed(picture, source)
        canvas = Canvas(picture.pixels, final.hole, core, plan.feather_px, codec, allowed)
    for number, window in enumerate(plan.windows):
        with _timed(seconds, "cut"):
            crop = canvas.cut(window, max_memory_bytes=options.max_memory_bytes)
        with _timed(seconds, "fill"):
            fill = ready.engine.fill(crop, plan.seed)
        for tile in window.detail:
            with _timed(seconds, "detail"):
                sharpener = texture or ready
                guide = guide_for(fill, crop, window, tile)
                tile_crop = canvas.cut(tile, guide, options.max_memory_bytes)
                detail = sharpener.engine.fill(tile_crop, plan.seed)
            with _timed(seconds, "paste"):
                canvas.paste(detail, tile_crop, tile)
            notes += detail.notes
        if not window.detail:
            with _timed(seconds, "paste"):
                canvas.paste(fill, crop, window)
        notes += fill.notes
        prefix = f"window{number + 1}-" if len(plan.windows) > 1 else ""
        stages |= {prefix + name: image for name, image in fill.stages.items()}
        if progress is not None:
            progress(number + 1, len(plan.windows))
    alpha = picture.alpha
    if mask.own_alpha and alpha is not None:
        alpha = alpha.copy()
        alpha[final.hole] = picture.full_scale  # the hole was what was transparent: now there is something to see
    filled = replace(picture, pixels=canvas.pixels, alpha=alpha)
    sha256 = getattr(ready.engine, "weights_sha256", None)
    return Result(filled, final, plan, seconds, tuple(dict.fromkeys(notes)), stages, sha256)


def prepare(
    picture: Picture, mask: Mask, ready: Ready, options: Options, texture: Ready | None = None
) -> tuple[Mask, Hole, Plan]:
    """Grow the mask and make the plan, without filling; `--dry-run` prints the plan.

    Returns
    -------
    final : the mask that will be filled
    core : (H, W) bool within it: what the fill covers fully
    plan : the decisions
    """
    if picture.size != mask.size:
        raise InputError(
            f"{picture.source}, {mask.source}: picture is {picture.size[1]}x{picture.size[0]}, mask "
            f"{mask.size[1]}x{mask.size[0]}; pass --mask-fit scale, or draw the mask on this picture"
        )
    size_px = object_size_px(mask.hole) if options.grow.value or options.feather.value else 0.0
    grow_px = round(options.grow.in_px(size_px))
    feather_px = round(options.feather.in_px(size_px))
    notes = []
    if feather_px > grow_px:
        notes.append(
            f"the feather lies inside the grown ring: {feather_px} px cut to {grow_px} px; grow more to fade more"
        )
        feather_px = grow_px
    hole = grow(mask.hole, grow_px) if grow_px else mask.hole
    core = hole if feather_px == 0 else grow(mask.hole, grow_px - feather_px)
    plan = make_plan(hole, ready.spec, options, None if texture is None else texture.spec)
    plan = replace(plan, grow_px=grow_px, feather_px=feather_px, notes=(*notes, *plan.notes))
    return replace(mask, hole=hole), core, plan


def _allowed(picture: Picture, source: Hole | None) -> Hole | None:
    """Return where pixels may be copied from: what the user allows, and never transparent pixels."""
    if picture.alpha is None or (picture.alpha > 0).all():
        return source
    opaque = picture.alpha > 0
    return opaque if source is None else opaque & source


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[part] += time.perf_counter() - start
