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
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from freefill.compose.canvas import Canvas, guide_for
from freefill.compose.fit import make_plan
from freefill.engines.engine import Ready
from freefill.errors import InputError
from freefill.images.profile import colour_codec
from freefill.masks.grow import grow, object_size_px
from freefill.values import Box, Extras, Hole, Image, Mask, Options, Outcome, Picture, Plan

Part = Literal["plan", "cut", "fill", "detail", "paste"]


@dataclass(frozen=True)
class Progress:
    """How far a fill is.

    Attributes
    ----------
    part : what was finished: "plan", then for each window "cut", "fill", "detail" (once for each of its tiles), "paste"
    window : its number, from 1; 0 for the plan
    windows : how many there are
    share : pixels of the hole that are pasted, 0 to 1
    """

    part: Part
    window: int
    windows: int
    share: float


def inpaint(
    picture: Picture,
    mask: Mask,
    ready: Ready,
    options: Options,
    texture: Ready | None = None,
    source: Hole | None = None,
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
    progress : called after each part of the work; what it raises ends the fill

    Returns
    -------
    Outcome; its picture equals the input outside its mask, bit for bit

    Raises
    ------
    InputError
        If the sizes differ or everything is hole.
    EngineError
        If the engine cannot fill this hole.
    """
    watch = _Watch(progress)
    with watch.part("plan"):
        final, core, plan = prepare(picture, mask, ready, options, texture)
        watch.begin(plan, final.hole)
    if plan.hole_px == 0:
        notes = (*mask.notes, "the mask is empty: nothing to fill, the picture is unchanged")
        return Outcome(picture, mask, plan, watch.seconds, notes)
    notes = [*mask.notes, *plan.notes]
    if picture.extras.unknown is not None and (rest := int((picture.extras.unknown & ~final.hole).sum())):
        notes.append(
            f"{rest:,} px outside the hole hold no number (NaN): they stay so, and nothing is copied from them"
        )
    if ready.spec.bits < 16 and picture.pixels.dtype != np.uint8:
        notes.append(f"engine '{ready.spec.name}' works in {ready.spec.bits} bits: the fill has 256 levels")
    stages: dict[str, Image] = {}
    codec = colour_codec(picture, ready.spec.colour)
    canvas = Canvas(picture.pixels, final.hole, core, plan.feather_px, codec, _allowed(picture, source))
    for number, window in enumerate(plan.windows, start=1):
        with watch.part("cut", number):
            crop = canvas.cut(window, max_memory_bytes=options.max_memory_bytes)
        with watch.part("fill", number):
            fill = ready.engine.fill(crop, plan.seed)
        for tile in window.detail:
            with watch.part("detail", number):
                sharpener = texture or ready
                guide = guide_for(fill, crop, window, tile)
                tile_crop = canvas.cut(tile, guide, options.max_memory_bytes)
                detail = sharpener.engine.fill(tile_crop, plan.seed)
            with watch.part("paste", number, tile.core):
                canvas.paste(detail, tile_crop, tile)
            notes += detail.notes
        if not window.detail:
            with watch.part("paste", number, window.core):
                canvas.paste(fill, crop, window)
        notes += fill.notes
        prefix = f"window{number}-" if len(plan.windows) > 1 else ""
        stages |= {prefix + name: image for name, image in fill.stages.items()}
    alpha = picture.alpha
    if mask.own_alpha and alpha is not None:
        alpha = alpha.copy()
        alpha[final.hole] = picture.full_scale  # the hole was what was transparent: now there is something to see
    filled = replace(picture, pixels=canvas.pixels, alpha=alpha, extras=_known_now(picture.extras, final.hole))
    told = tuple(dict.fromkeys(notes))
    return Outcome(filled, final, plan, watch.seconds, told, stages, ready.engine.weights_sha256)


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
    """Return where pixels may be copied from: what the user allows, and never what is transparent or has no number."""
    bars = [] if picture.alpha is None or (picture.alpha > 0).all() else [picture.alpha == 0]
    bars += [] if picture.extras.unknown is None else [picture.extras.unknown]
    for bar in bars:
        source = ~bar if source is None else source & ~bar
    return source


def _known_now(extras: Extras, hole: Hole) -> Extras:
    """Return the extras of the filled picture: where it was filled there is a number now."""
    return extras if extras.unknown is None else replace(extras, unknown=extras.unknown & ~hole)


class _Watch:
    """Times the parts of the work, and tells how far it is after each."""

    def __init__(self, tell: Callable[[Progress], None] | None) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(("plan", "cut", "fill", "detail", "paste"), 0.0)
        self._tell = tell
        self._windows, self._pasted_px, self._hole = 0, 0, np.zeros((0, 0), bool)

    def begin(self, plan: Plan, hole: Hole) -> None:
        """Know what there is to do."""
        self._windows, self._hole = len(plan.windows), hole

    @contextmanager
    def part(self, name: Part, window: int = 0, pasted: Box | None = None) -> Iterator[None]:
        """Time what the block does; `pasted` is the core whose hole pixels are done then."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start
        if self._tell is None:
            return
        if pasted is not None:  # cores do not share a hole pixel
            self._pasted_px += int(np.count_nonzero(self._hole[pasted.slices]))
        share = self._pasted_px / max(int(np.count_nonzero(self._hole)), 1)
        self._tell(Progress(name, window, self._windows, share))
