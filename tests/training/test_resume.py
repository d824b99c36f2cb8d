"""A run that was killed goes on as if nothing had been."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from freefill.errors import InputError
from freefill.training import recipes, start
from freefill.training.options import changed
from freefill.training.run_folder import RunFolder

CHILD = """
import sys
from pathlib import Path
from freefill.training import recipes, start
from freefill.training.options import changed
options = changed(recipes.load(sys.argv[1]), tuple(sys.argv[4:]))
start.begin(options, [Path(sys.argv[2])], Path(sys.argv[3]), device="cpu")
"""


def losses(folder: Path) -> dict[int, dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    unlike = ("time", "step_ms", "waited_share")
    return {
        line["step"]: {key: value for key, value in line.items() if key not in unlike}
        for line in lines
        if line["kind"] == "train"
    }


def weights(folder: Path) -> dict[str, torch.Tensor]:
    snapshot = RunFolder(folder).newest()
    assert snapshot.average is not None
    flat = {f"average.{key}": value for key, value in snapshot.average.items()}
    for name, state in snapshot.networks.items():
        flat |= {f"{name}.{key}": value for key, value in state.items()}
    for name, state in snapshot.optimizers.items():
        for number, moments in state["state"].items():
            flat |= {f"{name}.{number}.{key}": value for key, value in moments.items()}
    return flat


def test_twenty_steps_straight_equal_ten_then_a_kill_then_ten(tmp_path: Path, photos: Path, recipe: Path) -> None:
    options = changed(recipes.load(str(recipe)), ("steps=20", "every.snapshot=10"))
    assert start.begin(options, [photos], tmp_path / "straight", device="cpu")
    words = ["steps=100000", "every.snapshot=10"]
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(recipe), str(photos), str(tmp_path / "killed"), *words])
    try:
        deadline = time.monotonic() + 120
        while len(list((tmp_path / "killed").glob("snapshots/*10.pt"))) < 1:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    first = RunFolder(tmp_path / "killed").snapshot_files()[0]
    assert first.name == "step-00000010.pt"
    assert start.resume(tmp_path / "killed", start=first, steps=20, device="cpu")
    straight, killed = weights(tmp_path / "straight"), weights(tmp_path / "killed")
    assert straight.keys() == killed.keys()
    different = [key for key in straight if not torch.equal(straight[key], killed[key])]
    assert different == []
    assert losses(tmp_path / "straight") == losses(tmp_path / "killed")


def test_views_do_not_depend_on_how_many_processes_prepare_them(tmp_path: Path, photos: Path, recipe: Path) -> None:
    for workers in (0, 1):
        options = changed(recipes.load(str(recipe)), (f"workers={workers}",))
        start.begin(options, [photos], tmp_path / str(workers), device="cpu")
    assert losses(tmp_path / "0") == losses(tmp_path / "1")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_ends_the_run(tmp_path: Path, photos: Path, recipe: Path, number: int) -> None:
    folder = RunFolder(tmp_path / "run")

    class Interrupts:
        def progress(self, step: int, steps: int, figures: object) -> None:
            if step == 2:
                os.kill(os.getpid(), number)

        def say(self, text: str) -> None: ...

    options = recipes.load(str(recipe))
    assert not start.begin(options, [photos], folder.path, Interrupts(), device="cpu")
    assert folder.newest().step == 2
    assert start.resume(folder.path, device="cpu")
    assert folder.newest().step == options.steps


def test_a_damaged_newest_snapshot_is_passed_over(tmp_path: Path, photos: Path, recipe: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    start.begin(recipes.load(str(recipe)), [photos], folder.path, device="cpu")
    newest = folder.snapshot_files()[-1]
    newest.write_bytes(newest.read_bytes()[:1000])
    assert folder.newest().step == 3


def test_a_decay_can_begin_at_any_snapshot_and_ends_the_run(tmp_path: Path, photos: Path, recipe: Path) -> None:
    start.begin(recipes.load(str(recipe)), [photos], tmp_path / "run", device="cpu")
    assert start.resume(tmp_path / "run", decay_steps=4, device="cpu")
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    shares = {line["step"]: line["rate_share"] for line in lines if line["kind"] == "train"}
    assert shares == {**dict.fromkeys(range(1, 8), 1.0), 8: 0.75, 9: 0.5, 10: 0.25}
    assert (tmp_path / "run" / "before-decay.pt").exists()


def test_a_snapshot_of_another_network_is_refused(tmp_path: Path, photos: Path, recipe: Path) -> None:
    start.begin(recipes.load(str(recipe)), [photos], tmp_path / "run", device="cpu")
    wider = changed(recipes.load(str(recipe)), ("settings.width=8",))
    start.begin(wider, [photos], tmp_path / "wider", device="cpu")
    other = RunFolder(tmp_path / "wider").snapshot_files()[0]
    with pytest.raises(InputError, match="of another network"):
        start.resume(tmp_path / "run", start=other, device="cpu")
