"""freefill mask people: persons, wholly or one by one, with what belongs to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from freefill.cli.headings import HeadedCommand, under
from freefill.cli.mask import files
from freefill.cli.mask.files import MadeMask, MaskJob
from freefill.cli.mask.options import Writing, finish_options, images_argument, output_option, score_option
from freefill.cli.outputs import free_name, names_taken, write_image

if TYPE_CHECKING:
    from freefill.detectors.people_mask import PeopleMask, PeopleWishes
    from freefill.masks.refining.settings import RefineSettings
    from freefill.values import Image, Length


@click.command("people", cls=HeadedCommand)
@images_argument
@under(
    "Files",
    output_option,
)
@under(
    "Who",
    click.option(
        "--but",
        "keep",
        metavar="N",
        type=click.IntRange(0),
        default=0,
        help="Keep the N main people, the large and central ones, and mask the others.",
    ),
    click.option("--small", is_flag=True, help="Mask only people far smaller than the main one."),
)
@under(
    "Files",
    click.option("--each", is_flag=True, help="Also write one mask for each person: NAME_1.png, NAME_2.png, ..."),
)
@under(
    "Who",
    score_option,
    click.option("--no-tiles", is_flag=True, help="Look at the whole picture only. Faster, but misses small people."),
    click.option("--weights", metavar="NAME|FILE", help="Use another network for the whole picture: u2net-human."),
)
@under(
    "The mask",
    click.option("--attached", is_flag=True, help="Include what they hold, wear, ride or lead."),
    click.option("--tight", is_flag=True, help="With --refine: mask no more than the person."),
    click.option("--thorough", is_flag=True, help="With --refine: mask rather too much than too little."),
)
@under(
    "Files",
    click.option(
        "--overlay",
        metavar="FILE|DIR",
        help="Write a picture that shows in colours who was found and what refining added.",
    ),
)
@finish_options
def people(
    images: tuple[str, ...],
    output: str | None,
    keep: int,
    small: bool,
    each: bool,
    score: float,
    no_tiles: bool,
    weights: str | None,
    attached: bool,
    tight: bool,
    thorough: bool,
    overlay: str | None,
    refine: bool,
    grow: Length,
    writing: Writing,
) -> int:
    """Mask every person in IMAGES: files, folders, globs.

    With --json each person comes with box, score, and what the mask may lack of them.
    """
    from freefill.detectors.needs import needed, require
    from freefill.detectors.people import PeopleSettings
    from freefill.detectors.people_mask import PeopleWishes, mask_people
    from freefill.detectors.source import as_image

    if weights is not None:
        if keep or small or each or overlay or attached:
            raise click.UsageError("--weights asks one network for all persons at once: it cannot tell them apart")
        return _by_another(images, output, weights, refine, grow, writing)
    # All that is missing in one message, before the first of many pictures.
    require(needed("people"), "mask people")
    if each and output == "-":
        raise click.UsageError("--each writes several masks: name a file or a folder with -o")
    wishes = PeopleWishes(
        PeopleSettings(least_score=score, tiles=not no_tiles),
        keep,
        small,
        attached,
        _refining(refine, tight, thorough),
        grow,
    )
    jobs = files.plan_jobs(images, output)
    overlays = files.overlays_of(jobs, overlay)
    # A picture a_1.png may be among those to come, or be the very one that is read.
    taken = names_taken((*overlays.values(), *(name for job in jobs for name in (job.source, job.output))))

    def make(job: MaskJob) -> MadeMask:
        picture = files.read(job.source, writing.max_mpx)
        image = as_image(picture)
        found = mask_people(image, wishes, picture.source)
        told = found.told()
        if each:
            told["each"] = _write_each(found, job.output, writing.bits, taken)
        if job.output in overlays:
            _show(image, found, wishes, overlays[job.output])
        return MadeMask(found.mask, told)

    return files.run_jobs(jobs, make, writing, sought="people")


def _refining(refine: bool, tight: bool, thorough: bool) -> RefineSettings | None:
    from freefill.masks.refining.settings import DEFAULT, THOROUGH, TIGHT

    if tight and thorough:
        raise click.UsageError("--tight and --thorough cannot be used together")
    if (tight or thorough) and not refine:
        raise click.UsageError("--tight and --thorough say how to refine: give --refine too")
    return (TIGHT if tight else THOROUGH if thorough else DEFAULT) if refine else None


def _by_another(
    images: tuple[str, ...],
    output: str | None,
    weights: str,
    refine: bool,
    grow: Length,
    writing: Writing,
) -> int:
    """Ask a network of the U-2-Net family for all persons."""
    from freefill.detectors.refining import finished
    from freefill.detectors.salient import detect
    from freefill.detectors.source import as_image, as_mask

    def make(job: MaskJob) -> MadeMask:
        picture = files.read(job.source, writing.max_mpx)
        image = as_image(picture)
        mask = as_mask(detect(image, weights=weights), "people", picture)
        return MadeMask(finished(mask, image, refining=refine, growing=grow), {})

    return files.run_jobs(files.plan_jobs(images, output), make, writing, sought="people")


def _write_each(found: PeopleMask, output: str, bits: str, taken: set[object]) -> list[str]:
    """Write a mask for each person beside the mask of all; return where."""
    target = Path(output)
    written = []
    for number, mask in enumerate(found.each(), start=1):
        place = free_name(str(target.with_name(f"{target.stem}_{number}{target.suffix}")), taken)
        files.write_mask(mask, place, bits)
        written.append(place)
    return written


def _show(image: Image, found: PeopleMask, wishes: PeopleWishes, target: str) -> None:
    from freefill.masks.overlay import overlay

    write_image(overlay(image, found.layers(wishes.settings.cut)), target)
