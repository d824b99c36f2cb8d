"""The painting network: how far do its small fills err, and does patch synthesis gain by them?

    python benchmarks/painter.py error               # L1 in the hole at 64 and 32 px, beside the smooth fill
    python benchmarks/painter.py engine              # ST-LPIPS and PSNR over fills without it, large holes
    python benchmarks/painter.py curve LOG PICTURE   # the learning curve of a run, from its log.jsonl

Pictures: the centre squares of photos_eval, each with one mask of a bin, and published/migan_places2_*_freeform.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from freefill.engines import painting
from freefill.engines.painting import PaintingNetwork
from freefill.engines.texture import Texture
from freefill.synthesis.harmonic import harmonic_fill
from freefill.values import Crop, EngineSettings
from freefill.weights.packaged import packaged

DATA = Path(__file__).parents[2] / "shared" / "data"
BINS = ("10-20", "20-30", "30-40", "40-50")
LARGE = ("40-50", "50-60")
ENGINE_PX = 256
Case = tuple[str, Any, Any]


def read(path: Path) -> Any:
    picture = cv2.imread(str(path))
    assert picture is not None, path
    return np.ascontiguousarray(picture[:, :, ::-1]).astype(np.float32) / 255


def sized(image: Any, side: int) -> Any:
    """Return the centre square at a size."""
    height, width = image.shape[:2]
    least = min(height, width)
    top, left = (height - least) // 2, (width - least) // 2
    return cv2.resize(image[top : top + least, left : left + least], (side, side), interpolation=cv2.INTER_AREA)


def hole_of(path: Path, side: int) -> Any:
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert mask is not None, path
    return cv2.resize(mask, (side, side), interpolation=cv2.INTER_NEAREST) > 127


def photos(side: int, bins: tuple[str, ...], every: int = 1) -> Iterator[Case]:
    masks = {name: sorted((DATA / "masks_irregular" / name).glob("*.png")) for name in bins}
    found = sorted(p for p in (DATA / "photos_eval").rglob("*") if p.suffix in (".jpg", ".png", ".webp"))
    for number, path in enumerate(found[::every]):
        image = sized(read(path), side)
        for name, of_bin in masks.items():
            yield f"{path.stem} {name}", image, hole_of(of_bin[number % len(of_bin)], side)


def published(side: int, sizes: tuple[int, ...] = (256, 512)) -> Iterator[Case]:
    for size in sizes:
        for folder in sorted((DATA / "published" / f"migan_places2_{size}_freeform").iterdir()):
            raw = next(path for path in folder.iterdir() if path.stem == "raw")
            yield folder.name, sized(read(raw), side), hole_of(folder / "mask.png", side)


def halved(values: Any) -> Any:
    height, width = values.shape[:2]
    return values.reshape(height // 2, 2, width // 2, 2, -1).mean((1, 3))


def errors(network: PaintingNetwork, cases: Iterator[Case]) -> dict[str, Any]:
    """Return the mean L1 in the hole, values in -1..1, at 64 px and of the means of 2 x 2 where all four are hole."""
    found: dict[str, list[Any]] = {}
    for _, image, hole in cases:
        truth = image * 2 - 1
        smooth = harmonic_fill(truth, hole)
        painted = np.clip(smooth + network.averaged(smooth, hole)[0] * hole[..., None], -1, 1)
        inner = halved(hole.astype(np.float32))[..., 0] == 1
        for name, fill in (("smooth", smooth), ("painted", painted)):
            at_32 = np.abs(halved(fill) - halved(truth))[inner]
            if inner.any():
                found.setdefault(name, []).append((np.abs(fill - truth)[hole].mean(), at_32.mean()))
    return {name: np.mean(values, 0) for name, values in found.items()}


def engine(network: PaintingNetwork, every: int, out: Path | None) -> None:
    """Print what `--structure network` does to fills of large holes."""
    from freefill.metrics.stlpips import StLpips
    from freefill.weights.opening.features import open_stlpips

    distance = StLpips(open_stlpips())
    texture = Texture(EngineSettings())
    for kind, cases in (("published", published(ENGINE_PX)), ("photos", photos(ENGINE_PX, LARGE, every))):
        gains = []
        for name, image, hole in cases:
            fills, scores = [], []
            for asked in (None, network):
                painting.network = lambda asked=asked: asked  # type: ignore[assignment]
                fill = texture.fill(Crop(image, hole, structure="auto" if asked is None else "network"), 0).pixels
                scores.append((float(distance.in_hole(image, fill, hole)), np.square(fill - image)[hole].mean()))
                fills.append(fill)
            ratio, decibels = scores[1][0] / scores[0][0], 10 * np.log10(scores[0][1] / scores[1][1])
            gains.append((ratio, decibels))
            print(f"{name}: {scores[0][0]:.3f}, {ratio:.3f}, {decibels:+.2f} dB", flush=True)
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                shown = np.hstack([np.where(hole[..., None], 0.5, image), *fills, image])
                cv2.imwrite(str(out / f"{kind} {name}.png"), np.rint(shown[:, :, ::-1] * 255).astype(np.uint8))
        ratios, found = np.array(gains).T
        better, worse = int((ratios < 0.98).sum()), int((ratios > 1.02).sum())
        print(
            f"{kind}: ST-LPIPS {np.exp(np.log(ratios).mean()):.3f} of {len(ratios)} ({better} better, {worse} worse), "
            f"PSNR {found.mean():+.2f} dB"
        )


def curve(log: Path, picture: Path) -> None:
    """Draw a run's held-out figures over its steps; needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    scored = [record for line in log.read_text().splitlines() if (record := json.loads(line))["kind"] == "held_out"]
    steps = [record["step"] / 1000 for record in scored]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    left.plot(steps, [record["l1"] for record in scored], "o-", label="painted")
    left.plot(steps, [record["prefill_l1"] for record in scored], "--", label="smooth fill")
    left.set(xlabel="thousand steps", title="L1 in the hole, 64 px")
    left.legend()
    right.plot(steps, [record["rank_correlation"] for record in scored], "o-")
    right.set(xlabel="thousand steps", title="rank correlation of expected and true error")
    figure.savefig(picture, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["error", "engine", "curve"])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--weights", type=Path, default=packaged(painting.NAME), help="an ONNX file")
    parser.add_argument("--every", type=int, default=6, help="engine: one photograph in so many")
    parser.add_argument("--out", type=Path, help="engine: a folder for the fills: hole, without, with, truth")
    given = parser.parse_args()
    if given.what == "curve":
        curve(*given.files)
    elif given.what == "engine":
        engine(PaintingNetwork(given.weights), given.every, given.out)
    else:
        for name, cases in (("photos", photos(64, BINS)), ("published", published(64, (256,)))):
            for fill, (at_64, at_32) in errors(PaintingNetwork(given.weights), cases).items():
                print(f"{name}, {fill}: L1 {at_64:.4f} at 64 px, {at_32:.4f} at 32 px")


if __name__ == "__main__":
    main()
