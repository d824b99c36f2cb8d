"""Training the network that points, through the same loop as every other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from freefill.errors import InputError
from freefill.networks.pointer import Pointer
from freefill.training import holes, recipes, start
from freefill.training.options import changed
from freefill.training.pointer_task import PointerTask
from freefill.training.run_folder import RunFolder
from freefill.training.task import Batch

TINY = """
task = "pointer"
steps = 4
batch = 2
masks = { persons = 0.5, things = 0.5 }
largest_hole = 0.5
workers = 0
speed = "fp32"
[data]
side_px = 32
fit = "zoom"
held_out_share = 0.3
held_out_views = 2
[every]
log = 1
score = 2
samples = 2
snapshot = 2
[settings]
widths = [4, 4, 8, 8]
blocks = [1, 1, 1]
learned = 4
cells = 8
"""


@pytest.fixture
def options(tmp_path: Path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return recipes.load(str(path))


def stripes():
    """Vertical stripes with a hole: what belongs there stands above and below."""
    image = torch.sign(torch.sin(torch.arange(64) * 0.9)).expand(2, 3, 64, 64).contiguous()
    mask = torch.zeros(2, 1, 64, 64)
    mask[..., 24:40, 24:40] = 1
    return Batch(image, mask)


class Plain:
    """Tools without a loop."""

    step, steps = 0, 30

    def __init__(self, task):
        self.ready = self.frozen = task.networks
        self.optimizer = task.optimizers["pointer"]

    def update(self, name, loss):
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()


def test_a_run_logs_scores_and_saves_what_a_network_can_be_made_of(options, photos, tmp_path):
    assert start.begin(options, [photos], tmp_path / "run", device="cpu")
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    scored = [line for line in lines if line["kind"] == "held_out"]
    assert scored
    assert {"loss", "likeliest", "nearest_to_smooth"} <= scored[-1].keys()
    snapshot = RunFolder(tmp_path / "run").newest()
    Pointer.from_state(snapshot.networks["pointer"])
    assert list((tmp_path / "run" / "samples").iterdir())


def test_steps_bring_the_likeliest_window_nearer_to_the_truth(options):
    torch.manual_seed(0)
    task = PointerTask(changed(options, ("settings.rate=0.01", "settings.cells=25")))
    tools, batch = Plain(task), stripes()
    with torch.no_grad():
        before = task.score(task.pointer, batch)
    for _ in range(30):
        task.step(batch, tools)
    with torch.no_grad():
        after = task.score(task.pointer, batch)
    assert after["loss"].mean() < before["loss"].mean() - 0.5
    assert after["likeliest"].mean() <= after["nearest_to_smooth"].mean()


def test_what_lies_in_the_hole_is_not_read(options):
    torch.manual_seed(0)
    task = PointerTask(options)
    batch = stripes()
    other = Batch(torch.where(batch.mask > 0, torch.rand(2, 3, 64, 64), batch.image_pm1), batch.mask)
    one, two = (task.samples(task.pointer, each)[2] for each in (batch, other))
    assert torch.equal(one, two)


def test_a_hole_that_leaves_nothing_known_has_no_loss(options):
    task = PointerTask(options)
    batch = Batch(torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32))
    told = task.step(batch, Plain(task))
    assert told["mixture"] == 0
    assert all(torch.isfinite(weights).all() for weights in task.pointer.parameters())


@pytest.mark.parametrize(("word", "said"), [("data.side_px=40", "divide by 16"), ("sketch=true", "no sketch")])
def test_options_that_cannot_work_are_refused(options, word, said):
    with pytest.raises(InputError, match=said):
        PointerTask(changed(options, (word,)))


@pytest.mark.parametrize("kind", ["persons", "things"])
def test_outlines_are_holes_of_many_shapes_inside_the_picture(kind):
    shares = []
    for seed in range(30):
        hole = holes.draw({kind: 1.0}, (48, 64), np.random.default_rng(seed), 0, 0.6)
        assert hole.shape == (48, 64)
        shares.append(hole.mean())
    assert len(set(shares)) > 25
    assert 0.03 < np.mean(shares) < 0.4


def test_the_recipe_of_the_package_can_be_read():
    task = PointerTask(recipes.load("structure_starter"))
    assert sum(weights.numel() for weights in task.pointer.parameters()) < 5_000_000
