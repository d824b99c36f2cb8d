"""The discriminator and the losses agree with the public port; the authors' normalisation does what it says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from freefill.networks import deepfill, losses
from freefill.networks.gated_conv import WeightLayout
from freefill.networks.patch_discriminator import PatchDiscriminator, SpectralConv

from .deepfill_cases import PARITY, needs_parity, picture, recipe, seeded_picture, tensors


@needs_parity
@pytest.mark.parametrize("path", sorted(PARITY.glob("discriminator_*.npz")), ids=lambda path: path.stem)
def test_discriminator_agrees_with_the_public_port_for_three_calls(path: Path) -> None:
    _, layout, width = path.stem.split("_")
    maker, stored = recipe(), np.load(path)
    state = tensors(maker.make_weights(maker.discriminator_shapes(int(width[1:])), 2))
    for size in {name.split("_")[0] for name in stored.files}:
        discriminator = PatchDiscriminator(int(width[1:]), 4, layout, "overwritten").eval()  # type: ignore[arg-type]
        discriminator.load_state_dict(state)
        image, mask = picture(stored[f"{size}_image"]), torch.from_numpy(stored[f"{size}_mask"])
        for call in (1, 2, 3):
            with torch.no_grad():
                scores = discriminator(image, mask)
            assert np.abs(scores.numpy() - stored[f"{size}_out{call}"]).max() < 2e-5
        after = discriminator.state_dict()
        for key in (key for key in after if f"{size}_u3.{key}" in stored):
            assert np.abs(after[key].numpy() - stored[f"{size}_u3.{key}"]).max() < 2e-5
        norms = [after[key].norm().item() for key in after if key.endswith("weight")]
        assert norms == pytest.approx(stored[f"{size}_weight_norm3"].tolist(), rel=1e-5)


def _gradient_norm(module: nn.Module) -> float:
    return sum(float(p.grad.square().sum()) for p in module.parameters() if p.grad is not None) ** 0.5


@needs_parity
@pytest.mark.parametrize(
    "name", sorted(json.loads((PARITY / "training_losses.json").read_text())) if PARITY.is_dir() else []
)
def test_training_losses_agree_with_the_public_port(name: str) -> None:
    layout, g_width, d_width, kind = name.split("_")
    maker, stored = recipe(), np.load(PARITY / "training_input.npz")
    expected = json.loads((PARITY / "training_losses.json").read_text())[name]
    generator = deepfill.Generator(layout, int(g_width[1:]))  # type: ignore[arg-type]
    generator.load_state_dict(tensors(maker.make_weights(maker.generator_shapes(layout, int(g_width[1:])), 3)))
    discriminator = PatchDiscriminator(int(d_width[1:]), 4, layout, "overwritten")  # type: ignore[arg-type]
    discriminator.load_state_dict(tensors(maker.make_weights(maker.discriminator_shapes(int(d_width[1:])), 4)))
    g_step = torch.optim.Adam(generator.parameters(), 1e-4, (0.5, 0.999))
    d_step = torch.optim.Adam(discriminator.parameters(), 1e-4, (0.5, 0.999))
    d_loss_of, g_loss_of = {
        "hinge": (losses.hinge_discriminator, losses.hinge_generator),
        "ls": (losses.squares_discriminator, losses.squares_generator),
    }[kind]
    real, mask = picture(stored["image"]), torch.from_numpy(stored["mask"]).float()
    for iteration in range(3):
        coarse, refined = generator(real, mask)
        filled = refined * mask + real * (1 - mask)
        scores = discriminator(torch.cat([real, filled.detach()]), mask)
        d_loss = d_loss_of(*scores.chunk(2))
        d_step.zero_grad()
        d_loss.backward()
        got = {"d_loss": d_loss.item(), "d_grad_norm": _gradient_norm(discriminator)}
        d_step.step()
        parts = {
            "l1_stage1": losses.reconstruction(real, coarse),
            "l1_stage2": losses.reconstruction(real, refined),
            "g_adversarial": g_loss_of(discriminator(filled, mask)),
        }
        g_total = torch.stack(list(parts.values())).sum()
        g_step.zero_grad()
        g_total.backward()
        got |= {key: value.item() for key, value in parts.items()}
        got |= {"g_total": g_total.item(), "g_grad_norm": _gradient_norm(generator)}
        g_step.step()
        assert got == pytest.approx(expected[f"iteration{iteration}"], rel=1e-4)


@pytest.mark.parametrize("layout", ["pt", "tf"])
def test_full_discriminator_gives_4096_scores_of_a_256_picture(layout: WeightLayout) -> None:
    with torch.device("meta"):
        discriminator = PatchDiscriminator(layout=layout)
        scores = discriminator(torch.empty(2, 3, 256, 256), torch.empty(1, 1, 256, 256))
    assert scores.shape == (2, 4096)
    assert sum(p.numel() for p in discriminator.parameters()) == 5_946_816


def test_kept_weights_stay_raw_and_work_with_largest_singular_value_one() -> None:
    torch.manual_seed(0)
    layer = SpectralConv(3, 6, "pt", "kept")
    raw = layer.weight.detach().clone() * 7
    layer.weight.data.copy_(raw)
    for _ in range(60):
        layer._normalised()
    used = layer._normalised()
    assert torch.equal(layer.weight, raw)
    assert torch.linalg.matrix_norm(used.flatten(1), ord=2).item() == pytest.approx(1, abs=1e-3)


def test_kept_weights_get_no_gradient_along_themselves() -> None:
    """W / sigma does not change when W grows, so the gradient through sigma takes that direction out."""
    torch.manual_seed(0)
    layer = SpectralConv(3, 6, "pt", "kept")
    for _ in range(60):
        layer(torch.ones(1, 3, 8, 8))
    layer(seeded_picture(8, 8)).square().sum().backward()
    assert layer.weight.grad is not None
    assert float((layer.weight.grad * layer.weight.detach()).sum()) == pytest.approx(0, abs=1e-3)


def test_kept_weights_do_not_change_in_evaluation_mode() -> None:
    layer = SpectralConv(3, 6, "pt", "kept").eval()
    before = layer.weight_u.clone()
    first, second = layer(seeded_picture(8, 8)), layer(seeded_picture(8, 8))
    assert torch.equal(first, second)
    assert torch.equal(layer.weight_u, before)


def test_hinge_loss_is_zero_when_the_discriminator_is_sure() -> None:
    assert losses.hinge_discriminator(torch.tensor([2.0]), torch.tensor([-2.0])).item() == 0
    assert losses.hinge_discriminator(torch.tensor([0.0]), torch.tensor([0.0])).item() == 1
