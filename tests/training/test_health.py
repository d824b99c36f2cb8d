"""What goes wrong is said: at once, in a sentence, and nothing good is lost."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
import torch

from freefill.errors import InputError
from freefill.networks.deepfill import Generator
from freefill.training import recipes, run_folder, speed, start
from freefill.training.health import Health
from freefill.training.machine import Machine
from freefill.training.options import RunOptions, changed
from freefill.training.run_folder import RunFolder
from freefill.training.tools import NotFinite


class Heard:
    def __init__(self) -> None:
        self.sentences: list[str] = []

    def progress(self, step: int, steps: int, figures: object) -> None: ...

    def say(self, text: str) -> None:
        self.sentences.append(text)


def views() -> tuple[torch.Tensor, torch.Tensor]:
    """Soft pictures and a box hole."""
    torch.manual_seed(0)
    truth = torch.nn.functional.interpolate(torch.rand(2, 3, 4, 4) * 2 - 1, (32, 32), mode="bilinear")
    mask = torch.zeros(2, 1, 32, 32)
    mask[:, :, 8:24, 8:24] = 1
    return truth, mask


def said(composite: torch.Tensor, figures: dict[str, float] | None = None, times: int = 3) -> list[str]:
    truth, mask = views()
    health = Health()
    return [s for _ in range(times) for s in health.of_scores(figures or {"l1": 0.1}, [truth, composite, truth], mask)]


def test_a_good_fill_is_not_complained_about() -> None:
    truth, mask = views()
    assert said(truth + 0.02 * mask, times=9) == []


def test_a_visible_outline_is_said_once() -> None:
    truth, mask = views()
    sentences = said(truth * (1 - mask) + (truth + 0.9) * mask, times=9)
    assert len(sentences) == 1
    assert "outline shows" in sentences[0]


def test_grey_fills_are_said() -> None:
    truth, mask = views()
    assert any("collapse to one colour" in s for s in said(truth * (1 - mask)))


def test_a_network_that_adds_nothing_to_its_prefill_is_said() -> None:
    truth, _ = views()
    assert any("adds nothing" in s for s in said(truth, {"l1": 0.189, "prefill_l1": 0.1888}))
    assert said(truth, {"l1": 0.15, "prefill_l1": 0.1888}) == []


def test_a_discriminator_that_has_won_is_said_after_three_times_and_not_before() -> None:
    health, won = Health(), {"discriminator": 0.01, "real_score": 2.0, "fake_score": -2.0}
    assert [len(health.of_losses(won)) for _ in range(5)] == [0, 0, 1, 0, 0]
    assert health.of_losses({"discriminator": 0.9}) == []
    assert [len(health.of_losses(won)) for _ in range(3)] == [0, 0, 1]


def test_a_small_batch_is_said_where_a_discriminator_plays() -> None:
    assert Health().of_batch(4, adversarial=True)
    assert Health().of_batch(4, adversarial=False) == []
    assert Health().of_batch(16, adversarial=True) == []


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_the_last_snapshot(
    tmp_path: Path, photos: Path, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward, calls = Generator.forward, iter(range(100))

    def broken(self, *inputs):
        coarse, refined = forward(self, *inputs)
        return coarse, refined * (float("nan") if next(calls) == 4 else 1)

    monkeypatch.setattr(Generator, "forward", broken)
    options = recipes.load(str(recipe))
    with pytest.raises(NotFinite, match=r"step 4: the loss of '(generator|discriminator)' is nan"):
        start.begin(options, [photos], tmp_path / "run", device="cpu")
    snapshot = RunFolder(tmp_path / "run").newest()
    assert snapshot.step == 3
    assert all(torch.isfinite(value).all() for value in snapshot.networks["generator"].values())


def test_a_disk_that_takes_no_more_is_one_line_and_the_last_snapshot_stays(
    tmp_path: Path, photos: Path, recipe: Path
) -> None:
    """The system itself refuses: from step 4 on no file may grow beyond 20,000 bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Fills(Heard):
        def progress(self, step: int, steps: int, figures: object) -> None:
            if step == 4:
                resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))

    try:
        with pytest.raises(InputError, match="write to another disk"):
            start.begin(recipes.load(str(recipe)), [photos], tmp_path / "run", Fills(), device="cpu")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    folder = RunFolder(tmp_path / "run")
    assert [file.name for file in folder.snapshot_files()] == ["step-00000003.pt"]
    assert folder.newest().step == 3
    assert not list(folder.path.rglob("*.part"))
    assert start.resume(folder.path, device="cpu")


def test_two_snapshots_are_kept_and_the_best(tmp_path: Path, photos: Path, recipe: Path) -> None:
    options = changed(recipes.load(str(recipe)), ("steps=5", "every.snapshot=1", "every.score=2"))
    heard = Heard()
    start.begin(options, [photos], tmp_path / "run", heard, device="cpu")
    folder = RunFolder(tmp_path / "run")
    assert [file.name for file in folder.snapshot_files()] == ["step-00000004.pt", "step-00000005.pt"]
    assert run_folder.read(folder.best_file).best == folder.newest().best
    assert any("batch of 2 is small" in sentence for sentence in heard.sentences)


def test_timing_the_ways_leaves_the_task_as_it_was(tmp_path: Path) -> None:
    from freefill.training import tasks
    from freefill.training.task import Batch

    small = ("settings.width=4", "settings.discriminator_width=4", "steps=5")
    options = changed(RunOptions(), small)
    torch.manual_seed(0)
    task = tasks.load(options)
    before = {name: {k: v.clone() for k, v in net.state_dict().items()} for name, net in task.networks.items()}
    truth, mask = views()
    way, took = speed.choose(task, options, Machine(torch.device("cpu")), Batch(truth, mask), lambda text: None)
    assert way == min(took, key=lambda each: took[each])
    assert set(took) == set(speed.EAGER)
    for name, network in task.networks.items():
        assert all(torch.equal(before[name][key], value) for key, value in network.state_dict().items())
    assert all(not optimizer.state for optimizer in task.optimizers.values())
