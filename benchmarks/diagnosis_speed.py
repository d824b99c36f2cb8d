"""What a diagnosis costs: time that passes and processor time since everything was loaded, and memory.

python benchmarks/diagnosis_speed.py ../shared/data/photos_eval/large/lomiri_bridge.jpg
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from freefill.diagnosis.diagnose import diagnose
from freefill.judging import half_tokens

MEGAPIXELS = (1, 12)
TIMES = 3


def main() -> None:
    """Print the least of three times for each size, passed and processor, a hole of a tenth of the picture; memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    photo = cv2.cvtColor(cv2.imread(str(parser.parse_args().photo)), cv2.COLOR_BGR2RGB)
    tokens = half_tokens()
    print("| picture | findings alone | with tokens | memory over what was loaded |\n|---|---|---|---|")
    for mpx in MEGAPIXELS:
        share = (mpx * 1e6 / (photo.shape[0] * photo.shape[1])) ** 0.5
        image = cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        radius = round((0.1 * image.shape[0] * image.shape[1] / np.pi) ** 0.5)
        disc = np.zeros(image.shape[:2], np.uint8)
        hole = cv2.circle(disc, (image.shape[1] // 2, image.shape[0] // 2), radius, 1, -1) > 0
        diagnose(image[:600, :600], hole[-600:, -600:] | (np.arange(600) < 9), image[:600, :600], tokens)  # loads
        filled = np.where(hole[..., None], image[::-1], image)  # were they the same, residue would have nothing to do
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the most memory is counted anew from here
        before = _mb("VmRSS")
        spent = [min(_seconds(image, hole, filled, each) for _ in range(TIMES)) for each in (None, tokens)]
        cells = " | ".join(f"{passed:.2f} s ({processor:.2f} s)" for passed, processor in spent)
        print(f"| {image.shape[1]} x {image.shape[0]} | {cells} | "
              f"{_mb('VmHWM') - before:.0f} MB |", flush=True)  # fmt: skip


def _seconds(image: np.ndarray, hole: np.ndarray, filled: np.ndarray, tokens: object) -> tuple[float, float]:
    """Return the time that passes and the processor time, of all threads."""
    start = time.perf_counter(), time.process_time()
    diagnose(image, hole, filled, tokens)  # type: ignore[arg-type]
    return time.perf_counter() - start[0], time.process_time() - start[1]


def _mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    main()
