"""Make a picture larger, and fill what is new: the user's door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from freefill.errors import InputError
from freefill.images.extend import extended
from freefill.inpainter import Inpainter
from freefill.inputs import PictureLike, as_picture
from freefill.progress import Progress
from freefill.request import DEFAULT_MAX_MPX, speaking_python
from freefill.result import Result
from freefill.values import Length, Mask, Options, Outcome, Picture, Structure


@dataclass(frozen=True)
class Margins:
    """By how much a picture grows on each side: px, or percent of its width (left, right) or height (top, bottom)."""

    left: Length = Length()  # noqa: RUF009 (frozen)
    right: Length = Length()  # noqa: RUF009 (frozen)
    top: Length = Length()  # noqa: RUF009 (frozen)
    bottom: Length = Length()  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        for name in ("left", "right", "top", "bottom"):
            length = Length.of(getattr(self, name))
            if length.value < 0:
                raise InputError(f"{name} must not be negative ({length.value:g}{length.unit}): extend only adds")
            object.__setattr__(self, name, length)

    def in_px(self, size: tuple[int, int]) -> dict[str, int]:
        """Return whole px for a picture of that size (height, width)."""
        of = {"top": size[0], "bottom": size[0], "left": size[1], "right": size[1]}
        return {name: round(getattr(self, name).in_px(side)) for name, side in of.items()}


def enlarged(picture: Picture, margins: Margins, max_mpx: float = DEFAULT_MAX_MPX) -> tuple[Picture, Mask]:
    """Return the larger picture, and what of it is new.

    Raises
    ------
    InputError
        If nothing is added, or it becomes too large.
    """
    px = margins.in_px(picture.size)
    if not any(px.values()):
        raise InputError(f"{picture.source}: nothing would be added; say how much: --left 300, --top 10%")
    height, width = picture.size[0] + px["top"] + px["bottom"], picture.size[1] + px["left"] + px["right"]
    if height * width > max_mpx * 1e6:
        raise InputError(
            f"{picture.source}: would become {width}x{height}, more than {max_mpx:g} megapixels; add less, or pass "
            f"--max-megapixels {height * width / 1e6:.0f}"
        )
    hole = np.ones((height, width), bool)
    hole[px["top"] : px["top"] + picture.size[0], px["left"] : px["left"] + picture.size[1]] = False
    return extended(picture, **px), Mask(hole, source="what is new")


def fill_margins(
    picture: Picture,
    margins: Margins,
    options: Options,
    inpainter: Inpainter,
    max_mpx: float = DEFAULT_MAX_MPX,
    progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Make a picture larger and fill what is new; values in, a value out."""
    larger, mask = enlarged(picture, margins, max_mpx)
    return inpainter.run(larger, mask, options, progress=progress)


def extend(
    image: PictureLike,
    *,
    left: float | str = 0,
    right: float | str = 0,
    top: float | str = 0,
    bottom: float | str = 0,
    engine: str | Inpainter = "auto",
    weights: str | None = None,
    device: str = "auto",
    precision: Literal["fp32", "bf16", "fp16"] = "fp32",
    seed: int = 0,
    texture: Literal["auto", "always", "never"] = "auto",
    structure: Structure = "auto",
    max_memory_bytes: int = Options.max_memory_bytes,
    max_mpx: float = DEFAULT_MAX_MPX,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Make a picture larger, and fill what is new (outpainting).

    Parameters
    ----------
    image : as `freefill.inpaint`
    left, right : by how much it grows there: px, or percent of its width ("10%")
    top, bottom : the same, percent of its height
    engine : a name of `freefill engines`, or an `Inpainter`, which is loaded once for many pictures
    weights, device, precision, seed, texture, structure, max_memory_bytes, max_mpx, progress : as `freefill.inpaint`

    Returns
    -------
    Result : of the larger size; what was there before is the same, bit for bit

    Raises
    ------
    InputError, EngineError, WeightsError
        One line: what, where, way out.

    Examples
    --------
    >>> wide = extend(np.full((40, 60, 3), 90, np.uint8), left=20, top="10%", engine="ns")
    >>> wide.image.shape, int(wide.image.min())
    ((44, 80, 3), 90)
    """
    with speaking_python():
        margins = Margins(left, right, top, bottom)  # type: ignore[arg-type]
        options = Options(seed, texture=texture, structure=structure, max_memory_bytes=max_memory_bytes)
        if not isinstance(engine, Inpainter):
            engine = Inpainter(engine, weights=weights, device=device, precision=precision)
        picture = as_picture(image, max_mpx)
        return Result.of(fill_margins(picture, margins, options, engine, max_mpx, progress), image)
