"""What a worker process of the service does. It reads what visitors sent, so that nothing they send harms the server.

The page's pictures are kept as values (a Picture with all that its file carries) and the fills made in them as small
files of what changed: a fill of two per cent of 24 megapixels writes two per cent.
"""

from __future__ import annotations

import base64
import functools
import io
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from freefill.detectors.marked import marked
from freefill.detectors.refining import refined_mask
from freefill.detectors.source import as_image, mask_of_word
from freefill.errors import FreefillError, InputError
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.inpainter import Inpainter
from freefill.inputs import mask_for, mask_picture, sketch_for, sources
from freefill.masks.draw import box_mask
from freefill.masks.grabcut import Marks
from freefill.masks.sources import mask_from_alpha
from freefill.progress import Progress
from freefill.request import Request
from freefill.running.telling import tell
from freefill.values import Box, Hole, Mask, Outcome, Picture
from freefill.web import orders, sent, views
from freefill.web.wording import translated

JsonAnswer = dict[str, Any]
VIEW = ".view"  # of a fill: what the page shows of it, WebP or PNG


def maker(role: str) -> Callable[[Any], JsonAnswer]:
    """Return what does an order. A worker that fills is warmed up first, so that the first visitor waits no longer."""
    if role == "fill":
        small = np.full((64, 64, 3), 90, np.uint8)
        hole = np.zeros((64, 64), bool)
        hole[24:40, 24:40] = True
        # The two that need no weights. Their first call loads compiled kernels, which takes longer than a small fill.
        for engine in ("telea", "texture"):
            _inpainter(engine)(small, hole)
    return do


def do(order: Any) -> JsonAnswer:
    """Do one order; an error becomes an answer, so that the worker lives on."""
    try:
        return translated(_DO[type(order)](order))
    except FreefillError as error:
        return translated({"error": str(error), "kind": type(error).__name__})
    except MemoryError:
        return {"error": "there is not enough memory for this picture; try a smaller one", "kind": "MemoryError"}


# Each may hold a network: kept for all that were ever asked for, a worker would only grow.
@functools.lru_cache(maxsize=4)
def _inpainter(engine: str, weights: str | None = None, device: str = "auto", precision: Any = "fp32") -> Inpainter:
    return Inpainter(engine, weights=weights, device=device, precision=precision)


# --- pictures ----------------------------------------------------------------------------------------------------


def _open(order: orders.Open) -> JsonAnswer:
    folder = Path(order.folder)
    picture = sent.picture(folder / "upload", "photo", order.max_mpx)
    whole = views.shown(picture)
    (folder / "preview.jpg").write_bytes(views.preview(whole))
    tell(_about(picture))  # enough to show it; the visitor need not wait for the rest
    np.save(folder / "shown.npy", whole)
    with (folder / "picture.pickle").open("wb") as file:
        pickle.dump(picture, file, protocol=5)
    return _about(picture)


def _about(picture: Picture) -> JsonAnswer:
    height, width = picture.size
    return {
        "width": width,
        "height": height,
        "format": picture.extras.format,
        "mode": picture.extras.mode,
        "bits": 8 * picture.pixels.dtype.itemsize,
        "alpha": picture.alpha is not None,
    }


# One: a picture of 200 megapixels takes more than half a gigabyte.
@functools.lru_cache(maxsize=1)
def _base(folder: str) -> Picture:
    """Read an upload back; the files are this service's own, in a folder that nobody else may enter."""
    with (Path(folder) / "picture.pickle").open("rb") as file:
        return pickle.load(file)


def _picture(state: orders.State) -> Picture:
    """Return a picture with its fills."""
    base = _base(state.folder)
    if not state.fills:
        return base
    # Copies: `_base` keeps its own for the next order.
    pixels, alpha = base.pixels.copy(), None if base.alpha is None else base.alpha.copy()
    for name in state.fills:
        with np.load(name) as fill:
            slices = Box(*fill["box"].tolist()).slices
            pixels[slices] = fill["pixels"]
            if alpha is not None and "alpha" in fill:
                alpha[slices] = fill["alpha"]
    return replace(base, pixels=pixels, alpha=alpha)


# --- filling -----------------------------------------------------------------------------------------------------


def _fill(order: orders.FillOrder) -> JsonAnswer:
    picture = _picture(order.state)
    outcome = _filled(picture, _hole(order.mask, picture), order.wishes)
    box = Box.around(outcome.mask.hole)
    if box is None:
        raise InputError("the mask is empty; paint over what should go")
    filled = outcome.picture
    arrays: dict[str, Any] = {"box": np.array((box.top, box.left, box.height, box.width))}
    arrays["pixels"] = filled.pixels[box.slices]
    # For a diagnosis, which has to know what was filled and not what was painted.
    arrays["hole"] = np.packbits(outcome.mask.hole[box.slices])
    if filled.alpha is not None:
        arrays["alpha"] = filled.alpha[box.slices]
    with Path(order.target).open("wb") as file:
        np.savez(file, **arrays)
    piece = views.webp(views.shown(filled, *box.slices), outcome.mask.hole[box.slices])
    Path(order.target).with_suffix(VIEW).write_bytes(piece)
    return {**_told(outcome), "box": [box.left, box.top, box.width, box.height]}


def _diagnose(order: orders.Diagnose) -> JsonAnswer:
    from freefill.diagnosis.diagnose import diagnose
    from freefill.judging import half_tokens

    folder, fills = order.state.folder, order.state.fills
    before, after = _picture(orders.State(folder, fills[:-1])), _picture(order.state)
    hole = np.zeros(before.size, bool)
    with np.load(fills[-1]) as fill:
        box = Box(*fill["box"].tolist())
        hole[box.slices] = np.unpackbits(fill["hole"], count=box.height * box.width).reshape(box.height, box.width)
    return diagnose(before.pixels, hole, after.pixels, half_tokens()).to_json()


def _filled(picture: Picture, mask: Mask | str, wishes: dict[str, Any]) -> Outcome:
    request = Request(**wishes)
    inpainter = _inpainter(request.engine, request.weights, request.device, request.precision)
    made = mask_for(_named(mask, picture, request.score) if isinstance(mask, str) else mask, picture, request)
    if not made.hole.any():
        raise InputError(next(iter(made.notes), "the mask is empty; white is what should go"))
    allowed, sketch = sources(picture, request), sketch_for(picture, request)
    return inpainter.run(picture, made, request, source=allowed, sketch=sketch, progress=_say)


def _say(progress: Progress) -> None:
    tell({"part": progress.part, "window": progress.window, "windows": progress.windows, "share": progress.share})


def _told(outcome: Outcome) -> JsonAnswer:
    plan = outcome.plan
    return {
        "engine": plan.engine,
        "seed": plan.seed,
        "hole_share": plan.hole_px / (plan.size[0] * plan.size[1]),
        "seconds": {part: round(value, 4) for part, value in outcome.seconds.items()},
        "notes": list(outcome.notes),
        "weights_sha256": outcome.weights_sha256,
    }


def _once(order: orders.Once) -> JsonAnswer:
    most_mpx = float(order.wishes["max_mpx"])
    picture = sent.picture(order.image, "image", most_mpx)
    # A word has no slash, a file's path always.
    mask = order.mask if "/" not in order.mask else sent.mask(order.mask, order.wishes)
    outcome = _filled(picture, mask, order.wishes | sent.wishes(order.files, most_mpx))
    notes = write_picture(outcome.picture, order.target, format=order.format)
    told = _told(outcome)
    told["notes"] += notes
    return {**told, "plan": outcome.plan.to_json(), **_about(outcome.picture)}


def _write(order: orders.WriteFile) -> JsonAnswer:
    return {"notes": list(write_picture(_picture(order.state), order.target, format=order.format))}


# --- masks -------------------------------------------------------------------------------------------------------


def _hole(piece: orders.Piece, picture: Picture) -> Mask:
    """Return a mask that travelled as a PNG of its box."""
    levels = read_picture(io.BytesIO(piece.png)).pixels[..., 0]
    box = Box(piece.top, piece.left, *levels.shape)
    # NumPy would count a negative place from the other end, and cut off what reaches beyond.
    if piece.top < 0 or piece.left < 0 or box.bottom > picture.size[0] or box.right > picture.size[1]:
        raise InputError(
            f"the mask of {box.width}x{box.height} at {box.left}, {box.top} reaches beyond the picture of "
            f"{picture.size[1]}x{picture.size[0]}"
        )
    hole = np.zeros(picture.size, bool)
    hole[box.slices] = levels > 127
    return Mask(hole)


def _piece(hole: Hole) -> JsonAnswer:
    """Return a mask as a PNG of its box, in base64."""
    box = Box.around(hole)
    if box is None:
        return {"png": None, "box": None}
    levels = hole[box.slices].astype(np.uint8) * 255
    png = base64.b64encode(views.png(levels)).decode()
    return {"png": png, "box": [box.left, box.top, box.width, box.height]}


def _make_mask(order: orders.MakeMask) -> JsonAnswer:
    picture = _picture(order.state)
    made = _found(picture, order)
    return {**_piece(made.hole), "notes": list(made.notes)}


def _named(word: str, picture: Picture, score: float | None = None) -> Mask:
    """Return the mask of a word; never a file of that name, which would be one of the server's."""
    return mask_from_alpha(picture) if word == "alpha" else mask_of_word(word, picture, score)


def _found(picture: Picture, order: orders.MakeMask) -> Mask:
    box = None if order.box is None else Box(order.box[1], order.box[0], order.box[3], order.box[2])
    if order.source != "marks":
        made = _named(order.source, picture)
        return made if box is None else replace(made, hole=made.hole & box_mask(picture.size, box))
    wanted = tuple((float(y), float(x)) for x, y, plus in order.points if plus)
    unwanted = tuple((float(y), float(x)) for x, y, plus in order.points if not plus)
    return Mask(marked(as_image(picture), Marks(box, wanted, unwanted), model="auto")[0])


def _refine(order: orders.Refine) -> JsonAnswer:
    picture = _picture(order.state)
    mask = _hole(order.mask, picture)
    if order.grow is not None:
        from freefill.masks.grow import object_size_px, resized
        from freefill.values import Length

        px = Length.parse(order.grow).in_px(object_size_px(mask.hole))
        return {**_piece(resized(mask.hole, px)), "notes": []}
    made, refined = refined_mask(mask, as_image(picture))
    steps = {**refined.added, "dropped": refined.dropped}
    layers = [{"step": step, **_piece(hole)} for step, hole in steps.items() if hole.any()]
    return {**_piece(made.hole), "layers": layers, "notes": list(made.notes)}


def _mask_once(order: orders.MaskOnce) -> JsonAnswer:
    most_mpx = float(order.wishes["max_mpx"])
    picture = sent.picture(order.image, "image", most_mpx)
    request = Request(**order.wishes)
    given = _named(order.source, picture, request.score) if order.mask is None else sent.mask(order.mask, order.wishes)
    made = mask_for(given, picture, request)
    write_picture(mask_picture(made), order.target, format="png")
    return {"notes": list(made.notes), "share": made.share}


_DO: dict[type, Callable[[Any], JsonAnswer]] = {
    orders.Open: _open,
    orders.FillOrder: _fill,
    orders.MakeMask: _make_mask,
    orders.Refine: _refine,
    orders.WriteFile: _write,
    orders.Diagnose: _diagnose,
    orders.Once: _once,
    orders.MaskOnce: _mask_once,
}
