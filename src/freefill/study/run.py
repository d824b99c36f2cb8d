"""Run the study over a COCO folder: cases.jsonl, study.json and the page; goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from freefill import __version__
from freefill.errors import InputError
from freefill.evaluation.ready import ready_engines
from freefill.evaluation.run import begin, read_cases
from freefill.files import replacing
from freefill.masks.coco import CocoPicture, read_coco
from freefill.running.here import Here
from freefill.running.processes import Processes
from freefill.running.task import Task
from freefill.study.numbers import numbers_of
from freefill.study.page import write_page
from freefill.study.work import StudyWork


def study(
    folder: Path,
    out: Path,
    *,
    engines: tuple[str, ...] = ("auto",),
    annotations: Path | None = None,
    predicted: Path | None = None,
    limit: int | None = None,
    jobs: int = 1,
    on_picture: Callable[[int, int], None] | None = None,
) -> Path:
    """Fill every picture with people by every mask and engine, judge each result, and write the page.

    Parameters
    ----------
    folder : a COCO folder: pictures, and instances*.json beside or below them
    out : folder for run.json, cases.jsonl, study.json, index.html and pictures/
    engines : names; one that cannot run here is named on the page, and the others go on
    annotations : the file of annotations, where it lies elsewhere
    predicted : folder of masks that somebody predicted, by the pictures' names; None = our own networks predict
    limit : the first so many pictures
    jobs : worker processes
    on_picture : called with (done, in all)

    Returns
    -------
    the page

    Raises
    ------
    InputError
        If there are no annotations or no pictures with people, or `out` holds a study of other ones.
    """
    ready, lacking = ready_engines(engines)
    engines = tuple(ready)
    file = annotations or _annotations(folder)
    entries = _with_people(file)[:limit]
    work = StudyWork(file, _pictures(folder, entries[0]), engines, predicted, out / "pictures")
    out.mkdir(parents=True, exist_ok=True)
    run = {"freefill": __version__, "data": folder, "annotations": file, "predicted": predicted}
    # Engines are not held against it: one that was not asked for before is added.
    begin(out, {part: each and str(each) for part, each in run.items()}, tuple(run))
    cases = out / "cases.jsonl"
    # A line without an engine is of a picture that could not be read, which is tried again.
    kept = [line for line in read_cases(cases) if line.get("engine") in engines]
    filled = {(line["picture"], line["engine"]) for line in kept}
    # an engine that was not asked for before is run on every picture, with the others beside it
    done = {name for name, _ in filled if all((name, engine) in filled for engine in engines)}
    kept = [line for line in kept if line["picture"] in done]
    left = [entry for entry in entries if Path(entry.file).stem not in done]
    with replacing(cases) as stream:
        stream.write("".join(json.dumps(line) + "\n" for line in kept).encode())
    task = Task("freefill.study.work:worker", work)
    with cases.open("a") as journal, Here(task) if jobs == 1 else Processes(task, jobs) as runner:
        for count, answer in enumerate(runner.run(left), 1):
            dead = {"picture": Path(answer.item.file).stem, "error": answer.death}
            lines = answer.answer if answer.death is None else [dead]
            journal.writelines(json.dumps(line) + "\n" for line in lines)
            journal.flush()  # what is done stays, however the run ends
            kept += lines
            if on_picture is not None:
                on_picture(len(entries) - len(left) + count, len(entries))
    wanted = {Path(entry.file).stem: place for place, entry in enumerate(entries)}
    lines = sorted((line for line in kept if line["picture"] in wanted), key=lambda line: wanted[line["picture"]])
    numbers: dict[str, Any] = numbers_of(lines) | {"absent": [f"{name}: {why}" for name, why in lacking.items()]}
    with replacing(out / "study.json") as stream:
        stream.write(json.dumps(numbers, indent=1).encode())
    return write_page(out, numbers, lines)


def _annotations(folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    found = sorted(folder.glob("instances*.json")) + sorted(folder.glob("annotations/instances*.json"))
    if not found:
        raise InputError(f"{folder}: holds no instances*.json; pass --annotations FILE")
    return found[0]


def _with_people(file: Path) -> list[CocoPicture]:
    coco = read_coco(file)
    people = [entry for entry in coco.pictures if any(each.category == "person" for each in entry.annotations)]
    if not people:
        raise InputError(f"{file}: has no picture with people")
    return people


def _pictures(folder: Path, entry: CocoPicture) -> Path:
    """Return the folder that the file names are relative to."""
    for path in (folder, folder / "images", *sorted(each for each in folder.iterdir() if each.is_dir())):
        if (path / entry.file).is_file():
            return path
    raise InputError(f"{folder}: '{entry.file}' is in none of its folders")
