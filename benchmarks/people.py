"""Measure how wholly persons are masked: on coco_people, on people-free photographs, and on uneven masks.

    python benchmarks/people.py persons              persons, extra, things, time; masks damaged unevenly
    python benchmarks/people.py persons --half odd   the half on which no value was chosen
    python benchmarks/people.py false                persons found in photos_eval, where there is none
    python benchmarks/people.py page DIR             mask, fill, verdict of each picture (holds photographs)

Each picture's figures go to benchmarks-people/MODE.jsonl as they come; a run that was stopped goes on there. Coverage =
share of an annotated person inside the mask. Extra = mask outside of persons, crowds and the annotated things that go
with them, as a share of the persons. Verdicts by eye: benchmarks/people_verdicts.csv.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from _coco_people import HOME, Scene, scenes
from _people_page import write_page
from _uneven import UNEVEN

from freefill.detectors.people_mask import PeopleMask, PeopleWishes, mask_people
from freefill.masks.overlay import overlay
from freefill.masks.parts import find_parts
from freefill.masks.refining.attached import Thing, attached_things
from freefill.masks.refining.detected import Prior
from freefill.masks.refining.recipe import refine
from freefill.masks.refining.settings import DEFAULT, RefineSettings

KEPT = Path("benchmarks-people")
# Of photos_eval: anglers, people before a pyramid, a man at timber, a surfer, passers-by. Looked at one by one.
SHOW_PERSONS = ("102062", "223060", "250047", "384022", "78098")
BARE = RefineSettings(attached=False, shadow=False, reflection=False)


def belongings(scene: Scene) -> np.ndarray:
    """Return the annotated things that go with the persons, less the persons, (H, W) bool."""
    things = [Thing(i.category, i.hole) for i in scene.instances if i.category != "person" and not i.crowd]
    truth = np.ascontiguousarray(scene.truth)
    return attached_things(truth, find_parts(truth)[1], things)[0] & ~truth


def persons(scene: Scene) -> dict[str, Any]:
    """Mask everybody, refined, and compare with the annotation; repair damaged masks with what was seen, and without.

    Networks are asked once for all: who is seen does not depend on the damage.
    """
    cv2.setNumThreads(1)
    started = time.process_time()
    found = mask_people(scene.image, PeopleWishes(refining=DEFAULT), str(scene.id))
    seconds = time.process_time() - started
    hole, truth, things = found.mask.hole, scene.truth, belongings(scene)
    keep_view(scene, found)
    added = {} if found.refined is None else found.refined.added
    drawn = scene.cast
    # Where somebody looked for shadows, only those that were drawn are right; elsewhere all that are found.
    looked = {"shadow": drawn.get("shadows"), "reflection": drawn.get("reflections")}
    cast = np.zeros_like(hole)
    for step, is_drawn in looked.items():
        cast |= (added.get(step, np.zeros_like(hole)) if is_drawn is None else is_drawn) & ~truth
    others = ~truth & ~scene.ignored & ~things
    row: dict[str, Any] = {
        "id": scene.id,
        "even": scene.even,
        "s": round(seconds, 2),
        "persons": [(round(person.size_px, 1), _share(hole, person.hole)) for person in scene.persons],
        "found": len(found.persons),
        "extra": round(float((hole & others & ~cast).sum() / truth.sum()), 4),
        "cast": {step: _cast(hole, added.get(step), is_drawn, truth) for step, is_drawn in looked.items()},
        "things": [int((hole & things).sum()), int(things.sum())],
    }
    prior = Prior(found.persons)
    for name, damage in UNEVEN.items():
        given = np.zeros(truth.shape, bool)
        for number, person in enumerate(scene.persons):
            given |= damage(person.hole, scene.id * 7919 + number)
        row[name] = [_share(given, truth)]
        for asked in (prior, None):
            repaired = refine(given, scene.image, settings=BARE, prior=asked).hole
            row[name] += [_share(repaired, truth), round(float((repaired & others).sum() / truth.sum()), 4)]
    return row


def _cast(hole: np.ndarray, found: np.ndarray | None, drawn: np.ndarray | None, truth: np.ndarray) -> list[float]:
    """Return the covered share of what was drawn; where nothing is cast, what was taken for it over the persons."""
    if drawn is None:
        return []
    if drawn.any():
        return [_share(hole, drawn)]
    return [-1.0, 0.0 if found is None else round(float((found & ~truth).sum() / truth.sum()), 4)]


def keep_view(scene: Scene, found: PeopleMask) -> None:
    """Keep the mask, and the picture with it laid over, to be looked at: what is left of persons in red."""
    folder = KEPT / "masks"
    folder.mkdir(parents=True, exist_ok=True)
    left = scene.truth & ~found.mask.hole
    layers = {**found.layers(), "left": left}
    shown = np.rint(overlay(scene.image, layers, opacity=0.4, legend=False) * 255).astype(np.uint8)
    cv2.imwrite(str(folder / f"{scene.id}-shown.png"), shown[..., ::-1])
    cv2.imwrite(str(folder / f"{scene.id}.png"), found.mask.hole.astype(np.uint8) * 255)


def _share(hole: np.ndarray, truth: np.ndarray) -> float:
    return round(float((hole & truth).sum() / truth.sum()), 4)


def false_persons(path: Path) -> dict[str, Any]:
    """Look for persons in a photograph that shows none."""
    cv2.setNumThreads(1)
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    found = mask_people(np.ascontiguousarray(bgr[..., ::-1]).astype(np.float32) / 255, source=path.name)
    return {
        "id": path.name,
        "scores": [round(person.score, 3) for person in found.persons],
        "share": round(found.mask.share, 5),
    }


# --- running and telling -----------------------------------------------------------------------------------------


def run(
    name: str, measure: Callable[[Any], dict], jobs: Iterable[Any], key: Callable[[Any], Any], workers: int
) -> list:
    """Measure what is not kept from an earlier run; return the rows of all."""
    KEPT.mkdir(exist_ok=True)
    file = KEPT / f"{name}.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {row["id"] for row in rows}
    left = [job for job in jobs if key(job) not in done]
    with Pool(workers) as pool, file.open("a") as kept:
        for row in pool.imap_unordered(measure, left, chunksize=1):
            kept.write(json.dumps(row) + "\n")
            kept.flush()
            rows.append(row)
    return rows


def tell_persons(rows: list[dict], title: str) -> None:
    """Print the table of `persons`."""
    large = np.array([each[1] for row in rows for each in row["persons"] if each[0] >= 48])
    clean = [all(c >= 0.99 for s, c in row["persons"] if s >= 24) for row in rows]
    extra = np.array([row["extra"] for row in rows])
    covered, all_px = np.array([row["things"] for row in rows if row["things"][1]]).T
    print(f"{title}: {len(rows)} pictures, {len(large)} persons of 48 px and more")
    print(f"  covered to 98 %: {(large >= 0.98).mean():.0%}, mean coverage {large.mean():.3f}, below 90 %: "
          f"{(large < 0.9).sum()}")  # fmt: skip
    print(
        f"  pictures in which nobody of 24 px and more leaves 1 %: {sum(clean)} of {len(rows)} ({np.mean(clean):.0%})"
    )
    print(f"  extra beside persons, things, shadows and reflections: mean {extra.mean():.2f}, median "
          f"{np.median(extra):.2f}")  # fmt: skip
    print(f"  annotated things that go with persons: {np.mean(covered / all_px):.2f} covered ({len(covered)} pictures)")
    for step, name in (("shadow", "shadows"), ("reflection", "reflections")):
        told = [row["cast"][step] for row in rows if row["cast"][step]]
        share, none = [each[0] for each in told if len(each) == 1], [each[1] for each in told if len(each) == 2]
        mean, taken = (f"{np.mean(of):.2f}" if of else "-" for of in (share, none))
        print(
            f"  {name} drawn: {mean} covered ({len(share)} pictures); taken where there is none: {taken} ({len(none)})"
        )
    print(f"  processor seconds: median {np.median([row['s'] for row in rows]):.2f}")
    print("  damaged masks: coverage before; with networks: coverage, extra; without: coverage, extra")
    for name in UNEVEN:
        values = np.array([row[name] for row in rows])
        means = "  ".join(f"{value:.3f}" for value in values.mean(axis=0))
        enough = " / ".join(f"{(values[:, column] >= 0.97).mean():.0%}" for column in (1, 3))
        print(f"  {name:8s} {means}  97 % and more in {enough}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["persons", "false", "page"])
    parser.add_argument("folder", nargs="?", type=Path, help="of the page")
    parser.add_argument("--half", default="all", choices=["all", "even", "odd"])
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    if chosen.mode == "page":
        if chosen.folder is None:
            parser.error("page: name a folder")
        print(write_page(chosen.folder, KEPT / "masks", chosen.half))
    elif chosen.mode == "false":
        home = HOME.parent / "photos_eval"
        photos = sorted(
            p
            for p in home.rglob("*")
            if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp") and p.stem not in SHOW_PERSONS
        )
        rows = run("false", false_persons, photos, lambda path: path.name, chosen.workers)
        found = [row for row in rows if row["scores"]]
        print(f"{sum(len(row['scores']) for row in rows)} persons found in {len(found)} of {len(rows)} pictures, "
              f"mean share {np.mean([row['share'] for row in rows]):.4f}")  # fmt: skip
        for row in found:
            print(f"  {row['id']}: {row['scores']}, {row['share']:.4f} of the picture")
    else:
        rows = run("persons", persons, scenes(chosen.half), lambda scene: scene.id, chosen.workers)
        for half in ("odd", "even"):
            of_half = [row for row in rows if row["even"] == (half == "even")]
            if chosen.half in ("all", half) and of_half:
                tell_persons(of_half, f"{half} rows")


if __name__ == "__main__":
    main()
