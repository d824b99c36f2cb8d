"""Weights of DeepFillv2 that come with freefill itself: NAME.safetensors in `packaged/`, with NAME.md as its card."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

FOLDER = Path(str(resources.files("freefill.weights"))) / "packaged"


def packaged(name: str) -> Path | None:
    """Return the file of packaged weights of that name, or None where the package has none."""
    file = FOLDER / f"{name}.safetensors"
    return file if file.is_file() else None
