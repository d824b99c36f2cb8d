"""Which mask belongs to which picture, and under which name the fill is written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from freefill import places
from freefill.errors import InputError
from freefill.places import Listing
from freefill.request import is_word


@dataclass(frozen=True)
class Pair:
    """One picture to fill; `output` is relative to the output folder and written with "/"."""

    image: str
    mask: str
    output: str
    made: bool = False  # `mask` is a word, or empty where it is drawn: the mask is made from the picture


@dataclass(frozen=True)
class Alone:
    """A picture or mask that has no partner, and why."""

    place: str
    kind: str  # "picture" or "mask"
    reason: str


@dataclass(frozen=True)
class Pairing:
    """All pairs, sorted by output, and what has no partner."""

    pairs: tuple[Pair, ...]
    alone: tuple[Alone, ...] = ()

    def shard(self, number: int, of: int) -> Pairing:
        """Return every `of`-th pair, beginning with the `number`-th (1 to `of`); the shards together are all."""
        if not 1 <= number <= of:
            raise InputError(f"--shard {number}/{of}: I must be from 1 to {of}")
        return Pairing(self.pairs[number - 1 :: of], self.alone)


def find_pairs(
    images: str,
    masks: str | None,
    output: str,
    mask_suffix: str | None = None,
    format_suffix: str | None = None,
    drawn: bool = False,
) -> Pairing:
    """Pair pictures and masks by name.

    Parameters
    ----------
    images : a folder (with all folders in it), a glob, or one file
    masks : the same; or one mask file for all pictures; or one of request.WORDS, made for each from itself; None = they
        lie beside the pictures (`mask_suffix` is needed)
    output : the folder that the fills go to; pictures in it are not taken as input
    mask_suffix : "_mask" (stem + it, any format) or "{stem}_mask.png" (exactly so); None = the stems are equal
    drawn : the masks are drawn by numbers, so there are no files
    format_suffix : ".png" where all outputs are of one format; None = as the pictures'

    Raises
    ------
    InputError
        If nothing is there, picture and mask cannot be told apart, or a picture would be overwritten.
    """
    pictures = places.find(images)
    if drawn or is_word(masks):
        found = dict.fromkeys(_outside(pictures.base, pictures.names, output), masks or "")
        return _pairing(pictures.base, found, (), output, format_suffix, made=True)
    if masks is not None and places.is_file(masks):
        names = tuple(name for name in pictures.names if not _same(places.join(pictures.base, name), masks))
        found = dict.fromkeys(_outside(pictures.base, names, output), masks)
        return _pairing(pictures.base, found, (), output, format_suffix)
    if masks is None and mask_suffix is None:
        raise InputError(f"{images}: where are the masks? give MASKS, or --mask-suffix if they lie beside the pictures")
    hidden = pictures if masks is None else places.find(masks)
    names, mask_names = _told_apart(pictures, hidden, output, mask_suffix)
    found, alone = _matched(pictures.base, names, hidden.base, mask_names, mask_suffix)
    return _pairing(pictures.base, found, alone, output, format_suffix)


# --- which mask --------------------------------------------------------------------------------------------------


def _told_apart(pictures: Listing, masks: Listing, output: str, mask_suffix: str | None) -> tuple[list[str], list[str]]:
    """Return the names of the pictures and of the masks; neither lies in the output folder."""
    names = _outside(pictures.base, pictures.names, output)
    mask_names = _outside(masks.base, masks.names, output)
    if not _same(pictures.base, masks.base):
        return _outside(pictures.base, names, masks.base), mask_names  # masks may lie in a folder below the pictures
    if mask_suffix is None:
        both = set(names) & set(mask_names)
        if both:
            raise InputError(
                f"{pictures.base}: pictures and masks lie in one folder; tell them apart with --mask-suffix _mask"
            )
        return names, mask_names
    # Escaped first: a dot in a suffix is a dot.
    is_mask = re.compile(re.escape(_pattern(mask_suffix)).replace(re.escape("{stem}"), ".+"))
    taken = {name for name in mask_names if is_mask.fullmatch(_tail(name, mask_suffix))}
    return [name for name in names if name not in taken], sorted(taken)


def _pattern(mask_suffix: str) -> str:
    """ "_mask" means "{stem}_mask"."""
    return mask_suffix if "{stem}" in mask_suffix else "{stem}" + mask_suffix


def _tail(name: str, mask_suffix: str) -> str:
    """The part of a mask's name that the pattern is held against: with its suffix only where the pattern names one."""
    path = PurePosixPath(name)
    return path.name if places.is_picture(_pattern(mask_suffix).replace("{stem}", "x")) else path.stem


def _matched(
    base: str, names: Sequence[str], mask_base: str, mask_names: Sequence[str], mask_suffix: str | None
) -> tuple[dict[str, str], list[Alone]]:
    """Return picture name to mask place, and what has no partner."""
    pattern = _pattern(mask_suffix or "")
    exact = places.is_picture(pattern.replace("{stem}", "x"))
    beside: dict[str, list[str]] = {}  # same folder below the base, then same name
    anywhere: dict[str, list[str]] = {}  # masks in one flat folder for pictures in a tree, where stems are unique
    for mask in mask_names:
        path = PurePosixPath(mask)
        beside.setdefault(mask if exact else str(path.with_suffix("")), []).append(mask)
        anywhere.setdefault(path.name if exact else path.stem, []).append(mask)
    stems: dict[str, int] = {}
    for name in names:
        stems[PurePosixPath(name).stem] = stems.get(PurePosixPath(name).stem, 0) + 1

    found: dict[str, str] = {}
    alone: list[Alone] = []
    used: set[str] = set()
    for name in names:
        path = PurePosixPath(name)
        wanted = pattern.replace("{stem}", path.stem)
        fitting = beside.get(str(path.with_name(wanted)), [])
        # Two pictures of one name in different folders: a flat mask could belong to either, and none is guessed.
        if not fitting and stems[path.stem] == 1:
            fitting = anywhere.get(wanted, [])
        # Those that fit a picture among others count as used: they are told there, once.
        used.update(fitting)
        if len(fitting) == 1:
            found[name] = places.join(mask_base, fitting[0])
        else:
            reason = f"{len(fitting)} masks fit: {', '.join(fitting)}" if fitting else f"no mask '{wanted}' for it"
            alone.append(Alone(places.join(base, name), "picture", reason))
    alone += [
        Alone(places.join(mask_base, mask), "mask", "no picture for it") for mask in mask_names if mask not in used
    ]
    return found, alone


def _same(a: str, b: str) -> bool:
    """Tell whether two places are one."""
    if places.is_remote(a) or places.is_remote(b):
        # Only by name: a store has no links that would have to be followed.
        return a.rstrip("/") == b.rstrip("/")
    return Path(a).resolve() == Path(b).resolve()


def _outside(base: str, names: Iterable[str], folder: str) -> list[str]:
    """Names that do not lie in a folder below the base: earlier fills, or the masks' own folder."""
    if places.is_remote(base) or places.is_remote(folder):
        below = folder.rstrip("/").removeprefix(base.rstrip("/") + "/")
        inside = below if below != folder.rstrip("/") else None
    else:
        root, target = Path(base).resolve(), Path(folder).resolve()
        inside = target.relative_to(root).as_posix() if target != root and target.is_relative_to(root) else None
    if inside is None:
        return list(names)
    return [name for name in names if not name.startswith(inside + "/")]


# --- under which name --------------------------------------------------------------------------------------------


def _pairing(
    base: str,
    found: dict[str, str],
    alone: Iterable[Alone],
    output: str,
    format_suffix: str | None,
    made: bool = False,
) -> Pairing:
    """Give every pair its output."""
    outputs = name_outputs(sorted(found), format_suffix)
    pairs = [Pair(places.join(base, name), found[name], outputs[name], made) for name in found]
    return checked(pairs, alone, output)


def name_outputs(names: Sequence[str], format_suffix: str | None) -> dict[str, str]:
    """Name the output of every picture so that no two are one, letter case not counted (Windows, macOS).

    Two that would meet (a.jpg and a.png, both written as PNG) keep their old suffix in the name: a.jpg.png.

    Examples
    --------
    >>> name_outputs(["a.jpg", "a.png", "b.jpg"], ".png")
    {'a.jpg': 'a.jpg.png', 'a.png': 'a.png', 'b.jpg': 'b.png'}
    """
    wanted = {name: str(PurePosixPath(name).with_suffix(format_suffix)) if format_suffix else name for name in names}
    taken: set[str] = set()
    outputs: dict[str, str] = {}
    # Those whose name stays come first: b.png keeps its name, b.jpg has to give way.
    for name in sorted(names, key=lambda name: (wanted[name] != name, name)):
        free = (output for output in _tries(name, wanted[name]) if output.casefold() not in taken)
        outputs[name] = next(free)
        taken.add(outputs[name].casefold())
    return {name: outputs[name] for name in names}


def _tries(name: str, wanted: str) -> Iterator[str]:
    """Names for an output, the wanted one first; they never end."""
    path, suffix = PurePosixPath(name), PurePosixPath(wanted).suffix
    yield wanted
    yield str(path.with_name(path.name + suffix))
    for count in itertools.count(2):
        yield str(path.with_name(f"{path.stem}~{count}{suffix}"))


def checked(pairs: Iterable[Pair], alone: Iterable[Alone], output: str) -> Pairing:
    """Sort the pairs; refuse where two outputs are one, or an output is an input.

    Raises
    ------
    InputError
        Naming the two files.
    """
    ordered = tuple(sorted(pairs, key=lambda pair: pair.output))
    seen: dict[str, Pair] = {}
    inputs = inputs_of(ordered)
    for pair in ordered:
        other = seen.setdefault(pair.output.casefold(), pair)
        if other is not pair:
            raise InputError(f"{other.image}, {pair.image}: both would be written to '{pair.output}'; name two outputs")
        if real(places.join(output, pair.output)) in inputs:
            raise InputError(f"{pair.image}: '{pair.output}' in {output} is an input; choose another output folder")
    return Pairing(ordered, tuple(alone))


def inputs_of(pairs: Iterable[Pair]) -> set[str]:
    """Return every picture and mask file that is read, each written one way."""
    return {real(place) for pair in pairs for place in (pair.image, *([] if pair.made else [pair.mask]))}


def real(place: str) -> str:
    """A place written one way, for comparison."""
    return place if places.is_remote(place) else str(Path(place).resolve())
