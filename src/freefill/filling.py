"""The user's door for one picture: whatever holds a picture in, the same kind out.

import freefill
result = freefill.inpaint("photo.jpg", "mask.png")
result.save("out.jpg")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from freefill.inpainter import Inpainter
from freefill.inputs import MaskLike, PictureLike, as_picture, mask_for, sketch_for, sources
from freefill.progress import Progress
from freefill.request import DEFAULT_MAX_MPX, WISHES, Request, Shape, speaking_python
from freefill.result import Result
from freefill.values import Options, Outcome, Picture, Structure


def inpaint(
    image: PictureLike,
    mask: MaskLike | None = None,
    *,
    engine: str = "auto",
    weights: str | None = None,
    device: str = "auto",
    precision: Literal["fp32", "bf16", "fp16"] = "fp32",
    save_stages: bool = False,
    save_attention: bool = False,
    invert: bool = False,
    mask_fit: Literal["error", "scale"] = "error",
    mask_channel: Literal["auto", "grey", "transparent", "opaque"] = "auto",
    refine: bool = False,
    prior: Literal["auto", "people", "none"] = "auto",
    score: float | None = None,
    shapes: Sequence[str | Shape] = (),
    also: Sequence[MaskLike] = (),
    without: Sequence[MaskLike] = (),
    seed: int = 0,
    grow: float | str = 0,
    feather: float | str = 0,
    source: MaskLike | None = None,
    not_from: MaskLike | None = None,
    sketch: MaskLike | None = None,
    window: Literal["auto", "whole"] = "auto",
    texture: Literal["auto", "always", "never"] = "auto",
    structure: Structure = "auto",
    max_memory_bytes: int = Options.max_memory_bytes,
    max_mpx: float = DEFAULT_MAX_MPX,
    tries: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Fill the masked part of one picture.

    Parameters
    ----------
    image : a path, a file object, bytes of a file, a PIL image, a (C, H, W) tensor, or an array: (H, W),
        (H, W, 1..4) of whole numbers, or of float in [0, 1]
    mask : the same kinds; white, non-zero or True = hole; or a word: "alpha" (where the picture itself is transparent),
        "people", "salient", "text" (found in the picture; needs the extra `detect` and fetched models)
    engine, weights, device, precision : see `Inpainter`, which loads an engine once for many pictures
    save_stages, save_attention : keep what a network made on its way in `Result.stages`
    invert : black is hole
    mask_fit : "scale" takes a mask of another size
    mask_channel : where a mask with alpha carries the mask
    refine : repair the mask first, so that it covers the whole thing (`freefill.masks.refine`)
    prior : what refining may ask: the networks that know persons, where they are here ("auto"), "people", "none"
    score : how sure what a word names must be, 0 to 1; lower finds more, and more that is none
    shapes : drawn and added to the mask: "box:X,Y,W,H", "circle:X,Y,R", "polygon:X1,Y1,X2,Y2,X3,Y3",
        "line:X1,Y1,X2,Y2,WIDTH", in px or percent
    also, without : more masks, added; masks of what stays, taken out
    seed : another seed gives another fill, the same seed the same
    grow : grow the hole by px, or by percent of its size ("3%"), before filling; below 0 it shrinks
    feather : let the fill fade over this much of the grown ring
    source, not_from : masks of what may, and what may not, be copied from
    sketch : lines that the fill follows, white on black (a path, an array, ...); read in the hole only. For
        engine="deepfillv2" with weights that were trained with a sketch
    window : "whole" = one window, the whole picture at its own scale
    texture : make fills sharp by patch synthesis: "auto" where they were made small, "always", "never"
    structure : ask what crosses the hole (a horizon, a pole, the edge of a board) before it is filled: "auto" where
        that helps, "layout" = everywhere, "network" = as "auto", and a small network of the package says what it
        expects, "never"
    max_memory_bytes : what the engine may take on top of the picture
    max_mpx : larger pictures are refused, megapixels
    tries : fill in up to so many ways that differ in kind, and keep the one that the diagnosis likes best; the notes
        name them all, and `freefill.tries.best_of` gives them all
    progress : called again and again with how far it is; what it raises ends the fill, and nothing has changed

    Returns
    -------
    Result : `.image` (same kind as `image`), `.save(path)`, `.mask`, `.plan`, `.notes`, `.seconds`

    Raises
    ------
    InputError, EngineError, WeightsError
        One line: what, where, way out.

    Examples
    --------
    >>> image = np.full((40, 60, 3), 90, np.uint8)
    >>> mask = np.zeros((40, 60), bool)
    >>> mask[10:14, 20:40] = True
    >>> image[mask] = 255
    >>> int(inpaint(image, mask, engine="ns").image.max())
    90
    """
    given = locals()  # every argument by its name: docs/decisions/0074
    with speaking_python():
        request = Request(**{wish: given[wish] for wish in WISHES})
        # The engine comes first: one that cannot run here is told before a large picture is read.
        fill = Inpainter.of(request)
        picture = as_picture(image, max_mpx)
        if tries == 1:
            return Result.of(fill.fulfil(picture, mask, request, progress), image)
        return Result.of(_best(picture, mask, request, fill, tries, progress), image)


def _best(
    picture: Picture,
    mask: MaskLike | None,
    request: Request,
    fill: Inpainter,
    tries: int,
    progress: Callable[[Progress], None] | None,
) -> Outcome:
    """Fill in several ways and keep the best."""
    from freefill.tries import best_of, kept

    def told(done: int, of: int, share: float) -> None:
        if progress is not None:
            progress(Progress("fill", done + 1, of, (done + share) / of))  # each try counts as a window

    made = mask_for(mask, picture, request, request.max_mpx)
    source, sketch = sources(picture, request), sketch_for(picture, request)
    return kept(best_of(picture, made, request, fill, tries, source=source, sketch=sketch, progress=told))
