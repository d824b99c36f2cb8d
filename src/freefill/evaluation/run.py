"""A run is a folder: run.json says who and what, cases.jsonl has every measure, summary.json follows from it.

What networks see in each picture, for measures of whole sets, lies in `features`, a file for each case: a case that
stands in cases.jsonl has its features there too, however the run ended.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill import __version__
from freefill.errors import InputError
from freefill.evaluation.lock import check_drawn, check_lock
from freefill.evaluation.measures import choose
from freefill.evaluation.ready import ready_engines
from freefill.evaluation.sources import ENDINGS, read_set
from freefill.evaluation.summary import summarise
from freefill.evaluation.work import CaseAnswer, EvaluationWork, check_results
from freefill.files import replacing
from freefill.running.here import Here
from freefill.running.processes import Processes
from freefill.running.task import Task

Features = dict[str, dict[str, dict[str, NDArray[np.float32]]]]
"""Network to engine to case."""


def evaluate(
    data: Path,
    work: EvaluationWork,
    out: Path,
    *,
    jobs: int = 1,
    limit: int | None = None,
    lock: Path | None = None,
    on_case: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Fill and measure a data set, or go on where an earlier run of the same kind stopped.

    Parameters
    ----------
    data : folder of pictures
    work : protocol, engines, measures
    out : folder of the run; made where it is not there
    jobs : worker processes; 1 = in this one
    limit : the first so many pictures
    lock : file with the hashes of every picture and mask; written where it is not there, else compared
    on_case : called with (pictures done, in all)

    Returns
    -------
    the summary, also in summary.json

    Raises
    ------
    InputError
        If the data are not there, a folder of results fits no case, `out` holds another run, or something that is
        locked changed.
    EngineError, WeightsError
        If a name is no engine's, or not one of the engines can run here. One that cannot is listed as absent.
    """
    # Before anything is filled: a mask that is another one would be noticed after hours.
    check_drawn(work.protocol)
    weights, lacking = ready_engines(work.engines) if work.engines else ({}, {})
    work = replace(work, engines=tuple(weights))
    items = read_set(data, own_masks=work.protocol.masks in ("own", "drawn"), limit=limit)
    check_results(work.results, [item.name for item in items])
    out.mkdir(parents=True, exist_ok=True)
    _begin(out, work, data, len(items), weights, lacking)
    lines = read_cases(out / "cases.jsonl")
    wanted = {*work.engines, *(name for name, _ in work.results)}
    by_case: dict[str, set[str]] = {}
    for line in lines:
        by_case.setdefault(line["case"], set()).add(line["engine"])
    # A picture is one piece of work: where the line of one engine is missing, or it could not be read, all is done
    # again.
    left = [(n, item) for n, item in enumerate(items) if not wanted <= by_case.get(item.name, set())]
    again = {item.name for _, item in left}
    lines = [line for line in lines if line["case"] not in again]
    features = read_features(out, but=again)
    _rewrite(out / "cases.jsonl", lines)  # a line that was cut off goes too
    task = Task("freefill.evaluation.work:worker", work)
    done_before = len(items) - len(left)
    with (out / "cases.jsonl").open("a") as journal, Here(task) if jobs == 1 else Processes(task, jobs) as runner:
        for count, done in enumerate(runner.run(left), 1):
            answer: CaseAnswer = done.answer
            if done.death is not None:
                answer = CaseAnswer(
                    [{"case": done.item[1].name, "engine": "", "error": done.death, "hole_share": 0.0}], {}
                )
            # Before the lines, which say that the case is done.
            _keep_features(out, answer.lines[0]["case"], answer.features)
            for line in answer.lines:
                journal.write(json.dumps(line) + "\n")
            journal.flush()  # what is done stays, however the run ends
            lines += answer.lines
            for engine, found in answer.features.items():
                for network, each in found.items():
                    features.setdefault(network, {}).setdefault(engine, {})[answer.lines[0]["case"]] = each
            if on_case is not None:
                on_case(done_before + count, len(items))
    # After the work: only now every picture and mask was decoded.
    if lock is not None:
        cases = {line["case"]: {"name": line["case"], **line} for line in lines if line["engine"]}
        check_lock(lock, work.protocol, list(cases.values()))
    summary = _summary(lines, features) | {"absent_engines": lacking}
    with replacing(out / "summary.json") as stream:
        stream.write(json.dumps(summary, indent=1).encode())
    return summary


def summary_of(out: Path) -> dict[str, Any]:
    """Return the summary of a run, worked out anew from cases.jsonl; nothing is filled or measured.

    Raises
    ------
    InputError
        If the folder holds no run.
    """
    run, lines = out / "run.json", read_cases(out / "cases.jsonl")
    if not run.is_file() or not lines:
        raise InputError(f"{out}: holds no run with cases; make one with freefill evaluate run")
    lacking = json.loads(run.read_text()).get("absent", {})
    return _summary(lines, read_features(out)) | {"absent_engines": lacking}


def _summary(lines: Sequence[dict[str, Any]], features: Features) -> dict[str, Any]:
    measured = [line for line in lines if line["engine"]]
    absent = {name: why for line in lines for name, why in line.get("absent", {}).items()}
    return summarise(measured, features) | {"unread": [line for line in lines if not line["engine"]], "absent": absent}


def mask_files(folder: Path | None) -> tuple[Path, ...]:
    """Return the mask files below a folder, in order of their names."""
    if folder is None:
        return ()
    found = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS))
    if not found:
        raise InputError(f"{folder}: holds no masks")
    return found


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Return the lines of cases.jsonl; a last line that was cut off is left out."""
    if not path.is_file():
        return []
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines


def read_features(out: Path, but: Container[str] = ()) -> Features:
    """Return network to engine to case to features, as a run left them, of all cases but some."""
    features: Features = {}
    for path in sorted((out / "features").rglob("*.npz")):
        with np.load(path) as stored:
            for key in stored.files:
                network, engine, case = key.split("|", 2)  # the name of a case may hold a bar itself
                if case not in but:
                    features.setdefault(network, {}).setdefault(engine, {})[case] = stored[key]
    return features


def _keep_features(out: Path, case: str, features: Mapping[str, Mapping[str, NDArray[np.float32]]]) -> None:
    """Write what networks saw in a case, engine to network to features; nothing of it where there is nothing."""
    path = out / "features" / f"{case}.npz"
    named = {f"{network}|{name}|{case}": each for name, found in features.items() for network, each in found.items()}
    if not named:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as stream:
        np.savez(stream, **named)  # type: ignore[arg-type]


def _rewrite(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    with replacing(path) as stream:
        stream.write("".join(json.dumps(line) + "\n" for line in lines).encode())


def _begin(
    out: Path, work: EvaluationWork, data: Path, count: int, weights: dict[str, str | None], lacking: dict[str, str]
) -> None:
    run = {
        "freefill": __version__,
        "protocol": asdict(work.protocol) | {"sha256": work.protocol.sha256},
        "data": str(data),
        "pictures": count,
        "engines": weights,
        "absent": lacking,
        "results": {name: str(folder) for name, folder in work.results},
        "measures": [measure.name for measure in choose(work.measures)],
        "seed": work.protocol.seed,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "numpy": np.__version__,
    }
    # The count is not held against it, so that --limit may be raised, nor is the machine: a run may go on elsewhere.
    begin(out, run, ("protocol", "data", "engines", "results", "measures", "freefill"))


def begin(out: Path, run: Mapping[str, Any], parts: Sequence[str]) -> None:
    """Write run.json, or refuse to go on in the folder of a run of which one of `parts` was another.

    Raises
    ------
    InputError
        If one was; the message names it.
    """
    path = out / "run.json"
    if path.is_file():
        before = json.loads(path.read_text())
        for part in parts:
            if before.get(part) != json.loads(json.dumps(run[part])):  # as a file has it: without tuples
                raise InputError(f"{out}: holds a run with other {part}; name another folder, or delete this one")
    with replacing(path) as stream:
        stream.write(json.dumps(run, indent=1).encode())
