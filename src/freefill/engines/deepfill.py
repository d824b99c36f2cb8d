"""DeepFillv2: objects of any shape in scenes, and faces, by the public weights in both layouts.

Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019; docs/deepfillv2.md explains the network. It
works in [-1, 1] with 1 = hole, on sides that are multiples of 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from freefill.engines.device import check_precision, computing, image_of, pick_device, tensors_of
from freefill.errors import EngineError, InputError
from freefill.values import Crop, EngineSettings, Fill, Image
from freefill.weights.locate import locate, sha256_of, state
from freefill.weights.opening.load import load_state, read_about
from freefill.weights.opening.recognise import recognise
from freefill.weights.packaged import packaged

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from freefill.networks.on_processor.hole_generator import Filled

MULTIPLE_PX = 8  # the attention's grid is an eighth of the picture
# Memory beside the attention's scores, measured (docs/results/deepfill.md); a quarter of what is left goes to one array
# of scores, since some four live at a time.
BYTES_PER_PX = 420
LEAST_CHUNK_BYTES = 1 << 20


LARGE, SMALL = "places2", "deepfill-starter"
SMALL_NOTE = (
    f"small weights that come with freefill filled this; the large ones (they forbid commercial use): "
    f"freefill weights fetch {LARGE}"
)
NO_LINES = "these weights take a sketch, and none was given: filled as if it were empty"


def default_weights() -> str:
    """Return the large weights where they were fetched, else the small ones where the package has them."""
    return SMALL if state(LARGE) == "not here" and packaged(SMALL) is not None else LARGE


class DeepFill:
    """Holds the network once; safe to use from several threads, for a fill leaves nothing behind on it."""

    def __init__(self, settings: EngineSettings) -> None:
        import torch

        from freefill.networks.deepfill_weights import from_state
        from freefill.networks.on_processor.hole_generator import HoleGenerator

        self._device = pick_device(settings.device, ("cpu", "cuda", "mps"))
        check_precision(settings, self._device, ("fp32", "bf16", "fp16"))
        self._settings = settings
        name = settings.weights or default_weights()
        self.weights_sha256: str | None = sha256_of(name)
        path = locate(name)
        tensors = load_state(path)
        side = read_about(path).get("side_px")
        self.trained_px = side if isinstance(side, int) and side >= 16 else None
        recognise(tensors, str(path))  # says what is wrong with the file, by its name
        generator = from_state(tensors)
        if generator.sketches > 1:
            raise EngineError(f"weights '{name}' want {generator.sketches} guides; one, a sketch, can be given")
        self._name, self._sketched = name, generator.sketches == 1
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[settings.precision]
        self._network = HoleGenerator(generator.to(self._device), dtype)
        self._notes = _slow_precision(settings, self._device.type)
        if name == SMALL and not settings.weights:
            self._notes += (SMALL_NOTE,)

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Return pixels for the hole; sides of the crop must be multiples of 8.

        Raises
        ------
        EngineError
            If they are not, the device has not enough memory, or there is a sketch and the weights take none.
        """
        del seed  # nothing is drawn at random
        image, mask = tensors_of(crop)
        want_best = self._settings.save_attention
        filled = self._run(image, mask, _chunk_bytes(crop), want_best, self._lines(crop))
        copied = _sources(filled.best_key, crop.hole) if want_best else None
        stages: dict[str, Image] = {}
        if self._settings.save_stages:
            stages |= {"coarse": _pixels(filled.coarse), "refined": _pixels(filled.refined)}
        if want_best:
            from freefill.engines.attention_map import attention_map

            stages["attention"] = attention_map(crop.image, crop.hole, copied)
        notes = (*self._notes, NO_LINES) if self._sketched and crop.guide is None else self._notes
        return Fill(_pixels(filled.refined), copied, notes, stages)

    def _lines(self, crop: Crop) -> Tensor | None:
        """Return a crop's sketch as the network takes it, (1, 1, h, w), or None where there is none."""
        import torch

        if crop.guide is None:
            return None
        if not self._sketched:
            raise EngineError(
                f"weights '{self._name}' take no sketch; leave --sketch out, or pass --weights that were trained with "
                "one (freefill train guided_sketch)"
            )
        return torch.from_numpy(crop.guide.values[..., 0].copy())[None, None]

    def fill_batch(self, images: Tensor, masks: Tensor) -> Tensor:
        """Fill a batch; each picture has its own mask.

        Parameters
        ----------
        images : (B, 3, H, W) float in [0, 1], any size; what lies in the hole is not read
        masks : (B, 1, H, W), non-zero = hole; weights that take a sketch fill as if it were empty

        Returns
        -------
        (B, 3, H, W) float32 in [0, 1], on the device of `images`; equal to `images` outside the holes

        Raises
        ------
        InputError
            If shapes or kinds of numbers are others.
        """
        import torch
        import torch.nn.functional as F

        from freefill.networks.contextual_attention import CHUNK_BYTES

        if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
            raise InputError(f"pictures are (B, 3, H, W) float in [0, 1], not {tuple(images.shape)} of {images.dtype}")
        if masks.shape != (len(images), 1, *images.shape[2:]):
            raise InputError(
                f"masks are (B, 1, H, W) like the pictures {tuple(images.shape)}, not {tuple(masks.shape)}"
            )
        height, width = images.shape[2:]
        below, right = -height % MULTIPLE_PX, -width % MULTIPLE_PX
        hole = masks != 0
        padded, padded_hole = images.float(), hole.float()
        if below or right:
            # The mask is reflected too: a copy of the hole is no source. Where the picture is too small to reflect, its
            # edge is repeated.
            how = "reflect" if below < height and right < width else "replicate"
            padded = F.pad(padded, (0, right, 0, below), mode=how)
            padded_hole = F.pad(padded_hole, (0, right, 0, below), mode=how)
        filled = self._run(padded, padded_hole > 0, CHUNK_BYTES, want_best=False).refined
        filled = ((filled + 1) / 2).clamp(0, 1)[:, :, :height, :width].to(images.device)
        return torch.where(hole, filled, images.float())

    def _run(
        self, images: Tensor, hole: Tensor, chunk_bytes: int, want_best: bool, lines: Tensor | None = None
    ) -> Filled:
        """Run the network on pictures in [0, 1]."""
        if images.shape[2] % MULTIPLE_PX or images.shape[3] % MULTIPLE_PX:
            raise EngineError(
                f"deepfillv2 takes sides that are multiples of 8, not {images.shape[3]}x{images.shape[2]}"
            )
        image_pm1 = images.to(self._device) * 2 - 1
        if self._sketched:
            lines = image_pm1.new_zeros(hole.shape) if lines is None else lines.to(self._device)
        # In fp32: what is to be rounded is rounded layer by layer inside.
        with computing(self._device, "fp32"):
            return self._network.fill(
                image_pm1, hole.to(self._device).float(), lines, chunk_bytes=chunk_bytes, want_best=want_best
            )


def _pixels(picture_pm1: Tensor) -> Image:
    """(1, 3, h, w) in [-1, 1] -> (h, w, 3) in [0, 1]."""
    return image_of(((picture_pm1 + 1) / 2).clamp(0, 1))


def _chunk_bytes(crop: Crop) -> int:
    """Return what one array of the attention's scores may take."""
    from freefill.networks.contextual_attention import CHUNK_BYTES  # loads torch

    if crop.max_memory_bytes is None:
        return CHUNK_BYTES
    left = crop.max_memory_bytes - BYTES_PER_PX * crop.hole.size
    return min(max(left // 4, LEAST_CHUNK_BYTES), CHUNK_BYTES)


def _sources(best_key: Tensor | None, hole: NDArray[np.bool_]) -> NDArray[np.int32] | None:
    """Return (h, w, 2): for each pixel, row and column of its main source, 8 px cell by cell; None if there is none."""
    if best_key is None:
        return None
    best = best_key[0].cpu().numpy()  # (h/8, w/8), -1 where the attention was not asked
    rows, cols = np.indices(hole.shape)
    cells = best[rows // 8, cols // 8]
    there = np.stack([cells // best.shape[1] * 8 + rows % 8, cells % best.shape[1] * 8 + cols % 8], axis=-1)
    return np.where((cells >= 0)[..., None], there, np.stack([rows, cols], axis=-1)).astype(np.int32)


def _slow_precision(settings: EngineSettings, device: str) -> tuple[str, ...]:
    """Say so where 16 bits were asked for and the processor has no arithmetic for them."""
    if device != "cpu" or settings.precision == "fp32":
        return ()
    import torch

    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    if not capabilities or any(value is True and "bf16" in name for name, value in capabilities.items()):
        return ()
    return ("this processor has no bf16 arithmetic: fp32 would be faster; leave --precision out",)
