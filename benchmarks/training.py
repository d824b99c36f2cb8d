"""One training step of DeepFillv2: every way of computing against a plain fp32 eager loop, interleaved in one run.

python benchmarks/training.py                    batch 8, 128 px, width 32, 2 threads
python benchmarks/training.py --no-compile       without the minutes that compiling takes
python benchmarks/training.py --data PATH        also: how long steps wait for views, with one worker process
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: threads that spin take the other work's core

import torch

from freefill.training import start, tasks
from freefill.training.machine import Machine
from freefill.training.options import RunOptions, changed
from freefill.training.schedule import Schedule
from freefill.training.speed import EAGER
from freefill.training.task import Batch
from freefill.training.tools import StepTools


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    settings = (f"settings.width={given.width}", f"settings.discriminator_width={given.width}")
    options = changed(RunOptions(), (f"batch={given.batch}", f"data.side_px={given.side}", *settings))
    compiled = () if given.no_compile else ("bf16+channels_last+compile",)
    measure(options, (*EAGER, *compiled), given.rounds)
    if given.data is not None:
        waiting(changed(options, ("steps=30", "workers=1", "every.log=10", "every.score=1000")), given.data)


def measure(options: RunOptions, ways: tuple[str, ...], rounds: int) -> None:
    """Print the median step of each way, and its ratio to plain fp32 in the same rounds."""
    machine = Machine(torch.device("cpu"))
    side = options.data.side_px
    torch.manual_seed(0)
    image = torch.rand(options.batch, 3, side, side) * 2 - 1
    mask = (torch.rand(options.batch, 1, side // 8, side // 8) < 0.3).float().repeat_interleave(8, 2)
    batch = Batch(image, mask.repeat_interleave(8, 3))
    steps = {}
    for way in ways:
        torch.manual_seed(0)
        task = tasks.load(options)
        tools = StepTools(task, way, machine, Schedule.of(options), options.rate)
        began = time.perf_counter()
        task.step(batch, tools)
        print(f"{way}: first step {time.perf_counter() - began:.1f} s", flush=True)
        steps[way] = (task, tools)
    wall: dict[str, list[float]] = {way: [] for way in ways}
    processor: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, (task, tools) in steps.items():
            began, worked = time.perf_counter(), time.process_time()
            task.step(batch, tools)
            wall[way].append(time.perf_counter() - began)
            processor[way].append(time.process_time() - worked)
    print(f"\nbatch {options.batch}, {side} px, {options.settings}, {torch.get_num_threads()} threads")
    print(f"{'way':30} {'wall s':>8} {'ratio':>6} {'cpu s':>8} {'ratio':>6}")
    for way in ways:
        w, p = sorted(wall[way])[rounds // 2], sorted(processor[way])[rounds // 2]
        plain_w, plain_p = sorted(wall["fp32"])[rounds // 2], sorted(processor["fp32"])[rounds // 2]
        print(f"{way:30} {w:8.2f} {plain_w / w:6.2f} {p:8.2f} {plain_p / p:6.2f}")


def waiting(options: RunOptions, data: Path) -> None:
    """Print which share of the time steps wait for views."""

    class Shares:
        def progress(self, step: int, steps: int, figures: dict[str, float]) -> None:
            if "waited_share" in figures:
                print(f"step {step}: waited {figures['waited_share']:.1%} of {figures['step_ms']:.0f} ms", flush=True)

        def say(self, text: str) -> None:
            print(text)

    with tempfile.TemporaryDirectory() as folder:
        way = "bf16+channels_last" if getattr(torch.cpu, "_is_avx512_bf16_supported", bool)() else "fp32+channels_last"
        start.begin(changed(options, (f"speed={way!r}",)), [data], Path(folder) / "run", Shares(), device="cpu")


if __name__ == "__main__":
    main()
