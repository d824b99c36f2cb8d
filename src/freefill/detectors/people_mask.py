"""Which persons of a picture are masked, with what belongs to them, and what is honestly known of each.

The one door for `freefill mask people`, the words "people", "people but the main one", "people but 2" and "small
people", and whoever builds on freefill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from freefill.detectors.at_mask import find_all, look
from freefill.detectors.joints import NAME as JOINTS
from freefill.detectors.nanodet import surest
from freefill.detectors.people import PeopleSettings, find_people, main_persons
from freefill.detectors.refining import refined_mask, with_things
from freefill.errors import InputError
from freefill.masks.grow import object_size_px, resized
from freefill.masks.parts import share_of
from freefill.masks.refining.detected import Person, persons_meant, union
from freefill.masks.refining.recipe import Refined
from freefill.masks.refining.settings import RefineSettings
from freefill.values import PEOPLE_WORDS, Box, Hole, Image, Length, Mask
from freefill.weights.locate import state

ROUGHER = 1.2  # networks draw outlines more roughly than people do: by so much more they are thickened
SMALL = 0.5  # of the main person's size (root of the area): below it a person is a passer-by


@dataclass(frozen=True)
class PeopleWishes:
    """What is to be masked of the persons in a picture.

    Attributes
    ----------
    settings : how they are found
    keep : so many stay, the main ones first: large, central
    small : only those who are far smaller than the main one
    attached : with what they hold, wear, ride or lead
    refining : how the mask is repaired; None = not
    growing : by how much it is grown then
    """

    settings: PeopleSettings = PeopleSettings()  # noqa: RUF009 (frozen)
    keep: int = 0
    small: bool = False
    attached: bool = False
    refining: RefineSettings | None = None
    growing: Length = Length(0)  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        if self.keep < 0:
            raise InputError(f"people: {self.keep} people cannot stay; give 0 or more")

    @classmethod
    def from_words(cls, words: str) -> PeopleWishes:
        """Return what words wish for: "people", "people but the main one", "people but 2", "small people".

        Raises
        ------
        InputError
            If they name no people.

        Examples
        --------
        >>> PeopleWishes.from_words("people but the main one").keep
        1
        """
        fits = PEOPLE_WORDS.fullmatch(words)
        if fits is None:
            raise InputError(f"'{words}' does not name people; write people, people but the main one, or people but 2")
        kept = fits["kept"]
        return cls(keep=0 if kept is None else int(kept) if kept.isdigit() else 1, small=fits["small"] is not None)


@dataclass(frozen=True, eq=False)
class PeopleMask:
    """A mask of persons, and what is known of them.

    Attributes
    ----------
    mask : with notes for the user
    persons, stay : who is masked, and who is not, the surest first
    held : things that were taken along before refining, by category
    refined : what each step of refining added; None = not refined
    """

    mask: Mask
    persons: tuple[Person, ...]
    stay: tuple[Person, ...]
    held: tuple[str, ...] = ()
    refined: Refined | None = None

    def each(self) -> list[Mask]:
        """Return a mask for each person that is masked: what is more surely hers than anybody else's."""
        everybody = (*self.persons, *self.stay)
        size = self.mask.size
        masks = []
        for number, person in enumerate(self.persons, start=1):
            others = [other for other in everybody if other is not person]
            hole = persons_meant([person], others, size)
            masks.append(Mask(hole, source=f"person {number} of {self.mask.source}"))
        return masks

    def layers(self, cut: float = 0.5) -> dict[str, Hole]:
        """Return what an overlay shows: who is masked, who may be incomplete, what was added, who stays."""
        size = self.mask.size
        sure = union([person for person in self.persons if not person.lacking], size, cut)
        layers = {
            "persons": sure,
            "may be incomplete": union([person for person in self.persons if person.lacking], size, cut) & ~sure,
        }
        if self.refined is not None:
            layers |= self.refined.every_step()
        return {name: hole & self.mask.hole for name, hole in layers.items()} | {"stays": union(self.stay, size, cut)}

    def told(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON: boxes are left, top, width, height, px, as --box takes them."""
        added = {} if self.refined is None else self.refined.shares()
        return {
            "persons": [_told(person, self.mask.hole) for person in self.persons],
            "stay": [_told(person, self.mask.hole) for person in self.stay],
            "held": list(self.held),
            "added": {step: round(share, 5) for step, share in added.items()},
        }


def mask_people(image: Image, wishes: PeopleWishes = PeopleWishes(), source: str = "picture") -> PeopleMask:
    """Mask the persons of a picture that are wished for.

    Parameters
    ----------
    image : (H, W, 3) float32, RGB in [0, 1]
    wishes : who, and what with them
    source : the picture's name, for messages

    Raises
    ------
    WeightsError
        If a network is not on this machine: freefill weights fetch people
    """
    size = (image.shape[0], image.shape[1])
    settings = wishes.settings
    kinds = find_all(image, tiles=settings.tiles, least=settings.least_box)
    seen_kinds = surest(kinds)
    everybody = find_people(image, settings, seen_kinds["person"], seen_kinds)
    persons, stay = _chosen(everybody, wishes, image)
    hole = union(persons, size, settings.cut) & ~persons_meant(stay, persons, size)
    if not hole.any():
        note = f"no people found in {source}" if not everybody else f"all {len(everybody)} persons stay"
        return PeopleMask(Mask(hole, source=f"people in {source}", notes=(note,)), (), stay)
    mask = Mask(hole, source=f"people in {source}")
    held: tuple[str, ...] = ()
    refined = None
    if wishes.attached or wishes.refining is not None:
        seen = look(image, hole, kinds, everybody)
        if wishes.attached:
            mask, held = with_things(mask, seen)
        if wishes.refining is not None:
            settled = replace(wishes.refining, thicken=ROUGHER * wishes.refining.thicken)
            mask, refined = refined_mask(mask, image, settings=settled, seen=seen)
    if wishes.growing.value:
        mask = replace(mask, hole=resized(mask.hole, wishes.growing.in_px(object_size_px(mask.hole))))
    if stay:  # what was added must not reach over who stays
        mask = replace(mask, hole=mask.hole & ~persons_meant(stay, persons, size))
    mask = replace(mask, notes=(*_notes(persons, stay, mask.hole), *mask.notes))
    return PeopleMask(mask, persons, stay, held, refined)


def _chosen(
    everybody: Sequence[Person], wishes: PeopleWishes, image: Image
) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """Part who is masked from who stays."""
    order = main_persons(everybody, image) if wishes.keep else []
    kept = set(order[: wishes.keep])
    if wishes.small and everybody:
        largest = max(person.area_px for person in everybody) ** 0.5
        kept |= {n for n, person in enumerate(everybody) if person.area_px**0.5 >= SMALL * largest}
    masked = tuple(person for number, person in enumerate(everybody) if number not in kept)
    return masked, tuple(everybody[number] for number in sorted(kept))


def _notes(persons: Sequence[Person], stay: Sequence[Person], hole: Hole) -> tuple[str, ...]:
    """Say how many persons are masked, who may be none, and of whom something may be left."""
    everybody = len(persons) + len(stay)
    count = f"{len(persons)} of {everybody} persons" if stay else f"{everybody} person{'' if everybody == 1 else 's'}"
    notes = [f"people: {count}, {share_of(hole)}"]
    doubtful = sum(person.score < 0.6 for person in persons)
    if doubtful:
        notes.append(f"{doubtful} of {len(persons)} persons may be none: --score 0.6 leaves them out")
    for number, person in enumerate(persons, start=1):
        if person.lacking:
            notes.append(f"person {number} may be incomplete: {', '.join(person.lacking)} drawn from the joints")
    if state(JOINTS) != "ready":
        notes.append(f"who is a person is told better with one more network; run: freefill weights fetch {JOINTS}")
    return tuple(notes)


def _told(person: Person, hole: Hole) -> dict[str, Any]:
    around = Box.around(person.hole(hole.shape[:2]))  # type: ignore[arg-type]
    box = [0, 0, 0, 0] if around is None else [around.left, around.top, around.width, around.height]
    return {
        "box": box,
        "score": round(person.score, 3),
        "size_px": round(float(np.sqrt(person.area_px)), 1),
        "masked": round(person.masked(hole), 3),
        "may_lack": list(person.lacking),
    }
