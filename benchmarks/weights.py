"""What trusting weights by hash costs: python benchmarks/weights.py [MB]

Prints the time to find a file whose size and time are as recorded, to read its whole hash, and to open a TorchScript
file of that size with and without its hash being checked; the median of five, alternating.
"""

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from freefill.weights import folder, store
from freefill.weights.cards import catalogue
from freefill.weights.locate import locate
from freefill.weights.opening.load import load_torchscript


class Ballast(torch.nn.Module):
    """A network that is nothing but large."""

    def __init__(self, megabytes: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(megabytes * 1_000_000 // 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[0]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        os.environ["FREEFILL_WEIGHTS_DIR"] = place
        part = folder.work_folder() / "part"
        torch.jit.save(torch.jit.script(Ballast(megabytes)), part)
        sha256, _ = folder.hashes(part)
        path = folder.put(part, folder.record_for(catalogue.find("lama"), "a benchmark", sha256), sha256)
        tasks: dict[str, Callable[[], object]] = {
            "find it (size and time)": lambda: locate("lama"),
            "find it and read its hash (verify)": lambda: store.verify("lama"),
            "open it, hash checked": lambda: load_torchscript(path, sha256),
            "open it, hash not checked": lambda: plain_open(path),
        }
        times: dict[str, list[float]] = {name: [] for name in tasks}
        for _ in range(5):
            for name, work in tasks.items():
                times[name].append(seconds(work))
        print(f"| a TorchScript file of {path.stat().st_size / 1e6:.0f} MB | seconds |\n|---|---|")
        for name, taken in times.items():
            print(f"| {name} | {median(taken):.4f} |")


def plain_open(path: Path) -> object:
    return torch.jit.load(str(path), map_location="cpu")


if __name__ == "__main__":
    main()
