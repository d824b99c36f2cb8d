"""The nodes of a TensorFlow.js graph, written one by one as nodes of ONNX.

A table of operations, in reach of whom convolutional networks for pictures are; anything else is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import WeightsError
from freefill.weights.tfjs.attributes import ints, padding, texts

_RENAMED = {
    "Add": "Add",
    "AddV2": "Add",
    "Sub": "Sub",
    "Mul": "Mul",
    "RealDiv": "Div",
    "Minimum": "Min",
    "Maximum": "Max",
    "AddN": "Sum",
    "Relu": "Relu",
    "Sigmoid": "Sigmoid",
    "Tanh": "Tanh",
    "Identity": "Identity",
    "Cast": "Identity",  # of whole numbers to floats: every input is declared as floats
}
_CONVOLUTIONS = ("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative", "Conv2DBackpropInput")


class Writer:
    """Walks back from the outputs and writes each node once.

    Attributes
    ----------
    nodes, initializers : what has been written
    values : (node of the source, which of its outputs) to the value's name in ONNX
    """

    def __init__(self, source: Mapping[str, Any], constants: Mapping[str, NDArray[Any]], name: str) -> None:
        self.source = source
        self.constants = dict(constants)
        self.name = name
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.values: dict[tuple[str, int], str] = {}  # (node of the source, which output) -> value of the ONNX graph
        self.fresh = 0

    # --- values ---

    def value(self, reference: str) -> str:
        """Return the ONNX value of a source reference ("node" or "node:1"), written first where need be."""
        node, _, which = reference.partition(":")
        key = (node, int(which or 0))
        if key not in self.values and self._is_constant(node):  # kept only where a node takes it as it is
            self.values[key] = self.store(self.constant(node), node)
        elif key not in self.values:
            for ready in self._order(node):
                self._write(ready)
        return self.values[key]

    def constant(self, reference: str) -> NDArray[Any]:
        """Return a reference's numbers, where they do not depend on the input."""
        node = reference.split(":")[0]
        if node in self.constants:
            return self.constants[node]
        found = self.source.get(node, {"op": "missing node"})
        if found["op"] == "SparseToDense":  # a detour by which converters write constant shapes
            where, shape, what, rest = (self.constant(name) for name in found["input"])
            dense = np.full(tuple(int(side) for side in shape), rest)
            if where.size:
                dense[tuple(where.reshape(len(where), -1).T)] = what
            folded = dense
        elif found["op"] in ("Add", "AddV2"):
            folded = self.constant(found["input"][0]) + self.constant(found["input"][1])
        elif found["op"] == "Identity":
            folded = self.constant(found["input"][0])
        else:
            raise WeightsError(f"{self.name}: '{node}' must be constant, but is a {found['op']}")
        self.constants[node] = folded
        return folded

    def store(self, array: NDArray[Any], hint: str) -> str:
        """Keep numbers in the model and return their name."""
        import onnx

        value = f"{hint}.{len(self.initializers)}"
        self.initializers[value] = onnx.numpy_helper.from_array(np.ascontiguousarray(array), value)
        return value

    def emit(
        self, op: str, inputs: list[str], *, output: str | None = None, outputs: int = 1, **attributes: Any
    ) -> Any:
        """Write one ONNX node; return its output, or its outputs where there are several."""
        import onnx

        names = [output] if output else [f"{op}.{self.fresh + index}" for index in range(outputs)]
        self.fresh += outputs
        self.nodes.append(onnx.helper.make_node(op, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    # --- nodes ---

    def _order(self, last: str) -> list[str]:
        """Return `last` and all that it needs and is not written yet, needs first; no recursion: graphs are deep."""
        order: list[str] = []
        seen: set[str] = set()
        stack = [(last, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
                continue
            if node not in self.source:
                raise WeightsError(f"{self.name}: the graph names a node '{node}' that it does not have")
            if node in seen or (node, 0) in self.values or self._is_constant(node):
                continue
            seen.add(node)
            stack.append((node, True))
            stack += [(name.split(":")[0], False) for name in self._needs(node)]
        return order

    def _needs(self, node: str) -> list[str]:
        """Return the inputs of a node; not those by which it says that a size is doubled."""
        found = self.source[node]
        return found.get("input", [])[: 1 if enlarges(self, found) is not None else None]

    def _write(self, node: str) -> None:
        found = self.source[node]
        op = found["op"]
        if op in ("Split", "SplitV"):
            for index, value in enumerate(self._split(found)):
                self.values[(node, index)] = value
        elif op in _RENAMED:
            self.values[(node, 0)] = self.emit(_RENAMED[op], [self.value(name) for name in found["input"]])
        elif op in _CONVOLUTIONS:
            self.values[(node, 0)] = self._convolution(found)
        elif op in _TRANSLATED:
            self.values[(node, 0)] = _TRANSLATED[op](self, found)
        else:
            raise WeightsError(f"{self.name}: operation '{op}' (node '{node}') is not known to the converter")

    def _is_constant(self, node: str) -> bool:
        """Tell whether a node's numbers are known now; sums of constants occur in shapes, one level deep."""
        found = self.source.get(node, {"op": "missing node"})
        kinds = [self.source.get(name.split(":")[0], found)["op"] for name in found.get("input", ())]
        folded = found["op"] in ("Add", "AddV2") and all(kind in ("Const", "SparseToDense") for kind in kinds)
        return folded or found["op"] in ("Const", "SparseToDense")

    def first(self, value: str) -> str:
        """Channels last to channels first."""
        return self.emit("Transpose", [value], perm=[0, 3, 1, 2])

    def last(self, value: str) -> str:
        """Channels first to channels last."""
        return self.emit("Transpose", [value], perm=[0, 2, 3, 1])

    def _convolution(self, found: Mapping[str, Any]) -> str:
        op, kernel = found["op"], self.constant(found["input"][1])
        # No stride over batch and channels.
        attributes: dict[str, Any] = {"strides": ints(found, "strides")[1:3], **padding(found)}
        attributes["dilations"] = (ints(found, "dilations") or [1, 1, 1, 1])[1:3]
        inputs = found["input"]
        if op == "Conv2DBackpropInput":  # (kh, kw, out, in): the gradient of a convolution is the transposed one
            value, weight = self.value(inputs[2]), kernel.transpose(3, 2, 0, 1)
            out = self.emit("ConvTranspose", [self.first(value), self.store(weight, found["name"])], **attributes)
            return self.last(out)
        if "Depthwise" in op:  # (kh, kw, in, multiplier)
            high, wide, channels, multiplier = kernel.shape
            weight = kernel.reshape(high, wide, 1, channels * multiplier).transpose(3, 2, 0, 1)
            attributes["group"] = channels
        else:
            weight = kernel.transpose(3, 2, 0, 1)
        fused = texts(found, "fused_ops")
        more = [self.store(self.constant(inputs[2]), found["name"])] if "BiasAdd" in fused else []
        value = self.first(self.value(inputs[0]))
        out = self.emit("Conv", [value, self.store(weight, found["name"]), *more], **attributes)
        for extra in fused:
            if extra == "Relu":
                out = self.emit("Relu", [out])
            elif extra == "Relu6":
                out = self.relu6(out)
            elif extra != "BiasAdd":
                raise WeightsError(f"{self.name}: '{extra}' fused into '{found['name']}' is not known to the converter")
        return self.last(out)

    def relu6(self, value: str) -> str:
        """Clip to 0 .. 6."""
        low, high = (self.store(np.array(limit, np.float32), "limit") for limit in (0.0, 6.0))
        return self.emit("Clip", [value, low, high])

    def _split(self, found: Mapping[str, Any]) -> list[str]:
        if found["op"] == "SplitV":
            value, sizes, axis = found["input"]
            parts = self.constant(sizes).astype(np.int64)
            return self.emit(
                "Split",
                [self.value(value), self.store(parts, "sizes")],
                outputs=len(parts),
                axis=int(self.constant(axis).item()),
            )
        axis, value = found["input"]
        count = int(found["attr"]["num_split"]["i"])
        return self.emit("Split", [self.value(value)], outputs=count, axis=int(self.constant(axis).item()))


# --- operations of one output -------------------------------------------------------------------------------------


def _relu6(writer: Writer, found: Mapping[str, Any]) -> str:
    return writer.relu6(writer.value(found["input"][0]))


def _leaky_relu(writer: Writer, found: Mapping[str, Any]) -> str:
    return writer.emit("LeakyRelu", [writer.value(found["input"][0])], alpha=float(found["attr"]["alpha"]["f"]))


def _transpose(writer: Writer, found: Mapping[str, Any]) -> str:
    order = [int(axis) for axis in writer.constant(found["input"][1])]
    return writer.emit("Transpose", [writer.value(found["input"][0])], perm=order)


def _pad(writer: Writer, found: Mapping[str, Any]) -> str:
    rows = writer.constant(found["input"][1]).astype(np.int64)  # by axis; ONNX: all starts, then all ends
    inputs = [writer.value(found["input"][0]), writer.store(rows.T.ravel(), "pads")]
    if found["op"] == "PadV2":
        inputs.append(writer.store(writer.constant(found["input"][2]).astype(np.float32), "border"))
    return writer.emit("Pad", inputs)


def _concat(writer: Writer, found: Mapping[str, Any]) -> str:
    *parts, axis = found["input"]
    return writer.emit("Concat", [writer.value(part) for part in parts], axis=int(writer.constant(axis).item()))


def _reshape(writer: Writer, found: Mapping[str, Any]) -> str:
    shape = writer.constant(found["input"][1]).astype(np.int64)
    return writer.emit("Reshape", [writer.value(found["input"][0]), writer.store(shape, "shape")])


def enlarges(writer: Writer, found: Mapping[str, Any]) -> NDArray[Any] | None:
    """Return by how much a node enlarges height and width, where the graph says it as sides times constants."""
    if found["op"] != "ResizeBilinear":
        return None
    size = writer.source.get(found["input"][1].split(":")[0], {"op": "missing node"})
    factors = [name for name in size.get("input", ()) if writer.source.get(name.split(":")[0], {}).get("op") == "Const"]
    return writer.constant(factors[0]) if size["op"] == "Mul" and len(factors) == 1 else None


def _resize(writer: Writer, found: Mapping[str, Any]) -> str:
    attributes = found["attr"]
    centred = "asymmetric"
    if attributes.get("align_corners", {}).get("b"):
        centred = "align_corners"
    elif attributes.get("half_pixel_centers", {}).get("b"):
        centred = "half_pixel"
    value = writer.first(writer.value(found["input"][0]))
    times = enlarges(writer, found)
    if times is not None:
        scales = writer.store(np.array([1, 1, *times], np.float32), "scales")
        return writer.last(
            writer.emit("Resize", [value, "", scales], mode="linear", coordinate_transformation_mode=centred)
        )
    high, wide = (int(side) for side in writer.constant(found["input"][1]))
    shape = writer.emit("Shape", [value])
    ends = [writer.store(np.array([at], np.int64), "at") for at in (0, 2)]
    kept = writer.emit("Slice", [shape, *ends])
    sizes = writer.emit("Concat", [kept, writer.store(np.array([high, wide], np.int64), "size")], axis=0)
    return writer.last(
        writer.emit("Resize", [value, "", "", sizes], mode="linear", coordinate_transformation_mode=centred)
    )


def _pool(writer: Writer, found: Mapping[str, Any]) -> str:
    value = writer.first(writer.value(found["input"][0]))
    attributes = {
        "kernel_shape": ints(found, "ksize")[1:3],
        "strides": ints(found, "strides")[1:3],
        **padding(found),
    }
    kind = {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[found["op"]]
    return writer.last(writer.emit(kind, [value], **attributes))


_TRANSLATED: dict[str, Callable[[Writer, Mapping[str, Any]], str]] = {
    "Relu6": _relu6,
    "LeakyRelu": _leaky_relu,
    "Transpose": _transpose,
    "Pad": _pad,
    "PadV2": _pad,
    "ConcatV2": _concat,
    "Reshape": _reshape,
    "ResizeBilinear": _resize,
    "MaxPool": _pool,
    "AvgPool": _pool,
}
