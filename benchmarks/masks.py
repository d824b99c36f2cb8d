"""Measure mask refinement on coco_people: repair, limbs, attached things, false growth, rim, predicted masks, time.

    python benchmarks/masks.py                    all tables, both halves of the set (three to five minutes)
    python benchmarks/masks.py --half odd         the half on which no value was chosen
    python benchmarks/masks.py --prior none       from the image alone: no network is asked but for the predicted masks
    python benchmarks/masks.py --save DIR         with pictures of the worst cases
    python benchmarks/masks.py --page DIR         20 pictures filled with annotated, predicted, refined masks
    python benchmarks/masks.py --time             12 and 24 megapixels only

Coverage = share of the annotated object inside the mask. Extra = mask outside of the object, as a share of the object;
things, shadow and reflection lie outside by nature and are counted apart. Crowds count neither way.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import replace
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from _coco_people import DAMAGES, Scene, limb, scenes, union
from _mask_views import rim, save_worst

from freefill.detectors import at_mask, refining
from freefill.distance import distance_outside
from freefill.errors import FreefillError
from freefill.masks.parts import find_parts
from freefill.masks.refining.attached import IN_THE_HAND, WITH_A_PERSON, Thing, attached_things
from freefill.masks.refining.detected import Prior
from freefill.masks.refining.recipe import THOROUGH, Refined, RefineSettings, refine

BUCKETS = ((0, 12), (12, 24), (24, 48), (48, 96), (96, 9999))
BESIDE = RefineSettings(shadow=False, reflection=False)
ALONE, MORE = (replace(each, shadow=False, reflection=False, attached=False) for each in (BESIDE, THOROUGH))


def score(scene: Scene, hole: np.ndarray) -> tuple[float, float]:
    """Return coverage and extra of the union of persons."""
    truth = scene.truth
    return float((hole & truth).sum() / truth.sum()), float((hole & ~truth & ~scene.ignored).sum() / truth.sum())


def by_part(scene: Scene, hole: np.ndarray) -> list[tuple[float, float, float]]:
    """Return size, coverage and extra of each connected part of the truth; what is outside goes to the nearest part."""
    truth = scene.truth
    count, labels = cv2.connectedComponents(truth.astype(np.uint8))
    _, near = cv2.distanceTransformWithLabels((~truth).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    # OpenCV numbers the parts of the distance transform in an order of its own.
    owner = np.zeros(near.max() + 1, int)
    owner[near[truth]] = labels[truth]
    outside = hole & ~truth & ~scene.ignored
    areas = np.bincount(labels.ravel(), minlength=count)[1:]
    inside = np.bincount(labels[hole].ravel(), minlength=count)[1:]
    extra = np.bincount(owner[near[outside]], minlength=count)[1:]
    return [(float(a**0.5), float(i / a), float(e / a)) for a, i, e in zip(areas, inside, extra, strict=True)]


def measure(scene: Scene, networks: bool) -> dict:
    """Measure one picture; a dict of rows that `report` puts together."""
    cv2.setNumThreads(1)
    started = time.perf_counter()
    prior = at_mask.look(scene.image, scene.truth) if networks else None
    asking = time.perf_counter() - started
    row: dict = {"id": scene.id, "even": scene.even, "repair": {}, "rim": {}, "asking": asking}
    size = scene.truth.shape
    for name, damage in {"none": lambda hole, seed: hole, **DAMAGES}.items():
        given = np.zeros(size, bool)
        for number, person in enumerate(scene.persons):
            given |= damage(person.hole, scene.id + number)
        started = time.perf_counter()
        refined = refine(given, scene.image, prior=prior)
        seconds = time.perf_counter() - started
        disc = distance_outside(given) <= 10 * max(size) / 224
        own = refine(given, scene.image, settings=ALONE, prior=prior).hole
        row["repair"][name] = {
            "before": score(scene, given), "after": score(scene, own), "all": score(scene, refined.hole),
            "thorough": score(scene, refine(given, scene.image, settings=MORE, prior=prior).hole),
            "disc": score(scene, disc), "parts": by_part(scene, own), "s": seconds,
        }  # fmt: skip
        row["rim"][name] = (rim(scene.image, given), rim(scene.image, own))
        if name == "none":
            row["stays"] = _stays(scene, _added(refined, "attached"))
    row["limb"] = _limb(scene, prior)
    row["persons"] = [_one(scene, number, prior) for number, p in enumerate(scene.persons) if p.size_px >= 40]
    row["predicted"] = _predicted(scene, networks)
    return row


def _added(refined: Refined, *steps: str) -> np.ndarray:
    """Return what some steps added."""
    return union([refined.added[step] for step in steps if step in refined.added], refined.hole.shape)


def _stays(scene: Scene, taken: np.ndarray) -> float | None:
    """Return what share was taken of the annotated things that stay: couches, cars, tables; None = there is none."""
    listed = WITH_A_PERSON | IN_THE_HAND | {"person"}
    stays = union([i.hole for i in scene.instances if i.category not in listed], taken.shape) & ~scene.truth
    return float((stays & taken).sum() / stays.sum()) if stays.any() else None


def _limb(scene: Scene, prior: Prior | None) -> tuple[float, float, float] | None:
    """Take a limb from the largest person that has one: share won back, by the shape alone, and extra."""
    found = [(p.size_px, number, limb(p.hole)) for number, p in enumerate(scene.persons)]
    found = [entry for entry in found if entry[2] is not None]
    if not found:
        return None
    _, number, missing = max(found, key=lambda entry: entry[0])
    missing = missing & ~union([p.hole for k, p in enumerate(scene.persons) if k != number], missing.shape)
    if missing.sum() < 50:
        return None
    given = scene.truth & ~missing
    with_image, without = refine(given, scene.image, settings=ALONE, prior=prior).hole, refine(given).hole
    won, shape = [float((hole & missing).sum() / missing.sum()) for hole in (with_image, without)]
    return won, shape, score(scene, with_image)[1]


def _one(scene: Scene, number: int, prior: Prior | None) -> dict:
    """Refine one person alone: what grew falsely, or how much of the things it holds was covered."""
    person = scene.persons[number]
    things = [Thing(i.category, i.hole & ~person.hole) for i in scene.instances if i.category != "person"]
    attached, names = attached_things(person.hole, find_parts(person.hole)[1], things)
    refined = refine(person.hole, scene.image, settings=BESIDE, prior=prior)
    if not names or not attached.any():
        false = [_added(refined, *steps) & ~scene.ignored for steps in (("reach", "attached"), ("attached",))]
        return {"false": [float(hole.sum() / person.hole.sum()) for hole in false]}
    plain = refine(person.hole, scene.image, settings=RefineSettings(shadow=False, reflection=False, reach=0)).hole
    covered = [float((attached & hole).sum() / attached.sum()) for hole in (plain, refined.hole)]
    return {"attached": (*covered, float(attached.sum() / person.hole.sum()))}


def _predicted(scene: Scene, networks: bool) -> dict | None:
    """Compare what `people` finds, raw and refined, with the annotation; None where its networks are not here."""
    from freefill.detectors import people

    try:
        given = people.detect(scene.image)
    except FreefillError:
        return None
    prior = at_mask.look(scene.image, given) if networks else None
    refined = refine(given, scene.image, settings=ALONE, prior=prior).hole
    missed = [(p.size_px, float((given & p.hole).sum() / p.hole.sum()) < 0.25) for p in scene.persons]
    disc = distance_outside(given) <= 10 * max(given.shape) / 224
    return {
        "raw": score(scene, given), "refined": score(scene, refined), "disc": score(scene, disc), "missed": missed,
        "found": [(p.size_px, *(float((h & p.hole).sum() / p.hole.sum()) for h in (given, refined)))
                  for p in scene.persons],
        "rim": (rim(scene.image, given), rim(scene.image, refined)),
    }  # fmt: skip


# --- tables ------------------------------------------------------------------------------------------------------


def report(rows: list[dict], title: str) -> None:
    """Print all tables of some pictures."""
    print(f"\n== {title}: {len(rows)} pictures")
    print("repair      coverage before > after (least, >= 99 %)   extra mean / median (<= 30 %)   all steps     disc: "
          "coverage extra   s")  # fmt: skip
    for name in rows[0]["repair"]:
        entries = [row["repair"][name] for row in rows]
        before, after, whole, disc = (np.array([e[k] for e in entries]) for k in ("before", "after", "all", "disc"))
        print(
            f"{name:10s}  {before[:, 0].mean():.4f} > {after[:, 0].mean():.4f} ({after[:, 0].min():.3f}, "
            f"{(after[:, 0] >= 0.99).mean():4.0%})          {after[:, 1].mean():.3f} / {np.median(after[:, 1]):.3f} "
            f"({(after[:, 1] <= 0.3).mean():4.0%})            {whole[:, 1].mean():.3f}         "
            f"{disc[:, 0].mean():.4f} {disc[:, 1].mean():.2f}   {np.mean([e['s'] for e in entries]):.2f}"
        )
    print("thorough    coverage least and mean, less than the disc's by (points)    extra mean, share of the disc's")
    for name in rows[0]["repair"]:
        more, disc = (np.array([row["repair"][name][k] for row in rows]) for k in ("thorough", "disc"))
        (covered, extra), of_disc = more.mean(axis=0), disc.mean(axis=0)
        print(f"{name:10s}  {more[:, 0].min():.4f} {covered:.4f}, {100 * (of_disc[0] - covered):+.3f}          "
              f"{extra:.3f}, {extra / of_disc[1]:.2f}")  # fmt: skip
    print("by size of connected part, px: coverage / extra, mean (median)")
    for name in rows[0]["repair"]:
        parts = np.array([part for row in rows for part in row["repair"][name]["parts"]])
        print(f"{name:10s}", "  ".join(_bucket(parts, low, high) for low, high in BUCKETS))
    limbs = np.array([row["limb"] for row in rows if row["limb"]])
    print(f"missing limb ({len(limbs)}): won back {limbs[:, 0].mean():.2f} mean, {np.median(limbs[:, 0]):.2f} median, "
          f"half or more in {(limbs[:, 0] >= 0.5).mean():.0%}; without the image {limbs[:, 1].mean():.2f}; "
          f"extra {limbs[:, 2].mean():.2f}")  # fmt: skip
    single = [p for row in rows for p in row["persons"]]
    false, falsely = np.array([p["false"] for p in single if "false" in p]).T
    things = np.array([p["attached"] for p in single if "attached" in p])
    print(f"persons who carry nothing ({len(false)}): false growth {false.mean():.3f} mean, {np.median(false):.3f} "
          f"median, above 10 % in {(false > 0.1).mean():.0%}; by things alone {falsely.mean():.3f} mean, above 10 % in "
          f"{(falsely > 0.1).mean():.0%}")  # fmt: skip
    print(f"attached things ({len(things)} persons): covered {things[:, 0].mean():.2f} before the image is asked for "
          f"more, {things[:, 1].mean():.2f} after; half or more in {(things[:, 0] >= 0.5).mean():.0%} > "
          f"{(things[:, 1] >= 0.5).mean():.0%}")  # fmt: skip
    stays = np.array([row["stays"] for row in rows if row["stays"] is not None])
    print(f"things that stay, taken along ({len(stays)} pictures): {stays.mean():.3f} mean, above 5 % in "
          f"{(stays > 0.05).sum()}; asking took {np.median([row['asking'] for row in rows]):.2f} s")  # fmt: skip
    _report_rim({name: [row["rim"][name] for row in rows] for name in rows[0]["rim"]})
    predicted = [row["predicted"] for row in rows if row["predicted"]]
    if predicted:
        _report_predicted(predicted)


def _bucket(parts: np.ndarray, low: float, high: float) -> str:
    chosen = parts[(parts[:, 0] >= low) & (parts[:, 0] < high)]
    if not len(chosen):
        return f"[{low}-{high}: none]"
    name = f"{low}-{high}" if high < 9999 else f"{low}-"
    extra = chosen[:, 2]
    return f"[{name} n{len(chosen)}: {chosen[:, 1].mean():.3f} / {extra.mean():.2f} ({np.median(extra):.2f})]"


def _report_rim(entries: dict[str, list]) -> None:
    print("rim: CIEDE2000 of the ring just outside against the ground beyond; edge energy there over beyond")
    for name, pairs in entries.items():
        values = np.array([pair for pair in pairs if pair[0] is not None and pair[1] is not None])
        mean = values.mean(axis=0)
        print(f"{name:10s}  {mean[0, 0]:.2f} > {mean[1, 0]:.2f}    {mean[0, 1]:.2f} > {mean[1, 1]:.2f}")


def _report_predicted(predicted: list[dict]) -> None:
    raw, refined, disc = (np.array([p[k] for p in predicted]) for k in ("raw", "refined", "disc"))
    print(f"predicted ({len(predicted)}): coverage {raw[:, 0].mean():.3f} > {refined[:, 0].mean():.3f}, disc "
          f"{disc[:, 0].mean():.3f}; extra {raw[:, 1].mean():.2f} > {refined[:, 1].mean():.2f}, median "
          f"{np.median(raw[:, 1]):.2f} > {np.median(refined[:, 1]):.2f}, disc {disc[:, 1].mean():.2f}")  # fmt: skip
    found = np.array([entry for p in predicted for entry in p["found"]])
    for low, high in BUCKETS:
        chosen = found[(found[:, 0] >= low) & (found[:, 0] < high)]
        if len(chosen):
            print(f"  persons of {low} px and more ({len(chosen)}): missed {(chosen[:, 1] < 0.25).mean():.0%}, covered "
                  f"{chosen[:, 1].mean():.2f} > {chosen[:, 2].mean():.2f}")  # fmt: skip
    _report_rim({"predicted": [p["rim"] for p in predicted]})


def report_time() -> None:
    """Print how long drawn figures of 12 and 24 megapixels take, all steps on; median of 5."""
    for height, width in ((3000, 4000), (4000, 6000)):
        image, hole = _figures(height, width)
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            refine(hole, image)
            seconds.append(time.perf_counter() - started)
        print(f"refine, {height * width / 1e6:.0f} megapixels, 4 figures, {hole.mean():.0%} hole: "
              f"{np.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")  # fmt: skip


def _figures(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw four figures on a smooth random ground."""
    ground = np.random.default_rng(0).random((60, 80, 3)).astype(np.float32)
    image = np.clip(cv2.resize(ground, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    hole = np.zeros((height, width), np.uint8)
    unit = height / 1000

    for x, y, size in ((300, 300, 1.0), (700, 400, 0.8), (1000, 200, 0.4), (1100, 700, 0.2)):

        def at(dx: float, dy: float, x: int = x, y: int = y, size: float = size) -> tuple[int, int]:
            return int((x + dx * size) * unit), int((y + dy * size) * unit)

        cv2.ellipse(hole, (at(0, 0), (int(160 * size * unit), int(320 * size * unit)), 0), 1, -1)
        cv2.circle(hole, at(0, -200), int(60 * size * unit), 1, -1)
        for side in (-1, 1):
            cv2.line(hole, at(40 * side, 100), at(60 * side, 380), 1, int(60 * size * unit))
            cv2.line(hole, at(60 * side, -100), at(170 * side, 90), 1, int(40 * size * unit))
    image[hole > 0] = image[hole > 0] * 0.3 + np.array([0.5, 0.1, 0.1], np.float32)
    return image, hole > 0


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("all", "even", "odd"), default="all")
    parser.add_argument("--prior", choices=("people", "none"), default="people", help="what networks see is heeded")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--save", type=Path, metavar="DIR", help="pictures of the worst cases")
    parser.add_argument("--page", type=Path, metavar="DIR", help="one page of 20 filled pictures")
    parser.add_argument("--time", action="store_true", help="time only")
    chosen = parser.parse_args()
    networks = chosen.prior == "people" and refining.ready()
    if chosen.page:
        from _mask_page import write_page

        print(write_page(chosen.page, networks=networks))
        return
    if not chosen.time:
        print(f"asked: {refining.asked()}" if networks else "from the image alone")
        with Pool(chosen.jobs) as pool:
            rows = list(pool.imap(partial(measure, networks=networks), scenes(chosen.half)))
        halves: dict[str, list[dict]] = defaultdict(list)
        for row in rows:
            halves["tuned on (even rows of index.csv)" if row["even"] else "not tuned on (odd rows)"].append(row)
        for title, some in halves.items():
            report(some, title)
        if chosen.save:
            save_worst(rows, chosen.save)
    report_time()


if __name__ == "__main__":
    main()
