"""The user's door: paths, PIL images and arrays in, the same kind out; engines loaded once.

import freefill
result = freefill.inpaint("photo.jpg", "mask.png")
result.save("out.jpg")
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from freefill.engines import registry
from freefill.engines.engine import Ready
from freefill.errors import EngineError
from freefill.inputs import MaskLike, PictureLike, as_picture, mask_for, mask_picture, sources
from freefill.values import EngineSettings, Hole, Length, Mask, Options, Picture, Plan, Result

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Filled(Result):
    """A result that also gives the picture back as the caller gave it."""

    like: Any = None

    @cached_property
    def image(self) -> Any:
        """The filled picture, of the kind that was passed in: a PIL image, or an array of the same shape and dtype."""
        from freefill.images.arrays import is_pil, to_array

        like = self.like if isinstance(self.like, np.ndarray) or is_pil(self.like) else None
        return to_array(self.picture, like)

    def save(self, path: str | os.PathLike[str], *, format: str | None = None, quality: int | None = None) -> None:
        """Write the filled picture; format, depth, metadata and compression follow the input unless told otherwise."""
        from freefill.images.write import write_picture

        write_picture(self.picture, path, format=format, quality=quality)

    def save_mask(self, path: str | os.PathLike[str]) -> None:
        """Write the final mask as a 1-bit PNG, white = hole."""
        from freefill.images.write import write_picture

        write_picture(mask_picture(self.mask), path, format="PNG")


class Inpainter:
    """Engines, loaded once and used often, from any number of threads.

    Parameters
    ----------
    engine : a name of `freefill engines`, or "auto": chosen for each picture by what its hole is
    weights : a name of `freefill weights list` or a file; None = the engine's default
    device : "auto", "cpu", "cuda", "mps"
    precision : "fp32", "bf16", "fp16"
    save_stages, save_attention : keep the engine's intermediate pictures in `Result.stages`

    Raises
    ------
    EngineError, WeightsError
        If the engine is not known or cannot run here; said at once, not at the first picture.
    """

    def __init__(
        self,
        engine: str = "auto",
        *,
        weights: str | None = None,
        device: str = "auto",
        precision: Literal["fp32", "bf16", "fp16"] = "fp32",
        save_stages: bool = False,
        save_attention: bool = False,
    ) -> None:
        self._settings = EngineSettings(weights, device, precision, save_stages, save_attention)
        self._name = engine
        self._loaded: dict[str, Ready] = {}
        self._lock = threading.Lock()
        if engine != "auto":
            self._load(registry.find(engine).name)

    def __call__(
        self,
        image: PictureLike,
        mask: MaskLike,
        *,
        seed: int = 0,
        grow: float | str = 0,
        feather: float | str = 0,
        invert: bool = False,
        mask_fit: Literal["error", "scale"] = "error",
        refine: bool = False,
        source: MaskLike | None = None,
        not_from: MaskLike | None = None,
        window: Literal["auto", "whole"] = "auto",
        texture: Literal["auto", "always", "never"] = "auto",
        structure: Literal["auto", "layout", "never"] = "auto",
        max_memory_bytes: int = Options.max_memory_bytes,
    ) -> Filled:
        """Fill the masked part of one picture; see `freefill.inpaint`."""
        picture = as_picture(image)
        options = Options(seed, _length(grow), _length(feather), window, max_memory_bytes, texture, structure)
        hole = mask_for(mask, picture, invert=invert, fit=mask_fit, refine=refine)
        result = self.run(picture, hole, options, source=sources(picture, source, not_from, mask_fit))
        return Filled(**{name: getattr(result, name) for name in Result.__dataclass_fields__}, like=image)

    def run(
        self,
        picture: Picture,
        mask: Mask,
        options: Options = Options(),  # noqa: B008 (frozen)
        *,
        source: Hole | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Result:
        """Fill one picture; values in, a value out."""
        from freefill.inpainting import inpaint as run_recipe

        ready, note = self._ready_for(mask)
        texture = self._texture(options)
        result = run_recipe(picture, mask, ready, options, texture, source, progress)
        return replace(result, notes=(note, *result.notes)) if note and result.plan.hole_px else result

    def plan(self, picture: Picture, mask: Mask, options: Options = Options()) -> Plan:  # noqa: B008 (frozen)
        """Decide everything and fill nothing."""
        from freefill.inpainting import prepare

        ready, note = self._ready_for(mask)
        _, _, plan = prepare(picture, mask, ready, options, self._texture(options))
        return replace(plan, notes=(note, *plan.notes)) if note else plan

    def fill_batch(self, images: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Fill a batch of tensors by a network, without files, windows or growing.

        Parameters
        ----------
        images : (B, 3, H, W) float in [0, 1]
        masks : (B, 1, H, W), non-zero = hole

        Returns
        -------
        (B, 3, H, W) float, equal to `images` outside the holes, bit for bit

        Raises
        ------
        EngineError
            If the engine is not a network.
        """
        name = self._name
        engine = None if name == "auto" else self._load(registry.find(name).name).engine
        batch = getattr(engine, "fill_batch", None)
        if batch is None:
            raise EngineError(f"engine '{name}' takes no tensors; use deepfillv2, lama or migan")
        return batch(images, masks)

    def _load(self, name: str) -> Ready:
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = registry.load(registry.find(name), self._settings)
            return self._loaded[name]

    def _ready_for(self, mask: Mask) -> tuple[Ready, str]:
        """Return the engine for this mask, and why it was chosen where it was."""
        if self._name != "auto":
            return self._load(registry.find(self._name).name), ""
        from freefill.engines.choose import choose

        name, reason = choose(mask.hole)
        return self._load(name), f"engine {name}: {reason}"

    def _texture(self, options: Options) -> Ready | None:
        """Return patch synthesis, which makes small fills sharp."""
        return None if options.texture == "never" else self._load("texture")


def inpaint(image: PictureLike, mask: MaskLike, *, engine: str = "auto", weights: str | None = None,
            device: str = "auto", seed: int = 0, grow: float | str = 0, feather: float | str = 0,
            invert: bool = False, mask_fit: Literal["error", "scale"] = "error", refine: bool = False,
            source: MaskLike | None = None, not_from: MaskLike | None = None,
            window: Literal["auto", "whole"] = "auto", texture: Literal["auto", "always", "never"] = "auto",
            structure: Literal["auto", "layout", "never"] = "auto",
            max_memory_bytes: int = Options.max_memory_bytes) -> Filled:  # fmt: skip
    """Fill the masked part of one picture.

    Parameters
    ----------
    image : a path, a file object, a PIL image, or an array: (H, W), (H, W, 1..4) of uint8, uint16, or float in [0, 1]
    mask : the same kinds; white, non-zero or True = hole; or a word: "alpha" (where the picture itself is transparent),
        "people", "salient", "text" (found in the picture; needs the extra `detect` and fetched models)
    engine, weights, device : see `Inpainter`, which loads an engine once for many pictures
    seed : another seed gives another fill, the same seed the same
    grow : grow the hole by px, or by percent of its size ("3%"), before filling
    feather : let the fill fade over this much of the grown ring
    invert : black is hole
    mask_fit : "scale" takes a mask of another size
    refine : repair the mask first, so that it covers the whole thing (`freefill.masks.refine`)
    source, not_from : masks of what may, and what may not, be copied from
    window : "whole" = one window, the whole picture at its own scale
    texture : make fills sharp by patch synthesis: "auto" where they were made small, "always", "never"
    structure : ask what crosses the hole (a horizon, a pole, the edge of a board) before it is filled: "auto" where
        that helps, "layout" = everywhere, "never"
    max_memory_bytes : what the engine may take on top of the picture

    Returns
    -------
    Filled : `.image` (same kind as `image`), `.save(path)`, `.mask`, `.plan`, `.notes`, `.seconds`

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
    >>> int(inpaint(image, mask, engine="telea").image.max())
    90
    """
    return Inpainter(engine, weights=weights, device=device)(
        image, mask, seed=seed, grow=grow, feather=feather, invert=invert, mask_fit=mask_fit, refine=refine,
        source=source, not_from=not_from, window=window, texture=texture, structure=structure,
        max_memory_bytes=max_memory_bytes,
    )  # fmt: skip


def _length(value: float | str) -> Length:
    return Length.parse(value) if isinstance(value, str) else Length(float(value))
