"""What the service asks of its worker processes. Orders are pickled; files are named by path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class State:
    """A picture as a visitor sees it: an upload, and the fills made in it, the oldest first.

    Attributes
    ----------
    folder : where the upload lies
    fills : files of the fills, made by `work.Fill`
    """

    folder: str
    fills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A mask as it travels: a PNG of its box.

    Attributes
    ----------
    png : white = remove
    top, left : where the box lies in the picture, px
    """

    png: bytes
    top: int = 0
    left: int = 0


@dataclass(frozen=True)
class Open:
    """Read an upload, and make what the page shows of it."""

    folder: str
    max_mpx: float


@dataclass(frozen=True)
class FillOrder:
    """Fill a hole of a picture; what changed is written to `target`."""

    state: State
    mask: Piece
    wishes: dict[str, Any]
    target: str


@dataclass(frozen=True)
class MakeMask:
    """Find what a word names, or what is marked ("marks") by a box (left, top, width, height) or points (x, y, plus).

    Of what a word names only what lies in the box is taken, where there is one.
    """

    state: State
    source: str
    box: tuple[int, int, int, int] | None = None
    points: tuple[tuple[int, int, bool], ...] = ()


@dataclass(frozen=True)
class Refine:
    """Repair a mask, or grow it by `grow`."""

    state: State
    mask: Piece
    grow: str | None = None


@dataclass(frozen=True)
class WriteFile:
    """Write a picture as a file of its own format, or of another."""

    state: State
    target: str
    format: str | None = None


@dataclass(frozen=True)
class Diagnose:
    """Say what is wrong with the last fill of a picture."""

    state: State


@dataclass(frozen=True)
class Once:
    """Fill one picture from its file to a file, and keep nothing.

    Attributes
    ----------
    mask : a file or a word
    files : of the wishes that are masks or lines, by wish
    """

    image: str
    mask: str
    wishes: dict[str, Any]
    target: str
    format: str | None = None
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MaskOnce:
    """Make or repair the mask of one picture: `mask` None = find `source` in it."""

    image: str
    source: str
    mask: str | None
    target: str
    wishes: dict[str, Any] = field(default_factory=dict)
