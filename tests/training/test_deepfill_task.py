"""The step is the public port's step; what stands beside it is optional and does what it says."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from freefill.errors import InputError
from freefill.networks import losses
from freefill.training import recipes, start, tasks
from freefill.training.deepfill_task import DeepFillTask
from freefill.training.machine import Machine
from freefill.training.options import RunOptions, changed
from freefill.training.schedule import Schedule
from freefill.training.task import Batch
from freefill.training.tools import StepTools

PARITY = Path(__file__).parents[2].parent / "shared" / "parity"
NAMES = {
    "d_loss": "discriminator",
    "d_grad_norm": "discriminator_norm",
    "l1_stage1": "l1_coarse",
    "l1_stage2": "l1_refined",
    "g_adversarial": "adversarial",
    "g_total": "generator",
    "g_grad_norm": "generator_norm",
}


def stepped(task: DeepFillTask, options: RunOptions, batch: Batch, steps: int) -> list[dict[str, Tensor]]:
    tools = StepTools(task, "fp32", Machine(torch.device("cpu")), Schedule.of(options), options.rate)
    told = []
    for step in range(steps):
        tools.begin(step)
        told.append(task.step(batch, tools))
    return told


@pytest.mark.skipif(not PARITY.is_dir(), reason="outputs of the public port are not on this machine")
@pytest.mark.parametrize("name", ["pt_g8_d8_hinge", "pt_g8_d8_ls", "tf_g8_d8_hinge", "tf_g8_d8_ls"])
def test_three_steps_of_the_task_are_the_public_ports(name: str) -> None:
    layout, _, _, kind = name.split("_")
    spec = importlib.util.spec_from_file_location("parity_recipe", PARITY / "recipe.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    stored = np.load(PARITY / "training_input.npz")
    expected = json.loads((PARITY / "training_losses.json").read_text())[name]
    words = [f"settings.layout={layout}", "settings.width=8", "settings.discriminator_width=8"]
    words += ["settings.normalisation=overwritten", f"settings.adversarial={'hinge' if kind == 'hinge' else 'squares'}"]
    options = changed(RunOptions(), tuple(words))
    task = tasks.load(options)
    assert isinstance(task, DeepFillTask)
    for network, shapes, seed in (
        (task.generator, maker.generator_shapes(layout, 8), 3),
        (task.discriminator, maker.discriminator_shapes(8), 4),
    ):
        assert network is not None
        made = maker.make_weights(shapes, seed)
        network.load_state_dict({key: torch.from_numpy(value) for key, value in made.items()})
    image = torch.from_numpy(stored["image"]).permute(0, 3, 1, 2).float() / 255 * 2 - 1
    batch = Batch(image, torch.from_numpy(stored["mask"]).float().expand(2, -1, -1, -1))
    for number, told in enumerate(stepped(task, options, batch, 3)):
        got = {port: told[ours].item() for port, ours in NAMES.items()}
        assert got == pytest.approx(expected[f"iteration{number}"], rel=1e-4)


def small(*words: str) -> tuple[DeepFillTask, RunOptions, Batch]:
    options = changed(RunOptions(), ("settings.width=4", "settings.discriminator_width=4", *words))
    torch.manual_seed(0)
    task = tasks.load(options)
    assert isinstance(task, DeepFillTask)
    mask = torch.zeros(2, 1, 32, 32)
    mask[:, :, 8:20, 6:26] = 1
    return task, options, Batch(torch.rand(2, 3, 32, 32) * 2 - 1, mask)


def test_the_discriminator_waits_for_its_share_of_the_steps() -> None:
    task, options, batch = small("steps=4", "settings.discriminator_from=0.5")
    told = stepped(task, options, batch, 4)
    assert ["discriminator" in each for each in told] == [False, False, True, True]


def test_the_generator_step_leaves_the_discriminators_weights_alone() -> None:
    task, options, batch = small("settings.discriminator_rate=0.0", "settings.rate=1e-3")
    assert task.discriminator is not None
    before = {key: value.clone() for key, value in task.discriminator.named_parameters()}
    stepped(task, options, batch, 2)
    assert all(torch.equal(before[key], value) for key, value in task.discriminator.named_parameters())


def test_hole_weight_counts_the_hole_more() -> None:
    truth, stage, mask = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)
    mask[..., :2] = 1
    assert losses.reconstruction(truth, stage).item() == 1
    assert losses.reconstruction(truth, stage, 1 + 3 * mask).item() == pytest.approx(2.5)


def test_a_gain_keeps_a_new_network_from_fading() -> None:
    sizes = []
    for gain in (1.0, 2.2):
        task, _, batch = small(f"settings.gain={gain}")
        with torch.no_grad():
            sizes.append(task.generator(batch.image_pm1, batch.mask)[1].std().item())
    assert sizes[0] < 1e-3
    assert 0.005 < sizes[1] < 1


def test_a_sketch_reaches_the_fill() -> None:
    task, _, batch = small("sketch=true", "settings.gain=2.2")
    lines = torch.zeros(2, 1, 32, 32)
    lines[:, :, 14] = 1
    with torch.no_grad():
        fills = [task.generator(batch.image_pm1, batch.mask, sketch)[0] for sketch in (lines, 0 * lines)]
    assert (fills[0] - fills[1]).abs().max() > 1e-4


def test_scores_are_of_the_hole_alone() -> None:
    task, _, batch = small()
    with torch.no_grad():
        changed_truth = Batch(batch.image_pm1.clone(), batch.mask)
        scores = task.score(_Constant(), batch)
        changed_truth.image_pm1[:, :, :4] = 1  # outside the hole
        again = task.score(_Constant(), changed_truth)
    assert torch.equal(scores["l1"], again["l1"])
    hole = batch.mask.expand(-1, 3, -1, -1) > 0
    expected = [batch.image_pm1[n][hole[n]].abs().mean().item() for n in range(2)]
    assert scores["l1"].tolist() == pytest.approx(expected, rel=1e-5)


class _Constant(torch.nn.Module):
    def forward(self, image_pm1: Tensor, mask: Tensor, sketch: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return torch.zeros_like(image_pm1), torch.zeros_like(image_pm1)


def prefilled(*words: str) -> DeepFillTask:
    small = ("settings.width=8", "settings.discriminator_width=0", "settings.prefill=true")
    task = tasks.load(changed(RunOptions(), (*small, *words)))
    assert isinstance(task, DeepFillTask)
    return task


def test_a_run_with_a_prefill_begins_at_the_smooth_fills_error() -> None:
    torch.manual_seed(3)
    batch = Batch(torch.rand(2, 3, 32, 32) * 0.2 - 1, torch.zeros(2, 1, 32, 32))
    batch.mask[:, :, 8:24, 8:20] = 1
    batch.image_pm1[:, :, 8:24, 8:20] += 1  # what no smooth fill can know
    task = prefilled("settings.rate=3e-3")
    scores = task.score(task.generator, batch)
    assert torch.allclose(scores["l1"], scores["prefill_l1"])
    assert torch.allclose(scores["l1_coarse"], scores["prefill_l1"])
    options = RunOptions(batch=2, steps=20)
    stepped(task, options, batch, 20)
    assert (task.score(task.generator, batch)["l1"] < scores["prefill_l1"]).all()


def test_weights_without_a_prefill_start_a_run_with_one_and_keep_what_they_know(tmp_path: Path) -> None:
    from freefill.networks.deepfill import Generator

    torch.manual_seed(4)
    plain = Generator("pt", 8)
    torch.save(plain.state_dict(), tmp_path / "plain.pth")
    given = prefilled(f"start='{tmp_path / 'plain.pth'}'").generator
    first, wider = plain.state_dict()["stage1.conv1.conv.weight"], given.state_dict()["stage1.conv1.conv.weight"]
    assert torch.equal(wider[:, :5], first)
    assert not wider[:, 5:].any()
    inner = "stage2.conv_bn7.conv.weight"
    assert torch.equal(given.state_dict()[inner], plain.state_dict()[inner])
    assert not given.state_dict()["stage2.conv_to_rgb.conv.weight"].any()


def test_weights_with_a_prefill_go_on_where_they_were(tmp_path: Path) -> None:
    torch.manual_seed(5)
    task = prefilled()
    for parameter in task.generator.parameters():
        torch.nn.init.normal_(parameter.data, std=0.05)
    torch.save(task.generator.state_dict(), tmp_path / "more.pth")
    again = prefilled(f"start='{tmp_path / 'more.pth'}'").generator
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in task.generator.state_dict().items())


def test_weights_with_a_prefill_are_refused_where_the_recipe_has_none(tmp_path: Path) -> None:
    torch.save(prefilled().generator.state_dict(), tmp_path / "more.pth")
    with pytest.raises(InputError, match=r"8 inputs.*settings\.prefill"):
        tasks.load(changed(RunOptions(), ("settings.width=8", f"start='{tmp_path / 'more.pth'}'")))


def test_a_short_smoke_run_learns_its_photographs(photos: Path, tmp_path: Path) -> None:
    """The recipe itself, smaller; the whole of it takes most of a minute."""
    words = ("steps=60", "data.side_px=32", "every.score=20", "settings.width=8", "settings.discriminator_width=8")
    assert start.begin(changed(recipes.load("smoke_cpu"), words), [photos], tmp_path / "run", device="cpu")
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    errors = [line["l1"] for line in lines if line["kind"] == "held_out"]
    assert len(errors) == 3
    assert errors[-1] < 0.92 * errors[0]
