"""Every measure of a case in one table: its name, which way is better, what it needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from freefill.diagnosis.diagnose import diagnose
from freefill.errors import InputError, WeightsError
from freefill.evaluation.cases import Case
from freefill.inpainter import Inpainter
from freefill.judging import half_tokens
from freefill.metrics import removal
from freefill.metrics.edge_error import edge_error
from freefill.metrics.l1 import l1
from freefill.metrics.lpips import Lpips
from freefill.metrics.psnr import psnr_db
from freefill.metrics.self_consistency import self_consistency
from freefill.metrics.ssim import ssim
from freefill.metrics.stlpips import StLpips
from freefill.values import Hole, Mask, Options, Picture


@dataclass(frozen=True)
class Measure:
    """One column.

    Attributes
    ----------
    name, unit : as printed
    better : which way
    needs : "truth" and names of weights, without which it is left out and said so
    forgives : what it does not see, or rewards wrongly; one line for people
    of_set : of all pictures together, by features
    slow : taken only where it is asked for by its name
    """

    name: str
    better: Literal["up", "down"]
    needs: tuple[str, ...]
    forgives: str
    unit: str = ""
    of_set: bool = False
    slow: bool = False

    @property
    def arrow(self) -> str:
        """Which way is better."""
        return "↑" if self.better == "up" else "↓"


MEASURES: tuple[Measure, ...] = (
    Measure("psnr", "up", ("truth",), "rewards blur", "dB"),
    Measure("psnr_hole", "up", ("truth",), "rewards blur", "dB"),
    Measure("ssim", "up", ("truth",), "forgives a change of light"),
    Measure("ssim_hole", "up", ("truth",), "forgives a change of light"),
    Measure("l1", "down", ("truth",), "rewards blur", "%"),
    Measure("l1_hole", "down", ("truth",), "rewards blur", "%"),
    Measure("edge_error", "down", ("truth",), "sees the border alone", "%"),
    Measure("st_lpips", "down", ("truth", "stlpips-alex"), "forgives small shifts"),
    Measure("rc_s_dinov2s", "up", ("dinov2-focus",), "rewards copies of what is beside the hole"),
    Measure("token_coherence", "up", ("dinov2-focus",), "rewards blur and copies"),
    Measure("context_distance", "down", ("dinov2-focus",), "rewards blur and copies"),
    Measure("diagnosis", "down", (), "knows eight failures, and no meaning"),
    Measure("kid_effnetlite0", "down", ("truth", "efficientnet-lite0"), "sees the set, not the picture", of_set=True),
    Measure("mind_effnetlite0", "down", ("truth", "efficientnet-lite0"), "sees the set, not the picture", of_set=True),
    Measure(
        "frechet_effnetlite0", "down", ("truth", "efficientnet-lite0"), "depends on the number of pictures", of_set=True
    ),
    Measure("fid_inception", "down", ("truth", "inception-fid"), "depends on the number of pictures", of_set=True),
    Measure("lpips_alex", "down", ("truth", "lpips-alex"), "forgives damage spread evenly, and copies"),
    Measure("lpips_vgg", "down", ("truth", "lpips-vgg"), "forgives damage spread evenly, and copies"),
    Measure("self_consistency", "down", ("stlpips-alex",), "rewards blur and copies: easily filled again", slow=True),
)
QUICK = ("psnr", "psnr_hole", "ssim", "ssim_hole", "l1", "l1_hole", "edge_error", "st_lpips", "diagnosis")


def choose(names: Sequence[str] | None) -> tuple[Measure, ...]:
    """Return the measures of these names, or those that are quick; "all" = all but the slow ones.

    Raises
    ------
    InputError
        If a name is none of the table.
    """
    known = {measure.name: measure for measure in MEASURES}
    if names is not None and "all" in names:
        return tuple(m for m in MEASURES if not m.slow or m.name in names)
    for name in names or ():
        if name not in known:
            raise InputError(f"measure '{name}' is not known; all: {', '.join(known)}")
    return tuple(known[name] for name in (names or QUICK))


class Measurer:
    """Measures cases; networks are opened when they are first needed, and what is not here is left out and named."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self.measures = tuple(measures)
        self.absent: dict[str, str] = {}
        self._last: tuple[str, Any] = ("", None)
        self._opened: dict[str, Lpips] = {}
        self._seen: dict[bytes, NDArray[np.float32]] = {}

    def of_case(self, case: Case, composite: NDArray[np.uint8]) -> dict[str, float]:
        """Return every measure of one composite that can be had; a float by name.

        Parameters
        ----------
        case : what was given
        composite : (h, w, 3) uint8, the fill in the hole, the picture elsewhere
        """
        found: dict[str, float] = {}
        self._seen.clear()
        image = _float(composite)
        truth = None if case.truth is None else _float(case.truth)
        for measure in self.measures:
            if measure.of_set or ("truth" in measure.needs and truth is None):
                continue
            try:
                found[measure.name] = float(self._one(measure.name, case, truth, image, composite))
            except WeightsError as error:
                self.absent[measure.name] = str(error)
        return found

    def features(self, image: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return the features of a picture by network, of those that the set measures want and that are here.

        Parameters
        ----------
        image : (h, w, 3) uint8

        Returns
        -------
        "efficientnet-lite0" to (1280,), "inception-fid" to (2048,)
        """
        found: dict[str, NDArray[np.float32]] = {}
        for network in dict.fromkeys(measure.needs[-1] for measure in self.measures if measure.of_set):
            try:
                found[network] = self._features_of(network, image)
            except WeightsError as error:
                self.absent |= {m.name: str(error) for m in self.measures if m.of_set and m.needs[-1] == network}
        return found

    def _features_of(self, network: str, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        inception = network == "inception-fid"
        opened = self._inception if inception else self._efficientnet
        import torch

        from freefill.networks import efficientnet_lite0
        from freefill.networks import inception as inception_v3

        squeeze = inception_v3.from_image if inception else efficientnet_lite0.from_image
        with torch.inference_mode():
            batch = torch.from_numpy(_float(image)).permute(2, 0, 1)[None]
            return opened(squeeze(batch))[0].numpy()

    def _one(self, name: str, case: Case, truth: Any, image: Any, composite: NDArray[np.uint8]) -> float:
        hole = case.hole
        if name == "diagnosis":
            # where the picture is its own truth no thing was removed, and nothing of one can be left beside the hole
            before = composite if case.truth is case.picture else case.picture
            return diagnose(before, hole, composite, half_tokens()).score
        if name == "st_lpips":
            return self._in_hole(case, truth, image)
        if name in ("rc_s_dinov2s", "token_coherence", "context_distance"):
            return getattr(removal, name)(image, hole, self._tokens)
        if name == "edge_error":
            return edge_error(truth, image, hole)
        if name in ("lpips_alex", "lpips_vgg"):
            return self._lpips("alex" if name == "lpips_alex" else "vgg")(truth, image)
        if name == "self_consistency":
            return self_consistency(image, hole, _refilled, self._stlpips.in_hole)
        metric = {"psnr": psnr_db, "ssim": ssim, "l1": l1}[name.removesuffix("_hole")]
        return metric(truth, image, hole if name.endswith("_hole") else None)

    def _in_hole(self, case: Case, truth: Any, image: Any) -> float:
        """Return ST-LPIPS in the hole; the truth's features are kept for the next engine."""
        from freefill.metrics.stlpips import hole_box

        inside = hole_box(case.hole).slices
        if self._last[0] != case.name:
            self._last = case.name, self._stlpips.features(truth[inside])
        distance = self._stlpips.between(self._last[1], self._stlpips.features(image[inside]))
        return distance / float(case.hole[inside].mean())

    @cached_property
    def _stlpips(self) -> StLpips:
        from freefill.weights.opening.features import open_stlpips

        return StLpips(_here("stlpips-alex", open_stlpips))

    def _lpips(self, trunk: Literal["alex", "vgg"]) -> Lpips:
        from freefill.weights.opening.features import open_lpips

        if trunk not in self._opened:
            self._opened[trunk] = Lpips(trunk, _here(f"lpips-{trunk}", partial(open_lpips, trunk)))
        return self._opened[trunk]

    @cached_property
    def _inception(self) -> Any:
        from freefill.weights.opening.features import open_inception

        return _here("inception-fid", open_inception)

    @cached_property
    def _efficientnet(self) -> Any:
        from freefill.weights.opening.features import open_efficientnet

        return _here("efficientnet-lite0", open_efficientnet)

    @cached_property
    def _network(self) -> Any:
        from freefill.weights.opening.features import open_dinov2

        return _here("dinov2-focus", open_dinov2)

    def _tokens(self, image: Any) -> NDArray[np.float32]:
        """Return DINOv2's tokens; two of the removal metrics look at the same crops, which are worked out once."""
        key = hashlib.sha256(image.tobytes()).digest()
        if key not in self._seen:
            self._seen[key] = self._tokens_of(image)
        return self._seen[key]

    def _tokens_of(self, image: Any) -> NDArray[np.float32]:
        import torch

        # ImageNet's, by which DINOv2 was trained.
        mean, deviation = (np.array(x, np.float32) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        batch = torch.from_numpy((image - mean) / deviation).permute(2, 0, 1)[None]
        with torch.inference_mode():
            return self._network(batch)[0].numpy()


def _refilled(image: NDArray[np.float32], hole: Hole) -> NDArray[np.float32]:
    """Fill a hole by the engine that needs no weights."""
    pixels = np.rint(image * 255).astype(np.uint8)
    return _float(np.asarray(_texture().run(Picture(pixels), Mask(hole), Options()).picture.pixels))


@cache
def _texture() -> Inpainter:
    return Inpainter("texture")


def _here(name: str, opened: Any) -> Any:
    """Open weights; where torch is not installed they cannot be used, which is said as if they were absent."""
    try:
        return opened()
    except ImportError:
        raise WeightsError(f"{name}: needs an extra; run: pip install 'freefill[torch]'") from None


def _float(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return image.astype(np.float32) / np.float32(255)
