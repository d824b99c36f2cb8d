"""freefill mask coco: masks from annotations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from freefill.cli.mask.files import MadeMask, MaskJob, is_folder_name, read, run_jobs, safe_name
from freefill.cli.mask.options import Writing, finish_options, output_option
from freefill.cli.outputs import free_name
from freefill.errors import SOME_FAILED, InputError, did_you_mean
from freefill.files import is_file, is_folder

if TYPE_CHECKING:
    from freefill.masks.coco import Coco, CocoPicture, Crowds
    from freefill.values import Length, Picture


@click.command("coco", short_help="Make masks from COCO annotations.")
@click.argument("instances")
@click.argument("images", required=False)
@output_option
@click.option(
    "-c",
    "--category",
    "categories",
    multiple=True,
    metavar="NAME",
    help="What to mask, for instance dog. Can be given more than once. Default: person.",
)
@click.option("--all-categories", is_flag=True, help="Mask everything that is annotated.")
@click.option("--attached", is_flag=True, help="Include what a person holds, wears, rides or leads.")
@click.option("--each", is_flag=True, help="Write one mask for each thing: NAME_ID_CATEGORY.png.")
@click.option(
    "--crowds",
    default="with",
    show_default=True,
    type=click.Choice(["with", "without", "only"]),
    help="What to do with regions that mark a crowd.",
)
@click.option(
    "--picture", "names", multiple=True, metavar="NAME|ID", help="Only this picture. Can be given more than once."
)
@click.option("--empty", is_flag=True, help="Also write empty masks, for pictures without such a thing.")
@finish_options
def coco(
    instances: str,
    images: str | None,
    output: str | None,
    categories: tuple[str, ...],
    all_categories: bool,
    attached: bool,
    each: bool,
    crowds: Crowds,
    names: tuple[str, ...],
    empty: bool,
    refine: bool,
    grow: Length,
    writing: Writing,
) -> int:
    """Make masks from INSTANCES, a file of COCO's format, for all its pictures.

    With the folder IMAGES the pictures are looked up: one that is missing or of another size is an error, and
    --refine can look at them.
    """
    from freefill.masks.coco import read_coco

    if refine and images is None:
        raise click.UsageError("--refine looks at the pictures: give the folder IMAGES")
    if all_categories and categories:
        raise click.UsageError("--all-categories and --category cannot be used together")
    if each and attached:
        raise click.UsageError("--each writes every thing by itself, --attached joins them: choose one")
    if images is not None and not is_folder(images):
        raise InputError(f"{images}: there is no such folder of pictures")
    data = read_coco(instances)
    wanted = () if all_categories else data.check_categories(categories or ("person",))
    chosen, bad = _well_named(data, _chosen(data, names))
    jobs: dict[str, tuple[CocoPicture, int | None]] = {}
    taken: set[object] = set()
    for job_output, picture, thing in _outputs(data, chosen, wanted, output, each, crowds, empty):
        jobs[free_name(job_output, taken)] = (picture, thing)
    if not jobs:
        raise InputError(f"{instances}: none of {len(chosen)} pictures shows {', '.join(wanted) or 'anything'}")

    def make(job: MaskJob) -> MadeMask:
        entry, thing = jobs[job.output]
        return _made(data, entry, thing, wanted, attached, crowds, images, refine, grow, writing.max_mpx)

    planned = [MaskJob(f"{instances}: {picture.file}", out) for out, (picture, _) in jobs.items()]
    for problem in bad:
        click.echo(f"freefill: {problem}", err=True)
    code = run_jobs(planned, make, writing)
    return SOME_FAILED if bad else code


def _well_named(data: Coco, pictures: Sequence[CocoPicture]) -> tuple[list[CocoPicture], list[InputError]]:
    """Return the pictures whose names can be outputs, and what is wrong with the others.

    Raises
    ------
    InputError
        If none is left.
    """
    good, bad = [], []
    for picture in pictures:
        try:
            safe_name(picture.file, data.source)
            good.append(picture)
        except InputError as error:
            bad.append(error)
    if bad and not good:
        raise bad[0]
    return good, bad


def _chosen(data: Coco, names: Sequence[str]) -> list[CocoPicture]:
    """Return the pictures named by file, stem or id; all where none is named."""
    if not names:
        return list(data.pictures)
    known = {key: p for p in data.pictures for key in (str(p.id), Path(p.file).stem, Path(p.file).name, p.file)}
    for name in names:
        if name not in known:
            files = [picture.file for picture in data.pictures]
            raise InputError(
                f"{data.source}: has no picture '{name}';{did_you_mean(name, files)} it lists {len(files)}"
            )
    # In the order that was asked for, and not that of the file.
    return [known[name] for name in names]


def _outputs(
    data: Coco,
    chosen: Sequence[CocoPicture],
    wanted: Sequence[str],
    output: str | None,
    each: bool,
    crowds: str,
    empty: bool,
) -> list[tuple[str, CocoPicture, int | None]]:
    """Name every mask; the number is the thing's place among the picture's annotations."""
    from freefill.batch.pairs import name_outputs

    def fits(category: str, crowd: bool) -> bool:
        return (not wanted or category in wanted) and (crowds == "with" or crowd == (crowds == "only"))

    if len(chosen) == 1 and not each and output is not None and not is_folder_name(output):
        return [(output, chosen[0], None)]
    if output is None or output == "-":
        raise click.UsageError("name a folder for the masks with -o DIR")
    if is_file(output):
        raise InputError(f"{output}: this is a file; name a folder for the masks")
    files = [safe_name(picture.file, data.source) for picture in chosen]
    named = name_outputs(sorted(set(files)), ".png")
    found: list[tuple[str, CocoPicture, int | None]] = []
    for file, picture in zip(files, chosen, strict=True):
        target = Path(output) / named[file]
        things = [n for n, a in enumerate(picture.annotations) if fits(a.category, a.crowd)]
        if not each and (things or empty):
            found.append((str(target), picture, None))
        for number in things if each else ():
            thing = picture.annotations[number]
            mark = _in_a_name(f"no-id-{number + 1}" if thing.id is None else thing.id)
            own = target.with_name(f"{target.stem}_{mark}_{_in_a_name(thing.category)}.png")
            found.append((str(own), picture, number))
    return found


def _in_a_name(word: object) -> str:
    """Return an id or a category as it can stand in a file's name on any system."""
    # Dots at an end would hide the file or name a folder above, and Windows drops them.
    return re.sub(r"[^\w.+-]+", "-", str(word)).strip(".")[:80] or "-"


def _made(
    data: Coco,
    entry: CocoPicture,
    thing: int | None,
    wanted: Sequence[str],
    attached: bool,
    crowds: Crowds,
    images: str | None,
    refine: bool,
    grow: Length,
    max_mpx: float,
) -> MadeMask:
    from freefill.detectors.refining import finished
    from freefill.detectors.source import as_image
    from freefill.masks.coco import picture_mask

    shown = _picture(entry, images, max_mpx) if images is not None else None
    if thing is None:
        mask = picture_mask(data, entry, wanted, attached=attached, crowds=crowds, max_mpx=max_mpx)
    else:
        alone = replace(entry, annotations=(entry.annotations[thing],))
        # "with": this one was chosen before, crowd or not.
        mask = picture_mask(data, alone, (entry.annotations[thing].category,), crowds="with", max_mpx=max_mpx)
    image = None if shown is None else as_image(shown)
    mask = finished(mask, image, refining=refine, growing=grow)
    return MadeMask(mask, {"picture": entry.file, "id": entry.id})


def _picture(entry: CocoPicture, images: str, max_mpx: float) -> Picture:
    """Read the picture that is annotated; it must have the annotated size."""
    path = Path(images) / safe_name(entry.file, images)
    if not is_file(path):
        path = Path(images) / Path(entry.file).name  # the usual habit: file names with or without their folder
    if not is_file(path):
        raise InputError(f"{images}: has no picture {entry.file}, which the annotations name")
    picture = read(str(path), max_mpx)
    if picture.size != entry.size:
        height, width = picture.size
        raise InputError(f"{path}: is {width}x{height}, annotated as {entry.size[1]}x{entry.size[0]}")
    return picture
