"""What is asked of every picture of a batch, and what came of one: a line of the journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from freefill.places import Stamp
from freefill.request import Request


@dataclass(frozen=True)
class Work:
    """What is the same for every picture of a batch.

    Attributes
    ----------
    request : how each is filled
    format, quality : how each is written; None = as its input was
    plan_only : nothing is filled or written
    tries : in how many ways each is filled, at most; the one that the diagnosis likes best is kept
    """

    request: Request = field(default_factory=Request)
    format: str | None = None
    quality: int | None = None
    plan_only: bool = False
    tries: int = 1

    @property
    def fingerprint(self) -> str:
        """A short text that changes when anything changes that the fills depend on."""
        asked = asdict(replace(self, plan_only=False))  # a dry run asks for the same fills
        if self.tries == 1:  # so it was before there were tries, and journals of then still count
            del asked["tries"]
        # 64 bits: it only has to differ from the wishes of an earlier run in the same folder.
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Record:
    """What came of one picture.

    Attributes
    ----------
    status : "done", "failed", or "planned" (of a dry run)
    image, mask : as they were named
    output : relative to the output folder
    seconds : wall time, reading and writing included; `parts` has it by part
    hole_share : 0 to 1, of the mask before it was grown
    asked : fingerprint of the options
    folder : where the batch was started: relative `image` and `mask` are below it
    stamps : "image", "mask", "output", and each mask file that the request names: what tells whether the file is still
        the same
    """

    status: Literal["done", "failed", "planned"]
    image: str
    mask: str
    output: str
    seconds: float = 0.0
    engine: str | None = None
    hole_share: float | None = None
    plan: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    asked: str = ""
    stamps: Mapping[str, Stamp] = field(default_factory=dict)
    version: str = ""
    folder: str = ""

    @property
    def key(self) -> str:
        """What the journal knows it by."""
        return self.output

    def to_line(self) -> str:
        """Return one line of JSON, ASCII only: file names of any bytes survive."""
        return json.dumps(asdict(self))


def from_line(line: str) -> Record | None:
    """Read a line of a journal; None where it is broken (a run that was killed while writing it)."""
    try:
        found = json.loads(line)
        stamps = {str(key): Stamp(**value) for key, value in dict(found.pop("stamps", {})).items()}
        return Record(**{**found, "notes": tuple(found.get("notes", ())), "stamps": stamps})
    except (json.JSONDecodeError, TypeError, AttributeError, ValueError):
        return None
