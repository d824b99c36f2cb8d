"""freefill inpaint IMAGE MASK -o OUT."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import click

from freefill.cli.completing import complete_masks
from freefill.cli.headings import HeadedCommand, under
from freefill.cli.options import output_options, request_options, talk_options, tries_option, verbose_option
from freefill.cli.outputs import (
    check_apart,
    check_more,
    check_target,
    stream_of,
    target_of,
    tell_filled,
    write,
    write_mask,
    write_preview,
    write_stages,
)
from freefill.cli.progress import working

if TYPE_CHECKING:
    from freefill.cli.progress import Report
    from freefill.diagnosis.diagnose import Diagnosis
    from freefill.inpainter import Inpainter
    from freefill.request import MaskLike, Request
    from freefill.values import Outcome, Picture


@click.command("inpaint", cls=HeadedCommand)
@click.argument("image", required=False)
@click.argument("mask", required=False, shell_complete=complete_masks)
@click.argument("out", required=False)
@under(
    "Files",
    click.option("-i", "--image", "image_option", metavar="FILE", help="The picture; '-' reads standard input."),
    click.option(
        "-m",
        "--mask",
        "mask_option",
        metavar="FILE|WORD",
        shell_complete=complete_masks,
        help="The mask: a file in which white means remove, or one of the words people, text, salient, alpha.",
    ),
    click.option(
        "-o", "--output", metavar="FILE", help="Default: NAME.filled.EXT beside the picture; '-' = standard output."
    ),
)
@request_options
@output_options
@under(
    "Try and look",
    click.option("--preview", metavar="FILE", help="Write the picture with the mask in colour. Fill nothing."),
    click.option("--dry-run", is_flag=True, help="Print the plan as JSON. Fill nothing."),
    click.option(
        "--diagnose", "with_diagnosis", is_flag=True, help="Say what looks wrong in the fill, and what to try next."
    ),
    tries_option,
    click.option("--save-tries", metavar="DIR", help="Also write the other tries, as NUMBER-KIND.png."),
)
@under(
    "Also write",
    click.option("--save-mask", metavar="FILE", help="Write the mask that was filled, after refining and growing."),
    click.option("--save-stages", metavar="DIR", help="Write a network's coarse and refined pictures."),
    click.option("--save-attention", metavar="FILE", help="Write where each part of the hole was copied from."),
)
@talk_options
@verbose_option
def command(
    image: str | None,
    mask: str | None,
    out: str | None,
    image_option: str | None,
    mask_option: str | None,
    output: str | None,
    request: Request,
    format_name: str | None,
    quality: int | None,
    preview: str | None,
    save_mask: str | None,
    save_stages: str | None,
    save_attention: str | None,
    with_diagnosis: bool,
    tries: int,
    save_tries: str | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Fill the masked part of IMAGE: white in MASK is removed.

    \b
    freefill inpaint photo.jpg mask.png                     writes photo.filled.jpg
    freefill inpaint photo.jpg mask.png out.png --grow 3%
    freefill inpaint photo.jpg people -o out.jpg --preview who.jpg
    freefill inpaint photo.jpg --box 120,80,60,90
    """
    places = _Places.of(image, mask, out, image_option, mask_option, output, request)
    request = replace(request, save_stages=save_stages is not None, save_attention=save_attention is not None)
    with working("reading", quiet) as report:
        # Imported under the bar: the first import of what fills takes a moment.
        from freefill.cli.tries import diagnosis_of
        from freefill.images.read import read_picture
        from freefill.inpainter import Inpainter
        from freefill.inputs import mask_for

        picture = read_picture(stream_of(places.image), max_mpx=request.max_mpx)
        target = target_of(picture, places.image, places.output)
        made = None if places.mask is None else stream_of(places.mask)
        read = (places.image, places.mask, request.source, request.not_from, *request.also, *request.without)
        check_apart((preview,) if preview is not None else (target, save_mask, save_attention), read)
        # Before the checks: a preview writes nothing to the target.
        if preview is not None:
            write_preview(picture, made, request, preview, report)
            return
        if not dry_run:
            check_target(picture, target, format_name, places.mask)
            check_more(request.engine, save_mask, save_stages, save_attention)
        # After the checks: to open a network takes seconds.
        inpainter = Inpainter.of(request)
        if dry_run:
            hole = mask_for(made, picture, request, request.max_mpx)
            click.echo(json.dumps(inpainter.plan(picture, hole, request).to_json(), indent=2))
            return
        result, diagnosis = _filled(picture, made, request, inpainter, tries, save_tries, report)
        if diagnosis is None and with_diagnosis:
            report.stage("diagnosing")
            diagnosis = diagnosis_of(picture, result)
        report.stage("writing")
        written = write(result, target, format_name, quality)
        if save_mask is not None:
            write_mask(result.mask, save_mask)
        write_stages(result, save_stages, save_attention)
    tell_filled(result, target, written, diagnosis, as_json=as_json, quiet=quiet, verbose=verbose)


def _filled(
    picture: Picture,
    made: MaskLike | None,
    request: Request,
    inpainter: Inpainter,
    tries: int,
    save_tries: str | None,
    report: Report,
) -> tuple[Outcome, Diagnosis | None]:
    """Fill once, or in several ways, of which the best comes with its diagnosis."""
    report.stage("finding what goes")
    if tries == 1:
        return inpainter.fulfil(picture, made, request, report.fill), None
    from freefill.cli.tries import best_try

    best = best_try(picture, made, request, inpainter, tries, save_tries, report)
    return best.result, best.diagnosis


class _Places(NamedTuple):
    """What is read and where the fill goes, whichever way it was said."""

    image: str
    mask: str | None
    output: str | None

    @classmethod
    def of(
        cls,
        image: str | None,
        mask: str | None,
        out: str | None,
        image_option: str | None,
        mask_option: str | None,
        output: str | None,
        request: Request,
    ) -> _Places:
        """Take what is given by place or by name; both is a wrong call, and so is none.

        The mask may be left out where shapes or more masks say what goes.
        """
        found = _one("IMAGE", image, image_option)
        masked = _one("MASK", mask, mask_option, needed=not (request.shapes or request.also))
        if found == masked == "-":
            raise click.UsageError("IMAGE and MASK cannot both be read from standard input; name a file for one")
        return cls(str(found), masked, _one("OUT", out, output, needed=False))


def _one(word: str, positional: str | None, option: str | None, *, needed: bool = True) -> str | None:
    if positional is not None and option is not None:
        raise click.UsageError(f"{word} was given twice: {positional} and {option}")
    given = positional if positional is not None else option
    if given is None and needed:
        if word == "MASK":
            raise click.UsageError("what should go? name a mask file, a word (people) or a place (--box X,Y,W,H)")
        raise click.UsageError(f"{word} is missing; freefill inpaint IMAGE MASK -o OUT")
    return given
