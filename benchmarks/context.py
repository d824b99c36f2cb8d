"""How much context a window needs: the distance of the fill by context, as a share of the root of the hole's area.

    python benchmarks/context.py          (needs: freefill weights fetch stlpips-alex)

Photographs of `photos_eval/large` at a long side of 1,600 px, each with two compact objects of some 180 px; the engine
fills the window that the plan makes with that context.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import _cases as cases
import _fills as fills
import _measures as measures
import cv2
import numpy as np

from freefill.engines import registry
from freefill.inpainting import inpaint
from freefill.values import EngineSettings, Mask, Options, Picture

CONTEXTS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
PHOTOS = (
    "lomiri_friends", "lomiri_life", "lomiri_sunset", "lomiri_wine", "mate_dune", "mate_storm", "mate_wood",
    "mate_ladybird",
)  # fmt: skip
OBJECTS = ("10-20/object_000000034632_1.png", "10-20/object_000000399488_2.png")
SIDE_PX = 260  # of the object's mask, which covers 10 to 20 % of it
PLACES = ((0.35, 0.3), (0.6, 0.65))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="file of ST-LPIPS; default: the fetched card stlpips-alex")
    parser.add_argument("--engines", nargs="+", default=["texture", "patchmatch"])
    arguments = parser.parse_args()
    distance = measures.load_distance(arguments.weights)
    print(f"processor: {fills.processor()}")
    for name in arguments.engines:
        ready = registry.load(registry.find(name), EngineSettings())
        print(f"\n{name}\ncontext   distance / that of 1.0   PSNR dB   seconds")
        rows: dict[float, list[tuple[float, float, float]]] = {context: [] for context in CONTEXTS}
        for photo in PHOTOS:
            truth = cases.read_rgb(cases.DATA / "photos_eval" / "large" / f"{photo}.jpg", 1600)
            for place, mask in zip(PLACES, OBJECTS, strict=True):
                hole = object_at(truth.shape[:2], mask, place)
                for context in CONTEXTS:
                    spec = replace(ready.spec, context=context, min_context_px=16)
                    picture = Picture(cases.to_8_bits(truth))
                    start = time.perf_counter()
                    result = inpaint(picture, Mask(hole), ready._replace(spec=spec), Options(texture="never"))
                    seconds = time.perf_counter() - start
                    told = measures.measure(distance, truth, cases.from_8_bits(result.picture.pixels), hole)
                    rows[context].append((told["d"], told["psnr"], seconds))
        base = np.array([row[0] for row in rows[1.0]])
        for context, values in rows.items():
            table = np.array(values)
            ratio = measures.geometric_mean(list(table[:, 0] / base))
            print(f"{context:7.2f}   {ratio:22.3f}   {table[:, 1].mean():7.2f}   {np.median(table[:, 2]):7.2f}")


def object_at(size: tuple[int, int], mask: str, place: tuple[float, float]) -> np.ndarray:
    """Return (H, W) bool with one object whose top left corner lies at a share of the picture."""
    shape = cases.read_hole(cases.DATA / "masks_irregular" / mask).astype(np.uint8)
    shape = cv2.resize(shape, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_NEAREST) > 0
    hole = np.zeros(size, bool)
    top, left = (int(side * share) for side, share in zip(size, place, strict=True))
    view = hole[top : top + SIDE_PX, left : left + SIDE_PX]
    view |= shape[: view.shape[0], : view.shape[1]]
    return hole


if __name__ == "__main__":
    main()
