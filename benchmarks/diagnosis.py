"""Calibrate and check the diagnosis: faults injected into untouched photographs, and people's verdicts.

    python benchmarks/diagnosis.py measure --photos ../shared/data/photos_eval --out raw.json
    python benchmarks/diagnosis.py tight --photos ../shared/data/photos_eval --out tight.json
    python benchmarks/diagnosis.py tables raw.json tight.json [--write]   # knots from one half, tables from the other
    python benchmarks/diagnosis.py people --judged ../shared/data/judged [--write]

`--write` renews src/freefill/diagnosis/calibration.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from _diagnosis_people import CALIBRATION, people
from _faults import FAULTS, STRENGTHS, injected, scene
from _tight import MASKS, tight_cases

from freefill.diagnosis.calibration import LEVELS, WITH_TOKENS, by_knots, settled
from freefill.diagnosis.findings import FAILURES
from freefill.diagnosis.foreign import foreign
from freefill.diagnosis.unlike import unlike
from freefill.diagnosis.view import make_view
from freefill.judging import half_tokens

SIDE_PX = 480
ENDS_WELL = "loose", "wide"  # masks beside which nothing is left
FOREIGN = f"foreign{WITH_TOKENS}"


def read(path: Path) -> np.ndarray:
    """Return a photograph reduced to a long side of 480 px, RGB in [0, 1]."""
    image = cv2.imread(str(path))
    share = min(1, SIDE_PX / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return (cv2.cvtColor(small, cv2.COLOR_BGR2RGB) / 255).astype(np.float32)


def measure(arguments: argparse.Namespace) -> None:
    """Write every measure of every photograph, clean and with every fault at every strength."""
    files = sorted(path for path in arguments.photos.rglob("*") if path.suffix in (".jpg", ".png", ".webp"))
    files = files[arguments.first :: arguments.step]
    files = files[:: max(1, len(files) // arguments.limit)][: arguments.limit] if arguments.limit else files
    rows = json.loads(arguments.out.read_text()) if arguments.out.is_file() else []  # goes on where it stopped
    photos, done, tokens = [read(path) for path in files], {row["number"] for row in rows}, half_tokens()
    for number, photo in enumerate(photos):
        if number in done:
            continue
        others = [photos[(number + 1 + step) % len(photos)] for step in range(6)]
        made = scene(photo, others, number)
        for fault, strength in [(None, 0), *((fault, s) for fault in FAULTS for s in arguments.strengths)]:
            before, after = (np.rint(x * 255).astype(np.uint8) for x in injected(fault, strength, made, number))
            view = make_view(before, made.hole, after)
            raw = {failure.name: failure.measure(view).raw for failure in FAILURES}
            if tokens is not None and fault in (None, "foreign"):  # the network takes ten times as long as all the rest
                looked = make_view(before, made.hole, after, tokens)
                raw[FOREIGN] = foreign(looked).raw
                raw["unlike"] = unlike(looked).raw
            rows.append(
                {"photo": files[number].name, "number": number, "fault": fault, "strength": strength, "raw": raw}
            )
        arguments.out.write_text(json.dumps(rows))
        print(f"{number + 1}/{len(photos)} {files[number].name}", file=sys.stderr, flush=True)


def tight(arguments: argparse.Namespace) -> None:
    """Write what is left beside masks of persons, some of which fall short; the fill is not read, so there is none."""
    measured, rows = FAILURES[0].measure, []
    for case in tight_cases(arguments.photos):
        grey = np.where(case.hole[..., None], np.uint8(128), case.before)
        raw = measured(make_view(case.before, case.hole, grey)).raw
        rows.append({"photo": case.name, "number": case.number, "mask": case.mask, "raw": raw})
    arguments.out.write_text(json.dumps(rows))


def tables(arguments: argparse.Namespace) -> None:
    """Find the knots on the photographs of even number; print what they are worth on those of odd number."""
    rows, masks = json.loads(arguments.raw.read_text()), json.loads(arguments.tight.read_text())
    chosen, held = ([row for row in rows if row["number"] % 2 == half] for half in (0, 1))
    tokens = all(FOREIGN in row["raw"] for row in rows if row["fault"] is None)
    if not tokens:
        print(
            "without tokens: run freefill weights fetch dinov2-focus, and measure again, to have those of the network\n"
        )
    knots = {}
    for name in (*FAULTS, *([FOREIGN] if tokens else [])):
        fault = name.removesuffix(WITH_TOKENS)
        knots[name] = _knots(_raws(chosen, name, None, 0), _raws(chosen, name, fault, 3))
    # Thresholds of what is left beside the hole come from real masks: what is injected is cleaner than any photograph.
    clean = np.concatenate([_beside(masks, 0, mask) for mask in ENDS_WELL])
    knots["residue"] = _knots(clean, _beside(masks, 0, "slight"))
    if tokens:
        knots["unlike"] = _knots(_raws(chosen, "unlike", None, 0), np.zeros(0))  # nothing is injected for it
    print(f"{len({row['number'] for row in rows})} photographs; knots from the even ones, tables from the odd ones\n")
    _print_strengths(held, rows, knots)
    for row in held:
        row["score"] = settled({name: _scored(row, name, knots) for name in FAULTS})
    _print_confusion(held)
    _print_masks(masks, knots["residue"])
    if arguments.write:
        kept = json.loads(CALIBRATION.read_text()) if CALIBRATION.is_file() else {}
        kept["knots"] = kept.get("knots", {}) | knots
        CALIBRATION.write_text(json.dumps(kept, indent=1) + "\n")


def _scored(row: dict, name: str, knots: dict[str, list[float]]) -> float:
    """Return a case's calibrated score."""
    raw, (low, middle, high) = row["raw"][name], knots[name]
    return by_knots(raw, (low, middle, high)) if np.isfinite(raw) else 0.0


def _print_strengths(held: list[dict], rows: list[dict], knots: dict[str, list[float]]) -> None:
    """Print how well each score tells its fault, at every strength; in brackets over all photographs."""
    strengths = sorted({row["strength"] for row in rows} - {0})
    print(f"| failure | {' | '.join(f'AUC at strength {s}' for s in strengths)} | median score clean | "
          f"{' | '.join(f'at {s}' for s in strengths)} |")  # fmt: skip
    print("|---" * (2 + 2 * len(strengths)) + "|")
    for name in knots:
        fault = name.removesuffix(WITH_TOKENS)
        if fault not in FAULTS:
            continue
        low, middle, high = knots[name]
        kinds = [(None, 0), *((fault, strength) for strength in strengths)]
        clean, *faulty = ([_raws(part, name, *kind) for part in (held, rows)] for kind in kinds)
        cells = [f"{auc(clean[0], own[0]):.2f} ({auc(clean[1], own[1]):.2f})" for own in faulty]
        cells += [f"{by_knots(float(np.median(own[0])), (low, middle, high)):.2f}" for own in (clean, *faulty)]
        print(f"| {name} | " + " | ".join(cells) + " |")


def _print_confusion(rows: list[dict]) -> None:
    """Print what is said of each fault at strength 3, after causes explain what follows from them."""
    print("\nShare called doubtful or bad, without tokens (rows: injected, at strength 3; columns: said)\n")
    print("| injected | " + " | ".join(FAULTS) + " |\n|---" + "|---" * len(FAULTS) + "|")
    for fault in (None, *FAULTS):
        mine = [row for row in rows if row["fault"] == fault and row["strength"] == (3 if fault else 0)]
        said = [np.mean([row["score"][name] >= LEVELS[1] for row in mine]) for name in FAULTS]
        print(f"| {fault or 'nothing'} | " + " | ".join(f"{share:.0%}" for share in said) + " |")


def _raws(rows: list[dict], name: str, fault: str | None, strength: int) -> np.ndarray:
    """Return a measure of all cases of one kind; what could not be looked for counts as little as can be."""
    values = np.array(
        [row["raw"].get(name, -np.inf) for row in rows if row["fault"] == fault and row["strength"] == strength]
    )
    return np.where(np.isfinite(values), values, -99)


def _print_masks(rows: list[dict], knots: list[float]) -> None:
    """Print how well `residue` tells masks that fall short from those that do not, on the pictures of odd number."""
    print(
        "\n| persons | mask | masks | AUC against loose, wide | median score | doubtful or bad |\n" + "|---" * 6 + "|"
    )
    for where in ("coco", "pasted"):
        mine = [row for row in rows if row["photo"].startswith(where)]
        clean = [_beside(mine, 1, mask) for mask in ENDS_WELL]
        for mask in MASKS:
            raws = _beside(mine, 1, mask)
            if not raws.size:
                continue
            scores = [by_knots(raw, (knots[0], knots[1], knots[2])) for raw in raws]
            apart = ", ".join(f"{auc(each, raws):.2f}" for each in clean)
            print(f"| {where} | {mask} | {raws.size} | {apart} | {np.median(scores):.2f} | "
                  f"{np.mean(np.array(scores) >= LEVELS[1]):.0%} |")  # fmt: skip


def _beside(rows: list[dict], half: int, mask: str) -> np.ndarray:
    """Return what was measured of all masks of one kind, on the pictures of even (0) or odd (1) number."""
    return np.array([row["raw"] for row in rows if row["number"] % 2 == half and row["mask"] == mask])


def _knots(clean: np.ndarray, faulty: np.ndarray) -> list[float]:
    """Return the values that score LEVELS, from cases without the fault and with it."""
    clean = clean[clean > -99]
    low, middle = np.percentile(clean, 50), np.percentile(clean, 90)
    if faulty.size:  # far apart: half way between them; a quarter of the photographs would be too few for a finer rule
        middle = max(middle, (middle + np.percentile(faulty, 10)) / 2)
    least = middle + (middle - low) / 2
    high = max(float(np.median(faulty)), least) if faulty.size else least
    return [round(float(x), 4) for x in (low, middle, high)]


def auc(clean: np.ndarray, faulty: np.ndarray) -> float:
    """Return how often a faulty case lies above a clean one; ties count half."""
    return float((faulty[:, None] > clean).mean() + 0.5 * (faulty[:, None] == clean).mean())


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    first = commands.add_parser("measure")
    first.add_argument("--photos", type=Path, required=True)
    first.add_argument("--out", type=Path, required=True)
    first.add_argument("--limit", type=int, default=0)
    first.add_argument("--first", type=int, default=0)
    first.add_argument("--step", type=int, default=1)
    first.add_argument("--strengths", type=int, nargs="+", default=STRENGTHS, choices=STRENGTHS)
    first.set_defaults(run=measure)
    masks = commands.add_parser("tight")
    masks.add_argument("--photos", type=Path, required=True)
    masks.add_argument("--out", type=Path, required=True)
    masks.set_defaults(run=tight)
    second = commands.add_parser("tables")
    second.add_argument("raw", type=Path)
    second.add_argument("tight", type=Path)
    second.add_argument("--write", action="store_true")
    second.set_defaults(run=tables)
    third = commands.add_parser("people")
    third.add_argument("--judged", type=Path, required=True)
    third.add_argument("--write", action="store_true")
    third.set_defaults(run=lambda a: people(a.judged, CALIBRATION if a.write else None))
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
