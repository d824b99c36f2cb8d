"""The discriminator through a frozen network: folded as it should be, trained in its heads alone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from freefill.networks import projected_discriminator as projected
from freefill.networks.efficientnet_lite0 import CHANNELS, EfficientNetLite0
from freefill.networks.projected_discriminator import ProjectedDiscriminator

# outputs, kernel, expansion of each block of EfficientNet-Lite0, from its paper's table
BLOCKS = [(16, 3, 1), (24, 3, 6), (24, 3, 6), (40, 5, 6), (40, 5, 6), *[(80, 3, 6)] * 3, *[(112, 5, 6)] * 3]
BLOCKS += [*[(192, 5, 6)] * 4, (320, 3, 6)]


def lite0_state() -> dict[str, Tensor]:
    torch.manual_seed(3)
    state: dict[str, Tensor] = {}

    def conv(name: str, norm: str, outputs: int, inputs: int, kernel: int) -> None:
        state[f"{name}.weight"] = torch.randn(outputs, inputs, kernel, kernel) * (1.6 / (inputs * kernel**2) ** 0.5)
        state[f"{norm}.weight"], state[f"{norm}.bias"] = torch.rand(outputs) + 0.5, torch.randn(outputs) * 0.1
        state[f"{norm}.running_mean"], state[f"{norm}.running_var"] = (
            torch.randn(outputs) * 0.1,
            torch.rand(outputs) + 0.5,
        )

    conv("_conv_stem", "_bn0", 32, 3, 3)
    inputs = 32
    for number, (outputs, kernel, expansion) in enumerate(BLOCKS):
        name, wide = f"_blocks.{number}.", inputs * expansion
        if expansion > 1:
            conv(f"{name}_expand_conv", f"{name}_bn0", wide, inputs, 1)
        conv(f"{name}_depthwise_conv", f"{name}_bn1", wide, 1, kernel)
        conv(f"{name}_project_conv", f"{name}_bn2", outputs, wide, 1)
        inputs = outputs
    conv("_conv_head", "_bn1", 1280, inputs, 1)
    return state


def test_folded_norms_give_what_a_convolution_and_a_norm_give() -> None:
    state = lite0_state()
    features = EfficientNetLite0(state)
    x = torch.rand(1, 3, 32, 32)
    mean, var, gain, bias = (state[f"_bn0.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    padded = F.pad(x, (0, 1, 0, 1))  # SAME: an even side at stride 2 gets its zero behind
    plain = F.batch_norm(F.conv2d(padded, state["_conv_stem.weight"], stride=2), mean, var, gain, bias, eps=1e-3)
    assert torch.allclose(features._conv("_conv_stem", x, 2), plain, atol=1e-5)


def test_a_picture_has_the_same_features_alone_and_in_a_batch() -> None:
    network, pictures = EfficientNetLite0(lite0_state()), torch.rand(3, 3, 64, 64) * 2 - 1
    together, alone = network(pictures), torch.cat([network(each[None]) for each in pictures])
    assert torch.allclose(together, alone, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(together[0], together[1], rtol=1e-2)


def test_features_come_at_four_scales() -> None:
    found = EfficientNetLite0(lite0_state()).scales(torch.rand(2, 3, 64, 96) * 2 - 1)
    assert [tuple(each.shape[1:]) for each in found] == [
        (channels, 64 // stride, 96 // stride) for channels, stride in zip(CHANNELS, (4, 8, 16, 32), strict=True)
    ]


def test_only_heads_are_trained_and_snapshots_hold_no_published_weights() -> None:
    discriminator = ProjectedDiscriminator(EfficientNetLite0(lite0_state()))
    assert {name.split(".")[0] for name, _ in discriminator.named_parameters()} == {"heads"}
    assert not any(key.startswith("features") for key in discriminator.state_dict())


def test_known_cells_of_a_filled_picture_count_as_real() -> None:
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    sure = torch.where(F.adaptive_avg_pool2d(mask, (4, 4)) > 0, -1.0, 1.0)
    assert projected.judged((torch.ones(1, 1, 4, 4),), (sure,), mask).item() == 0
    assert projected.judged((torch.ones(1, 1, 4, 4),), (-sure,), mask).item() == 1


def test_it_learns_to_tell_and_its_gradient_reaches_the_fill() -> None:
    torch.manual_seed(0)
    discriminator = ProjectedDiscriminator(EfficientNetLite0(lite0_state()))
    mask = torch.zeros(2, 1, 64, 64)
    mask[:, :, 16:48, 16:48] = 1
    truth = torch.rand(2, 3, 64, 64) * 2 - 1
    filled = truth * (1 - mask)
    optimizer = torch.optim.Adam(discriminator.parameters(), 3e-3)
    first = last = 0.0
    for step in range(12):
        loss = projected.judged(discriminator(truth), discriminator(filled), mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, last = (loss.item() if step == 0 else first), loss.item()
    assert last < first - 0.05
    fill = filled.clone().requires_grad_()
    projected.convinced(discriminator(fill), mask).backward()
    assert fill.grad is not None
    assert fill.grad[:, :, 24:40, 24:40].abs().mean() > 0


def test_feature_distance_is_zero_for_the_truth_alone() -> None:
    features, truth = EfficientNetLite0(lite0_state()), torch.rand(1, 3, 64, 64) * 2 - 1
    assert projected.feature_distance(features, truth, truth).item() == 0
    assert projected.feature_distance(features, truth * 0.5, truth).item() > 1e-3


def test_a_recipe_may_ask_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    from freefill.training import deepfill_task, tasks
    from freefill.training.machine import Machine
    from freefill.training.options import RunOptions, changed
    from freefill.training.schedule import Schedule
    from freefill.training.task import Batch
    from freefill.training.tools import StepTools

    network = EfficientNetLite0(lite0_state())
    monkeypatch.setattr(deepfill_task, "open_efficientnet", lambda: network)
    words = ("settings.width=4", "settings.discriminator=projected", "settings.feature_weight=0.1")
    options = changed(RunOptions(), words)
    task = tasks.load(options)
    tools = StepTools(task, "fp32", Machine(torch.device("cpu")), Schedule.of(options), options.rate)
    mask = torch.zeros(2, 1, 64, 64)
    mask[:, :, 16:48, 16:48] = 1
    told = task.step(Batch(torch.rand(2, 3, 64, 64) * 2 - 1, mask), tools)
    assert told["features"] > 0
    assert {"adversarial", "discriminator"} <= told.keys()
    assert all(torch.isfinite(value) for value in told.values())
