"""The user's door for many pictures: engines loaded once; whatever holds a picture in, the same kind out.

import freefill
fill = freefill.Inpainter(engine="texture")
fill("photo.jpg", "mask.png").save("out.jpg")
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from freefill.engines import registry
from freefill.engines.engine import Ready, TakesTensors
from freefill.errors import EngineError
from freefill.inputs import MaskLike, PictureLike, as_picture, mask_for, sketch_for, sources
from freefill.progress import Progress
from freefill.request import DEFAULT_MAX_MPX, WISHES, Request, Shape, speaking_python
from freefill.result import Result
from freefill.values import EngineSpec, Hole, Mask, Options, Outcome, Picture, Plan, Structure

if TYPE_CHECKING:
    import torch


class Inpainter:
    """Engines, loaded once and used often, from any number of threads.

    It can be pickled: the copy loads its engines anew. As a context manager it lets go of them at the end.

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

    Examples
    --------
    >>> with Inpainter("telea") as fill:
    ...     fill(np.full((40, 60), 90, np.uint8), shapes=["box:10,10,8,4"])
    <freefill.Result 60x40, 1.3% filled by telea in ...>
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
        self._settings = Request(
            engine=engine,
            weights=weights,
            device=device,
            precision=precision,
            save_stages=save_stages,
            save_attention=save_attention,
        )
        self._name = engine
        self._loaded: dict[str, Ready] = {}
        self._lock = threading.Lock()
        if engine != "auto":
            self._load(registry.find(engine).name)

    @classmethod
    def of(cls, request: Request) -> Inpainter:
        """Return the one that a request wants."""
        return cls(
            request.engine,
            weights=request.weights,
            device=request.device,
            precision=request.precision,
            save_stages=request.save_stages,
            save_attention=request.save_attention,
        )

    def __enter__(self) -> Inpainter:
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._loaded.clear()

    def __repr__(self) -> str:
        """Return one line: which engine."""
        weights = f" with {self._settings.weights}" if self._settings.weights else ""
        return f"<freefill.Inpainter '{self._name}'{weights}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Inpainter.of, (self._settings,)

    def __call__(
        self,
        image: PictureLike,
        mask: MaskLike | None = None,
        *,
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
        progress: Callable[[Progress], None] | None = None,
    ) -> Result:
        """Fill the masked part of one picture; see `freefill.inpaint`."""
        given = locals()  # every argument by its name: docs/decisions/0074
        with speaking_python():
            request = Request(**{wish: given[wish] for wish in WISHES if wish in given})
            return Result.of(self.fulfil(as_picture(image, max_mpx), mask, request, progress), image)

    def fulfil(
        self,
        picture: Picture,
        mask: MaskLike | None,
        request: Request,
        progress: Callable[[Progress], None] | None = None,
    ) -> Outcome:
        """Make the mask and fill it, as a request says; its engine and settings are this Inpainter's own already."""
        made = mask_for(mask, picture, request, request.max_mpx)
        source, sketch = sources(picture, request), sketch_for(picture, request)
        return self.run(picture, made, request, source=source, sketch=sketch, progress=progress)

    def run(
        self,
        picture: Picture,
        mask: Mask,
        options: Options = Options(),  # noqa: B008 (frozen)
        *,
        source: Hole | None = None,
        sketch: Hole | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Outcome:
        """Fill one picture; values in, a value out."""
        from freefill.inpainting import inpaint as run_recipe

        ready, reason = self._ready_for(mask)
        texture = self._texture(options)
        outcome = run_recipe(picture, mask, ready, options, texture, source, sketch, progress)
        if not outcome.plan.hole_px:  # no engine was chosen for an empty hole
            return outcome
        notes = (*outcome.notes, *_without_effect(ready.spec, self._settings))
        return replace(outcome, plan=replace(outcome.plan, reason=reason), notes=notes)

    def plan(self, picture: Picture, mask: Mask, options: Options = Options()) -> Plan:  # noqa: B008 (frozen)
        """Decide everything and fill nothing."""
        from freefill.inpainting import prepare

        ready, reason = self._ready_for(mask)
        _, _, plan = prepare(picture, mask, ready, options, self._texture(options))
        return replace(plan, reason=reason)

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
        if not isinstance(engine, TakesTensors):
            raise EngineError(f"engine '{name}' does not take tensors; use deepfillv2, lama or migan")
        return engine.fill_batch(images, masks)

    def _load(self, name: str) -> Ready:
        with self._lock:  # two threads that begin together load it once
            if name not in self._loaded:
                self._loaded[name] = registry.load(registry.find(name), self._settings)
            return self._loaded[name]

    @property
    def weights_sha256(self) -> str | None:
        """Of the weights that the engine uses, or None where it has none, or is chosen for each picture."""
        if self._name == "auto":
            return None
        return self._load(registry.find(self._name).name).engine.weights_sha256

    def engine_for(self, mask: Mask) -> str:
        """Return the name of the engine that fills this mask: the user's, or the one that "auto" chooses."""
        return self._ready_for(mask)[0].spec.name

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


def _without_effect(spec: EngineSpec, request: Request) -> tuple[str, ...]:
    """Say which wishes are for networks only, where the engine is none: else they would be ignored without a word."""
    asked = [f"--weights {request.weights}"] if request.weights and not spec.weights else []
    if request.device not in ("auto", "cpu") and spec.devices == ("cpu",):
        asked.append(f"--device {request.device}")
    if not asked:
        return ()
    return (f"engine '{spec.name}' is no network, so {' and '.join(asked)} had no effect; try --engine deepfillv2",)
