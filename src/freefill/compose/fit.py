"""Make the Plan: which windows, with how much around them, at what scale.

The rules, in the order in which they are applied (why: docs/decisions/0002-windows.md):

1. each group of the hole gets a window with context in proportion to the root of its area;
2. windows that overlap are merged, until none does: the order of the groups has no influence;
3. a window whose hole is thicker than the engine can fill at its own scale is filled smaller, then made sharp (an
   engine without weights stays at full scale where nothing could make its fill sharp);
4. a window larger than the memory bound is cut into tiles where its hole is thin, else filled smaller, then made sharp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, sqrt

import numpy as np

from freefill.compose.groups import Group, find_groups
from freefill.errors import InputError
from freefill.values import Box, EngineSpec, Hole, Options, Plan, SizeRule, Window

# A hole that covers less of its window than this, and is thinner than THIN_PX, is cut into tiles rather than shrunk.
SPARSE_SHARE = 0.15
THIN_PX = 64  # a scratch or a wire: shrinking its window would lose it
MIN_TILE_PX = 192  # the memory bound gives way here: smaller tiles would see too little around them
# Around the largest holes more context costs memory and time, and shows nothing that nearer pixels do not.
MOST_CONTEXT_PX = 768


@dataclass(frozen=True)
class _Rule:
    """What decides a window's box."""

    size: tuple[int, int]
    spec: EngineSpec

    def context_px(self, group: Group) -> int:
        """Context on each side, picture px."""
        wanted = min(ceil(self.spec.context * sqrt(group.area_px)), MOST_CONTEXT_PX)
        return max(self.spec.min_context_px, wanted)

    def box(self, group: Group) -> Box:
        """The group with its context, extended into the picture to meet the engine's sizes with real pixels."""
        box = group.box.grown(self.context_px(group), self.size)
        rule = self.spec.size
        least = rule.fixed_px or rule.min_px
        scale = scale_for(group, rule)
        top, height = _extended(box.top, box.height, self.size[0], ceil(least / scale), rule.multiple_px)
        left, width = _extended(box.left, box.width, self.size[1], ceil(least / scale), rule.multiple_px)
        return Box(top, left, height, width)


def scale_for(group: Group, rule: SizeRule) -> float:
    """Return engine px per picture px at which the group is no thicker than the engine can fill; at most 1."""
    if rule.hole_px is None or group.thick_px <= rule.hole_px:
        return 1.0
    return rule.hole_px / group.thick_px


def _extended(start: int, length: int, available: int, least: int, multiple: int) -> tuple[int, int]:
    """Extend an interval to `least` and to a multiple, on both sides, as far as the picture reaches."""
    wanted = min(ceil(max(length, least) / multiple) * multiple, available)
    start = min(max(start - (wanted - length) // 2, 0), available - wanted)
    return start, wanted


def merge(groups: list[Group], box_of: Callable[[Group], Box]) -> list[Group]:
    """Join groups whose windows overlap until none does. The result does not depend on their order.

    Joining makes the hole larger, so its context grows and may reach further groups: it is repeated to the end.
    """
    done: list[tuple[Group, Box]] = []
    waiting = sorted(groups, key=lambda group: (group.box.top, group.box.left), reverse=True)
    while waiting:
        group = waiting.pop()
        box = box_of(group)
        met = [entry for entry in done if entry[1].overlaps(box)]
        if met:
            done = [entry for entry in done if not entry[1].overlaps(box)]
            for other, _ in met:
                group = group.joined(other)
            waiting.append(group)
        else:
            done.append((group, box))
    return sorted((group for group, _ in done), key=lambda group: (group.box.top, group.box.left))


def make_plan(hole: Hole, spec: EngineSpec, options: Options, texture: EngineSpec | None = None) -> Plan:
    """Decide everything about one picture; no pixel is read.

    Parameters
    ----------
    hole : (H, W) bool, True = hole, already grown
    spec : the engine's
    options : the user's
    texture : the spec of the patch synthesis that makes small fills sharp, or None where there is none

    Returns
    -------
    Plan; each hole pixel is in exactly one core, also among the detail windows of one window

    Raises
    ------
    InputError
        If everything is hole.
    """
    size = (hole.shape[0], hole.shape[1])
    hole_px = int(np.count_nonzero(hole))
    plan = Plan(size, spec.name, (), options.seed, hole_px)
    if hole_px == 0:
        return plan
    if hole_px == hole.size:
        raise InputError(
            f"the mask covers the whole picture ({size[1]}x{size[0]}): there is nothing to copy from; "
            "white is hole, pass --invert if yours is black"
        )
    sharpen = None if options.texture == "never" or texture is None or texture.name == spec.name else texture
    if sharpen is None and not spec.weights:
        # A network knows nothing of larger holes. An engine that copies does: enlarging its fill would only blur it.
        spec = replace(spec, size=replace(spec.size, hole_px=None))
    if options.window == "whole":
        whole = Box(0, 0, *size)
        group = Group(whole, hole_px, 0.0)
        return _with_windows(plan, [_window(group, whole, 1.0, spec, options, sharpen, hole)], spec)
    rule = _Rule(size, spec)
    windows: list[Window] = []
    for group in merge(find_groups(hole), rule.box):
        box = rule.box(group)
        if box.area * spec.bytes_per_px > options.max_memory_bytes and _is_sparse(group, box):
            windows += _tiles(group.box, box, spec, options.max_memory_bytes, hole)
        else:
            windows.append(_window(group, box, scale_for(group, spec.size), spec, options, sharpen, hole))
    return _with_windows(plan, windows, spec)


def _with_windows(plan: Plan, windows: list[Window], spec: EngineSpec) -> Plan:
    """Complete the plan and say what the user should know of it."""
    notes = []
    small = [w for w in windows if w.scale < 1]
    if small:
        lowest = min(w.scale for w in small)
        after = "then made sharp from the picture's own texture" if small[0].detail else "then enlarged"
        limits = [] if spec.size.hole_px is None else [f"holes up to {spec.size.hole_px} px thick"]
        most = spec.size.fixed_px or spec.size.max_px
        limits += [] if most is None else [f"windows up to {most} px wide"]
        why = f"{spec.name} fills {' and '.join([*limits, 'what fits into --max-memory'])} at full scale"
        notes.append(
            f"{len(small)} of {len(windows)} windows filled at a smaller scale (down to {lowest:.2f}: {why}), {after}"
        )
    return Plan(plan.size, plan.engine, tuple(windows), plan.seed, plan.hole_px, notes=tuple(notes))


def _is_sparse(group: Group, box: Box) -> bool:
    return group.area_px < SPARSE_SHARE * box.area and group.thick_px <= THIN_PX


def _window(
    group: Group,
    box: Box,
    scale: float,
    spec: EngineSpec,
    options: Options,
    sharpen: EngineSpec | None,
    hole: Hole,
) -> Window:
    """One window, small enough for the memory bound and the engine's largest size."""
    rule = spec.size
    longest = max(box.height, box.width)
    # Memory goes with the square of the scale.
    bounds = [scale, sqrt(options.max_memory_bytes / (box.area * spec.bytes_per_px))]
    most = rule.fixed_px or rule.max_px
    if most is not None:
        bounds.append(most / longest)
    scale = min(1.0, *bounds)
    height, width = scaled_size(box, scale)
    least = rule.fixed_px or rule.min_px
    padded = [ceil(max(side, least) / rule.multiple_px) * rule.multiple_px for side in (height, width)]
    detail: tuple[Window, ...] = ()
    # An engine that takes a fill as its guide sharpens its own small fill where a window is too large for the bound.
    own = options.texture != "never" and "image" in spec.guides
    sharpen = spec if sharpen is None and own else sharpen
    if sharpen is not None and (scale < 1 or options.texture == "always"):
        detail = tuple(_tiles(group.box, box, sharpen, options.max_memory_bytes, hole))
    structure = options.structure if "layout" in spec.guides and not detail else "never"
    return Window(box, group.box, scale, (padded[0] - height, padded[1] - width), detail, structure)


def scaled_size(box: Box, scale: float) -> tuple[int, int]:
    """Return (height, width) of a box at a scale, engine px, at least 1."""
    return max(round(box.height * scale), 1), max(round(box.width * scale), 1)


def _tiles(core: Box, box: Box, spec: EngineSpec, max_memory_bytes: int, hole: Hole) -> list[Window]:
    """Share out a core into tiles of full resolution with context, row by row; tiles without a hole are left out.

    Each tile sees what the tiles before it wrote, so their borders agree. Half a tile of context on each side.
    """
    side = max(int(sqrt(max_memory_bytes / spec.bytes_per_px)), MIN_TILE_PX)
    if core.height + 2 * spec.min_context_px <= side and box.area <= side**2:
        rows, cols = 1, 1
    else:
        rows, cols = ceil(core.height / (side // 2)), ceil(core.width / (side // 2))
    windows = []
    for row in range(rows):
        for col in range(cols):
            top, bottom = (core.top + core.height * i // rows for i in (row, row + 1))
            left, right = (core.left + core.width * i // cols for i in (col, col + 1))
            tile = Box(top, left, bottom - top, right - left)
            within_tile = Box.around(hole[tile.slices])
            if within_tile is None:
                continue
            tight = within_tile.moved(top, left)
            # A core of half the side and a quarter of it on each side are a tile of the full side.
            context = box if rows * cols == 1 else tight.grown(max(side // 4, spec.min_context_px), hole.shape)
            least = spec.size.fixed_px or spec.size.min_px
            start_row, height = _extended(context.top, context.height, hole.shape[0], least, spec.size.multiple_px)
            start_col, width = _extended(context.left, context.width, hole.shape[1], least, spec.size.multiple_px)
            within = Box(start_row, start_col, height, width)
            padded = [ceil(max(n, least) / spec.size.multiple_px) * spec.size.multiple_px for n in (height, width)]
            windows.append(Window(within, tight, 1.0, (padded[0] - height, padded[1] - width)))
    return windows
