"""Where a fill goes: refused before it is made where nothing can be written there; written after it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from freefill.errors import InputError
from freefill.files import is_file, is_folder, make_folder

if TYPE_CHECKING:
    from freefill.cli.progress import Report
    from freefill.diagnosis.diagnose import Diagnosis
    from freefill.request import MaskLike, Request
    from freefill.values import Image, Mask, Outcome, Picture, Plan


def target_of(picture: Picture, image: str, output: str | None, word: str = "filled") -> str:
    from freefill.images.write import name_for

    if output is not None:
        return output
    return "-" if image == "-" else name_for(picture, image, word)


def check_target(picture: Picture, target: str, format_name: str | None, mask_name: str | None = None) -> None:
    """Refuse an output that cannot be written before minutes are spent on filling."""
    from freefill.images.write import check_holds, format_for

    if target != "-":
        check_place(target)
    kind = format_for(picture, None if target == "-" else target, format_name)
    # Filled wherever it was transparent, it needs no format that holds alpha.
    check_holds(picture, kind, target, will_be_opaque=mask_name == "alpha")


def check_apart(outputs: Iterable[str | None], inputs: Iterable[object]) -> None:
    """Refuse to write over a file that is read, or two outputs into one file.

    A photograph is often the only one there is, and a fill of it cannot be undone.
    """
    taken = {_identity(name) for name in inputs if isinstance(name, str) and is_file(name)}
    for output in outputs:
        if output is None or output == "-":
            continue
        if (place := _identity(output)) in taken:
            raise InputError(f"{output}: this file is an input or another output; choose another name")
        taken.add(place)


def free_name(output: str, taken: set[object]) -> str:
    """Return the name, or one with a number behind it where it is taken; from now on it is taken itself.

    Parameters
    ----------
    taken : of `names_taken`, or empty
    """
    path, free, count = Path(output), output, 1
    while taken.intersection(names_taken((free,))):
        count += 1
        free = str(path.with_stem(f"{path.stem}~{count}"))
    taken |= names_taken((free,))
    return free


def names_taken(names: Iterable[str]) -> set[object]:
    """Return what no further output may be: files by what they are, and those to come by where they will lie."""
    named = [name for name in names if name != "-"]
    return {str(Path(name).resolve()) for name in named} | {_identity(name) for name in named}


def _identity(name: str) -> object:
    """Return what is equal for two names of one file, as `A.jpg` and `a.jpg` are on some disks."""
    try:
        known = Path(name).stat()
    except OSError:  # not there yet
        return str(Path(name).resolve())
    return (known.st_dev, known.st_ino)


def check_place(target: str) -> None:
    """Refuse a place where no file can be."""
    if is_folder(target):
        raise InputError(f"{target}: this is a folder; name the file to write")
    if is_file(Path(target).parent):
        raise InputError(f"{target}: {Path(target).parent} is a file and no folder; name another place")
    if not is_folder(Path(target).parent):
        raise InputError(f"{target}: the folder {Path(target).parent} does not exist; make it first")


def _a_picture() -> Picture:
    """Return the least picture there is, to ask what a name means."""
    import numpy as np

    from freefill.values import Picture

    return Picture(np.zeros((1, 1, 1), np.uint8))


def check_more(engine: str, mask: str | None, stages: str | None, attention: str | None) -> None:
    """Refuse what is to be saved beside the picture, where that cannot be."""
    from freefill.engines.registry import find
    from freefill.images.write import format_for

    if mask is not None:
        check_place(mask)
        if format_for(_a_picture(), mask) not in ("PNG", "TIFF", "WEBP", "BMP"):
            raise InputError(f"{mask}: this format would blur the mask's edge; write PNG, TIFF, WebP or BMP")
    if stages is not None and is_file(stages):
        raise InputError(f"{stages}: this is a file; name a folder for the stages")
    if attention is not None:
        check_place(attention)
        if engine == "auto" or not find(engine).attention:  # auto may choose one that has none
            raise InputError(f"engine '{engine}' has no attention to save; use --engine deepfillv2")


def stream_of(name: str) -> Any:
    """Return a name, or standard input as a stream of bytes."""
    return sys.stdin.buffer if name == "-" else name


def write(result: Outcome, target: str, format_name: str | None, quality: int | None) -> tuple[str, ...]:
    from freefill.images.write import write_picture

    if target == "-":
        notes = write_picture(result.picture, sys.stdout.buffer, format=format_name, quality=quality)
        sys.stdout.buffer.flush()  # what fails here is told; at exit it would be a traceback
        return notes
    return write_picture(result.picture, target, format=format_name, quality=quality)


def write_mask(mask: Mask, path: str) -> None:
    from freefill.images.write import write_picture
    from freefill.inputs import mask_picture

    write_picture(mask_picture(mask), path)


def write_image(image: Image, target: str) -> None:
    """Write an image, (H, W, 3) in [0, 1], with 8 bit; its folder is made."""
    import numpy as np

    from freefill.images.write import write_picture
    from freefill.values import Picture

    make_folder(Path(target).parent)
    write_picture(Picture(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8), source=target), target)


def write_stages(result: Outcome, stages_dir: str | None, attention: str | None) -> None:
    """Write the engine's intermediate pictures, where there are any."""
    import numpy as np

    from freefill.images.write import write_picture
    from freefill.values import Picture

    def write(image: Any, path: Path) -> None:
        write_picture(Picture(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)), path, format="PNG")

    maps = {name: image for name, image in result.stages.items() if name.endswith("attention")}
    if stages_dir is not None:
        folder = Path(stages_dir)
        make_folder(folder)
        for name, image in result.stages.items():
            if name not in maps:
                write(image, folder / f"{name}.png")
    if attention is not None:
        if not maps:
            raise InputError(f"engine '{result.plan.engine}' has no attention to save; use --engine deepfillv2")
        path = Path(attention)
        for name, image in maps.items():
            own = (
                path
                if len(maps) == 1
                else path.with_name(f"{path.stem}.{name.removesuffix('-attention')}{path.suffix}")
            )
            write(image, own)


def write_preview(picture: Picture, mask: MaskLike | None, request: Request, path: str, report: Report) -> None:
    """Write what would be filled, laid over the picture, and say how much it is."""
    from freefill.detectors.source import as_image
    from freefill.images.write import format_for
    from freefill.inpainting import final_mask
    from freefill.inputs import mask_for
    from freefill.masks.overlay import overlay
    from freefill.masks.parts import share_of

    check_place(path)
    format_for(_a_picture(), path)
    report.stage("finding what goes")
    made = mask_for(mask, picture, request, request.max_mpx)
    final = final_mask(made, request).mask
    write_image(overlay(as_image(picture), {"goes": final.hole}, legend=False), path)
    for note in (*final.notes, f"{share_of(final.hole)} would be filled"):
        report.line(f"freefill: {note}")
    if not report.quiet:
        report.result(path)


def tell_filled(
    result: Outcome,
    target: str,
    written: tuple[str, ...],
    diagnosis: Diagnosis | None,
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Print what came of a fill: notes to standard error, the file's name or JSON to standard output."""
    if not quiet:
        why = (result.plan.reason,) if verbose and result.plan.reason else ()
        for note in (*why, *result.notes, *written):
            click.echo(f"freefill: {note}", err=True)
        if diagnosis is not None:
            click.echo(str(diagnosis), err=True)
    if as_json:
        said = {} if diagnosis is None else {"diagnosis": diagnosis.to_json()}
        notes = list(dict.fromkeys((*result.notes, *written)))
        # Standard output has the picture.
        click.echo(json.dumps(summary(result, target) | {"notes": notes} | said), err=target == "-")
    elif not quiet and target != "-":
        click.echo(target)


def summary(result: Outcome, output: str) -> dict[str, Any]:
    """Return what `--json` prints of one fill."""
    plan: Plan = result.plan
    return {
        "output": output,
        "engine": plan.engine,
        "weights_sha256": result.weights_sha256,
        "hole_share": plan.hole_px / (plan.size[0] * plan.size[1]),
        "seconds": {part: round(value, 4) for part, value in result.seconds.items()},
        "notes": list(result.notes),
        "plan": plan.to_json(),
    }
