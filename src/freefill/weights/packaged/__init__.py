"""Weights that come with the package, trained by us on photographs whose terms allow it; cards lie beside the files."""

from pathlib import Path

STRUCTURE = Path(__file__).with_name("structure-warm-start.onnx")
