"""Two runs side by side: the same protocol, the same pictures and masks, or an error that says what differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from freefill.errors import InputError
from freefill.evaluation.run import read_cases
from freefill.evaluation.summary import summarise


def compared(a: Path, b: Path) -> dict[str, Any]:
    """Return a summary of both runs' cases, engines named RUN:ENGINE, those of `a` first.

    Raises
    ------
    InputError
        If a folder holds no run, or the runs are of different protocols, pictures or masks.
    """
    runs = [_run(folder) for folder in (a, b)]
    if runs[0]["protocol"]["sha256"] != runs[1]["protocol"]["sha256"]:
        names = " and ".join(f"{run['protocol']['name']} v{run['protocol']['version']}" for run in runs)
        raise InputError(f"{a}, {b}: runs of different protocols ({names}) cannot be compared")
    lines: list[dict[str, Any]] = []
    seen: dict[str, tuple[str, str]] = {}
    # Folders of one name at different places are told apart by the whole path.
    labels = (a.name, b.name) if a.name != b.name else (str(a), str(b))
    for folder, label in zip((a, b), labels, strict=True):
        for line in read_cases(folder / "cases.jsonl"):
            if not line["engine"]:  # a picture that could not be read
                continue
            hashes = line["picture_sha256"], line["mask_sha256"]
            if seen.setdefault(line["case"], hashes) != hashes:
                part = "picture" if seen[line["case"]][0] != hashes[0] else "mask"
                raise InputError(f"{folder}: the {part} of case '{line['case']}' is another than in {a}")
            lines.append(line | {"engine": f"{label}:{line['engine']}"})
    return summarise(lines, {})


def _run(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    if not path.is_file():
        raise InputError(f"{folder}: holds no run (no run.json); make one with freefill evaluate run")
    return json.loads(path.read_text())
