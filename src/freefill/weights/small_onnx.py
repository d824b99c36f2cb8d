"""The small networks for structure as files that OpenCV runs: ONNX with half-precision weights."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freefill.errors import WeightsError
from freefill.weights.opening.recognise import known

if TYPE_CHECKING:
    import onnx
    import torch
    from torch import Tensor

    from freefill.networks.small_unet import SmallNetwork

OPSET = 17  # as the exported ones (weights/exporting.py)
HALF = ".half"  # ends the name of what is stored in half precision
LEAST_HALVED = 16  # numbers; smaller constants are shapes and factors, and stay as they are


def small_onnx(state: Mapping[str, Tensor]) -> onnx.ModelProto:
    """Return the small network with these weights: planes (1, 6, H, W) in; height and width are open.

    The painting network gives what is to be added and its log scale, for sides that divide by 8; the pointing network
    queries, keys and the table of offsets, for sides that divide by 16.

    Raises
    ------
    WeightsError
        If the weights are of no small network.
    """
    import torch

    from freefill.networks.painter import Painter
    from freefill.networks.pointer import Pointer

    class WithTable(torch.nn.Module):
        """A constant alone is no output that every runtime gives: it is tied to the input by a sum that is zero."""

        def __init__(self, pointer: Pointer) -> None:
            super().__init__()
            self.pointer = pointer

        def forward(self, planes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            queries, keys = self.pointer(planes)
            return queries, keys, self.pointer.offsets[None, None] + planes.mean() * 0

    row = known(state)
    if row is None or not row.role:
        raise WeightsError("these weights are of no small network for --structure network")
    if row.role == "painter":
        return _exported(_made(Painter, state), ("added", "log_scale"))
    return _exported(WithTable(_made(Pointer, state)), ("queries", "keys", "offsets"))


def _made(kind: type[SmallNetwork], state: Mapping[str, Tensor]) -> SmallNetwork:
    try:
        return kind.from_state(state)
    except (KeyError, RuntimeError) as error:
        raise WeightsError(f"weights: not those of a {kind.called} ({str(error).splitlines()[0]})") from None


def _exported(network: torch.nn.Module, outputs: tuple[str, ...]) -> onnx.ModelProto:
    """Write a network that reads planes; height and width of all but a table stay open."""
    import onnx
    import torch

    from freefill.networks.small_unet import PLANES

    sides = {
        name: {2: f"height of {name}", 3: f"width of {name}"} for name in ("planes", *outputs) if name != "offsets"
    }
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further package is deprecated
        torch.onnx.export(
            network.eval(),
            (torch.zeros(1, PLANES, 64, 64),),
            file,  # pyright: ignore
            input_names=["planes"],
            output_names=list(outputs),
            dynamic_axes=sides,
            opset_version=OPSET,
            dynamo=False,
        )
    return onnx.load_model_from_string(file.getvalue())


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with its weights stored in half precision; it still computes in single."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.ModelProto.FromString(model.SerializeToString())  # a copy: the caller's model stays as it is
    casts = []
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == "float32" and values.size >= LEAST_HALVED:
            stored = numpy_helper.from_array(values.astype("float16"), weights.name + HALF)
            casts.append(helper.make_node("Cast", [stored.name], [weights.name], to=TensorProto.FLOAT))
            weights.CopyFrom(stored)
    nodes = [*casts, *model.graph.node]  # first what others need: ONNX keeps nodes in that order
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def state_of(path: Path) -> dict[str, Tensor]:
    """Return the weights of a file that `save` wrote, as a state dict to train on from.

    Raises
    ------
    WeightsError
        If the file is none.
    """
    import onnx
    import torch
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        stored = onnx.load_model_from_string(path.read_bytes()).graph.initializer
    except (DecodeError, OSError) as error:
        raise WeightsError(f"{path}: not an ONNX file ({error})") from None
    state = {}
    for weights in stored:
        values = torch.from_numpy(numpy_helper.to_array(weights).copy()).float()
        name = weights.name.removesuffix(HALF).removeprefix("pointer.")
        # The table loses its name, for it is tied to the input; no other constant has its shape.
        is_table = values.ndim == 4 and values.shape[:2] == (1, 1) and values.shape[2] == values.shape[3] > 1
        state["offsets" if is_table else name] = values[0, 0] if is_table else values
    return state


def about_of(path: Path) -> dict[str, Any]:
    """Return what a file that `save` wrote says of its training; empty where it says nothing."""
    import onnx

    told = {each.key: each.value for each in onnx.load_model_from_string(path.read_bytes()).metadata_props}
    try:
        return dict(json.loads(told.get("about", "{}")))
    except (ValueError, TypeError):  # notes of another tool
        return {}


def save(state: Mapping[str, Tensor], path: Path, *, half: bool = True, about: Mapping[str, str] | None = None) -> None:
    """Write the small network with these weights as a file that OpenCV runs.

    Parameters
    ----------
    state : name to tensor
    path : of the file
    half : store half precision
    about : words to words, kept in the file

    Raises
    ------
    WeightsError
        If the weights are of no small network.
    """
    from onnx import helper

    model = small_onnx(state)
    model = halved(model) if half else model
    helper.set_model_props(model, dict(about or {}))
    path.write_bytes(model.SerializeToString())
