"""What goes wrong in training, in plain sentences, as soon as the figures show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

LEAST_BATCH = 8  # below, a discriminator's gradient is mostly noise
WON = 0.05  # of the hinge loss's 1: the discriminator tells all real patches from all filled ones
RIM = 2.5  # steps across the mask's outline, against those of the photographs
GREY = 0.2  # of the photographs' deviation inside the hole
NOTHING = 0.99  # of the prefill's own error
PATIENCE = 3  # times in a row, before it is said


class Health:
    """Watches a run; says each thing when it begins, and again only after it has gone away."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of_batch(self, batch: int, adversarial: bool) -> list[str]:
        """Judge the size of the batch over all processes."""
        if adversarial and batch < LEAST_BATCH:
            return [
                f"a batch of {batch} is small for a discriminator (the paper: 16): expect a noisy run; raise batch, "
                "lower data.side_px to make room"
            ]
        return []

    def of_losses(self, figures: Mapping[str, float]) -> list[str]:
        """Judge the means since the last log line."""
        loss = figures.get("discriminator")
        won = loss is not None and loss < WON and figures.get("real_score", 0) > figures.get("fake_score", 0)
        return self._told(
            "won",
            won,
            f"the discriminator has won (its loss is {loss or 0:.3f} of 1): fills learn nothing from it; "
            "lower settings.discriminator_rate, or start it later",
        )

    def of_scores(self, figures: Mapping[str, float], columns: Sequence[Tensor], mask: Tensor) -> list[str]:
        """Judge held-out views: their scores and their sample grid, whose last columns are composite and truth."""
        composite, truth = columns[-2].float(), columns[-1].float()
        rim = rim_steps(composite, mask) / max(rim_steps(truth, mask), 1e-6)  # a photograph may be flat there
        deviation = hole_deviation(composite, mask) / max(hole_deviation(truth, mask), 1e-6)
        told = self._told(
            "rim",
            rim > RIM,
            f"the mask's outline shows in the fills: steps across it are {rim:.1f} times those of "
            "the photographs; train longer, or give the hole more weight",
        )
        told += self._told(
            "grey",
            deviation < GREY,
            f"fills collapse to one colour: they vary {deviation:.2f} times as much as the "
            "photographs there; lower the rate, or start again from a snapshot before it",
        )
        prefill = figures.get("prefill_l1")
        if prefill is not None:
            told += self._told(
                "nothing",
                figures["l1"] > NOTHING * prefill,
                f"the network adds nothing to its prefill (error "
                f"{figures['l1']:.4f} against {prefill:.4f}); try a third of the rate",
            )
        return told

    def _told(self, name: str, holds: bool, sentence: str) -> list[str]:
        self._seen[name] = self._seen.get(name, 0) + 1 if holds else 0
        return [sentence] if self._seen[name] == PATIENCE else []


def rim_steps(image: Tensor, mask: Tensor) -> float:
    """Return the mean absolute difference of neighbours of which one is in the hole, (B, 3, H, W) and (B, 1, H, W)."""
    total, count = torch.zeros(()), torch.zeros(())
    for dim in (2, 3):
        across = mask.diff(dim=dim).abs()  # 1 on the outline
        total += (image.diff(dim=dim).abs().mean(1, keepdim=True) * across).sum().cpu()
        count += across.sum().cpu()
    return float(total / count.clamp(min=1))


def hole_deviation(image: Tensor, mask: Tensor) -> float:
    """Return the mean over pictures of the standard deviation inside the hole."""
    count = mask.sum((2, 3), keepdim=True).clamp(min=1)
    mean = (image * mask).sum((2, 3), keepdim=True) / count
    variance = ((image - mean).square() * mask).sum((2, 3), keepdim=True) / count
    return float(variance.sqrt().mean())
