"""An engine of your own beside one of ours: fill the same hole with both, and let the diagnosis compare.

python examples/second_engine.py photo.jpg mask.png

An engine is a class with `fill`. It gets a crop and gives pixels; windows, memory, growing, feathering and the promise
that no known pixel changes are the recipe's business, and hold for yours too.
"""

from __future__ import annotations

import sys

import numpy as np

import freefill
from freefill.engines.engine import Ready
from freefill.inpainting import inpaint
from freefill.inputs import as_picture, mask_for
from freefill.values import Crop, EngineSettings, EngineSpec, Fill, Options


class Mirror:
    """Fills each hole pixel with what lies as far on the other side of the hole's left or right end."""

    weights_sha256 = None  # it learned nothing

    def __init__(self, settings: EngineSettings) -> None:
        self.fallback = np.float32(0.5)

    def fill(self, crop: Crop, seed: int) -> Fill:
        """Return an image of the crop's size; only its hole is read. Values are RGB from 0 to 1."""
        pixels = np.full_like(crop.image, self.fallback)
        for row in np.flatnonzero(crop.hole.any(axis=1)):
            known = np.flatnonzero(crop.known[row])
            if known.size:
                cols = np.flatnonzero(crop.hole[row])
                ends = known[np.abs(known[None] - cols[:, None]).argmin(axis=1)]  # the nearest known pixel of the row
                twins = np.clip(2 * ends - cols, 0, crop.hole.shape[1] - 1)
                pixels[row, cols] = crop.image[row, np.where(crop.known[row, twins], twins, ends)]
        return Fill(pixels)


MIRROR = Ready(EngineSpec("mirror", "second_engine:Mirror", "for show", context=1.0), Mirror(EngineSettings()))


def main(photo: str, mask: str) -> None:
    """Print a line for each engine, and keep what yours made."""
    picture = as_picture(photo)
    made = mask_for(mask, picture)
    ours = freefill.Inpainter("texture").run(picture, made)
    mine = inpaint(picture, made, MIRROR, Options())
    for outcome in (ours, mine):
        found = freefill.diagnose(photo, made, outcome.picture)
        print(f"{outcome.plan.engine}: {found.verdict}, badness {found.score:.2f}")
    freefill.Result.of(mine, photo).save("mirror.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
