"""Two processes by torchrun learn what one process with the double batch learns."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

LOSSES = ("l1_coarse", "l1_refined", "adversarial", "discriminator", "real_score", "fake_score")
NORMS = ("generator_norm", "discriminator_norm")


def start(recipe: Path, photos: Path, out: Path, processes: int) -> None:
    words = ["train", str(recipe), "--data", str(photos), "--out", str(out), "--device", "cpu", "--set", "batch=4"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    common = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "freefill", *words],
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(processes)
    ]
    for one in running:
        _, error = one.communicate(timeout=200)
        assert one.returncode == 0, error


def logged(folder: Path, keys: tuple[str, ...]) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{key: line[key] for key in keys} for line in lines if line["kind"] == "train"]


def test_two_processes_equal_one_with_the_double_batch(tmp_path: Path, photos: Path, recipe: Path) -> None:
    (photos / "photo3.jpg").write_bytes(b"broken")
    for processes in (1, 2):
        start(recipe, photos, tmp_path / str(processes), processes)
    one, two = logged(tmp_path / "1", LOSSES), logged(tmp_path / "2", LOSSES)
    assert len(one) == 6
    counts = [[line["skipped"] for line in logged(tmp_path / name, ("skipped",))] for name in "12"]
    assert counts == [[1] * 6, [1] * 6]  # a step is one pass over the photographs, and one of them is broken
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, abs=1e-5)
    assert one[0]["l1_refined"] != pytest.approx(one[-1]["l1_refined"], abs=1e-4)  # something was learned
    # Of the first step alone: Adam makes whole steps of gradients that are nothing but rounding.
    assert logged(tmp_path / "2", NORMS)[0] == pytest.approx(logged(tmp_path / "1", NORMS)[0], rel=1e-4)
