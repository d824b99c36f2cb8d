"""freefill mask: makes, repairs and shows masks. The commands are in the files beside this one."""

from __future__ import annotations

import click

from freefill.cli.mask.coco import coco
from freefill.cli.mask.draw import draw
from freefill.cli.mask.edit import grow, invert, show
from freefill.cli.mask.make import grabcut, random, salient, text
from freefill.cli.mask.people import people
from freefill.cli.mask.refine import refine


@click.group("mask")
def command() -> None:
    """Make, repair and look at masks. White is what is removed.

    \b
    freefill mask people photo.jpg -o mask.png
    freefill mask people photos -o masks --refine
    freefill mask coco instances.json photos -o masks --category person --attached
    freefill mask draw photo.jpg --box 120,80,60,90 -o mask.png
    freefill mask refine mask.png --image photo.jpg -o better.png --overlay what.png
    """


for _each in (people, salient, text, coco, draw, grabcut, random, refine, grow, invert, show):
    command.add_command(_each)
