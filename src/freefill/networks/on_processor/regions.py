"""Which places of a layer a result needs, as rectangles.

Regions are worked out backwards from the hole: the pixels wanted of a layer are covered with rectangles, and the
rectangles tell which pixels of its input are wanted. Far-apart holes get rectangles of their own; near ones share one
where that is cheaper. Everything here is about booleans and whole numbers, no features are touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freefill.networks.gated_conv import LayerRow, WeightLayout
from freefill.values import Box

Wanted = NDArray[np.bool_]  # (h, w) at the resolution of one layer, True = its value is needed

BAND_PX = 16  # rows that are covered together
CALL_MACS = 8e6  # what one more rectangle costs beside its pixels, in multiply-adds: some 40 us
LEAST_MACS = 30_000  # a pixel too many costs at least this: a layer's pixels are also asked of the layers before it


@dataclass(frozen=True)
class Step:
    """One convolution and the rectangles of its output to compute.

    `boxes` are in pixels of the output; for an upsampling layer in pixels of its input, each giving 2x2 of the output.
    """

    row: LayerRow
    boxes: tuple[Box, ...]


def plan(rows: tuple[LayerRow, ...], wanted: Wanted, layout: WeightLayout) -> tuple[list[Step], Wanted]:
    """Return the steps of a chain of layers, in order, and what they need of the chain's input.

    Parameters
    ----------
    rows : the layers, first to last
    wanted : of the last layer's output
    layout : decides where the kernels sit at stride 2
    """
    steps: list[Step] = []
    height, width = wanted.shape
    box: Box | None = None  # of what is wanted, where that is known to be one rectangle: then no pixel is looked at
    for row in reversed(rows):
        if row.upsample:
            height, width = height // 2, width // 2
            if box is None:
                wanted = halved(wanted)
            else:
                top, left = box.top // 2, box.left // 2
                box = Box(top, left, (box.bottom + 1) // 2 - top, (box.right + 1) // 2 - left)
        boxes = cover(wanted, row) if box is None else (box,)
        steps.append(Step(row, boxes))
        box = _box_read(boxes[0], (height, width), row, layout) if len(boxes) == 1 else None
        if box is None:
            wanted = inputs_of(boxes, (height, width), row, layout)
        height, width = height * row.stride, width * row.stride
    if box is not None:
        wanted = np.zeros((height, width), bool)
        wanted[box.slices] = True
    return steps[::-1], wanted


def halved(wanted: Wanted) -> Wanted:
    """Return the 2x2 cells with anything wanted in them."""
    rows = wanted[0::2] | wanted[1::2]
    return rows[:, 0::2] | rows[:, 1::2]


def inputs_of(boxes: tuple[Box, ...], shape: tuple[int, ...], row: LayerRow, layout: WeightLayout) -> Wanted:
    """Return which pixels of a layer's input are read by rectangles of its output, which is of this shape.

    For an upsampling layer both are at the lower resolution: a cell of 2x2 reads its 3x3 neighbours.
    """
    out = np.zeros((shape[0] * row.stride, shape[1] * row.stride), bool)
    for box in boxes:
        for rows in _read(box.top, box.height, out.shape[0], row, layout):
            for cols in _read(box.left, box.width, out.shape[1], row, layout):
                out[rows, cols] = True
    return out


def _box_read(box: Box, shape: tuple[int, int], row: LayerRow, layout: WeightLayout) -> Box | None:
    """Return the rectangle of a layer's input that a rectangle of its output reads; None if the kernel leaves gaps."""
    rows = _read(box.top, box.height, shape[0] * row.stride, row, layout)
    cols = _read(box.left, box.width, shape[1] * row.stride, row, layout)
    if len(rows) > 1 or len(cols) > 1:
        return None
    return Box(rows[0].start, cols[0].start, rows[0].stop - rows[0].start, cols[0].stop - cols[0].start)


def _read(start: int, count: int, size: int, row: LayerRow, layout: WeightLayout) -> list[slice]:
    """Return what `count` outputs from `start` on read of one side of the input, `size` long."""
    first = start * row.stride - row.padding(layout, size)[0]  # the first tap of the first output
    length = (count - 1) * row.stride + 1
    if row.dilation == 1 or (row.stride == 1 and length >= row.dilation):  # no gaps between the taps: one piece
        end = first + length + row.dilation * (row.kernel - 1)
        return [slice(max(first, 0), max(min(end, size), 0))]
    taps = [first + row.dilation * tap for tap in range(row.kernel)]
    # A tap before the first pixel begins at the first one of its own phase.
    return [slice(at if at >= 0 else at % row.stride, max(min(at + length, size), 0), row.stride) for at in taps]


def cover(wanted: Wanted, row: LayerRow) -> tuple[Box, ...]:
    """Return rectangles that hold every wanted pixel, few and small.

    Bands of rows are cut into runs of wanted columns; runs, and then the rectangles of neighbouring bands, are joined
    where the larger rectangle costs less than two.
    """
    around = Box.around(wanted)
    if around is None:
        return ()
    if wanted[around.slices].all():
        return (around,)
    macs = (
        row.inputs
        * row.outputs
        * row.kernel**2
        * (1 if row.activation is None else 2)
        * (16 / 9 if row.upsample else 1)  # 4 kernels of 2x2 in place of one of 3x3
    )
    call_px = CALL_MACS / max(macs, LEAST_MACS)
    done: list[Box] = []
    open_boxes: list[Box] = []
    for top in range(around.top // BAND_PX * BAND_PX, around.bottom, BAND_PX):
        boxes = _runs(wanted[top : top + BAND_PX], top, call_px)
        growing: list[Box] = []
        for box in boxes:
            partner = min(open_boxes, key=lambda other: _excess_px(other, box), default=None)
            if partner is not None and _excess_px(partner, box) <= call_px:
                open_boxes.remove(partner)
                box = partner.joined(box)
            growing.append(box)
        done += open_boxes
        open_boxes = growing
    return tuple(done + open_boxes)


def _excess_px(one: Box, other: Box) -> int:
    """Pixels that the box around both has more than the two."""
    height = max(one.bottom, other.bottom) - min(one.top, other.top)
    width = max(one.right, other.right) - min(one.left, other.left)
    return height * width - one.area - other.area


def _runs(band: Wanted, top: int, call_px: float) -> list[Box]:
    """Return the boxes of one band of rows, left to right."""
    columns = np.flatnonzero(band.any(axis=0))
    if not len(columns):
        return []
    boxes: list[Box] = []
    breaks = np.flatnonzero(np.diff(columns) > 1)
    starts = [int(columns[0]), *(int(columns[i + 1]) for i in breaks)]
    ends = [*(int(columns[i]) + 1 for i in breaks), int(columns[-1]) + 1]
    for left, right in zip(starts, ends, strict=True):
        rows = np.flatnonzero(band[:, left:right].any(axis=1))
        box = Box(top + int(rows[0]), left, int(rows[-1] - rows[0]) + 1, right - left)
        if boxes and _excess_px(boxes[-1], box) <= call_px:
            box = boxes.pop().joined(box)
        boxes.append(box)
    return boxes
