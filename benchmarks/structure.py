"""The structure network: does it point at the right windows, does it know when it does not, does the engine gain?

    python benchmarks/structure.py windows              # squared error of the likeliest window, rank correlation
    python benchmarks/structure.py engine               # prototypes/holes.npz: ST-LPIPS and PSNR over unguided fills
    python benchmarks/structure.py curve LOG PICTURE    # the learning curve of a run, from its log.jsonl

Views and masks are drawn as the prototype's (../shared/prototypes/pointing/data.py), from the twentieth of the
photographs that `freefill train structure_starter` holds out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from freefill.engines.pointing import PointingNetwork, any_around_cell, any_of_cell, apart, windows_of
from freefill.images.decode import decode
from freefill.synthesis.harmonic import harmonic_fill
from freefill.synthesis.synthesise import synthesise
from freefill.synthesis.tuning import Tuning
from freefill.training import photos, recipes
from freefill.values import Crop
from freefill.weights.packaged import STRUCTURE

SHARED = Path(__file__).parents[2] / "shared"
TARS = ("train_scenes_288.tar", "train_scenes_160.tar")
SHORT_PX = 224
BATCH = {64: (10, 16), 128: (6, 8)}  # batches and views in each, as the prototype's evaluation
LARGEST = 0.5


def held_out() -> list[Any]:
    """Return the photographs that are never trained on, RGB uint8, at most 224 px on the short side."""
    found = photos.find([SHARED / "data" / name for name in TARS])
    _, kept = photos.split(found, recipes.load("structure_starter").data.held_out_share)
    pictures = []
    for photo in kept:
        picture = decode(photo.read(), photo.name, None)
        scale = SHORT_PX / min(picture.shape[:2])
        if scale < 1:
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        pictures.append(np.ascontiguousarray(picture))
    return pictures


def prototype() -> Any:
    """Return the prototype's module of views and masks."""
    spec = importlib.util.spec_from_file_location("views", SHARED / "prototypes" / "pointing" / "data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def views(side: int) -> Any:
    """Give view and hole, again and again, in the order of the prototype's evaluation."""
    pictures, drawn = held_out(), prototype()
    batches, count = BATCH[side]
    for number in range(batches):
        rng = np.random.default_rng(99 + number)
        images = [drawn.view(pictures[rng.integers(len(pictures))], rng, side) for _ in range(count)]
        masks: list[Any] = []
        while len(masks) < count:
            mask = drawn.mask(side, rng)
            if mask.mean() < LARGEST:
                masks.append(mask > 0)
        yield from zip(images, masks, strict=True)


def windows(network: PointingNetwork, side: int) -> None:
    """Print the mean squared error (values in -1..1) of several picks, over all cells of all holes."""
    errors: dict[str, list[Any]] = {}
    doubt: list[Any] = []
    for image, hole in views(side):
        truth = np.asarray(image, np.float32) / 127.5 - 1
        asking, known = any_of_cell(hole), ~any_around_cell(hole)
        if not known.any():
            continue
        smooth = harmonic_fill(truth, hole)
        shares = network.shares(smooth, hole, asking, known)
        shown = windows_of(truth)
        between = apart(shown)
        there = between[asking.ravel()]
        sources = known.ravel()
        expected = shares @ between
        likeliest = shares.argmax(1)
        squares = np.square(windows_of(smooth)).mean(1)[:, None] + np.square(shown).mean(1)
        like_smooth = squares - 2 / shown.shape[1] * windows_of(smooth) @ shown.T
        picks = {
            "likeliest": likeliest,
            "least expected difference": np.where(sources, expected, np.inf).argmin(1),
            "nearest to the smooth fill": np.where(sources, like_smooth[asking.ravel()], np.inf).argmin(1),
            "best known": np.where(sources, there, np.inf).argmin(1),
        }
        rows = np.arange(len(there))
        for name, pick in picks.items():
            errors.setdefault(name, []).append(there[rows, pick])
        doubt.append(expected[rows, likeliest])
    for name, found in errors.items():
        print(f"{side} px, {name}: {np.concatenate(found).mean():.4f}")
    print(f"{side} px, rank correlation of disagreement and error: {ranked(doubt, errors['likeliest']):.3f}")


def ranked(one: list[Any], other: list[Any]) -> float:
    """Return Spearman's rank correlation."""
    ranks = [np.concatenate(each).argsort().argsort() for each in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])


def engine(network: PointingNetwork, weights: list[float]) -> None:
    """Print what the network's costs do to fills of person-shaped holes."""
    from freefill.metrics.stlpips import StLpips
    from freefill.weights.opening.features import open_stlpips

    distance = StLpips(open_stlpips())
    cases = np.load(SHARED / "prototypes" / "holes.npz", allow_pickle=True)
    gains: dict[float, list[tuple[float, float]]] = {weight: [] for weight in weights}
    for number, path in enumerate(cases["paths"]):
        picture = cv2.imread(str(SHARED / "data" / str(path)))
        assert picture is not None
        image = np.ascontiguousarray(picture[:, :, ::-1]).astype(np.float32) / 255
        hole = cases[f"mask{number}"].astype(bool)
        found = network.point(Crop(image, hole))
        assert found is not None
        expected = found.cells, found.costs, found.disagreement, found.cell_px

        def score(weight: float | None, image=image, hole=hole, expected=expected) -> tuple[float, float]:
            tuning = Tuning() if weight is None else Tuning(expected_weight=weight)
            made = synthesise(image, hole, ~hole, 0, tuning, expected=None if weight is None else expected)
            assert made is not None
            fill = image.copy()
            fill[made.holes[:, 0], made.holes[:, 1]] = np.clip(made.colours, 0, 1)
            psnr_db = -10 * np.log10(np.square(fill - image)[hole].mean())
            return float(distance.in_hole(image, fill, hole)), float(psnr_db)

        plain = score(None)
        for weight in weights:
            asked = score(weight)
            gains[weight].append((asked[0] / plain[0], asked[1] - plain[1]))
        print(Path(str(path)).name, *(f"{gains[w][-1][0]:.3f} {gains[w][-1][1]:+.2f} dB" for w in weights), flush=True)
    for weight, found in gains.items():
        ratios, decibels = np.array(found).T
        better, worse = int((ratios < 0.98).sum()), int((ratios > 1.02).sum())
        mean = np.exp(np.log(ratios).mean())
        print(f"weight {weight}: ST-LPIPS {mean:.3f} ({better} better, {worse} worse), PSNR {decibels.mean():+.2f} dB")


def curve(log: Path, picture: Path) -> None:
    """Draw a run's held-out figures over its steps; needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    scored = [line for line in lines if line["kind"] == "held_out"]
    steps = [line["step"] / 1000 for line in scored]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    left.plot(steps, [line["loss"] for line in scored], "o-")
    left.set(xlabel="thousand steps", title="negative log likelihood")
    for name in ("likeliest", "nearest_to_smooth"):
        right.plot(steps, [line[name] for line in scored], "o-", label=name.replace("_", " "))
    right.set(xlabel="thousand steps", title="squared error of the window")
    right.legend()
    figure.savefig(picture, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["windows", "engine", "curve"])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--weights", type=Path, default=STRUCTURE, help="an ONNX file; default: the package's")
    parser.add_argument("--side", type=int, choices=sorted(BATCH), default=64)
    parser.add_argument("--weight", type=float, action="append", help="of the costs in the engine")
    given = parser.parse_args()
    if given.what == "curve":
        curve(*given.files)
    elif given.what == "windows":
        windows(PointingNetwork(given.weights), given.side)
    else:
        engine(PointingNetwork(given.weights), given.weight or [Tuning().expected_weight])


if __name__ == "__main__":
    main()
