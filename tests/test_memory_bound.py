"""Promise 7: what a fill takes is bounded by --max-memory, not by the picture."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Filled in a process of its own, whose peak is its own. What was taken before the fill, the picture itself among it, is
# measured by the same means; one small fill comes first, so that compiling is not counted.
PROGRAM = """
import resource, sys
import numpy as np
from freefill.inpainter import Inpainter
from freefill.values import Mask, Options, Picture

side, bound = int(sys.argv[1]), int(sys.argv[2]) << 20
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
rng = np.random.default_rng(0)
def case(side, hole_px):
    pixels = rng.integers(0, 256, (side, side, 3), np.uint8)
    hole = np.zeros((side, side), bool)
    hole[side // 8 : side // 8 + hole_px, side // 8 : side // 8 + hole_px] = True
    return Picture(pixels), Mask(hole)
fill = Inpainter("texture")
small = Options(max_memory_bytes=64 << 20)
fill.run(*case(300, 60), small)
photo, mask = case(side, side * 3 // 5)
before = peak()
result = fill.run(photo, mask, Options(max_memory_bytes=bound))
print(peak() - before, result.picture.pixels.nbytes / 2**20, len(result.plan.windows[0].detail))
"""


def grown_mb(side: int, bound_mb: int) -> tuple[float, float, int]:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(side), str(bound_mb)], capture_output=True, text=True, check=True
    ).stdout.split()
    return float(told[0]), float(told[1]), int(told[2])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is in KB on Linux only")
def test_a_large_hole_takes_what_the_setting_allows_beside_copies_of_the_picture():
    grown, picture_mb, tiles = grown_mb(3000, 64)
    assert tiles > 1  # the bound is felt
    assert grown < 64 + 4 * picture_mb, (grown, picture_mb)
