"""The recipe: how a picture and a mask become a filled picture. Read this first.

plan    all decisions: windows, context, scale                          compose/fit.py
cut     a window's pixels, as the engine wants them                     compose/canvas.py
fill    pixels for the hole                                             engines/
detail  a small fill guides patch synthesis at full resolution          engines/texture.py
paste   the hole's pixels, and no others, become the picture's          compose/canvas.py, blend.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from freefill.compose.canvas import Canvas, guide_for
from freefill.compose.fit import make_plan
from freefill.compose.origins import Origins
from freefill.engines.engine import Ready
from freefill.errors import EngineError, InputError
from freefill.images.profile import colour_codec
from freefill.masks.grow import grow, object_size_px, resized
from freefill.progress import SMALL_SHARE, Inside, Progress, Watch
from freefill.values import Crop, Extras, Hole, Image, Mask, Options, Outcome, Picture, Plan


def inpaint(
    picture: Picture,
    mask: Mask,
    ready: Ready,
    options: Options,
    texture: Ready | None = None,
    source: Hole | None = None,
    sketch: Hole | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Fill the masked part of a picture.

    Parameters
    ----------
    picture, mask : of the same size
    ready : the engine that fills
    options : seed, growing, windows, memory
    texture : patch synthesis, which makes fills of smaller scale sharp; None leaves them enlarged
    source : (H, W) bool, True = may be copied from; None = every known, opaque pixel
    sketch : (H, W) bool, True = on a line that the fill is to follow; None = there is none
    progress : called during and after each part of the work; what it raises ends the fill

    Returns
    -------
    Outcome; its picture equals the input outside its mask, bit for bit

    Raises
    ------
    InputError
        If the sizes differ, everything is hole, or `progress` cannot be called.
    EngineError
        If the engine cannot fill this hole, or follows no sketch where there is one.
    """
    if not (progress is None or callable(progress)):
        raise InputError(f"progress must be a function that takes a freefill.Progress, not {progress!r}")
    if sketch is not None and "sketch" not in ready.spec.guides:
        raise EngineError(
            f"engine '{ready.spec.name}' follows no sketch; pass --engine deepfillv2, and --weights that were trained "
            "with one (freefill train guided_sketch)"
        )
    watch = Watch(progress)
    with watch.part("plan"):
        final, core, plan = prepare(picture, mask, ready, options, texture)
        watch.begin(plan, final.hole)
    if plan.hole_px == 0:
        notes = (*mask.notes, "the mask is empty, so the picture is unchanged; white is what should go")
        return Outcome(picture, mask, plan, watch.seconds, notes)
    notes = [*mask.notes, *plan.notes]
    if picture.extras.unknown is not None and (rest := int((picture.extras.unknown & ~final.hole).sum())):
        notes.append(
            f"{rest:,} px outside the hole hold no number (NaN): they stay so, and nothing is copied from them"
        )
    if ready.spec.bits < 16 and picture.pixels.dtype != np.uint8:
        notes.append(f"engine '{ready.spec.name}' works in {ready.spec.bits} bits: the fill has 256 levels")
    stages: dict[str, Image] = {}
    # Only the hole is ever turned back into the file's numbers: known pixels stay the file's own, bit for bit.
    codec = colour_codec(picture, ready.spec.colour)
    canvas = Canvas(picture.pixels, final.hole, core, plan.feather_px, codec, _allowed(picture, source), sketch)
    origins = Origins(final.hole)
    for number, window in enumerate(plan.windows, start=1):
        with watch.part("cut", number):
            crop = canvas.cut(window, max_memory_bytes=options.max_memory_bytes)
        work = watch.work_of(window.core) * (SMALL_SHARE if window.detail else 1.0)
        with watch.part("fill", number, work) as inside:
            fill = ready.engine.fill(_telling(crop, inside), plan.seed)
        # Tiles are pasted one by one, so that each sees what the tiles before it wrote and their borders agree.
        for tile in window.detail:
            work = watch.work_of(tile.core) * (1 - SMALL_SHARE)
            with watch.part("detail", number, work) as inside:
                sharpener = texture or ready
                guide = guide_for(fill, crop, window, tile)
                tile_crop = canvas.cut(tile, guide, options.max_memory_bytes)
                detail = sharpener.engine.fill(_telling(tile_crop, inside), plan.seed)
            with watch.part("paste", number):
                origins.note(detail, tile_crop, tile)
                canvas.paste(detail, tile_crop, tile)
            notes += detail.notes
        if not window.detail:
            with watch.part("paste", number):
                origins.note(fill, crop, window)
                canvas.paste(fill, crop, window)
        notes += fill.notes
        # One window is the usual case, and its stages keep the names that other tools know them by.
        prefix = f"window{number}-" if len(plan.windows) > 1 else ""
        stages |= {prefix + name: image for name, image in fill.stages.items()}
    alpha = picture.alpha
    if mask.own_alpha and alpha is not None:
        alpha = alpha.copy()
        alpha[final.hole] = picture.full_scale  # the hole was what was transparent: now there is something to see
    filled = replace(picture, pixels=canvas.pixels, alpha=alpha, extras=_known_now(picture.extras, final.hole))
    told = tuple(dict.fromkeys(notes))  # each window may say the same: once is enough
    sha256 = ready.engine.weights_sha256
    return Outcome(filled, final, plan, watch.seconds, told, stages, sha256, origins.found)


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
    final, core, grow_px, feather_px, notes = final_mask(mask, options)
    plan = make_plan(final.hole, ready.spec, options, None if texture is None else texture.spec)
    plan = replace(plan, grow_px=grow_px, feather_px=feather_px, notes=(*notes, *plan.notes))
    return final, core, plan


class Grown(NamedTuple):
    """The mask that will be filled, what of it the fill covers fully (H, W) bool, by how much it grew, notes."""

    mask: Mask
    core: Hole
    grow_px: int
    feather_px: int
    notes: tuple[str, ...]


def final_mask(mask: Mask, options: Options) -> Grown:
    """Grow the mask, or shrink it where the length is negative; the feather lies inside the grown ring.

    Raises
    ------
    InputError
        If nothing is left of a mask that is shrunk.
    """
    if not (options.grow.value or options.feather.value):
        return Grown(mask, mask.hole, 0, 0, ())
    size_px = object_size_px(mask.hole)
    grow_px, feather_px = round(options.grow.in_px(size_px)), round(options.feather.in_px(size_px))
    notes: tuple[str, ...] = ()
    ring_px = max(grow_px, 0)
    if feather_px > ring_px:
        notes = (
            f"the feather lies inside the grown ring: {feather_px} px cut to {ring_px} px; grow more to fade more",
        )
        feather_px = ring_px
    hole = resized(mask.hole, grow_px)
    if mask.hole.any() and not hole.any():
        raise InputError(f"{mask.source}: nothing is left of the mask when it shrinks by {-grow_px} px; shrink it less")
    # Grown from the mask as it was given, not shrunk from the grown one: shrinking would lose thin parts.
    core = hole if feather_px == 0 else grow(mask.hole, grow_px - feather_px)
    return Grown(replace(mask, hole=hole), core, grow_px, feather_px, notes)


def _allowed(picture: Picture, source: Hole | None) -> Hole | None:
    """Return where pixels may be copied from: what the user allows, and never what is transparent or has no number."""
    bars = [] if picture.alpha is None or (picture.alpha > 0).all() else [picture.alpha == 0]
    bars += [] if picture.extras.unknown is None else [picture.extras.unknown]
    for bar in bars:
        source = ~bar if source is None else source & ~bar
    return source


def _telling(crop: Crop, inside: Inside | None) -> Crop:
    """Return a crop whose engine can tell how far it is, where somebody listens."""
    return crop if inside is None else replace(crop, progress=inside)


def _known_now(extras: Extras, hole: Hole) -> Extras:
    """Return the extras of the filled picture: where it was filled there is a number now."""
    return extras if extras.unknown is None else replace(extras, unknown=extras.unknown & ~hole)
