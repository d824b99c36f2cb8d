"""The benchmark of `--tries` makes new cases for another seed, and its old ones stay as they were."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("pycocotools")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    diagnosis_tries = importlib.import_module("diagnosis_tries")

    shape = np.zeros((120, 120), bool)
    shape[20:110, 40:80] = True
    person = SimpleNamespace(hole=shape, size_px=61.0)
    monkeypatch.setattr(diagnosis_tries, "scenes", lambda: [SimpleNamespace(persons=[person])])
    yield diagnosis_tries
    for name in [name for name, module in sys.modules.items() if _of_benchmarks(module)]:
        del sys.modules[name]


def _of_benchmarks(module: object) -> bool:
    return Path(getattr(module, "__file__", None) or "/").parent == BENCHMARKS


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "photos_eval"
    folder.mkdir()
    ground = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    names = ("one.png", "two.png")
    for name in names:
        cv2.imwrite(str(folder / name), ground)
    (folder / "index.csv").write_text("\n".join(("file", *names)) + "\n")
    return tmp_path


def test_another_seed_gives_other_holes_in_the_same_photographs(benchmark, data: Path):
    first = {name: hole for name, _, hole in benchmark.objects(data)}
    again = {name: hole for name, _, hole in benchmark.objects(data, 28)}
    other = {name: hole for name, _, hole in benchmark.objects(data, 29)}
    assert list(first) == list(again) == ["one", "two", "one-again", "two-again"]
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert list(other) == [f"{name}-seed29" for name in first]
    for name, hole in first.items():
        assert not np.array_equal(hole, other[f"{name}-seed29"])
        assert 0.02 < other[f"{name}-seed29"].mean() < 0.13


def test_the_command_line_hands_the_seed_over(benchmark, data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    asked = []

    def objects(data: Path, seed: int):
        asked.append(seed)
        return iter(())

    monkeypatch.setattr(benchmark, "objects", objects)
    for more in ([], ["--seed", "29"]):
        told = ["diagnosis_tries.py", "fill", "objects", str(data), "--out", str(tmp_path / "out"), *more]
        monkeypatch.setattr(sys, "argv", told)
        benchmark.main()
    assert asked == [28, 29]
