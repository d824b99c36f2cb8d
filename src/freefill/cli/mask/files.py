"""What the mask commands share: files in, files out, one line for each, and what happens when one fails."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.mask.options import Writing
from freefill.cli.outputs import check_apart
from freefill.cli.progress import Report, working
from freefill.errors import SOME_FAILED, FreefillError, InputError, NothingFoundError
from freefill.files import is_file, is_folder, make_folder

if TYPE_CHECKING:
    from freefill.values import Mask, Picture

# Their edges ring: read back, a mask would have grey where it was black or white.
LOSSY = (".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".avif")


@dataclass(frozen=True)
class MaskJob:
    """One mask to make: what it is made of, and where it goes ("-" = standard output)."""

    source: str
    output: str


@dataclass(frozen=True, eq=False)
class MadeMask:
    """A mask, and what --json tells of it beside its share."""

    mask: Mask
    more: dict[str, Any]


def plan_jobs(sources: Sequence[str], output: str | None, suffix: str = ".mask.png") -> list[MaskJob]:
    """Find the pictures that are meant and name each one's mask; no two masks get one name.

    Parameters
    ----------
    sources : files, folders (with all folders in them), globs; or "-"
    output : as the user gave it
    suffix : of a single file's default output

    Raises
    ------
    InputError
        If there is nothing, one file is named for several masks, or a mask would be written over a picture.
    """
    from freefill import places
    from freefill.batch.pairs import name_outputs

    if list(sources) == ["-"]:
        return [MaskJob("-", output or "-")]
    found: dict[str, str] = {}
    own: list[str] = []
    for source in sources:
        listing = places.find(source)
        for name in listing.names:
            place = places.join(listing.base, name)
            # Run twice into a folder within the pictures', the masks of the first time are no pictures.
            if _below(place, output):
                own.append(name)
            else:
                found[name] = place
    if not found:
        raise InputError(
            f"{' '.join(sources)}: there are no pictures{', but for those in ' + str(output) if own else ''}"
        )
    several = len(found) > 1 or any(places.is_folder(source) for source in sources)
    if not several and not is_folder_name(output):
        (place,) = found.values()
        target = output or str(Path(place).with_suffix("")) + suffix
        check_apart((target,), (place,))
        return [MaskJob(place, target)]
    if output is None or output == "-":
        raise click.UsageError("several pictures: name a folder for their masks with -o DIR")
    if is_file(output):
        raise InputError(f"{output}: this is a file, and there are {len(found)} masks to write; name a folder")
    # a.jpg and a.png have one stem, and every mask is a PNG: no two may be written to one file.
    names = name_outputs(sorted(found), ".png")
    return [MaskJob(found[name], str(Path(output) / names[name])) for name in sorted(found)]


def overlays_of(jobs: Sequence[MaskJob], overlay: str | None, inputs: Iterable[str | None] = ()) -> dict[str, str]:
    """Name the picture that explains each mask, by the mask's own name.

    Parameters
    ----------
    overlay : a file, or a folder for several; None = there are none
    inputs : files that are read beside the sources of the jobs

    Raises
    ------
    InputError
        If one file is named for several, or one would be written over a mask or over what is read.
    """
    if overlay is None:
        return {}
    folder = len(jobs) > 1 or is_folder_name(overlay)
    if folder and is_file(overlay):
        raise InputError(f"{overlay}: this is a file, and there are {len(jobs)} overlays to write; name a folder")
    named = {job.output: str(Path(overlay) / Path(job.output).name) if folder else overlay for job in jobs}
    check_apart((*named, *named.values()), (*(job.source for job in jobs), *inputs))
    return named


def run_jobs(
    jobs: Sequence[MaskJob],
    make: Callable[[MaskJob], MadeMask],
    writing: Writing,
    *,
    sought: str | None = None,
) -> int:
    """Make and write masks one after the other; return the exit code.

    One that fails stops nothing where there are several: it is told, and the exit code is 3.

    Parameters
    ----------
    sought : what the masks are to show, where it may be absent: one picture without it is an error, several are counted

    Raises
    ------
    FreefillError
        If the only one fails.
    """
    failed, without = 0, 0
    with working("masks" if len(jobs) > 1 else "finding what goes" if sought else "working", writing.quiet) as report:
        for number, job in enumerate(jobs):
            if len(jobs) > 1:
                report.count(number, len(jobs))
            # Of a clock that nobody sets back.
            begun = time.monotonic()
            try:
                made = make(job)
                if sought is not None and not made.mask.hole.any():
                    _check_found(made.mask, job, alone=len(jobs) == 1)
                    without += 1
                write_mask(made.mask, job.output, writing.bits)
            except FreefillError as error:
                if len(jobs) == 1:
                    raise
                failed += 1
                report.line(f"freefill: {error}")
                if writing.as_json:
                    report.result(json.dumps({"source": job.source, "output": None, "error": str(error)}))
                continue
            told = {
                "source": job.source,
                "output": job.output,
                "share": round(made.mask.share, 6),
                "notes": list(made.mask.notes),
                "seconds": round(time.monotonic() - begun, 3),
                **made.more,
            }
            tell(told, job.output, writing.as_json, report)
        if without:
            report.line(f"freefill: {without} of {len(jobs)} pictures without {sought}: their masks are empty")
    return SOME_FAILED if failed else 0


def _check_found(mask: Mask, job: MaskJob, alone: bool) -> None:
    """Refuse to write an empty mask where only one was asked for."""
    if alone:
        note = next(iter(mask.notes), f"{job.source}: nothing was found")
        raise NothingFoundError(f"{note}; no mask is written: a lower --score or freefill mask draw may help")


def tell(told: dict[str, Any], output: str, as_json: bool, report: Report) -> None:
    """Print one result: notes to standard error, the path or the JSON line to standard output."""
    for note in told["notes"]:
        report.line(f"freefill: {note}")
    if as_json and output == "-":  # standard output has the mask
        click.echo(json.dumps(told), err=True)
    elif as_json or (not report.quiet and output != "-"):
        report.result(json.dumps(told) if as_json else output)


def read(place: str, max_mpx: float) -> Picture:
    """Read a picture from a path or from standard input."""
    from freefill.images.read import read_picture

    return read_picture(sys.stdin.buffer if place == "-" else place, max_mpx=max_mpx)


def read_mask(place: str, max_mpx: float, invert: bool = False) -> Mask:
    """Read a mask from a path or from standard input."""
    from freefill.masks.sources import mask_from_picture

    return mask_from_picture(read(place, max_mpx), invert=invert)


def write_mask(mask: Mask, output: str, bits: str = "1") -> None:
    """Write a mask whole or not at all, white = hole; its folder is made."""
    from freefill.images.write import write_picture
    from freefill.inputs import mask_picture

    if Path(output).suffix.lower() in LOSSY:
        raise InputError(f"{output}: this format would blur the mask's edge; write PNG, TIFF, WebP or BMP")
    picture = mask_picture(mask)
    if bits == "8":
        picture = replace(picture, extras=replace(picture.extras, mode="L"))
    if output == "-":
        write_picture(picture, sys.stdout.buffer, format="png")
        return
    make_folder(Path(output).parent)
    write_picture(picture, output)


def safe_name(name: str, where: str) -> str:
    """Return a name from a file of somebody else's, if it stays below the folder it is written to."""
    path = PurePosixPath(name.replace("\\", "/"))  # names may have been written on Windows
    if "\0" in name:
        raise InputError(f"{where}: the file name {name!r} holds a NUL, which no file can have in its name")
    # A colon: a drive of Windows.
    if path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0]:
        raise InputError(f"{where}: the file name {name!r} leads out of the output folder")
    return str(path)


def is_folder_name(output: str | None) -> bool:
    """Tell whether an output means a folder: it is one, or its name has no ending."""
    if output is None or output == "-":
        return False
    return is_folder(output) or (not Path(output).suffix and not is_file(output))


def _below(place: str, output: str | None) -> bool:
    """Tell whether a picture is one of our own earlier masks, in the output folder."""
    if output is None or output == "-" or not is_folder(output):
        return False
    return Path(output).resolve() in Path(place).resolve().parents
