"""What a visitor sent, read in a worker: errors and notes name the field it came in, not where the service keeps it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freefill.images.read import read_picture
from freefill.masks.sources import mask_from_picture
from freefill.values import Mask, Picture


class _Named(io.BytesIO):
    """A file that is called by its field."""

    name = ""


def picture(path: str | Path, field: str, max_mpx: float) -> Picture:
    """Read a picture of any kind."""
    stream = _Named(Path(path).read_bytes())
    stream.name = field
    return read_picture(stream, max_mpx=max_mpx)


def mask(path: str, wishes: Mapping[str, Any]) -> Mask:
    """Read the mask of what goes, which the wishes say how to read."""
    channel = wishes.get("mask_channel", "auto")
    return mask_from_picture(picture(path, "mask", float(wishes["max_mpx"])), channel=channel)


def wishes(files: Mapping[str, str], max_mpx: float) -> dict[str, Mask]:
    """Read the wishes that are masks or lines.

    Parameters
    ----------
    files : by wish
    """
    # As on the command line: `mask_channel` says nothing of these, and lines are read by their brightness.
    return {
        wish: mask_from_picture(picture(path, wish, max_mpx), channel="grey" if wish == "sketch" else "auto")
        for wish, path in files.items()
    }
