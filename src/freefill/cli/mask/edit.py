"""freefill mask grow, invert, show: work on masks that are there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.mask import files
from freefill.cli.mask.files import MadeMask, MaskJob
from freefill.cli.mask.options import Writing, masks_argument, output_option, write_options
from freefill.cli.option_types import LengthType
from freefill.cli.options import invert_option, mask_fit_option, max_mpx_option
from freefill.cli.outputs import check_apart, write_image

if TYPE_CHECKING:
    from freefill.values import Length


class _TakesNegative(click.Command):
    """A command whose arguments may be negative lengths: "-8px" is none of its options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for number, word in enumerate(args):
            if word == "--":
                break
            if re.fullmatch(r"-[\d.]+(px|%)?", word):
                # What comes behind `--` is no option; LENGTH is the last argument anyway.
                args = [*args[:number], *args[number + 1 :], "--", word]
                break
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter:  # of `grow mask.png` click would say that MASKS is missing
            raise click.UsageError("name the masks, then by how much: freefill mask grow MASK 6px", ctx) from None


@click.command("grow", cls=_TakesNegative, short_help="Grow masks all round, or shrink them.")
@masks_argument
@click.argument("length", type=LengthType())
@output_option
@invert_option
@click.option("--shrink", is_flag=True, help="Shrink the masks instead.")
@write_options
def grow(
    masks: tuple[str, ...],
    length: Length,
    output: str | None,
    invert: bool,
    shrink: bool,
    writing: Writing,
) -> int:
    """Grow MASKS by LENGTH all round: 8px, or 3% of the object's size; -8px shrinks them."""
    from freefill.masks import grow as lengths

    def make(job: MaskJob) -> MadeMask:
        mask = files.read_mask(job.source, writing.max_mpx, invert)
        radius = length.in_px(lengths.object_size_px(mask.hole))
        changed = lengths.resized(mask.hole, -radius if shrink else radius)
        return MadeMask(replace(mask, hole=changed), {"radius_px": round(radius, 3)})

    jobs = files.plan_jobs(masks, output, suffix=".grown.png")
    return files.run_jobs(jobs, make, writing)


@click.command("invert")
@masks_argument
@output_option
@write_options
def invert(masks: tuple[str, ...], output: str | None, writing: Writing) -> int:
    """Invert MASKS: white becomes black, and black white."""

    def make(job: MaskJob) -> MadeMask:
        mask = files.read_mask(job.source, writing.max_mpx)
        # "looks inverted" and the like are no longer true.
        return MadeMask(replace(mask, hole=~mask.hole, notes=()), {})

    jobs = files.plan_jobs(masks, output, suffix=".inverted.png")
    return files.run_jobs(jobs, make, writing)


@click.command("show")
@click.argument("image")
@click.argument("mask")
@click.option("-o", "--output", metavar="FILE", help="Where to write. Default: NAME.shown.png beside the picture.")
@invert_option
@mask_fit_option
@click.option("--opacity", default=0.5, show_default=True, type=click.FloatRange(0, 1))
@max_mpx_option
@click.option("--json", "as_json", is_flag=True, help="Print the mask's share, parts and box as JSON.")
@click.option("-q", "--quiet", is_flag=True)
def show(
    image: str,
    mask: str,
    output: str | None,
    invert: bool,
    mask_fit: Any,
    opacity: float,
    max_mpx: float,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show MASK in colour over IMAGE. MASK can be a word too: people, salient, text, alpha."""
    from freefill.detectors.source import as_image
    from freefill.inputs import mask_for
    from freefill.masks.overlay import overlay
    from freefill.masks.parts import find_parts
    from freefill.request import MaskOptions
    from freefill.values import Box

    picture = files.read(image, max_mpx)
    made = mask_for(mask, picture, MaskOptions(invert=invert, mask_fit=mask_fit), max_mpx)
    target = output or str(Path(image).with_suffix("")) + ".shown.png"
    check_apart((target,), (image, mask))
    write_image(overlay(as_image(picture), {"mask": made.hole}, opacity=opacity, legend=False), target)
    if not quiet:
        for note in made.notes:
            click.echo(f"freefill: {note}", err=True)
    if as_json:
        parts, box = len(find_parts(made.hole)[1]), Box.around(made.hole)
        told = {"image": image, "mask": mask, "output": target, "share": round(made.share, 6), "parts": parts}
        click.echo(
            json.dumps({**told, "box": box and [box.left, box.top, box.width, box.height], "notes": list(made.notes)})
        )
    elif not quiet:
        click.echo(target)
