"""What a diagnosis costs: processor time since everything was loaded, and memory.

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
    """Print the least of three times for each size, a hole of a tenth of the picture; and the most memory."""
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
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the most memory is counted anew from here
        before = _mb("VmRSS")
        spent = [min(_seconds(image, hole, each) for _ in range(TIMES)) for each in (None, tokens)]
        print(f"| {image.shape[1]} x {image.shape[0]} | {spent[0]:.2f} s | {spent[1]:.2f} s | "
              f"{_mb('VmHWM') - before:.0f} MB |", flush=True)  # fmt: skip


def _seconds(image: np.ndarray, hole: np.ndarray, tokens: object) -> float:
    start = time.process_time()
    diagnose(image, hole, image, tokens)  # type: ignore[arg-type]
    return time.process_time() - start


def _mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    main()
