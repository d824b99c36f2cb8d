"""Training the network that paints, through the same loop as every other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from freefill.errors import InputError
from freefill.networks.painter import Painter
from freefill.training import recipes, start
from freefill.training.machine import Machine
from freefill.training.options import RunOptions, changed
from freefill.training.painter_task import PainterTask
from freefill.training.schedule import Schedule
from freefill.training.task import Batch
from freefill.training.tools import StepTools

TINY = ("task=painter", "settings.widths=[8, 8, 16]", "settings.blocks=[1, 1, 1]", "rate.average=0")


def task_of(*words: str) -> PainterTask:
    torch.manual_seed(2)
    return PainterTask(changed(RunOptions(), (*TINY, *words)))


def split_view() -> Batch:
    """Dark above, light below, one large hole across: a smooth fill blurs what a network can learn to draw."""
    image = torch.full((4, 3, 32, 32), -0.6)
    for number in range(4):
        image[number, :, 8 + 4 * number :] = 0.6
    mask = torch.zeros(4, 1, 32, 32)
    mask[..., 6:28, 8:24] = 1
    return Batch(image, mask)


def trained(task: PainterTask, batch: Batch, steps: int) -> None:
    options = RunOptions(batch=len(batch.image_pm1), steps=steps)
    tools = StepTools(task, "fp32", Machine(torch.device("cpu")), Schedule.of(options), options.rate)
    for step in range(steps):
        tools.begin(step)
        task.step(batch, tools)


def test_it_begins_at_the_smooth_fill_and_learns_an_edge() -> None:
    batch, task = split_view(), task_of("settings.rate=3e-3")
    with torch.no_grad():
        before = task.score(task.painter, batch)
        assert torch.allclose(before["l1"], before["prefill_l1"])
        trained_before = {key: value.clone() for key, value in task.painter.state_dict().items()}
    trained(task, batch, 60)
    with torch.no_grad():
        after = task.score(task.painter, batch)
    assert (after["l1"] < 0.7 * after["prefill_l1"]).all()
    assert any(not torch.equal(value, trained_before[key]) for key, value in task.painter.state_dict().items())


def test_it_learns_where_it_errs() -> None:
    batch, task = split_view(), task_of("settings.rate=3e-3", "settings.scale_weight=1.0")
    trained(task, batch, 100)
    with torch.no_grad():
        assert task.score(task.painter, batch)["rank_correlation"].mean() > 0.3


def test_what_is_painted_is_seen_in_the_hole_alone() -> None:
    batch, task = split_view(), task_of()
    torch.nn.init.normal_(task.painter.head.weight)
    with torch.no_grad():
        painted = task.samples(task.painter, batch)[-2]
    known = (batch.mask == 0).expand(-1, 3, -1, -1)
    assert torch.equal(painted[known], batch.image_pm1[known])
    assert not torch.equal(painted, batch.image_pm1)


@pytest.mark.parametrize(("word", "said"), [("data.side_px=44", "side_px is 44"), ("sketch=true", "no sketch")])
def test_what_cannot_work_is_refused(word: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        task_of(word)


def test_a_run_writes_scores_and_goes_on_from_its_own_onnx(photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from freefill.training import hand_out
    from freefill.training.run_folder import RunFolder
    from freefill.weights.small_onnx import save

    words = ("batch=2", "steps=2", "workers=0", "speed=fp32", "data.side_px=32", "data.held_out_share=0.3")
    more = ("data.held_out_views=2", "every.log=1", "every.score=2", "every.samples=2", "every.snapshot=2")
    options = changed(recipes.load("painter_starter"), (*TINY, *words, *more))
    start.begin(options, [photos], tmp_path / "run", device="cpu")
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert {"l1", "prefill_l1", "l1_halved", "rank_correlation"} <= lines[-1].keys()
    state = hand_out.averaged(hand_out.best(RunFolder(tmp_path / "run")))
    save(state, tmp_path / "painter.onnx")
    again = task_of(f"start='{tmp_path / 'painter.onnx'}'").painter
    assert isinstance(again, Painter)
    assert torch.allclose(again.cells.weight, state["cells.weight"], atol=1e-3)
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="not a painting network"):
        task_of(f"start='{tmp_path / 'other.pth'}'")


def test_a_run_goes_on_without_the_weights_that_it_started_from(photos: Path, tmp_path: Path) -> None:
    words = ("task=painter", "batch=2", "steps=2", "workers=0", "speed=fp32", "data.side_px=32", "rate.average=0.9")
    more = ("data.held_out_share=0.3", "data.held_out_views=2", "every.log=1", "every.score=9", "every.snapshot=1")
    file = tmp_path / "start.pth"
    torch.save(Painter((8, 16, 24), (1, 1, 1)).state_dict(), file)  # of other widths than the recipe's
    options = changed(recipes.load("painter_starter"), (*words, *more, f"start='{file}'"))
    start.begin(options, [photos], tmp_path / "run", device="cpu")
    file.unlink()
    assert start.resume(tmp_path / "run", steps=3, device="cpu")
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "train"] == [1, 2, 3]
