"""freefill inpaint IMAGE MASK -o OUT."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.options import output_options, request_options, talk_options
from freefill.errors import InputError
from freefill.files import is_file, is_folder

if TYPE_CHECKING:
    from freefill.request import Request
    from freefill.values import Mask, Outcome, Picture, Plan


@click.command("inpaint")
@click.argument("image", required=False)
@click.argument("mask", required=False)
@click.option("-i", "--image", "image_option", metavar="FILE", help="The picture; '-' reads standard input.")
@click.option("-m", "--mask", "mask_option", metavar="FILE|WORD",
              help="The mask, white = remove; or 'alpha', 'people', 'salient', 'text'.")  # fmt: skip
@click.option(
    "-o", "--output", metavar="FILE", help="Default: NAME.filled.EXT beside the picture; '-' = standard output."
)
@request_options
@output_options
@click.option("--save-mask", metavar="FILE", help="Write the final mask, as it was filled.")
@click.option("--save-stages", metavar="DIR", help="Write a network's coarse and refined pictures.")
@click.option("--save-attention", metavar="FILE", help="Write where each part of the hole was copied from.")
@click.option(
    "--diagnose", "with_diagnosis", is_flag=True, help="Say what is wrong with the fill, and what to try next."
)
@click.option("--tries", default=1, show_default=True, type=click.IntRange(1, 8), metavar="N",
              help="Fill in up to N ways that differ in kind, and keep what the diagnosis likes best.")  # fmt: skip
@click.option("--save-tries", metavar="DIR", help="Write the other tries too, as NUMBER-KIND.png.")
@click.option("--dry-run", is_flag=True, help="Print the plan as JSON and fill nothing.")
@talk_options
def command(
    image: str | None,
    mask: str | None,
    image_option: str | None,
    mask_option: str | None,
    output: str | None,
    request: Request,
    format_name: str | None,
    quality: int | None,
    save_mask: str | None,
    save_stages: str | None,
    save_attention: str | None,
    with_diagnosis: bool,
    tries: int,
    save_tries: str | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fill the masked part of IMAGE: white in MASK is removed.

    \b
    freefill inpaint photo.jpg mask.png                     writes photo.filled.jpg
    freefill inpaint photo.jpg mask.png -o out.png --grow 3%
    freefill inpaint -i photo.jpg -m people -o out.jpg
    """
    image_name, mask_name = _one("IMAGE", image, image_option), _mask_name(mask, mask_option, request)
    if image_name == mask_name == "-":
        raise click.UsageError("IMAGE and MASK cannot both be read from standard input; name a file for one")
    request = replace(request, save_stages=save_stages is not None, save_attention=save_attention is not None)

    from freefill.cli.tries import best_try, diagnosis_of, in_words
    from freefill.images.read import read_picture
    from freefill.inpainter import Inpainter
    from freefill.inputs import mask_for

    picture = read_picture(_stream(image_name), max_mpx=request.max_mpx)
    target = _target(picture, image_name, output)
    if not dry_run:
        _check_target(picture, target, format_name, mask_name)
        _check_more(request.engine, save_mask, save_stages, save_attention)
    made = None if mask_name is None else _stream(mask_name)
    inpainter = Inpainter.of(request)
    if dry_run:
        hole = mask_for(made, picture, request, request.max_mpx)
        click.echo(json.dumps(inpainter.plan(picture, hole, request).to_json(), indent=2))
        return
    if tries > 1:
        best = best_try(picture, made, request, inpainter, tries, save_tries)
        result, diagnosis = best.result, best.diagnosis
    else:
        result = inpainter.fulfil(picture, made, request)
        diagnosis = diagnosis_of(picture, result) if with_diagnosis else None
    written = _write(result, target, format_name, quality)
    if save_mask is not None:
        _write_mask(result.mask, save_mask)
    _write_stages(result, save_stages, save_attention)
    if not quiet:
        for note in (*result.notes, *written):
            click.echo(f"freefill: {note}", err=True)
    if diagnosis is not None and not quiet:
        click.echo(in_words(diagnosis), err=True)
    if as_json:
        said = {} if diagnosis is None else {"diagnosis": diagnosis.to_json()}
        click.echo(json.dumps(summary(result, target) | said), err=target == "-")
    elif not quiet and target != "-":
        click.echo(target)


def _one(word: str, positional: str | None, option: str | None) -> str:
    """Return what was given by place or by name; both or none is a wrong call."""
    if (positional is None) == (option is None):
        problem = "is missing" if option is None else "is given twice"
        raise click.UsageError(f"{word} {problem}; freefill inpaint IMAGE MASK -o OUT")
    return positional if positional is not None else str(option)


def _mask_name(positional: str | None, option: str | None, request: Request) -> str | None:
    """Return the mask; it may be left out where shapes or more masks say what goes."""
    if positional is None and option is None and (request.shapes or request.also):
        return None
    return _one("MASK", positional, option)


def _target(picture: Picture, image: str, output: str | None) -> str:
    from freefill.images.write import name_for

    if output is not None:
        return output
    return "-" if image == "-" else name_for(picture, image)


def _check_target(picture: Picture, target: str, format_name: str | None, mask_name: str | None) -> None:
    """Refuse an output that cannot be written before minutes are spent on filling."""
    from freefill.images.write import check_holds, format_for

    if target != "-":
        _check_place(target)
    kind = format_for(picture, None if target == "-" else target, format_name)
    check_holds(picture, kind, target, will_be_opaque=mask_name == "alpha")


def _check_place(target: str) -> None:
    """Refuse a place where no file can be."""
    if is_folder(target):
        raise InputError(f"{target}: this is a folder; name the file to write")
    if not is_folder(Path(target).parent):
        raise InputError(f"{target}: the folder {Path(target).parent} does not exist; make it first")


def _a_picture() -> Picture:
    """Return the least picture there is, to ask what a name means."""
    import numpy as np

    from freefill.values import Picture

    return Picture(np.zeros((1, 1, 1), np.uint8))


def _check_more(engine: str, mask: str | None, stages: str | None, attention: str | None) -> None:
    """Refuse what is to be saved beside the picture, where that cannot be."""
    from freefill.engines.registry import find
    from freefill.images.write import format_for

    if mask is not None:
        _check_place(mask)
        if format_for(_a_picture(), mask) not in ("PNG", "TIFF", "WEBP", "BMP"):
            raise InputError(f"{mask}: this format would blur the mask's edge; write PNG, TIFF, WebP or BMP")
    if stages is not None and is_file(stages):
        raise InputError(f"{stages}: this is a file; name a folder for the stages")
    if attention is not None:
        _check_place(attention)
        if engine == "auto" or not find(engine).attention:
            raise InputError(f"engine '{engine}' has no attention to save; use --engine deepfillv2")


def _stream(name: str) -> Any:
    """Return a name, or standard input as a stream of bytes."""
    return sys.stdin.buffer if name == "-" else name


def _write(result: Outcome, target: str, format_name: str | None, quality: int | None) -> tuple[str, ...]:
    from freefill.images.write import write_picture

    if target == "-":
        notes = write_picture(result.picture, sys.stdout.buffer, format=format_name, quality=quality)
        sys.stdout.buffer.flush()
        return notes
    return write_picture(result.picture, target, format=format_name, quality=quality)


def _write_mask(mask: Mask, path: str) -> None:
    from freefill.images.write import write_picture
    from freefill.inputs import mask_picture

    write_picture(mask_picture(mask), path)


def _write_stages(result: Outcome, stages_dir: str | None, attention: str | None) -> None:
    """Write the engine's intermediate pictures, where there are any."""
    import numpy as np

    from freefill.images.write import write_picture
    from freefill.values import Picture

    def write(image: Any, path: Path) -> None:
        write_picture(Picture(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)), path, format="PNG")

    maps = {name: image for name, image in result.stages.items() if name.endswith("attention")}
    if stages_dir is not None:
        folder = Path(stages_dir)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot make this folder ({error.strerror})") from None
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
