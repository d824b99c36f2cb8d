"""freefill: remove things from photographs and fill what was there.

Importing it loads neither torch nor OpenCV; they come with the first fill.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from freefill.errors import EngineError, FreefillError, InputError, WeightsError
    from freefill.inpainter import Inpainter, inpaint
    from freefill.values import Mask, Options, Picture, Result

_HOMES = {
    "EngineError": "errors",
    "FreefillError": "errors",
    "InputError": "errors",
    "Inpainter": "inpainter",
    "Mask": "values",
    "Options": "values",
    "Picture": "values",
    "Result": "values",
    "WeightsError": "errors",
    "inpaint": "inpainter",
}

__all__ = [
    "EngineError",
    "FreefillError",
    "Inpainter",
    "InputError",
    "Mask",
    "Options",
    "Picture",
    "Result",
    "WeightsError",
    "inpaint",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"freefill.{_HOMES[name]}"), name)
    if name == "masks":
        return importlib.import_module("freefill.masks")
    raise AttributeError(f"module 'freefill' has no attribute '{name}'")
