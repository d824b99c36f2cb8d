"""Masks from annotations in COCO's format: the file is read and checked once, masks are made picture by picture."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from freefill.errors import InputError, did_you_mean
from freefill.masks.coco_codes import decode
from freefill.masks.parts import find_parts
from freefill.masks.refining.attached import Thing, attached_things
from freefill.values import Hole, Mask

Crowds = Literal["with", "without", "only"]
MOST_MPX = 200.0  # of a picture, as everywhere: what the file says of its size is taken for its mask


@dataclass(frozen=True)
class Annotation:
    """One annotated thing, its region not yet decoded."""

    id: Any  # a number as COCO has it, a text in other people's files; None where there is none
    category: str
    crowd: bool
    segmentation: Any


@dataclass(frozen=True)
class CocoPicture:
    """One picture of the file."""

    id: Any
    file: str
    size: tuple[int, int]
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class Coco:
    """An annotation file.

    Attributes
    ----------
    source : its path
    categories : all names, in the file's order
    pictures : in the file's order
    """

    source: str
    categories: tuple[str, ...]
    pictures: tuple[CocoPicture, ...]

    def check_categories(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names if the file knows all of them.

        Raises
        ------
        InputError
            If not; the message has the nearest name.
        """
        for name in names:
            if name not in self.categories:
                raise InputError(
                    f"{self.source}: has no category '{name}';{did_you_mean(name, self.categories)} "
                    f"all: {', '.join(self.categories)}"
                )
        return tuple(names)


def read_coco(path: str | os.PathLike[str]) -> Coco:
    """Read an annotation file (instances JSON) and check that its parts belong together.

    Raises
    ------
    InputError
        If it cannot be read, is not of that kind, or names pictures or categories that it does not list.
    """
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as stream:
            data = json.load(stream)
    except OSError as error:
        raise InputError(f"{name}: could not be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{name}: is not JSON ({error})") from None
    except RecursionError:
        raise InputError(f"{name}: is not JSON of COCO's kind (lists within lists, thousands deep)") from None
    except MemoryError:
        raise InputError(f"{name}: there is not enough memory to read it; free some, or split the file") from None
    if not isinstance(data, dict) or not all(isinstance(data.get(key), list) for key in _PARTS):
        raise InputError(f"{name}: is not an instances file of COCO; it needs the lists {', '.join(_PARTS)}")
    try:
        return _checked(name, data)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise InputError(f"{name}: an entry is not as COCO writes it ({type(error).__name__}: {error})") from None


_PARTS = ("images", "annotations", "categories")


def _checked(name: str, data: Mapping[str, Any]) -> Coco:
    categories = {each["id"]: str(each["name"]) for each in data["categories"]}
    sizes = {each["id"]: _size_of(each) for each in data["images"]}
    if len(sizes) != len(data["images"]):
        raise InputError(f"{name}: {len(data['images']) - len(sizes)} pictures share an id with another")
    of_picture: dict[Any, list[Annotation]] = defaultdict(list)
    for key, known in (("image_id", sizes), ("category_id", categories)):
        strays = [each for each in data["annotations"] if each[key] not in known]
        if strays:
            what = "pictures" if key == "image_id" else "categories"
            raise InputError(
                f"{name}: {len(strays)} of {len(data['annotations'])} annotations belong to {what} that the file does "
                f"not list; first: annotation {strays[0].get('id')} with {key} {strays[0][key]!r}"
            )
    for each in data["annotations"]:
        crowd, region = bool(each.get("iscrowd", 0)), each.get("segmentation")
        of_picture[each["image_id"]].append(Annotation(each.get("id"), categories[each["category_id"]], crowd, region))
    pictures = []
    for each in data["images"]:
        height, width = sizes[each["id"]]
        pictures.append(CocoPicture(each["id"], str(each["file_name"]), (height, width), tuple(of_picture[each["id"]])))
    return Coco(name, tuple(dict.fromkeys(categories.values())), tuple(pictures))


def _size_of(entry: Mapping[str, Any]) -> tuple[int, int]:
    """Return (height, width) of a picture; 0x0 for what is none, which is told when its mask is asked for.

    One picture with an impossible size is no reason to refuse the other thousands.
    """
    try:
        return int(entry["height"]), int(entry["width"])
    except (ValueError, OverflowError):  # a text, infinity
        return 0, 0


def _check_size(coco: Coco, picture: CocoPicture, max_mpx: float) -> None:
    """Refuse a picture of a size that no mask is made for, before memory is taken for it."""
    height, width = picture.size
    if height < 1 or width < 1:
        raise InputError(f"{coco.source}: {picture.file}: picture {picture.id} has no size, or none that is possible")
    if height * width > max_mpx * 1e6:
        raise InputError(
            f"{coco.source}: {picture.file}: picture {picture.id} is {width}x{height}, over the limit of {max_mpx:g} "
            f"megapixels"
        )


def picture_mask(
    coco: Coco,
    picture: CocoPicture,
    categories: Sequence[str] = ("person",),
    *,
    attached: bool = False,
    crowds: Crowds = "with",
    max_mpx: float = MOST_MPX,
) -> Mask:
    """Return the union of the annotated things of some categories.

    Parameters
    ----------
    categories : names; empty = all
    attached : with things of other categories that belong to a person they touch: see masks/refining/attached.py
    crowds : "with" regions that stand for many, "without" them, or "only" them
    max_mpx : refuse a picture that the file calls larger than so many million pixels

    Returns
    -------
    Mask, with a note of what was taken along; its hole is empty where nothing fits

    Raises
    ------
    InputError
        If a category is not known, a region is broken, or the picture too large.
    """
    _check_size(coco, picture, max_mpx)
    hole = np.zeros(picture.size, bool)
    for _, more in instance_holes(coco, picture, categories, crowds=crowds, max_mpx=max_mpx):
        hole |= more
    notes: tuple[str, ...] = ()
    if attached and hole.any():
        wanted = {each for each in coco.categories if each not in categories} if categories else set()
        things = [
            Thing(each.category, region)
            for each, region in instance_holes(coco, picture, sorted(wanted), crowds="without", max_mpx=max_mpx)
            if each.category in wanted
        ]
        more, names = attached_things(hole, find_parts(hole)[1], things)
        hole = hole | more
        notes = (f"taken along: {', '.join(names)}",) if names else ()
    return Mask(hole, source=f"{coco.source}: {picture.file}", notes=notes)


def instance_holes(
    coco: Coco,
    picture: CocoPicture,
    categories: Sequence[str] = ("person",),
    *,
    crowds: Crowds = "with",
    max_mpx: float = MOST_MPX,
) -> Iterator[tuple[Annotation, Hole]]:
    """Yield each annotated thing of some categories (empty = all) with its pixels, in the file's order.

    One at a time: a hundred things of a large picture would take a hundred times its size.

    Raises
    ------
    InputError
        If a category is not known, a region is broken (the message names the annotation), or the picture too large.
    """
    _check_size(coco, picture, max_mpx)
    wanted = set(coco.check_categories(categories)) or set(coco.categories)
    for each in picture.annotations:
        if each.category not in wanted or (crowds != "with" and each.crowd != (crowds == "only")):
            continue
        try:
            hole = decode(each.segmentation, picture.size)
        except InputError as error:
            raise InputError(
                f"{coco.source}: {picture.file}, annotation {each.id} ({each.category}): {error}"
            ) from None
        yield each, hole


def things_beside_persons(coco: Coco, name: str) -> list[Thing]:
    """Return the annotated things, persons left out, of the picture whose file has that name (its ending aside).

    Raises
    ------
    InputError
        If there is no such picture, or a region is broken.
    """
    picture = next((each for each in coco.pictures if Path(each.file).stem == Path(name).stem), None)
    if picture is None:
        raise InputError(f"{coco.source}: has no picture named {Path(name).stem}")
    found = instance_holes(coco, picture, (), crowds="without")
    return [Thing(each.category, hole) for each, hole in found if each.category != "person"]
