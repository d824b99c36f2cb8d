"""Pairs read from a list: CSV with a header, or JSON lines, with `image`, `mask` and, where wanted, `output`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from freefill import places
from freefill.batch.pairs import Alone, Pair, Pairing, checked, name_outputs
from freefill.errors import InputError

SUFFIXES = frozenset((".csv", ".tsv", ".jsonl", ".ndjson"))


def is_manifest(place: str) -> bool:
    """Tell by the suffix."""
    return PurePosixPath(place).suffix.lower() in SUFFIXES


def read_manifest(place: str, output: str, format_suffix: str | None = None) -> Pairing:
    """Read the pairs of a manifest.

    Relative paths start at the manifest's own folder, outputs at the output folder. A row whose picture or mask is not
    there counts as one without a partner.

    Raises
    ------
    InputError
        With the line, where a row cannot be understood.
    """
    base = place.rpartition("/")[0] if places.is_remote(place) else str(Path(place).parent)
    rows = list(_rows(place))
    if not rows:
        raise InputError(f"{place}: the manifest lists no picture")
    default = name_outputs(
        sorted({_below(base, row["image"]) for _, row in rows if not row.get("output")}), format_suffix
    )
    pairs, alone = [], []
    for line, row in rows:
        image, mask = _resolved(base, row["image"]), _resolved(base, row["mask"])
        gone = next((path for path in (image, mask) if not places.is_file(path)), None)
        if gone is not None:
            alone.append(Alone(image, "picture", f"line {line}: {gone} does not exist"))
            continue
        name = row.get("output") or default[_below(base, row["image"])]
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or places.is_remote(name):
            raise InputError(f"{place}, line {line}: output '{name}' must be a path inside the output folder")
        pairs.append(Pair(image, mask, str(path)))
    return checked(pairs, alone, output)


def _rows(place: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row)."""
    try:
        text = places.read_bytes(place).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{place}: the manifest is not UTF-8 text; save it as UTF-8") from None
    numbered = (
        _json_rows(place, text) if PurePosixPath(place).suffix.lower() in (".jsonl", ".ndjson") else _csv_rows(text)
    )
    for line, row in numbered:
        missing = [key for key in ("image", "mask") if not isinstance(row.get(key), str) or not row[key]]
        if missing or not isinstance(row.get("output", "") or "", str):
            raise InputError(
                f"{place}, line {line}: '{(missing or ['output'])[0]}' is missing; a row needs image and mask"
            )
        yield line, row


def _json_rows(place: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    for line, content in enumerate(text.splitlines(), start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except json.JSONDecodeError as error:
            raise InputError(f"{place}, line {line}: this is no JSON: {error.msg}") from None
        if not isinstance(row, dict):
            raise InputError(f"{place}, line {line}: a row must be an object with image and mask")
        yield line, row


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    header = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=header.count)  # spreadsheets of some countries save with ";"
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    for row in reader:
        yield reader.line_num, {str(key).strip().lower(): value for key, value in row.items() if key is not None}


def _resolved(base: str, name: str) -> str:
    """A place as it stands if it is one of its own, else one below the manifest's folder."""
    return name if places.is_remote(name) or Path(name).is_absolute() else places.join(base, name)


def _below(base: str, name: str) -> str:
    """The name that an output gets by itself: the picture's path, where that lies below the manifest, else its name."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.name if places.is_remote(name) or path.is_absolute() or ".." in path.parts else str(path)
