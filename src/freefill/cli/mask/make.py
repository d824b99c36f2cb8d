"""freefill mask salient, text, grabcut, random: masks of pictures, marks and seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.mask.files import MadeMask, MaskJob, is_folder_name, plan_jobs, read, run_jobs
from freefill.cli.mask.options import (
    Writing,
    finish_options,
    images_argument,
    output_option,
    score_option,
    write_options,
)
from freefill.errors import InputError
from freefill.files import is_file

if TYPE_CHECKING:
    from freefill.detectors.marked import MarkedModel, MarkedPrior
    from freefill.values import Hole, Length, Picture


class Numbers(click.ParamType):
    """Whole numbers with commas: "x,y" or "x,y,width,height"."""

    def __init__(self, count: int, name: str) -> None:
        self.count, self.name = count, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = str(value).replace("x", ",").split(",")  # 640x480 is a size too
        try:
            numbers = tuple(int(part) for part in parts)
        except ValueError:
            numbers = ()
        if len(numbers) != self.count:
            self.fail(f"'{value}' is not {self.name}: {self.count} whole numbers with commas", param, ctx)
        return numbers


@click.command("salient")
@images_argument
@output_option
@click.option(
    "--weights",
    default="u2netp",
    show_default=True,
    metavar="NAME|FILE",
    help="u2netp, birefnet-lite, or an ONNX file that works like them.",
)
@click.option(
    "--cut",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="How strong the network's answer must be to count, as a share of its strongest.",
)
@finish_options
def salient(
    images: tuple[str, ...],
    output: str | None,
    weights: str,
    cut: float,
    refine: bool,
    grow: Length,
    writing: Writing,
) -> int:
    """Mask the thing that stands out in IMAGES."""
    from freefill.detectors.needs import require
    from freefill.detectors.refining import finished
    from freefill.detectors.salient import WEIGHTS, detect
    from freefill.detectors.source import as_image, as_mask

    if weights in WEIGHTS:  # a file of one's own is on no card
        require(WEIGHTS, "mask salient")

    def make(job: MaskJob) -> MadeMask:
        picture = read(job.source, writing.max_mpx)
        mask = as_mask(detect(as_image(picture), weights=weights, cut=cut), "salient thing", picture)
        return MadeMask(finished(mask, as_image(picture), refining=refine, growing=grow), {})

    return run_jobs(plan_jobs(images, output), make, writing, sought="a thing")


@click.command("text")
@images_argument
@output_option
@score_option
@click.option("--sensitive", is_flag=True, help="Use a larger network: it finds fainter text, with more false alarms.")
@click.option("--boxes", is_flag=True, help="Mask whole rows, not only the letters.")
@finish_options
def text(
    images: tuple[str, ...],
    output: str | None,
    score: float,
    sensitive: bool,
    boxes: bool,
    refine: bool,
    grow: Length,
    writing: Writing,
) -> int:
    """Mask text in IMAGES: captions, dates, watermarks."""
    from freefill.detectors.needs import require
    from freefill.detectors.refining import finished
    from freefill.detectors.source import as_image, text_mask
    from freefill.detectors.text import SENSITIVE, WEIGHTS, TextSettings

    require((SENSITIVE,) if sensitive else WEIGHTS, "mask text")
    settings = TextSettings(sensitive=sensitive, least_mean=score, shape="boxes" if boxes else "glyphs")

    def make(job: MaskJob) -> MadeMask:
        picture = read(job.source, writing.max_mpx)
        mask = text_mask(picture, settings)
        return MadeMask(finished(mask, as_image(picture), refining=refine, growing=grow), {})

    return run_jobs(plan_jobs(images, output), make, writing, sought="text")


@click.command("grabcut")
@images_argument
@output_option
@click.option("--box", type=Numbers(4, "a box"), metavar="X,Y,W,H", help="A box with the thing inside.")
@click.option(
    "--point", "points", multiple=True, type=Numbers(2, "a point"), metavar="X,Y", help="A point on the thing."
)
@click.option(
    "--not-point", "not_points", multiple=True, type=Numbers(2, "a point"), metavar="X,Y", help="A point beside it."
)
@click.option("--strokes", metavar="MASK", help="A mask file that is white on the thing.")
@click.option("--not-strokes", metavar="MASK", help="A mask file that is white beside it.")
@click.option(
    "--prior",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "salient", "none"]),
    help="With --box: let a network say what stands out in it; auto does so if u2netp is installed.",
)
@click.option("--model", default="grabcut", show_default=True, type=click.Choice(["grabcut", "mobile-sam"]))
@finish_options
def grabcut(
    images: tuple[str, ...],
    output: str | None,
    box: tuple[int, ...] | None,
    points: tuple[tuple[int, ...], ...],
    not_points: tuple[tuple[int, ...], ...],
    strokes: str | None,
    not_strokes: str | None,
    prior: MarkedPrior,
    model: MarkedModel,
    refine: bool,
    grow: Length,
    writing: Writing,
) -> int:
    """Cut out the thing that a box, points or strokes mark in IMAGES."""
    from freefill.detectors.marked import marked
    from freefill.detectors.needs import require
    from freefill.detectors.refining import finished
    from freefill.detectors.source import as_image, as_mask
    from freefill.masks.grabcut import Marks
    from freefill.values import Box

    if box is None and not points and strokes is None:
        raise click.UsageError("mark the thing with --box, --point or --strokes")
    if model == "mobile-sam":
        require(("mobile-sam", "mobile-sam-decoder"), "mask grabcut --model mobile-sam")
        if strokes is not None or not_strokes is not None:
            raise click.UsageError("mobile-sam takes --box and --point, no strokes")

    def make(job: MaskJob) -> MadeMask:
        picture = read(job.source, writing.max_mpx)
        marks = Marks(
            # Words are x and y, ours are row and column.
            box=None if box is None else Box(box[1], box[0], box[3], box[2]),
            points=tuple((y, x) for x, y in points),
            not_points=tuple((y, x) for x, y in not_points),
            strokes=_strokes(strokes, picture),
            not_strokes=_strokes(not_strokes, picture),
        )
        image = as_image(picture)
        hole, note = marked(image, marks, prior, model)
        mask = as_mask(hole, "marked thing", picture)
        mask = replace(mask, notes=(*mask.notes, note)) if note else mask
        return MadeMask(finished(mask, image, refining=refine, growing=grow), {})

    return run_jobs(plan_jobs(images, output), make, writing, sought="what is marked")


def _strokes(place: str | None, picture: Picture) -> Hole | None:
    from freefill.inputs import mask_for

    return None if place is None else mask_for(place, picture).hole


@click.command("random", short_help="Draw random masks, as networks are tested with.")
@click.argument("images", nargs=-1)
@output_option
@click.option(
    "--kind",
    default="deepfill",
    show_default=True,
    type=click.Choice(["deepfill", "strokes", "thin", "medium", "thick", "boxes", "person"]),
    help="deepfill and strokes are free-form; thin, medium and thick are LaMa's; person takes outlines from --shapes.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option("--size", type=Numbers(2, "a size"), metavar="WxH", help="Size of the masks, if no IMAGES are given.")
@click.option(
    "--count", default=1, show_default=True, type=click.IntRange(1), help="How many masks, if no IMAGES are given."
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    help="Multiply all lengths by this. Default: as the protocol says for 256 or 512 px.",
)
@click.option("--shapes", metavar="JSON", help="COCO annotations, for --kind person.")
@write_options
def random(
    images: tuple[str, ...],
    output: str | None,
    kind: str,
    seed: int,
    size: tuple[int, int] | None,
    count: int,
    scale: float | None,
    shapes: str | None,
    writing: Writing,
) -> int:
    """Draw random masks: one for each of IMAGES, or --count masks of --size. Seeds go up by one from --seed."""
    from freefill.masks.random_masks import random_mask
    from freefill.values import Mask

    if bool(images) == (size is not None):
        raise click.UsageError("give IMAGES, or --size WxH")
    outlines = _outlines(shapes) if kind == "person" else []
    jobs = plan_jobs(images, output) if images else _numbered(count, output)
    seeds = {job.output: seed + number for number, job in enumerate(jobs)}

    def make(job: MaskJob) -> MadeMask:
        wanted = (size[1], size[0]) if size is not None else read(job.source, writing.max_mpx).size
        hole = random_mask(kind, wanted, seeds[job.output], scale=scale, shapes=outlines)
        return MadeMask(Mask(hole, source=f"{kind} {seeds[job.output]}"), {"kind": kind, "seed": seeds[job.output]})

    return run_jobs(jobs, make, writing)


def _numbered(count: int, output: str | None) -> list[MaskJob]:
    from pathlib import Path

    if output is None or (count > 1 and output == "-"):
        raise click.UsageError("name the output with -o: a file, or a folder for several masks")
    if count == 1 and not is_folder_name(output):
        return [MaskJob("random", output)]
    folder = Path(output)
    if is_file(folder):
        raise InputError(f"{output}: this is a file, and there are {count} masks to write; name a folder")
    return [MaskJob("random", str(folder / f"{number:06d}.png")) for number in range(count)]


def _outlines(shapes: str | None) -> list[Hole]:
    """Return the outlines of single persons that are large enough to be one."""
    if shapes is None:
        raise click.UsageError("--kind person takes its outlines from annotations: --shapes instances.json")
    from freefill.masks.coco import instance_holes, read_coco

    coco = read_coco(shapes)
    found = [
        hole
        for picture in coco.pictures
        for _, hole in instance_holes(coco, picture, ("person",), crowds="without")
        # What is smaller COCO itself calls small.
        if hole.sum() >= 32 * 32
    ]
    if not found:
        raise InputError(f"{shapes}: holds no person of 32 x 32 px or more")
    return found
