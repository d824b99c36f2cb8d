"""Pointing: are the right windows found, is it known when they are not, does the engine gain?

    python benchmarks/structure.py windows                 # squared error of windows: nearest to the painter's fill
    python benchmarks/structure.py windows --weights FILE  # ... and those of a pointing network (ONNX)
    python benchmarks/structure.py engine --weights FILE   # holes.npz: ST-LPIPS and PSNR over unguided fills
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

from freefill.engines import painting
from freefill.engines.pointing import NAME, PointingNetwork, any_around_cell, any_of_cell, apart, windows_of
from freefill.images.for_training import decode
from freefill.synthesis.harmonic import harmonic_fill
from freefill.synthesis.synthesise import synthesise
from freefill.synthesis.tuning import Tuning
from freefill.training import photos, recipes
from freefill.values import Crop
from freefill.weights.locate import here

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


def windows(network: PointingNetwork | None, side: int) -> None:
    """Print the mean squared error (values in -1..1) of several picks, over all cells of all holes.

    The painter's doubt of a cell is how far its fill is from the nearest window, and the square of the error that it
    expects.
    """
    painter = painting.network()
    assert painter is not None
    errors: dict[str, list[Any]] = {}
    doubts: dict[str, list[Any]] = {}
    for image, hole in views(side):
        truth = np.asarray(image, np.float32) / 127.5 - 1
        asking, known = any_of_cell(hole), ~any_around_cell(hole)
        if not known.any():
            continue
        smooth = harmonic_fill(truth, hole)
        added, unsure = painter.averaged(smooth, hole)
        shown = windows_of(truth)
        between = apart(shown)[asking.ravel()]
        costs = {
            "nearest to the smooth fill": differences(smooth, shown)[asking.ravel()],
            "nearest to the painter's fill": differences(
                np.where(hole[..., None], np.clip(smooth + added, -1, 1), truth).astype(np.float32), shown
            )[asking.ravel()],
            "best known": between,
        }
        if network is not None:
            shares = network.shares(smooth, hole, asking, known)
            costs |= {"likeliest": -shares, "least expected difference": shares @ apart(shown)}
        rows, picks = np.arange(len(between)), {}
        for name, each in costs.items():
            picks[name] = np.where(known.ravel(), each, np.inf).argmin(1)
            errors.setdefault(name, []).append(between[rows, picks[name]])
        painted = "nearest to the painter's fill"
        expected = np.square(2 * unsure).reshape(side // 4, 4, side // 4, 4).mean((1, 3))[asking]
        doubts.setdefault(painted, []).append(costs[painted][rows, picks[painted]] + expected)
        if network is not None:
            found = costs["least expected difference"][rows, picks["likeliest"]]
            doubts.setdefault("likeliest", []).append(found)
    for name, found in errors.items():
        print(f"{side} px, {name}: {np.concatenate(found).mean():.4f}")
    for name, found in doubts.items():
        print(f"{side} px, {name}: rank correlation of doubt and error {ranked(found, errors[name]):.3f}")


def differences(picture: Any, shown: Any) -> Any:
    """Return the mean squared difference of each window of a picture to each of `shown`."""
    own = windows_of(picture)
    return np.square(own).mean(1)[:, None] + np.square(shown).mean(1) - 2 / shown.shape[1] * own @ shown.T


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
    parser.add_argument("--weights", type=Path, default=here(NAME), help="an ONNX file; default: the one taken in")
    parser.add_argument("--side", type=int, choices=sorted(BATCH), default=64)
    parser.add_argument("--weight", type=float, action="append", help="of the costs in the engine")
    given = parser.parse_args()
    if given.what == "curve":
        curve(*given.files)
    elif given.what == "windows":
        windows(None if given.weights is None else PointingNetwork(given.weights), given.side)
    elif given.weights is None:
        parser.error("no pointing network is here: freefill weights import RUN, or --weights FILE")
    else:
        engine(PointingNetwork(given.weights), given.weight or [Tuning().expected_weight])


if __name__ == "__main__":
    main()
