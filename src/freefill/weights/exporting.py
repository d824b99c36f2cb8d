"""Write a network as ONNX, height and width left open: what `freefill export` does."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from freefill.errors import InputError, WeightsError
from freefill.files import replacing
from freefill.weights.locate import locate
from freefill.weights.opening.load import load_state
from freefill.weights.opening.recognise import known, recognise

OPSET = 17  # read by ONNX Runtime 1.12 and later


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : the file
    what : the network in words
    inputs : name to shape in words
    bytes : of the file
    """

    path: Path
    what: str
    inputs: dict[str, str]
    bytes: int


def export_onnx(name_or_path: str, path: Path) -> Exported:
    """Write weights as an ONNX file with the network around them.

    DeepFillv2 takes picture and mask and gives the composite. The small networks of `--structure network` lie here as
    ONNX already, and are written as they are: planes in (see `networks.small_unet.planes_of`), their outputs out.

    Parameters
    ----------
    name_or_path : weights in the store, or a file
    path : where to write; ends in .onnx

    Raises
    ------
    WeightsError
        If the weights are not here or are of no network that can be exported.
    InputError
        If the file cannot be written.
    """
    if path.suffix != ".onnx":
        raise InputError(f"{path}: an ONNX file's name ends in .onnx")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; make it first")
    source = locate(name_or_path)
    return _small(source, path) if source.suffix == ".onnx" else _deepfill(source, path)


def _small(source: Path, path: Path) -> Exported:
    from freefill.networks.small_unet import PLANES
    from freefill.weights.small_onnx import state_of

    row = known(state_of(source))
    if row is None or not row.role:
        raise WeightsError(f"{source}: is a program that others made, not one of freefill's small networks")
    with replacing(path) as file:
        file.write(source.read_bytes())
    return Exported(path, str(row), {"planes": f"1, {PLANES}, height, width"}, path.stat().st_size)


def _deepfill(source: Path, path: Path) -> Exported:
    import torch

    from freefill.networks.deepfill_weights import from_state
    from freefill.networks.exportable import Exportable

    state = load_state(source)
    found = recognise(state, str(source))
    generator = from_state(state)
    network = Exportable(generator).eval()
    if generator.sketches > 1:
        raise WeightsError(f"{source}: takes {generator.sketches} guide channels; one (a sketch) can be exported")
    names = ["image", "mask", *(["sketch"] if generator.sketches else [])]
    example = [torch.rand(1, 3, 64, 72), (torch.rand(1, 1, 64, 72) > 0.8).float(), torch.zeros(1, 1, 64, 72)]
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter that needs no further package is deprecated, and traces
        torch.onnx.export(
            network,
            tuple(example[: len(names)]),
            buffer,  # type: ignore[arg-type]
            input_names=names,
            output_names=["composite"],
            dynamic_axes={name: {2: "height", 3: "width"} for name in (*names, "composite")},
            opset_version=OPSET,
            dynamo=False,
        )
    with replacing(path) as file:
        file.write(buffer.getbuffer())
    shapes = {name: f"1, {3 if name == 'image' else 1}, height, width" for name in names}
    return Exported(path, str(found), shapes, len(buffer.getbuffer()))
