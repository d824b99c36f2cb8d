"""Errors and notes as a client of the service should read them: fields of the request where the command has options."""

from __future__ import annotations

import re
from typing import Any

from freefill.request import FLAGS, OPTION, WISHES, is_value
from freefill.web.forms import InpaintForm

# What a client cannot set, but whoever starts the service can.
_OF_THE_SERVICE = re.compile(r"(?:pass|with) (--max-megapixels(?: \d+)?)")
_MORE_OF_A_FILL = ("tries", "max_memory", "box")  # options that are no wish under that name
_SHAPES = "--box or a mask"  # shapes are drawn on the page, or sent as a mask


def in_fields(message: str) -> str:
    """Say an error or a note to somebody who sends requests: options become fields.

    An option that the service has no field for stays, and is said to be the command line's.

    Examples
    --------
    >>> in_fields("mask.png: mask is 3x4; pass --mask-fit scale, or --invert if black is hole")
    'mask.png: mask is 3x4; pass mask_fit=scale, or invert=true if black is hole'
    >>> in_fields("the best of several is kept with --tries 3")
    "the best of several is kept with the command line's --tries 3"
    """
    message = message.replace(_SHAPES, "a mask")
    parts = _OF_THE_SERVICE.split(message)
    # Every second part is an option of `freefill serve`, which keeps its name.
    said = [f"start the service with {part}" if n % 2 else OPTION.sub(_field, part) for n, part in enumerate(parts)]
    return "".join(said)


def translated(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a worker's answer with its error, its notes and the advice of its findings in the words of the service."""
    told = dict(answer)
    if "error" in told:
        told["error"] = in_fields(told["error"])
    if "notes" in told:
        told["notes"] = [in_fields(note) for note in told["notes"]]
    if "findings" in told:
        told["findings"] = [each | {"advice": in_fields(each["advice"])} for each in told["findings"]]
    return told


def _field(found: re.Match[str]) -> str:
    name, value = found[1].replace("-", "_"), found[2]
    if name not in InpaintForm.model_fields:
        # Options of other commands that a message quotes, as of freefill weights, are left alone.
        return f"the command line's {found[0]}" if name in (*WISHES, *_MORE_OF_A_FILL) else found[0]
    if name in FLAGS:
        return f"{name}=true" + (f" {value}" if value else "")
    if value is None:
        return name
    return f"{name}={value}" if is_value(name, value) else f"{name} {value}"
