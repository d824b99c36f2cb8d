"""freefill mask refine: repair masks so that they cover the whole thing."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.headings import HeadedCommand, under
from freefill.cli.mask.files import MadeMask, MaskJob, overlays_of, plan_jobs, read, read_mask, run_jobs
from freefill.cli.mask.options import Writing, masks_argument, output_option, write_options
from freefill.cli.options import invert_option, mask_fit_option, prior_option
from freefill.cli.outputs import check_apart, write_image
from freefill.errors import InputError
from freefill.files import is_folder
from freefill.masks.refining.settings import SWITCHES, THOROUGH, RefineSettings

if TYPE_CHECKING:
    from freefill.masks.refining.recipe import Refined
    from freefill.values import Mask, Picture


_WITHOUT = {
    "specks": "Keep tiny parts of the mask.",
    "fill": "Do not fill small holes in the mask.",
    "close": "Do not close gaps and notches.",
    "person": "Do not add what networks see of a person.",
    "reach": "Do not look for missing limbs.",
    "snap": "Do not move the outline to the edge in the picture.",
    "attached": "Leave out what a person holds, wears or rides.",
    "ends": "Do not look for ends that stick out of the mask.",
    "thicken": "Do not thicken the outline.",
    "smooth": "Do not round off stairs and spikes.",
    "pockets": "Leave what the mask encloses.",
    "shadow": "Leave out the shadow.",
    "reflection": "Leave out the reflection.",
}


def _switches(command: Any) -> Any:
    for name in reversed(SWITCHES):  # as in cli/mask/files.py: --help lists them in order
        command = click.option(f"--no-{name}", f"no_{name}", is_flag=True, help=_WITHOUT[name])(command)
    return command


@click.command("refine", cls=HeadedCommand, short_help="Repair masks so that they cover the whole thing.")
@masks_argument
@under(
    "Files",
    click.option(
        "-i",
        "--image",
        "image",
        metavar="FILE|DIR",
        help="The picture, or the folder of all pictures. Without it only the shape of the mask counts.",
    ),
    output_option,
)
@under(
    "Files",
    invert_option,
    mask_fit_option,
)
@under(
    "How much",
    click.option(
        "--annotations", metavar="JSON", help="COCO annotations. Include what the people in them hold and ride."
    ),
)
@under(
    "Files",
    click.option("--overlay", metavar="FILE|DIR", help="Write a picture that shows in colours what each step added."),
)
@under(
    "How much",
    click.option("--thorough", is_flag=True, help="Mask rather too much than too little: about five times as thick."),
    click.option(
        "--set",
        "values",
        multiple=True,
        metavar="NAME=NUMBER",
        help="Change a setting, such as thicken=0.05. Overrides --thorough. See: --settings.",
    ),
    click.option(
        "--settings",
        is_flag=True,
        is_eager=True,  # asked before click misses MASKS
        expose_value=False,
        callback=lambda ctx, param, asked: _print_settings(ctx, asked),
        help="Print all settings and their defaults.",
    ),
)
@under(
    "Steps to leave out",
    _switches,
)
@under(
    "How much",
    prior_option,
)
@write_options
def refine(
    masks: tuple[str, ...],
    image: str | None,
    output: str | None,
    invert: bool,
    mask_fit: Any,
    annotations: str | None,
    overlay: str | None,
    thorough: bool,
    values: tuple[str, ...],
    prior: Any,
    writing: Writing,
    **no: bool,
) -> int:
    """Repair MASKS so that they cover the whole thing: rims, gaps, limbs, what is held, shadows."""
    from freefill.detectors.refining import refined_mask
    from freefill.detectors.source import as_image
    from freefill.inputs import mask_for
    from freefill.masks.coco import read_coco, things_beside_persons
    from freefill.request import MaskOptions

    # Before any picture is read: a misspelt setting is told at once.
    settings = _chosen(thorough, values, [name for name in SWITCHES if no[f"no_{name}"]])
    jobs = plan_jobs(masks, output, suffix=".refined.png")
    check_apart((job.output for job in jobs), (image, annotations))
    if overlay is not None and image is None:
        raise click.UsageError("--overlay shows the steps on the picture: give --image")
    overlays = overlays_of(jobs, overlay, (image,))

    def make(job: MaskJob) -> MadeMask:
        given = read_mask(job.source, writing.max_mpx, invert)
        picture = None if image is None else read(_image_of(job.source, image), writing.max_mpx)
        if picture is not None:
            given = mask_for(given, picture, MaskOptions(mask_fit=mask_fit))
        name = picture.source if picture else job.source
        things = () if annotations is None else things_beside_persons(read_coco(annotations), name)
        seen = None if picture is None else as_image(picture)
        mask, refined = refined_mask(given, seen, prior, settings=settings, things=things)
        if picture is not None and job.output in overlays:
            _show_steps(picture, given, refined, overlays[job.output])
        added = {step: round(share, 5) for step, share in refined.shares().items()}
        return MadeMask(mask, {"share_before": round(given.share, 6), "added": added})

    return run_jobs(jobs, make, writing)


def _print_settings(ctx: click.Context, asked: bool) -> None:
    """Print the settings and stop."""
    if asked:
        for each in fields(RefineSettings):
            click.echo(f"{each.name}={each.default}")
        ctx.exit()


def _chosen(thorough: bool, values: tuple[str, ...], left_out: list[str]) -> RefineSettings:
    try:
        return (THOROUGH if thorough else RefineSettings()).changed(values).without(left_out)
    except InputError as error:
        raise click.BadParameter(str(error)) from None


def _image_of(mask: str, image: str) -> str:
    """Return the picture of a mask: the file given, or the one of that name in the folder given."""
    if not is_folder(image):
        return image
    from freefill import places

    stem = Path(mask).stem
    fitting = [name for name in places.find(image).names if Path(name).stem == stem]
    if len(fitting) != 1:
        raise InputError(f"{mask}: {len(fitting)} pictures in {image} are named {stem}; one is needed")
    return str(Path(image) / fitting[0])


def _show_steps(picture: Picture, given: Mask, refined: Refined, target: str) -> None:
    from freefill.detectors.source import as_image
    from freefill.masks.overlay import overlay

    # Without what was dropped, which has a colour of its own.
    layers = {"as given": given.hole & ~refined.dropped, **refined.every_step(), "dropped": refined.dropped}
    write_image(overlay(as_image(picture), layers), target)
