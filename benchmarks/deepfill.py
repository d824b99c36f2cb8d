"""DeepFillv2 against the plain way of computing it: times, ratios, agreement, peak memory, and where the time goes.

    python benchmarks/deepfill.py                  the table, some 4 minutes on a quiet machine
    python benchmarks/deepfill.py --plain-1024     the plain way at 1024 too: 19 GB of memory and a minute for each run
    python benchmarks/deepfill.py --parts          seconds of each part on one thread, and the share of its best speed

Width 48, two threads. The ways take turns; each figure is the median of its runs, after one that does not count. "PSNR"
is bf16 against fp32 inside the hole. Peak memory is that of a process of its own, the interpreter and torch included.
Exit code 1 if a bar is missed. On a machine that others use set OMP_WAIT_POLICY=PASSIVE, and --clock cpu counts the
processor's time (over two threads) instead of wall time; it does not see where a thread waits.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import _deepfill_cases as cases
import _deepfill_parts as watch
import _plain_deepfill as plain
import numpy as np
import torch

from freefill.networks.deepfill_weights import from_state
from freefill.networks.on_processor.hole_generator import HoleGenerator

THREADS = 2


@dataclass(frozen=True)
class Line:
    """A line of the table with its bars: how many times faster than the plain way, and GB at most."""

    hole: str
    size: int
    fp32: float | None
    bf16: float | None
    memory_gb: float | None
    seconds: float | None = None


LINES = (
    Line("6 %, one place", 256, 3, 5, 0.5),
    Line("6 %, one place", 512, 8, 11.5, 0.7),
    Line("six places of 1 %", 512, 6, 9, 0.8),
    Line("free-form 13 %", 512, 4.5, 6.5, 1.0),
    Line("everything", 512, 1.9, 3, 1.0),
    Line("all but a rim", 512, None, None, None),
    Line("6 %, one place", 1024, 35, 50, 1.2),
    Line("6 %, one place", 2048, None, None, 3.0, seconds=15),
)


def main() -> int:
    """Read the options and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="at 512; 256 has four times as many, 1024 and 2048 two")
    parser.add_argument("--sizes", type=int, nargs="*", default=[256, 512, 1024, 2048])
    parser.add_argument("--holes", nargs="*", default=list(cases.HOLES))
    parser.add_argument("--plain-1024", action="store_true", help="needs 20 GB of memory")
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--no-memory", action="store_true", help="leave the peak memory out")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    threads = 1 if arguments.parts else THREADS
    torch.set_num_threads(threads)
    if arguments.child:
        return _child(*arguments.child)
    bf16 = getattr(torch.cpu, "get_capabilities", dict)().get("avx512_bf16", "?")
    print(f"{processor()}, {threads} threads, torch {torch.__version__}, bf16 arithmetic: {bf16}")
    for dtype in (torch.float32, torch.bfloat16):
        matmul, convolution = speed(dtype)
        print(f"{str(dtype)[6:]:9} matrix product {matmul:4.0f} GFLOP/s, convolution {convolution:4.0f} GFLOP/s")
    lines = [line for line in LINES if line.size in arguments.sizes and line.hole in arguments.holes]
    if arguments.parts:
        for line in lines:
            print_parts(line)
        return 0
    print(
        f"\n{'hole':18} {'size':>5}  {'plain s':>8} {'fp32 s':>7} {'bf16 s':>7}  {'fp32':>12} {'bf16':>12}  "
        f"{'differs':>8} {'PSNR dB':>7}  {'peak GB':>12}  load"
    )
    missed = [line for line in lines if not measure(line, arguments)]
    return int(bool(missed))


def processor() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def speed(dtype: torch.dtype, clock: Callable[[], float] = time.perf_counter) -> tuple[float, float]:
    """Return GFLOP/s of a matrix product and of a convolution like most of the network's, the best of some runs."""
    with torch.inference_mode():
        a, b = torch.randn(1024, 1024, dtype=dtype), torch.randn(1024, 1024, dtype=dtype)
        x = torch.randn(1, 96, 128, 128, dtype=dtype).contiguous(memory_format=torch.channels_last)
        kernel = torch.randn(96, 96, 3, 3, dtype=dtype).contiguous(memory_format=torch.channels_last)
        product = min(_seconds(lambda: a @ b, clock) for _ in range(20))
        convolution = min(_seconds(lambda: torch.nn.functional.conv2d(x, kernel, padding=1), clock) for _ in range(20))
    return 2 * 1024**3 / product / 1e9, 2 * 96 * 96 * 9 * 128**2 / convolution / 1e9


def measure(line: Line, arguments: argparse.Namespace) -> bool:
    """Time one line of the table and print it; return whether its bars hold."""
    state = cases.weights()
    generator = from_state(state)
    image, mask = cases.picture(line.size), torch.from_numpy(cases.HOLES[line.hole](line.size))[None, None].float()
    fp32, bf16 = HoleGenerator(generator), HoleGenerator(generator, torch.bfloat16)
    fills: dict[str, Callable[[], torch.Tensor]] = {
        "fp32": lambda: fp32.fill(image, mask).refined,
        "bf16": lambda: bf16.fill(image, mask).refined,
    }
    if line.size < 1024 or (line.size == 1024 and arguments.plain_1024):
        fills["plain"] = torch.inference_mode()(lambda: plain.fill(state, image, mask)[1])
    clock = time.perf_counter if arguments.clock == "wall" else lambda: time.process_time() / THREADS
    # Single fills of a twentieth of a second are mostly chance: small pictures are filled the more often.
    runs = 2 if line.size >= 1024 else arguments.runs * 512**2 // line.size**2
    seconds: dict[str, list[float]] = {name: [] for name in fills}
    results: dict[str, torch.Tensor] = {}
    for run in range(runs + 1):
        for name, fill in fills.items():
            if name == "plain" and line.size == 1024 and run != 1:
                continue  # a minute each; nothing to warm up
            start = clock()
            results[name] = fill()
            if run:
                seconds[name].append(clock() - start)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    inside = mask.expand(-1, 3, -1, -1) > 0
    error = (results["bf16"] - results["fp32"])[inside]
    psnr_db = 10 * np.log10(4 / float(error.square().mean()))
    ratio = {name: median["plain"] / median[name] if "plain" in median else None for name in ("fp32", "bf16")}
    differs = float((results["plain"] - results["fp32"])[inside].abs().max()) if "plain" in results else None
    peak = None if arguments.no_memory else peak_gb(line.hole, line.size, "fp32")
    holds = [
        _at_least(ratio["fp32"], line.fp32),
        _at_least(ratio["bf16"], line.bf16),
        peak is None or line.memory_gb is None or peak <= line.memory_gb,
        line.seconds is None or median["fp32"] <= line.seconds,
        differs is None or differs < 1e-4,
        psnr_db >= 45,
    ]
    plain_s = f"{median['plain']:8.2f}" if "plain" in median else f"{'-':>8}"
    peak_text = "-" if peak is None else f"{peak:.2f} ({line.memory_gb or '-'})"
    print(
        f"{line.hole:18} {line.size:5}  {plain_s} {median['fp32']:7.3f} {median['bf16']:7.3f}  "
        f"{_against(ratio['fp32'], line.fp32):>12} {_against(ratio['bf16'], line.bf16):>12}  "
        f"{'-' if differs is None else f'{differs:.0e}':>8} {psnr_db:7.1f}  {peak_text:>12}  "
        f"{os.getloadavg()[0]:.1f}{'' if all(holds) else '  MISSED'}",
        flush=True,
    )
    return all(holds)


def peak_gb(hole: str, size: int, dtype: str) -> float:
    """Return the peak memory of a process that fills one hole twice, GB."""
    command = [sys.executable, __file__, "--child", hole, str(size), dtype]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_parts(line: Line) -> None:
    """Print where one fill spends its time, and what share of the machine's speed it reaches."""
    generator = from_state(cases.weights())
    image, mask = cases.picture(line.size), torch.from_numpy(cases.HOLES[line.hole](line.size))[None, None].float()
    peak = {dtype: max(speed(dtype, time.process_time)) for dtype in (torch.float32, torch.bfloat16)}
    print(f"\n{line.hole}, {line.size} px")
    for dtype in (torch.float32, torch.bfloat16):
        fill = HoleGenerator(generator, dtype)
        fill.fill(image, mask)
        parts, macs = watch.timed_parts(fill, image, mask)
        total = sum(parts.values())
        reached = 2 * macs / total / 1e9
        text = ", ".join(f"{name} {value * 1e3:.0f}" for name, value in parts.items())
        print(
            f"  {str(dtype)[6:]:8} {total * 1e3:5.0f} ms: {text}; {2 * macs / 1e9:.0f} GFLOP at {reached:.0f} GFLOP/s, "
            f"{reached / peak[dtype]:.0%} of the best"
        )


def _child(hole: str, size: str, dtype: str) -> int:
    fill = HoleGenerator(from_state(cases.weights()), {"fp32": torch.float32, "bf16": torch.bfloat16}[dtype])
    mask = torch.from_numpy(cases.HOLES[hole](int(size)))[None, None].float()
    for _ in range(2):
        fill.fill(cases.picture(int(size)), mask)
    # Not getrusage: its peak is that of the parent where the child began as a copy of it.
    status = Path("/proc/self/status").read_text().splitlines()
    print(next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1e6)
    return 0


def _seconds(run: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    run()
    return clock() - start


def _at_least(value: float | None, bar: float | None) -> bool:
    return value is None or bar is None or value >= bar


def _against(value: float | None, bar: float | None) -> str:
    return "-" if value is None else f"{value:.1f} x" if bar is None else f"{value:.1f} x ({bar})"


if __name__ == "__main__":
    sys.exit(main())
