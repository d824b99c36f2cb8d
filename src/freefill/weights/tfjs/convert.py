"""Turn a TensorFlow.js graph model into ONNX, once, when it is fetched.

Some good small detectors are published as TensorFlow.js graphs only. A graph is a JSON file (nodes and a table of
weights) and a file of numbers (16-bit floats, or 8-bit numbers with a scale). The operations of convolutional networks
are few, so a direct translation is short; what it does not know it refuses by name. TensorFlow keeps channels last,
ONNX first: each convolution is set between two transpositions, most of which ONNX Runtime cancels when it loads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import WeightsError
from freefill.weights.tfjs.nodes import Writer

OPSET = 13
IR_VERSION = 8  # with this opset read by ONNX Runtime 1.9 and later

_BYTES = {"float32": 4, "int32": 4, "bool": 1, "float16": 2, "uint8": 1, "uint16": 2}


def convert(graph_json: bytes, numbers: bytes, *, name: str = "model", inner: Mapping[str, str] | None = None) -> bytes:
    """Translate a TensorFlow.js graph model.

    Parameters
    ----------
    graph_json : the `.json` file: topology, signature and table of weights
    numbers : the `.bin` file; several shards joined in their order
    name : goes into messages and into the ONNX graph
    inner : label to node: these are the outputs, in place of the graph's own, and pictures may be of any size; for
        networks that end in a search for the best places, which is done better by who reads them

    Returns
    -------
    A serialised ONNX model of opset 13. Inputs and outputs have the names of the signature; a batch size that is open
    in the source is 1.

    Raises
    ------
    WeightsError
        If the package `onnx` is missing, the files do not belong together, or an operation is not known here.
    """
    try:
        import onnx
    except ImportError:
        raise WeightsError(f"{name}: converting it needs an extra; run: pip install 'freefill[detect]'") from None
    try:
        source = json.loads(graph_json)
        nodes = {node["name"]: node for node in source["modelTopology"]["node"]}
        signature = source["signature"]
        constants = read_numbers(source["weightsManifest"], numbers, name)
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{name}: not a TensorFlow.js graph model ({error}); fetch it again") from None
    writer = Writer(nodes, constants, name)
    inputs = [_value_info(key, spec, writer, any_size=inner is not None) for key, spec in signature["inputs"].items()]
    ends = signature["outputs"] if inner is None else {label: {"name": node} for label, node in inner.items()}
    outputs = []
    for key, spec in ends.items():
        written, label = writer.value(spec["name"]), key.split(":")[0]
        shape = (
            _shape(spec) if "tensorShape" in spec else [1, *(f"{label} {side}" for side in ("high", "wide", "deep"))]
        )
        outputs.append(onnx.helper.make_tensor_value_info(label, onnx.TensorProto.FLOAT, shape))
        writer.emit("Identity", [written], output=label)
    graph = onnx.helper.make_graph(writer.nodes, name, inputs, outputs, list(writer.initializers.values()))
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], producer_name="freefill", ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()


def read_numbers(manifest: list[dict[str, Any]], numbers: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Read every constant of a TensorFlow.js weights file, as float32, int64 or bool.

    Raises
    ------
    WeightsError
        If the table and the file disagree about the length.
    """
    constants: dict[str, NDArray[Any]] = {}
    at = 0
    for row in (row for group in manifest for row in group["weights"]):
        packing = row.get("quantization")
        stored = packing["dtype"] if packing else row["dtype"]
        if stored not in _BYTES:
            raise WeightsError(f"{name}: numbers of kind '{stored}' in '{row['name']}' cannot be read")
        count = int(np.prod(row["shape"], dtype=np.int64))
        size = count * _BYTES[stored]
        if at + size > len(numbers):
            raise WeightsError(f"{name}: the file of numbers ends in '{row['name']}'; fetch it again")
        # TensorFlow.js writes little-endian, whatever the machine.
        values = np.frombuffer(numbers, np.dtype(stored).newbyteorder("<"), count, at).reshape(row["shape"])
        at += size
        if packing and stored in ("uint8", "uint16"):
            values = values.astype(np.float32) * np.float32(packing["scale"]) + np.float32(packing["min"])
        # Shapes and axes are 64-bit numbers in ONNX.
        kind = {"float32": np.float32, "int32": np.int64, "bool": np.bool_}[row["dtype"]]
        constants[row["name"]] = values.astype(kind)
    # The table tells all: bytes left over belong to another file.
    if at != len(numbers):
        raise WeightsError(f"{name}: {len(numbers) - at} bytes are left over after the last number; fetch it again")
    return constants


def _value_info(key: str, spec: Mapping[str, Any], writer: Writer, *, any_size: bool) -> Any:
    """Declare one input, (1, height, width, channels) where it is a picture; tell the writer its name in the graph."""
    import onnx

    node, label = spec["name"].split(":")[0], key.split(":")[0]
    writer.values[(node, 0)] = label
    shape: list[int | str] = [*_shape(spec)]
    if any_size:
        shape[1:3] = "height", "width"
    return onnx.helper.make_tensor_value_info(label, onnx.TensorProto.FLOAT, shape)


def _shape(spec: Mapping[str, Any]) -> list[int]:
    return [max(int(side["size"]), 1) for side in spec["tensorShape"]["dim"]]
