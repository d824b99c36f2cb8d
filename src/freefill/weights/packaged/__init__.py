"""Weights that come with freefill, trained by us on photographs whose terms allow it: NAME.onnx or NAME.safetensors,
with NAME.md as its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
_ENDINGS = (".onnx", ".safetensors")


@dataclass(frozen=True)
class PackagedWeights:
    """One file of weights in the package.

    Attributes
    ----------
    name, path : of the file
    """

    name: str
    path: Path

    @property
    def card(self) -> str:
        """The text of its card, Markdown; read when it is asked for, not when a file is only looked for."""
        file = self.path.with_suffix(".md")
        return file.read_text("utf-8") if file.is_file() else ""

    @property
    def what_for(self) -> str:
        """The first sentence of its card."""
        lines = (line for line in self.card.splitlines() if line and not line.startswith("#"))
        return next(lines, "").split(". ")[0].removesuffix(".")


def packaged(name: str) -> Path | None:
    """Return the file of packaged weights of that name, or None where the package has none."""
    return next((weights.path for weights in all_packaged() if weights.name == name), None)


def all_packaged() -> list[PackagedWeights]:
    """Return all weights of the package, by name."""
    return [PackagedWeights(path.stem, path) for path in sorted(FOLDER.glob("*")) if path.suffix in _ENDINGS]
