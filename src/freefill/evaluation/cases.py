"""From a picture and a protocol to a case: truth or picture, hole, and the hashes of both."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from freefill.errors import InputError
from freefill.evaluation.protocol import Protocol
from freefill.evaluation.sources import Item
from freefill.images.depth import change_depth
from freefill.images.read import read_picture
from freefill.masks.random_masks import random_mask
from freefill.masks.sources import mask_from_picture
from freefill.values import Hole


@dataclass(frozen=True, eq=False)
class Case:
    """What an engine gets, and what it is held against.

    Attributes
    ----------
    name : of the item
    picture : (h, w, 3) uint8, what lies in the hole has no meaning where it is the truth itself
    hole : (h, w) bool
    truth : (h, w, 3) uint8, or None where nobody knows it
    """

    name: str
    picture: NDArray[np.uint8]
    hole: Hole
    truth: NDArray[np.uint8] | None

    @property
    def picture_sha256(self) -> str:
        """Of the decoded, cut pixels."""
        return sha256_of(self.picture)

    @property
    def mask_sha256(self) -> str:
        """Of the hole's size and packed bits."""
        return mask_sha256(self.hole)


def sha256_of(array: NDArray[np.uint8]) -> str:
    """Return the hash of an array's shape and bytes."""
    # The shape too: the same bytes laid out otherwise are another picture.
    return hashlib.sha256(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes()).hexdigest()


def mask_sha256(hole: Hole) -> str:
    """Return the hash of a hole's shape and packed bits."""
    return hashlib.sha256(repr(hole.shape).encode() + np.packbits(hole).tobytes()).hexdigest()


def make_case(item: Item, number: int, protocol: Protocol, masks: Sequence[Path] = ()) -> Case:
    """Read and cut one case.

    Parameters
    ----------
    item : of the set
    number : its place in the set, which chooses the mask
    protocol : how it is cut, and which masks
    masks : mask files, for protocols that draw on files or on outlines

    Raises
    ------
    InputError
        If a file cannot be read, sizes disagree, or the protocol lacks its masks.
    """
    picture = _cut(_rgb(item.picture), protocol)
    hole = _hole(item, number, protocol, (picture.shape[0], picture.shape[1]), masks)
    if not hole.any():
        raise InputError(f"{item.name}: the hole is empty")
    # With a mask of its own a picture shows the thing that goes: only a background in the set tells what is behind it.
    truth = picture if protocol.masks != "own" else None
    if item.truth is not None:
        truth = _cut(_rgb(item.truth), protocol)
    if hole.shape != picture.shape[:2] or (truth is not None and truth.shape != picture.shape):
        raise InputError(f"{item.name}: picture, mask and background are of different sizes")
    return Case(item.name, picture, hole, truth)


def _hole(item: Item, number: int, protocol: Protocol, size: tuple[int, int], masks: Sequence[Path]) -> Hole:
    seed = protocol.seed + number
    if protocol.masks in ("own", "drawn"):
        assert item.mask is not None
        return mask_from_picture(read_picture(item.mask)).hole
    if protocol.masks in ("files", "person") and not masks:
        raise InputError(f"protocol {protocol.name} needs mask files; pass --masks DIR")
    if protocol.masks == "files":
        return _scaled(mask_from_picture(read_picture(masks[number % len(masks)])).hole, size)
    if protocol.masks == "person":
        shapes = [_outline(masks[(number + step) % len(masks)]) for step in range(4)]
        return random_mask("person", size, seed, shapes=shapes)
    return random_mask(protocol.masks, size, seed)


@functools.lru_cache(maxsize=8)  # the next case draws on three of the same four
def _outline(path: Path) -> Hole:
    return mask_from_picture(read_picture(path)).hole


def _scaled(hole: Hole, size: tuple[int, int]) -> Hole:
    return cv2.resize(hole.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST) > 0


def _rgb(path: Path) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 of any picture file; 16 bits are rounded to 8."""
    pixels = change_depth(read_picture(path).pixels, np.uint8)
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else np.ascontiguousarray(pixels)


def _cut(image: NDArray[np.uint8], protocol: Protocol) -> NDArray[np.uint8]:
    """Scale the short side to the protocol's (averaging where it shrinks) and cut the middle square."""
    side = protocol.side_px
    if protocol.fit == "whole" or side is None:
        return image
    share = side / min(image.shape[:2])
    # `max`: rounding may fall a pixel short of the square.
    size = max(round(image.shape[1] * share), side), max(round(image.shape[0] * share), side)
    sized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC)
    top, left = (sized.shape[0] - side) // 2, (sized.shape[1] - side) // 2
    return np.ascontiguousarray(sized[top : top + side, left : left + side], np.uint8)
