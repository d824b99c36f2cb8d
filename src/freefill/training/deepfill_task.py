"""Training DeepFillv2: SN-PatchGAN with hinge loss and L1 of both stages.

Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, section 3.3 and algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from freefill.errors import InputError
from freefill.networks import losses, projected_discriminator
from freefill.networks.deepfill import PREFILL_CHANNELS, Generator
from freefill.networks.deepfill_weights import FIRST, from_state
from freefill.networks.gated_conv import WeightLayout
from freefill.networks.patch_discriminator import Normalisation, PatchDiscriminator
from freefill.networks.projected_discriminator import ProjectedDiscriminator
from freefill.networks.smooth_fill import smooth_fill
from freefill.training.options import RunOptions, made
from freefill.training.task import Batch, Tools, hole_mean
from freefill.weights.opening.features import open_efficientnet


@dataclass(frozen=True)
class DeepFillSettings:
    """The settings of this task; the defaults are the paper's.

    Attributes
    ----------
    layout : "pt" or "tf", how sides are padded and what the weights are called
    width : channels of the generator's first layer
    discriminator_width : of the discriminator's; 0 = no discriminator
    normalisation : "kept" is the authors' spectral normalisation, "overwritten" the public port's
    adversarial : "hinge" (equation 4) or "squares"
    rate, discriminator_rate : of Adam
    betas : of Adam, for both
    l1_weight, adversarial_weight : 1 : 1 in the paper
    hole_weight : how many times a pixel of the hole counts in L1; 1 in the paper
    gain : factor on the gated layers' first weights. At 1, the public port's, a new network fades to nothing: halved
        by every gate; 2.2 keeps the values' size through both stages, and learning begins at once
    discriminator : "patch" is the paper's; "projected" looks through EfficientNet-Lite0, whose weights have to be
        fetched: freefill weights fetch efficientnet-lite0
    feature_weight : of the distance in EfficientNet-Lite0's features; 0 in the paper
    discriminator_from : share of the steps after which the discriminator begins
    prefill : give the network a smooth fill of the hole to start from, and let it say what is to be added; the paper's
        network starts from nothing. A small one, trained for hours, gains much by it (docs/training-log.md)
    """

    layout: WeightLayout = "pt"
    width: int = 48
    discriminator_width: int = 64
    normalisation: Normalisation = "kept"
    adversarial: Literal["hinge", "squares"] = "hinge"
    rate: float = 1e-4
    discriminator_rate: float = 1e-4
    betas: tuple[float, float] = (0.5, 0.999)
    l1_weight: float = 1.0
    adversarial_weight: float = 1.0
    hole_weight: float = 1.0
    gain: float = 1.0
    discriminator: Literal["patch", "projected"] = "patch"
    feature_weight: float = 0.0
    discriminator_from: float = 0.0
    prefill: bool = False


class DeepFillTask:
    """Generator and discriminator; see `Task` for the attributes."""

    averaged = "generator"
    score_by = "l1"

    def __init__(self, options: RunOptions, kept: Mapping[str, Mapping[str, Tensor]] | None = None) -> None:
        settings = made(DeepFillSettings, options.settings, "settings")
        self.settings = settings
        guides = 1 if options.sketch else 0
        self.generator = _generator(settings, guides, "" if kept else options.start)
        self.networks: dict[str, nn.Module] = {"generator": self.generator}
        self.optimizers: dict[str, Optimizer] = {
            "generator": torch.optim.Adam(self.generator.parameters(), settings.rate, settings.betas)
        }
        projected = settings.discriminator == "projected"
        lite0 = open_efficientnet() if projected or settings.feature_weight else None
        # Apart from `networks`: no snapshot holds what everybody can fetch.
        self.features = lite0 if settings.feature_weight else None
        self.discriminator: PatchDiscriminator | ProjectedDiscriminator | None = None
        if projected and lite0 is not None:
            self.discriminator = ProjectedDiscriminator(lite0)
        elif settings.discriminator_width:
            self.discriminator = PatchDiscriminator(
                settings.discriminator_width, 4 + guides, settings.layout, settings.normalisation
            )
        if self.discriminator is not None:
            self.networks["discriminator"] = self.discriminator
            self.optimizers["discriminator"] = torch.optim.Adam(
                self.discriminator.parameters(), settings.discriminator_rate, settings.betas
            )

    def step(self, batch: Batch, tools: Tools) -> dict[str, Tensor]:
        """Fill, let the discriminator learn from real and filled pictures, then the generator from its scores."""
        coarse, refined = tools.ready["generator"](batch.image_pm1, batch.mask, batch.sketch)
        filled = batch.completed(refined)
        playing = self.discriminator is not None and tools.step >= self.settings.discriminator_from * tools.steps
        # Detached: from its own step the generator is to learn nothing.
        judged = self._discriminator_step(batch, filled.detach(), tools) if playing else {}
        return judged | self._generator_step(batch, coarse, refined, filled, tools, playing)

    def _discriminator_step(self, batch: Batch, filled: Tensor, tools: Tools) -> dict[str, Tensor]:
        both = torch.cat([batch.image_pm1, filled])  # one call, as the authors': (2B, 3, h, w)
        if self.settings.discriminator == "projected":
            scores = tools.ready["discriminator"](both)
            of_real, of_fake = zip(*(each.chunk(2) for each in scores), strict=True)
            loss, real, fake = projected_discriminator.judged(of_real, of_fake, batch.mask), of_real[-1], of_fake[-1]
        else:
            sketch = None if batch.sketch is None else batch.sketch.repeat(2, 1, 1, 1)
            real, fake = tools.ready["discriminator"](both, batch.mask.repeat(2, 1, 1, 1), sketch).chunk(2)
            hinge = self.settings.adversarial == "hinge"
            loss = (losses.hinge_discriminator if hinge else losses.squares_discriminator)(real, fake)
        norm = tools.update("discriminator", loss)
        told = {"discriminator": loss, "real_score": real.mean(), "fake_score": fake.mean(), "discriminator_norm": norm}
        return {name: value.detach() for name, value in told.items()}

    def _generator_step(
        self, batch: Batch, coarse: Tensor, refined: Tensor, filled: Tensor, tools: Tools, playing: bool
    ) -> dict[str, Tensor]:
        weight = None if self.settings.hole_weight == 1 else 1 + (self.settings.hole_weight - 1) * batch.mask
        parts = {
            "l1_coarse": losses.reconstruction(batch.image_pm1, coarse, weight),
            "l1_refined": losses.reconstruction(batch.image_pm1, refined, weight),
        }
        loss = self.settings.l1_weight * (parts["l1_coarse"] + parts["l1_refined"])
        if playing:
            parts["adversarial"] = self._adversarial(batch, filled, tools)
            loss = loss + self.settings.adversarial_weight * parts["adversarial"]
        if self.features is not None:
            features = self.features.to(filled.device)
            parts["features"] = projected_discriminator.feature_distance(features, filled, batch.image_pm1)
            loss = loss + self.settings.feature_weight * parts["features"]
        norm = tools.update("generator", loss)
        told = {**parts, "generator": loss, "generator_norm": norm}
        return {name: value.detach() for name, value in told.items()}

    def _adversarial(self, batch: Batch, filled: Tensor, tools: Tools) -> Tensor:
        if self.settings.discriminator == "projected":
            return projected_discriminator.convinced(tools.frozen["discriminator"](filled), batch.mask)
        scores = tools.frozen["discriminator"](filled, batch.mask, batch.sketch)
        hinge = self.settings.adversarial == "hinge"
        return (losses.hinge_generator if hinge else losses.squares_generator)(scores)

    def score(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Mean absolute difference in the hole, in [-1, 1], of both stages, and PSNR there."""
        coarse, refined = network(batch.image_pm1, batch.mask, batch.sketch)
        error = hole_mean((refined - batch.image_pm1).square(), batch.mask) / 4  # of values in [0, 1]
        guess = smooth_fill(batch.masked_pm1, batch.mask) if self.settings.prefill else None
        of_guess = {} if guess is None else {"prefill_l1": hole_mean((guess - batch.image_pm1).abs(), batch.mask)}
        return {
            **of_guess,
            "l1": hole_mean((refined - batch.image_pm1).abs(), batch.mask),
            "l1_coarse": hole_mean((coarse - batch.image_pm1).abs(), batch.mask),
            "psnr_db": -10 * error.clamp(min=1e-10).log10(),  # an error of 0 has no logarithm
        }

    def samples(self, network: nn.Module, batch: Batch) -> list[Tensor]:
        """The masked picture, both stages pasted, the truth."""
        coarse, refined = network(batch.image_pm1, batch.mask, batch.sketch)
        return [batch.masked_pm1, batch.completed(coarse), batch.completed(refined), batch.image_pm1]


def _generator(settings: DeepFillSettings, guides: int, start: str) -> Generator:
    """Return the generator to train: new, or from a file of weights."""
    inputs = 5 + guides + (PREFILL_CHANNELS if settings.prefill else 0)
    generator = Generator(settings.layout, settings.width, inputs)
    for layer in generator.layers(generator.table.rows):
        if layer.row.activation is not None:
            layer.conv.weight.data *= settings.gain
    added_to = generator.prefilled
    if start:
        given = _opened(settings, guides, start, generator)
        added_to = added_to and not given.prefilled
        _copy(given, generator)
    if added_to:  # nothing is added to the smooth fill at first: a run begins at its error, and not at noise's
        for rows in (generator.table.coarse, generator.table.decoder):
            (last,) = generator.layers(rows[-1:])
            nn.init.zeros_(last.conv.weight)
            if last.conv.bias is not None:
                nn.init.zeros_(last.conv.bias)
    return generator


def _opened(settings: DeepFillSettings, guides: int, start: str, wanted: Generator) -> Generator:
    from freefill.weights.locate import locate
    from freefill.weights.opening.load import load_state

    given = from_state(load_state(Path(locate(start))))
    found = (given.layout, given.width, given.sketches)
    fits = found == (settings.layout, settings.width, guides) and wanted.prefilled >= given.prefilled
    if not fits:
        raise InputError(
            f"{start}: is a generator of layout '{given.layout}', width {given.width}, {given.in_channels} inputs; the "
            f"recipe wants '{settings.layout}', {settings.width}, {wanted.in_channels}: set settings.layout, "
            "settings.width and settings.prefill"
        )
    return given


def _copy(given: Generator, generator: Generator) -> None:
    """Take over all weights; inputs that the given network does not have start without any influence."""
    state = given.state_dict()
    key = FIRST[generator.layout] + ".weight"
    state[key] = F.pad(state[key], (0, 0, 0, 0, 0, generator.in_channels - given.in_channels))
    generator.load_state_dict(state)
