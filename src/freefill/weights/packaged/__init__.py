"""Weights that come with freefill, trained by us on photographs whose terms allow it: NAME.onnx or NAME.safetensors,
with NAME.md as its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
STRUCTURE = FOLDER / "structure.onnx"
_ENDINGS = (".onnx", ".safetensors")


@dataclass(frozen=True)
class PackagedWeights:
    """One file of weights in the package.

    Attributes
    ----------
    name, path : of the file
    card : the text of its card, Markdown
    """

    name: str
    path: Path
    card: str

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
    files = sorted(path for path in FOLDER.glob("*") if path.suffix in _ENDINGS)
    cards = [path.with_suffix(".md") for path in files]
    return [
        PackagedWeights(path.stem, path, card.read_text() if card.is_file() else "")
        for path, card in zip(files, cards, strict=True)
    ]
