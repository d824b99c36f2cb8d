"""freefill: remove things from photographs and fill what was there.

    result = freefill.inpaint("photo.jpg", "mask.png")      # or "people", or shapes=["box:120,80,60,90"]
    result.save("out.jpg")

inpaint, extend     fill a picture; make it larger and fill what is new: a Result
Inpainter           an engine that is loaded once, for many pictures and from any thread
masks               masks made from a picture: people, text, salient; refine repairs one
diagnose            what is wrong with a fill, and what to try next
Progress            what `progress=` is told
Picture, Mask, Options, Request, Shape      values, for programs that go step by step
FreefillError       base of all errors that a user can mend; each is one line

For whoever reads the code: inpainting.py is the recipe, cli/ and web/ lead to it, and each room says in its __init__.py
which file to open first.

Importing it loads neither torch nor OpenCV; they come with the first fill.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from freefill import masks
    from freefill.errors import EngineError, FreefillError, InputError, NothingFoundError, WeightsError
    from freefill.extending import extend
    from freefill.filling import inpaint
    from freefill.inpainter import Inpainter
    from freefill.judging import diagnose
    from freefill.progress import Progress
    from freefill.request import Request, Shape
    from freefill.result import Result
    from freefill.values import Mask, Options, Picture

_HOMES = {
    "EngineError": "errors",
    "FreefillError": "errors",
    "InputError": "errors",
    "Inpainter": "inpainter",
    "Mask": "values",
    "NothingFoundError": "errors",
    "Options": "values",
    "Picture": "values",
    "Progress": "progress",
    "Request": "request",
    "Result": "result",
    "Shape": "request",
    "WeightsError": "errors",
    "diagnose": "judging",
    "extend": "extending",
    "inpaint": "filling",
}

__all__ = [
    "EngineError",
    "FreefillError",
    "Inpainter",
    "InputError",
    "Mask",
    "NothingFoundError",
    "Options",
    "Picture",
    "Progress",
    "Request",
    "Result",
    "Shape",
    "WeightsError",
    "diagnose",
    "extend",
    "inpaint",
    "masks",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"freefill.{_HOMES[name]}"), name)
    if name == "masks":
        return importlib.import_module("freefill.masks")
    raise AttributeError(f"module 'freefill' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Show what is loaded on first use as well."""
    return sorted((*__all__, "__version__"))
