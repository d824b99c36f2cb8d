"""A protocol is data: what is cut, which masks, from which seed. Its hash and its version stand beside every figure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from freefill.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Protocol:
    """How pictures become cases.

    Attributes
    ----------
    name, version : a change that moves a figure raises the version
    what : one line for people
    side_px : the square that is cut; None = the whole picture as it is
    fit : "crop" scales the short side to `side_px` and cuts the middle; "whole" leaves the picture
    masks : a kind of `freefill.masks.random_masks`; "files" = mask files scaled to the picture with nearest
        neighbour; "persons" = outlines of persons laid on pictures without any; "own" = each picture's own mask, over
        the thing that goes; "drawn" = each picture's own mask, over a picture that is its own truth
    seed : of the first mask; the next picture has the next seed
    """

    name: str
    version: int
    what: str
    side_px: int | None
    fit: Literal["crop", "whole"]
    masks: Literal["deepfill", "thin", "medium", "thick", "person", "files", "own", "drawn"]
    seed: int = 0

    @property
    def sha256(self) -> str:
        """Of the protocol as canonical JSON."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


PROTOCOLS: tuple[Protocol, ...] = (
    Protocol("deepfillv2-256", 1, "free-form strokes and a box; 256 crops", 256, "crop", "deepfill"),
    Protocol("lama-thin-512", 1, "LaMa's narrow masks; 512 crops", 512, "crop", "thin"),
    Protocol("lama-medium-512", 1, "LaMa's medium masks; 512 crops", 512, "crop", "medium"),
    Protocol("lama-thick-512", 1, "LaMa's wide masks; 512 crops", 512, "crop", "thick"),
    Protocol("irregular-256", 1, "mask files (--masks DIR); 256 crops", 256, "crop", "files"),
    Protocol("irregular", 1, "mask files (--masks DIR) over whole pictures", None, "whole", "files"),
    Protocol("persons-512", 1, "outlines of persons (--masks DIR); 512 crops", 512, "crop", "person"),
    Protocol("large", 1, "whole pictures of any size with wide masks", None, "whole", "thick"),
    Protocol("own", 1, "pictures with masks of their own, and truths where they exist", None, "whole", "own"),
    Protocol("drawn", 1, "pictures that are their own truth, each with a mask drawn on it", None, "whole", "drawn"),
)


def find_protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises
    ------
    InputError
        If there is none; the message names the nearest.
    """
    names = [protocol.name for protocol in PROTOCOLS]
    for protocol in PROTOCOLS:
        if protocol.name == name:
            return protocol
    raise InputError(f"protocol '{name}' is not known;{did_you_mean(name, names)} all: {', '.join(names)}")
