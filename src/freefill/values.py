"""Every noun of the project, as small frozen values.

Arrays are (H, W, C), boxes (top, left, height, width), points (row, col), all in pixels. A mask is True where the
picture is to be filled. Whoever receives a value does not check it again: the checks are in `__post_init__`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError

Image = NDArray[np.float32]  # (H, W, 3), RGB in [0, 1]
Hole = NDArray[np.bool_]  # (H, W), True = hole
Pixels = NDArray[Any]  # (H, W, 1 or 3) uint8, uint16, float32 or float64: the file's or caller's own numbers
Structure = Literal["auto", "layout", "network", "never"]

PEOPLE_WORDS = re.compile(r"(?P<small>small )?people(?: but (?P<kept>the main one|[1-9]\d{0,2}))?")
"""How persons are named where a mask is a word: "people", "people but the main one", "people but 2", "small people"."""

DTYPES = (np.uint8, np.uint16, np.float32, np.float64)


def _freeze(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view; the caller's own array stays writable."""
    view = array.view()
    view.setflags(write=False)
    return view


# --- pictures and masks ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Carry:
    """What a format's reader hands to its own writer, so that the output is made like the input.

    Each format has its own kind, declared in its room of images/; only that format's writer looks into it.
    """

    def turned(self, orientation: int) -> Carry:
        """Return it for a picture whose EXIF orientation was applied."""
        return self

    def moved(self, rows: int, cols: int) -> Carry:
        """Return it for a picture that got so many rows above and columns to the left of it."""
        return self


@dataclass(frozen=True, eq=False)
class Extras:
    """All that a picture's file carries beside its pixels; what is None was not there."""

    format: str | None = None  # "JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF", "AVIF"; None for arrays
    mode: str | None = None  # the file's own mode: "RGB", "L", "P", "1", "CMYK", "I;16", "RGB;16", "LA", "RGBA", ...
    icc: bytes | None = None
    exif: bytes | None = None  # with the orientation reset to 1: pixels are upright
    orientation: int = 1  # the EXIF orientation that was applied, 1 to 8
    xmp: bytes | None = None
    iptc: bytes | None = None  # records of IPTC-NAA
    dpi: tuple[float, float] | None = None
    text: Mapping[str, str] = field(default_factory=dict)  # PNG text chunks
    native: NDArray[Any] | None = None  # (H, W) palette indices or (H, W, 4) CMYK, where pixels are RGB made of them
    palette: NDArray[np.uint8] | None = None  # (n, 3) RGB
    palette_alpha: NDArray[np.uint8] | None = None  # (n,) where the palette has one
    transparent_key: tuple[int, ...] | None = None  # the one colour that the file calls transparent
    unknown: Hole | None = None  # (H, W), True where the file holds no number (NaN); what is there has no meaning
    carry: Carry | None = None  # of the format it was read from
    notes: tuple[str, ...] = ()  # what of the file could not be kept; the writer tells it


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels that stand upright, with everything that their file carries.

    Attributes
    ----------
    pixels : (H, W, 1 or 3) uint8, uint16, or float in [0, 1]; read-only
    alpha : (H, W) of the same dtype, straight (not premultiplied), or None
    extras : what the file carries
    source : the file's path, or a word such as "array", for messages
    """

    pixels: Pixels
    alpha: NDArray[Any] | None = None
    extras: Extras = field(default_factory=Extras)
    source: str = "picture"

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.dtype.type not in DTYPES:
            raise InputError(
                f"{self.source}: pixels must be (H, W, 1 or 3) of uint8, uint16 or float, not "
                f"{pixels.shape} of {pixels.dtype}"
            )
        if pixels.shape[0] == 0 or pixels.shape[1] == 0:
            raise InputError(f"{self.source}: the picture is empty ({pixels.shape[1]}x{pixels.shape[0]})")
        if np.issubdtype(pixels.dtype, np.floating) and not (
            np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1
        ):
            raise InputError(f"{self.source}: a float picture must be finite and within [0, 1]; scale or clip it first")
        object.__setattr__(self, "pixels", _freeze(pixels))
        if self.alpha is not None:
            if self.alpha.shape != pixels.shape[:2] or self.alpha.dtype != pixels.dtype:
                raise InputError(f"{self.source}: alpha must be {pixels.shape[:2]} of {pixels.dtype}")
            object.__setattr__(self, "alpha", _freeze(self.alpha))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def full_scale(self) -> float:
        """The number that stands for 1.0: 255, 65535 or 1."""
        return float(np.iinfo(self.pixels.dtype).max) if np.issubdtype(self.pixels.dtype, np.integer) else 1.0


@dataclass(frozen=True, eq=False)
class Mask:
    """What is to be filled.

    Attributes
    ----------
    hole : (H, W) bool, True = hole; read-only; may be empty
    source : the file's path, or a word such as "array", for messages
    notes : what the reader decided, for the user ("looks inverted", "colour map recognised", ...)
    own_alpha : the hole is where the picture's own alpha is transparent; the filled picture becomes opaque there
    """

    hole: Hole
    source: str = "mask"
    notes: tuple[str, ...] = ()
    own_alpha: bool = False

    def __post_init__(self) -> None:
        if self.hole.ndim != 2 or self.hole.dtype != np.bool_:
            raise InputError(f"{self.source}: a hole must be (H, W) bool, not {self.hole.shape} of {self.hole.dtype}")
        object.__setattr__(self, "hole", _freeze(self.hole))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.hole.shape[0], self.hole.shape[1]

    @property
    def share(self) -> float:
        """Hole pixels as a share of all, 0 to 1."""
        return float(self.hole.mean()) if self.hole.size else 0.0


@dataclass(frozen=True, eq=False)
class Guide:
    """Something that steers a fill.

    Attributes
    ----------
    kind : one that the engine lists: "image" (a smaller fill of the whole crop), "edges", "lines", "labels"
    values : (h, w, K) float32 in [0, 1]; h, w may be smaller than the crop (it is laid over the whole of it)
    weight : 0 (ignored) to 1
    confidence : (h, w) float32 in [0, 1], how far each value is to be believed; None = everywhere alike
    """

    kind: str
    values: NDArray[np.float32]
    weight: float = 1.0
    confidence: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.dtype != np.float32:
            raise InputError(f"guide '{self.kind}': values must be (h, w, K) float32, not {self.values.shape}")
        if not 0.0 <= self.weight <= 1.0:
            raise InputError(f"guide '{self.kind}': weight {self.weight} is not within 0 to 1")
        if self.confidence is not None and self.confidence.shape != self.values.shape[:2]:
            raise InputError(f"guide '{self.kind}': confidence must be {self.values.shape[:2]}")
        object.__setattr__(self, "values", _freeze(self.values))


@dataclass(frozen=True, eq=False)
class Pointing:
    """What a network expects in a hole, said as the cost of each source.

    A grid of square cells lies over the whole crop.

    Attributes
    ----------
    cells : (h, w) int32, the row of `costs` for each cell of the hole, -1 for all others
    costs : (n, h * w) float32, expected mean squared difference of values in [0, 1] between what a cell shows (row by
        row) and what belongs into a cell of the hole, less that of the best known cell: 0 for the best source. Cells of
        the hole, and those half in it, have costs too; whether they may be copied from is for others to say.
    disagreement : (n,) float32, the expected difference of the best source itself: small where the network knows
    cell_px : (height, width) of a cell, crop pixels
    """

    cells: NDArray[np.int32]
    costs: NDArray[np.float32]
    disagreement: NDArray[np.float32]
    cell_px: tuple[float, float]

    def __post_init__(self) -> None:
        count = int((self.cells >= 0).sum())
        if self.costs.shape != (count, self.cells.size) or self.disagreement.shape != (count,):
            raise InputError(f"pointing: {count} cells of a hole need as many rows of {self.cells.size} costs")
        for name in ("cells", "costs", "disagreement"):
            object.__setattr__(self, name, _freeze(getattr(self, name)))


# --- the plan ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels: rows top to top + height, columns left to left + width, ends excluded."""

    top: int
    left: int
    height: int
    width: int

    @classmethod
    def around(cls, hole: Hole) -> Box | None:
        """Return the smallest box around the True pixels of (H, W) bool; None where there is none.

        Examples
        --------
        >>> Box.around(np.array([[False, False], [False, True]]))
        Box(top=1, left=1, height=1, width=1)
        """
        rows, cols = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        if not rows.size:
            return None
        return cls(int(rows[0]), int(cols[0]), int(rows[-1] - rows[0]) + 1, int(cols[-1] - cols[0]) + 1)

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """First column right of the box."""
        return self.left + self.width

    @property
    def area(self) -> int:
        """Pixels inside."""
        return self.height * self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an (H, W, ...) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, px: int, within: tuple[int, int]) -> Box:
        """Grow by `px` on every side, cut to a picture of size `within` = (height, width)."""
        top, left = max(self.top - px, 0), max(self.left - px, 0)
        bottom, right = min(self.bottom + px, within[0]), min(self.right + px, within[1])
        return Box(top, left, bottom - top, right - left)

    def joined(self, other: Box) -> Box:
        """Return the smallest box around both."""
        top, left = min(self.top, other.top), min(self.left, other.left)
        return Box(top, left, max(self.bottom, other.bottom) - top, max(self.right, other.right) - left)

    def overlaps(self, other: Box) -> bool:
        """Tell whether a pixel lies in both."""
        return (
            self.top < other.bottom and other.top < self.bottom and self.left < other.right and other.left < self.right
        )

    def moved(self, rows: int, cols: int) -> Box:
        """Shift by whole pixels."""
        return replace(self, top=self.top + rows, left=self.left + cols)


@dataclass(frozen=True)
class Window:
    """A part of the picture that one call of the engine fills.

    Attributes
    ----------
    box : the region with its context, picture px
    core : the region whose hole pixels this window fills, within `box`; cores do not share a hole pixel
    scale : engine px per picture px; 1 = full resolution, below 1 = filled small, then made sharp
    pad_px : rows and columns added by reflection at the bottom and right to meet the engine's SizeRule, engine px
    detail : windows of full resolution, in order, in which patch synthesis turns the fill into sharp pixels, with the
        fill as its guide; empty = the fill is pasted as it is. Their cores share out this window's core.
    structure : whether the engine asks what crosses the hole before it fills it; "never" also where the plan knows that
        it would not help
    """

    box: Box
    core: Box
    scale: float = 1.0
    pad_px: tuple[int, int] = (0, 0)
    detail: tuple[Window, ...] = ()
    structure: Structure = "never"


@dataclass(frozen=True)
class Plan:
    """All decisions about one picture, before a pixel is computed; the same input gives the same plan."""

    size: tuple[int, int]
    engine: str
    windows: tuple[Window, ...]
    seed: int
    hole_px: int
    grow_px: int = 0
    feather_px: int = 0
    notes: tuple[str, ...] = ()
    reason: str = ""  # why this engine, where it was chosen

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts, lists, numbers and texts."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Crop:
    """What an engine gets.

    Attributes
    ----------
    image : (h, w, 3) float32, RGB in [0, 1]; what lies in the hole has no meaning
    hole : (h, w) bool, True = fill here
    source : (h, w) bool, True = may be copied from (never true in the hole: an engine need not check); None = all known
    guide : steers the fill, or None
    max_memory_bytes : what the engine may take on top of the crop; None = no bound
    structure : what the window says
    progress : to be called now and then with the share that is done, 0 to 1; what it raises ends the fill. An engine
        that cannot say leaves it alone
    h, w obey the engine's SizeRule.
    """

    image: Image
    hole: Hole
    source: Hole | None = None
    guide: Guide | None = None
    max_memory_bytes: int | None = None
    structure: Structure = "never"
    progress: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.float32:
            raise InputError(f"a crop's image must be (h, w, 3) float32, not {self.image.shape} of {self.image.dtype}")
        if self.hole.shape != self.image.shape[:2] or self.hole.dtype != np.bool_:
            raise InputError(f"a crop's hole must be {self.image.shape[:2]} bool, not {self.hole.shape}")
        object.__setattr__(self, "image", _freeze(self.image))
        object.__setattr__(self, "hole", _freeze(self.hole))
        if self.source is not None:
            if self.source.shape != self.hole.shape or self.source.dtype != np.bool_:
                raise InputError(f"a crop's source must be {self.hole.shape} bool, not {self.source.shape}")
            object.__setattr__(self, "source", _freeze(self.source & ~self.hole))

    @property
    def known(self) -> Hole:
        """(h, w) bool, the pixels that may be copied from."""
        return ~self.hole if self.source is None else self.source


@dataclass(frozen=True, eq=False)
class Fill:
    """What an engine gives.

    Attributes
    ----------
    pixels : (h, w, 3) float32, RGB in [0, 1]; read in the hole only
    copied_from : (h, w, 2) int32, (row, col) in the crop of each hole pixel's source, or None
    notes : what the user should know ("little to copy from: smooth fill used")
    stages : pictures of the way there, name to (h, w, 3) float32; only where the options asked for them
    confidence : (h, w) float32 in [0, 1], how far each pixel of the hole is to be believed where the fill becomes a
        guide; known pixels count as 1; None = everywhere alike
    """

    pixels: Image
    copied_from: NDArray[np.int32] | None = None
    notes: tuple[str, ...] = ()
    stages: Mapping[str, Image] = field(default_factory=dict)
    confidence: NDArray[np.float32] | None = None


# --- engines -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SizeRule:
    """What crop sizes an engine takes, engine px.

    `hole_px` is the longest side of a hole that the engine fills well at its own scale (None: any): the plan makes a
    window smaller until its hole fits. `fixed_px` is set where the engine takes one square size only.
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
    context : context around a hole on each side, as a share of the hole's longer side
    min_context_px : the least context, picture px
    bytes_per_px : peak memory for one crop pixel, measured; the plan keeps within --max-memory with it
    bits : depth of the fill; a picture of more bits gets a note
    guides : kinds of guides it takes; one that takes "layout" can also make one itself
    weights : names in the weights catalogue that fit, the default first; empty = needs none
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


# --- asking and answering ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Length:
    """A length in px, or in percent of the size of the object it is for ("12", "12px", "5%"); below 0 it shrinks."""

    value: float = 0.0
    unit: Literal["px", "%"] = "px"

    def __post_init__(self) -> None:
        if not np.isfinite(self.value):
            raise InputError(f"a length must be a finite number, not {self.value}{self.unit}")

    @classmethod
    def parse(cls, text: str) -> Length:
        """Read "12", "12px" or "5%"."""
        body, unit = (text[:-1], "%") if text.endswith("%") else (text.removesuffix("px"), "px")
        try:
            return cls(float(body), unit)  # type: ignore[arg-type]
        except ValueError:
            raise InputError(f"'{text}' is not a length; write 12, 12px or 5%") from None

    @classmethod
    def of(cls, value: Length | float | str) -> Length:
        """Take a length, a text, or a number of px."""
        if isinstance(value, Length):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise InputError(f"{value!r} is not a length; write 12, '12px' or '5%'")
        return cls(float(value))

    def in_px(self, object_px: float) -> float:
        """Return the length in px for an object of that size (root of its area), px."""
        return self.value if self.unit == "px" else self.value / 100 * object_px


@dataclass(frozen=True)
class Options:
    """How one fill is made.

    Attributes
    ----------
    seed : another seed gives another fill, the same seed the same
    grow : the hole is grown by this much before it is filled, below 0 it shrinks; a text as "3%" or a number of px
        will do
    feather : the fill fades over this much of the grown ring
    window : "whole" = one window, the whole picture at its own scale
    max_memory_bytes : what the engine may take on top of the picture
    texture : make fills sharp by patch synthesis: where they were made small, always, never
    structure : ask what crosses the hole before it is filled: where that helps, everywhere, everywhere with the
        network of the package, never
    """

    seed: int = 0
    grow: Length = Length()
    feather: Length = Length()
    window: Literal["auto", "whole"] = "auto"
    max_memory_bytes: int = 2 << 30
    texture: Literal["auto", "always", "never"] = "auto"
    structure: Structure = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "grow", Length.of(self.grow))
        object.__setattr__(self, "feather", Length.of(self.feather))
        if self.feather.value < 0:
            raise InputError(f"feather must not be negative: {self.feather.value:g}{self.feather.unit}")
        if not isinstance(self.seed, int | np.integer) or not 0 <= self.seed < 2**31:
            raise InputError(f"seed must be a whole number from 0 to 2147483647, not {self.seed!r}")
        if not isinstance(self.max_memory_bytes, int | np.integer) or self.max_memory_bytes < 64 << 20:
            raise InputError(f"--max-memory must be at least 64MB (67108864 bytes), not {self.max_memory_bytes!r}")


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one picture; `freefill.Result` adds how it is shown and saved.

    Attributes
    ----------
    picture : the filled picture; equal to the input outside `mask`, bit for bit
    mask : the final mask (after growing)
    plan : what was decided
    seconds : wall time by part: "plan", "cut", "fill", "detail", "paste"
    notes : what the user should know, in the order it came up
    stages : name to (h, w, 3) float32, where asked for
    weights_sha256 : of the weights used, or None
    """

    picture: Picture
    mask: Mask
    plan: Plan
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    stages: Mapping[str, Image] = field(default_factory=dict)
    weights_sha256: str | None = None
