"""Pairs read from a list: CSV with a header, or JSON lines, with `image`, `mask` and, where wanted, `output`."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from freefill import places
from freefill.batch.pairs import Alone, Pair, Pairing, checked, inputs_of, name_outputs, real
from freefill.errors import InputError
from freefill.request import is_word

JOURNAL = re.compile(r"freefill(\.\d+-of-\d+)?\.jsonl")
SUFFIXES = frozenset((".csv", ".tsv", ".jsonl", ".ndjson"))


def is_manifest(place: str) -> bool:
    """Tell by the suffix."""
    return PurePosixPath(place).suffix.lower() in SUFFIXES


def read_manifest(place: str, output: str, format_suffix: str | None = None) -> Pairing:
    """Read the pairs of a manifest.

    Relative paths start at the manifest's own folder, outputs at the output folder. A mask may be a word, such as
    "people". The journal of a batch is a manifest too: its relative paths start where that batch was started. A row
    that cannot be understood, or whose picture or mask is not there, is told with its line, and stops no other.

    Raises
    ------
    InputError
        If nothing can be read, or two outputs are one.
    """
    base = place.rpartition("/")[0] if places.is_remote(place) else str(Path(place).parent)
    alone: list[Alone] = []
    rows = list(_rows(place, alone))
    if not rows:
        raise InputError(alone[0].reason if alone else f"{place}: the manifest lists no picture")
    default = name_outputs(sorted({_below(row["image"]) for _, row in rows if not row.get("output")}), format_suffix)
    pairs: dict[Pair, int] = {}  # with their lines
    for line, row in rows:
        start = row.get("folder") or base
        image, made = _resolved(start, row["image"]), is_word(row["mask"])
        mask = row["mask"] if made else _resolved(start, row["mask"])
        gone = next((path for path in (image, *([] if made else [mask])) if not _there(path)), None)
        if gone is not None:
            alone.append(Alone(image, "row", f"line {line}: {gone} does not exist"))
            continue
        name = row.get("output") or default[_below(row["image"])]
        wrong = _wrong_output(name)
        if wrong:
            alone.append(Alone(place, "row", f"{place}, line {line}: output {name!r} {wrong}"))
            continue
        pairs.setdefault(Pair(image, mask, str(PurePosixPath(name.replace("\\", "/"))), made), line)
    return checked(_apart(pairs, place, output, alone), alone, output)


def _apart(pairs: Mapping[Pair, int], place: str, output: str, alone: list[Alone]) -> list[Pair]:
    """Return the pairs whose outputs meet neither each other nor an input; the others go to `alone`."""
    inputs = inputs_of(pairs)
    seen: dict[str, Pair] = {}
    for pair, line in pairs.items():
        other = seen.setdefault(pair.output.casefold(), pair)
        wrong = f"is the output of {other.image} too; name another" if other is not pair else ""
        if real(places.join(output, pair.output)) in inputs:
            wrong = f"in {output} is an input; name another, or choose another output folder"
        if wrong:
            alone.append(Alone(place, "row", f"{place}, line {line}: '{pair.output}' {wrong}"))
            if other is pair:
                del seen[pair.output.casefold()]  # it was first of its name, so `seen` has it
    return list(seen.values())


def _there(place: str) -> bool:
    try:
        return places.is_file(place)
    except InputError:  # a folder that may not be entered: as good as not there, for this row
        return False


def _wrong_output(name: str) -> str:
    """Say what is wrong with the name of an output; empty where nothing is."""
    path, windows = PurePosixPath(name.replace("\\", "/")), PureWindowsPath(name)
    if path.is_absolute() or ".." in path.parts or places.is_remote(name) or windows.drive or windows.root:
        return "must be a path inside the output folder"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return "has characters that no file name should have"
    if len(path.parts) == 1 and JOURNAL.fullmatch(name.casefold()):
        return "is the name of the batch's own journal; name another"
    return ""


def _rows(place: str, alone: list[Alone]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row); rows that cannot be understood go to `alone`."""
    try:
        text = places.read_bytes(place).decode("utf-8-sig")  # with or without the mark that spreadsheets put before it
    except UnicodeDecodeError:
        raise InputError(f"{place}: the manifest is not UTF-8 text; save it as UTF-8") from None
    is_json = PurePosixPath(place).suffix.lower() in (".jsonl", ".ndjson")
    for line, row in _json_rows(text) if is_json else _csv_rows(text):
        wrong = row if isinstance(row, str) else _missing(row)
        if isinstance(row, str) or wrong:
            alone.append(Alone(place, "row", f"{place}, line {line}: {wrong}"))
        else:
            yield line, row


def _missing(row: dict[str, str]) -> str:
    """Say what a row lacks; empty where it lacks nothing."""
    for key in ("image", "mask", "output", "folder"):
        value = row.get(key)
        if not isinstance(value, str | None) or (key in ("image", "mask") and not value):
            return f"'{key}' is missing; a row needs image and mask"
        try:
            os.fsencode(value or "")
        except UnicodeEncodeError:  # half of a pair, which JSON can spell
            return f"'{key}' holds a letter that no file name can have"
    return ""


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    # A line ends at "\n" only: splitlines() would also split at U+2028 and U+0085, which JSON may hold.
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
            yield line, f"this is no JSON: {getattr(error, 'msg', 'too deep, or a number too long')}"
            continue
        yield line, row if isinstance(row, dict) else "a row must be an object with image and mask"


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    header = re.split(r"\r\n|\n|\r", text.lstrip(), maxsplit=1)[0]
    delimiter = max(",;\t", key=header.count)  # spreadsheets of some countries save with ";"
    # newline="": a cell may hold line ends of its own.
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # a cell of more than 128 kB, as after a quote that nothing closes
            yield reader.line_num, f"this is no row of a table ({error})"
            continue
        yield reader.line_num, {str(key).strip().lower(): value for key, value in row.items() if key is not None}


def _resolved(base: str, name: str) -> str:
    """A place as it stands if it is one of its own, else one below the manifest's folder."""
    return name if places.is_remote(name) or Path(name).is_absolute() else places.join(base, name)


def _below(name: str) -> str:
    """The name that an output gets by itself: the picture's path, where that lies below the manifest, else its name."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.name if places.is_remote(name) or path.is_absolute() or ".." in path.parts else str(path)
