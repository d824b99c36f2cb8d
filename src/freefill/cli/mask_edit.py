"""freefill mask refine, grow, invert, show: work on masks that are there."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.mask_files import (
    Job,
    Made,
    make_folder,
    output_option,
    plan_jobs,
    read,
    run_jobs,
    write_options,
)
from freefill.cli.options import LengthType, prior_option
from freefill.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from freefill.masks.attached import Thing
    from freefill.masks.refinement import Refined, RefineSettings
    from freefill.values import Length, Mask, Picture

masks_argument = click.argument("masks", nargs=-1, required=True)
invert_option = click.option("--invert", is_flag=True, help="Black is hole.")
SWITCHES = ("specks", "fill", "close", "reach", "snap", "attached", "thicken", "smooth", "shadow", "reflection")


def _mask(place: str, max_mpx: float, invert: bool = False) -> Mask:
    from freefill.masks.sources import mask_from_picture

    return mask_from_picture(read(place, max_mpx), invert=invert)


@click.command("grow")
@masks_argument
@click.argument("length", type=LengthType())
@output_option
@invert_option
@click.option("--shrink", is_flag=True, help="Make it smaller instead.")
@write_options
def grow(
    masks: tuple[str, ...], length: Length, output: str | None, invert: bool, shrink: bool,
    bits: str, max_mpx: float, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Grow MASKS by LENGTH all round: 8px, or 3% of the object's size."""
    from freefill.masks import grow as lengths

    def make(job: Job) -> Made:
        mask = _mask(job.source, max_mpx, invert)
        radius = length.in_px(lengths.object_size_px(mask.hole))
        changed = lengths.shrink(mask.hole, radius) if shrink else lengths.grow(mask.hole, radius)
        return Made(replace(mask, hole=changed), {"radius_px": round(radius, 3)})

    jobs = plan_jobs(masks, output, suffix=".grown.png")
    return run_jobs(jobs, make, bits=bits, as_json=as_json, quiet=quiet)


@click.command("invert")
@masks_argument
@output_option
@write_options
def invert(masks: tuple[str, ...], output: str | None, bits: str, max_mpx: float, as_json: bool, quiet: bool) -> int:
    """Turn MASKS: what was kept is removed."""

    def make(job: Job) -> Made:
        mask = _mask(job.source, max_mpx)
        return Made(replace(mask, hole=~mask.hole, notes=()), {})

    jobs = plan_jobs(masks, output, suffix=".inverted.png")
    return run_jobs(jobs, make, bits=bits, as_json=as_json, quiet=quiet)


@click.command("show")
@click.argument("image")
@click.argument("mask")
@click.option("-o", "--output", metavar="FILE", help="Default: NAME.shown.png beside the picture.")
@invert_option
@click.option("--mask-fit", default="error", show_default=True, type=click.Choice(["error", "scale"]))
@click.option("--opacity", default=0.5, show_default=True, type=click.FloatRange(0, 1))
@click.option(
    "--max-megapixels", "max_mpx", default=200.0, show_default=True, type=click.FloatRange(min=0, min_open=True)
)
@click.option("--json", "as_json", is_flag=True, help="Print the mask's share, parts and box as JSON.")
@click.option("-q", "--quiet", is_flag=True)
def show(
    image: str, mask: str, output: str | None, invert: bool, mask_fit: Any, opacity: float, max_mpx: float,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Lay MASK over IMAGE, to look at. MASK may be a word too: people, salient, text, alpha."""
    from freefill.detectors.source import as_image
    from freefill.inputs import mask_for
    from freefill.masks.overlay import overlay
    from freefill.masks.parts import find_parts

    picture = read(image, max_mpx)
    made = mask_for(mask, picture, invert=invert, fit=mask_fit, max_mpx=max_mpx)
    target = output or str(Path(image).with_suffix("")) + ".shown.png"
    _write_image(overlay(as_image(picture), {"mask": made.hole}, opacity=opacity, legend=False), target)
    if not quiet:
        for note in made.notes:
            click.echo(f"freefill: {note}", err=True)
    if as_json:
        parts = len(find_parts(made.hole)[1]) if made.hole.any() else 0
        told = {"image": image, "mask": mask, "output": target, "share": round(made.share, 6), "parts": parts}
        click.echo(json.dumps({**told, "box": _bounds(made), "notes": list(made.notes)}))
    elif not quiet:
        click.echo(target)


def _bounds(mask: Mask) -> list[int] | None:
    """Return x, y, width, height of the mask."""
    import numpy as np

    rows, cols = (np.flatnonzero(mask.hole.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return [int(cols[0]), int(rows[0]), int(cols[-1] - cols[0] + 1), int(rows[-1] - rows[0] + 1)]


def _write_image(image: Any, target: str) -> None:
    """Write an image of 8 bit."""
    import numpy as np

    from freefill.images.write import write_picture
    from freefill.values import Picture

    make_folder(Path(target).parent)
    write_picture(Picture(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8), source=target), target)


# --- refine ------------------------------------------------------------------------------------------------------


def _switches(command: Any) -> Any:
    for name in reversed(SWITCHES):
        command = click.option(f"--no-{name}", f"no_{name}", is_flag=True, help=f"Leave the step '{name}' out.")(
            command
        )
    return command


@click.command("refine")
@masks_argument
@click.option("-i", "--image", "image", metavar="FILE|DIR",
              help="The picture, or the folder of all; without it, only the mask's shape counts.")  # fmt: skip
@output_option
@invert_option
@click.option("--annotations", metavar="JSON", help="COCO annotations: take along what the persons hold and ride.")
@click.option("--overlay", metavar="FILE|DIR", help="Write what each step added, in colours.")
@click.option("--thorough", is_flag=True,
              help="Rather too much than too little: about five times thicker.")  # fmt: skip
@click.option("--set", "values", multiple=True, metavar="NAME=NUMBER", help="A setting: thicken=0.05; all: --settings.")
@click.option("--settings", is_flag=True, is_eager=True, expose_value=False, callback=lambda c, p, v: _settings(c, v),
              help="Print all settings with their defaults.")  # fmt: skip
@_switches
@prior_option
@write_options
def refine(
    masks: tuple[str, ...], image: str | None, output: str | None, invert: bool, annotations: str | None,
    overlay: str | None, thorough: bool, values: tuple[str, ...], prior: Any, bits: str, max_mpx: float,
    as_json: bool, quiet: bool, **no: bool,
) -> int:  # fmt: skip
    """Repair MASKS so that they cover the whole thing: rims, gaps, limbs, what is held, shadows."""
    from freefill.detectors.sight import refined_mask
    from freefill.detectors.source import as_image
    from freefill.inputs import mask_for

    settings = _refine_settings(thorough, values, [name for name in SWITCHES if no[f"no_{name}"]])
    jobs = plan_jobs(masks, output, suffix=".refined.png")
    if overlay is not None and image is None:
        raise click.UsageError("--overlay shows the steps on the picture: give --image")
    if overlay is not None and len(jobs) > 1 and Path(overlay).is_file():
        raise InputError(f"{overlay}: this is a file, and there are {len(jobs)} overlays to write; name a folder")

    def make(job: Job) -> Made:
        given = _mask(job.source, max_mpx, invert)
        picture = None if image is None else read(_image_of(job.source, image), max_mpx)
        if picture is not None:
            given = mask_for(given, picture)
        things = () if annotations is None else _things(annotations, picture.source if picture else job.source)
        seen = None if picture is None else as_image(picture)
        mask, refined = refined_mask(given, seen, prior, settings=settings, things=things)
        if overlay is not None and picture is not None:
            folder = len(jobs) > 1 or Path(overlay).is_dir() or overlay.endswith("/")
            _show_steps(picture, given, refined, str(Path(overlay) / Path(job.output).name) if folder else overlay)
        added = {step: round(share, 5) for step, share in refined.shares().items()}
        return Made(mask, {"share_before": round(given.share, 6), "added": added})

    return run_jobs(jobs, make, bits=bits, as_json=as_json, quiet=quiet)


def _settings(ctx: click.Context, asked: bool) -> None:
    """Print the settings and stop."""
    if asked:
        from freefill.masks.refinement import RefineSettings

        for each in fields(RefineSettings):
            click.echo(f"{each.name}={each.default}")
        ctx.exit()


def _refine_settings(thorough: bool, values: tuple[str, ...], left_out: list[str]) -> RefineSettings:
    from freefill.masks.refinement import THOROUGH, RefineSettings

    known = {each.name: each.default for each in fields(RefineSettings)}
    chosen: dict[str, Any] = {}
    for value in values:
        name, _, number = value.partition("=")
        if name not in known:
            raise click.BadParameter(f"'{name}' is no setting;{did_you_mean(name, known)} all: --settings")
        kind = type(known[name])
        try:
            chosen[name] = number.lower() in ("1", "true", "yes", "on") if kind is bool else kind(number)
        except ValueError:
            raise click.BadParameter(f"'{value}': {name} needs a number") from None
    for name in left_out:
        chosen[name] = type(known[name])(0)
        if name == "thicken":
            chosen["thicken_px"] = 0.0
    return replace(THOROUGH if thorough else RefineSettings(), **chosen)


def _image_of(mask: str, image: str) -> str:
    """Return the picture of a mask: the file given, or the one of that name in the folder given."""
    if not Path(image).is_dir():
        return image
    from freefill.batch import places

    stem = Path(mask).stem
    fitting = [name for name in places.find(image).names if Path(name).stem == stem]
    if len(fitting) != 1:
        raise InputError(f"{mask}: {len(fitting)} pictures in {image} are named {stem}; one is needed")
    return str(Path(image) / fitting[0])


def _things(annotations: str, name: str) -> list[Thing]:
    """Return the annotated things of the picture of that name that are no persons."""
    from freefill.masks.attached import Thing
    from freefill.masks.coco import instance_holes, read_coco

    data = read_coco(annotations)
    entry = next((each for each in data.pictures if Path(each.file).stem == Path(name).stem), None)
    if entry is None:
        raise InputError(f"{annotations}: has no picture named {Path(name).stem}")
    return [
        Thing(each.category, hole)
        for each, hole in instance_holes(data, entry, (), crowds="without")
        if each.category != "person"
    ]


def _show_steps(picture: Picture, given: Mask, refined: Refined, target: str) -> None:
    from freefill.detectors.source import as_image
    from freefill.masks.overlay import overlay

    layers = {"as given": given.hole & ~refined.dropped, **refined.every_step(), "dropped": refined.dropped}
    _write_image(overlay(as_image(picture), layers), target)
