"""What is done for one picture: cut it, let every engine fill it, measure each; runs here or in a worker process."""

from __future__ import annotations

import glob
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.errors import FreefillError, InputError
from freefill.evaluation.cases import Case, make_case
from freefill.evaluation.measures import Measurer, choose
from freefill.evaluation.protocol import Protocol
from freefill.evaluation.ready import YARDSTICKS
from freefill.evaluation.sources import ENDINGS, Item
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.inpainter import Inpainter
from freefill.values import Mask, Options, Picture


@dataclass(frozen=True)
class EvaluationWork:
    """What is the same for every picture of a run.

    Attributes
    ----------
    protocol, masks : how cases are made
    engines : names of engines and YARDSTICKS, in the order of the table
    results : name to folder of another tool's output
    measures : names, or None for the quick ones
    keep : folder for the fills, or None
    """

    protocol: Protocol
    masks: tuple[Path, ...]
    engines: tuple[str, ...]
    results: tuple[tuple[str, Path], ...] = ()
    measures: tuple[str, ...] | None = None
    keep: Path | None = None


@dataclass(frozen=True, eq=False)
class CaseAnswer:
    """What came of one picture.

    Attributes
    ----------
    lines : one for each engine, as in cases.jsonl; the first says which measures could not be taken, and why ("absent")
    features : engine (and "truth") to network to features, where set measures are wanted
    """

    lines: list[dict[str, Any]]
    features: dict[str, dict[str, NDArray[np.float32]]]


def worker(work: EvaluationWork) -> Callable[[tuple[int, Item]], CaseAnswer]:
    """Return what a worker calls with each picture; engines and networks are loaded once."""
    engines = {name: Inpainter(name) for name in work.engines if name not in YARDSTICKS}
    measurer = Measurer(choose(work.measures))

    def do(numbered: tuple[int, Item]) -> CaseAnswer:
        number, item = numbered
        try:
            case = make_case(item, number, work.protocol, work.masks)
        except FreefillError as error:
            return CaseAnswer([{"case": item.name, "engine": "", "error": str(error), "hole_share": 0.0}], {})
        lines: list[dict[str, Any]] = []
        features: dict[str, dict[str, NDArray[np.float32]]] = {}
        for name in (*work.engines, *(name for name, _ in work.results)):
            line, composite = _one(name, case, work, engines, measurer)
            lines.append(line)
            if composite is not None:
                features[name] = measurer.features(composite)
        if case.truth is not None:
            features["truth"] = measurer.features(case.truth)
        if measurer.absent:
            lines[0]["absent"] = dict(measurer.absent)
        return CaseAnswer(lines, features)

    return do


def _one(
    name: str, case: Case, work: EvaluationWork, engines: Mapping[str, Inpainter], measurer: Measurer
) -> tuple[dict[str, Any], NDArray[np.uint8] | None]:
    """Return the line of one engine, and its composite."""
    line: dict[str, Any] = {
        "case": case.name,
        "engine": name,
        "hole_share": round(float(case.hole.mean()), 6),
        "picture_sha256": case.picture_sha256,
        "mask_sha256": case.mask_sha256,
    }
    try:
        start = time.perf_counter()
        composite, notes = _composite(name, case, work, engines)
        if name in engines:  # reading a file or blurring is no fill, and would stand beside their times
            line["seconds"] = round(time.perf_counter() - start, 4)
        found = measurer.of_case(case, composite)
        line["measures"] = {name: x if np.isfinite(x) else None for name, x in found.items()}  # JSON has no infinity
        if notes:
            line["notes"] = notes
    except FreefillError as error:
        return line | {"error": str(error)}, None
    if work.keep is not None:
        path = work.keep / name / f"{case.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_picture(Picture(composite), path, format="PNG")
    return line, composite


def _composite(
    name: str, case: Case, work: EvaluationWork, engines: Mapping[str, Inpainter]
) -> tuple[NDArray[np.uint8], list[str]]:
    """Return (h, w, 3): the fill in the hole and the picture elsewhere, and what is to be known of it."""
    if name in YARDSTICKS:
        if case.truth is None:
            raise InputError(f"{case.name}: has no truth, which '{name}' is made of")
        fill = case.truth if name == "truth" else cv2.GaussianBlur(case.truth, (0, 0), 1.0)
        return np.where(case.hole[..., None], fill, case.picture), []
    if name in engines:
        blank = case.picture.copy()
        blank[case.hole] = 128  # where the picture is the truth, no engine may see it
        done = engines[name].run(Picture(blank, source=case.name), Mask(case.hole, source=case.name), Options())
        return np.asarray(done.picture.pixels), []
    return read_result(name, dict(work.results)[name], case)


def result_path(name: str, folder: Path, case: str) -> Path | None:
    """Return the file that another tool left for a case; None where there is none."""
    own, last = folder / case, Path(case).name
    paths = [
        folder / f"{stem}{ending}" for stem in (case, last, f"{last}_mask", f"{last}_mask001") for ending in ENDINGS
    ]
    if own.is_dir():
        paths += [*sorted(own.glob(f"output_{glob.escape(name)}.*")), *sorted(own.glob("output*"))]
    return next((path for path in paths if path.is_file()), None)


def check_results(results: Sequence[tuple[str, Path]], cases: Sequence[str]) -> None:
    """Refuse a folder that has nothing for any case, before engines work for hours; single gaps are told by case.

    Raises
    ------
    InputError
        With the name of a file that was looked for.
    """
    for name, folder in results:
        if not any(result_path(name, folder, case) for case in cases):
            raise InputError(
                f"{folder}: holds no result for any of {len(cases)} cases; looked for {cases[0]}.png, .jpg and so on"
            )


def read_result(name: str, folder: Path, case: Case) -> tuple[NDArray[np.uint8], list[str]]:
    """Return another tool's output for a case, its known pixels replaced by the picture's.

    A folder for each case holds `output_NAME`, where several tools' outputs lie beside each other, or one `output`.

    Raises
    ------
    InputError
        If there is none, or it is of another size.
    """
    path = result_path(name, folder, case.name)
    if path is None:
        raise InputError(f"{folder}: holds no result for case '{case.name}'")
    pixels = read_picture(path).pixels
    pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    if pixels.shape != case.picture.shape or pixels.dtype != np.uint8:
        size = f"{pixels.shape[1]}x{pixels.shape[0]}"
        raise InputError(f"{path}: is {size}, the case is {case.picture.shape[1]}x{case.picture.shape[0]}")
    apart = int(np.abs(pixels.astype(int) - case.picture)[~case.hole].max(initial=0))  # as int: bytes would wrap around
    notes = [f"known pixels differ by up to {apart} of 255; the picture's own were taken"] if apart else []
    return np.where(case.hole[..., None], pixels, case.picture), notes
