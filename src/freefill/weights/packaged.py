"""Weights that come with freefill itself: small, trained by its own recipes, under its own licence.

Each is two files in `packaged_files/`: NAME.safetensors, and NAME.json with what its card says.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from freefill.errors import WeightsError

FOLDER = Path(str(resources.files("freefill.weights"))) / "packaged_files"


def packaged(name: str) -> Path | None:
    """Return the file of packaged weights of that name, or None where the package has none."""
    file = FOLDER / f"{name}.safetensors"
    return file if file.is_file() else None


def card(name: str) -> dict[str, Any]:
    """Return what is known of packaged weights: recipe, amount, photographs, scores, credits.

    Raises
    ------
    WeightsError
        If there are none of that name.
    """
    try:
        return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    except FileNotFoundError:
        raise WeightsError(f"no weights '{name}' come with this freefill; all: freefill weights list") from None
