"""TensorFlow.js graphs as ONNX: each operation against PyTorch, the file format against files made here."""

import base64
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from freefill.errors import WeightsError
from freefill.weights.tfjs.convert import convert, read_numbers

RNG = np.random.default_rng(0)


def text(word):
    return {"s": base64.b64encode(word.encode()).decode()}


def ints(*numbers):
    return {"list": {"i": [str(number) for number in numbers]}}


class Graph:
    """Builds the two files."""

    def __init__(self, shape):
        self.nodes = [{"name": "x", "op": "Placeholder", "attr": {}}]
        self.table, self.data, self.shape = [], b"", shape

    def const(self, name, array, packing=None):
        array = np.asarray(array)
        row = {"name": name, "shape": list(array.shape), "dtype": "int32" if array.dtype.kind == "i" else "float32"}
        if packing == "float16":
            row["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
            self.data += array.astype("<f2").tobytes()
        elif packing == "uint8":
            low, scale = float(array.min()), float(np.ptp(array)) / 255
            row["quantization"] = {"dtype": "uint8", "min": low, "scale": scale}
            self.data += np.rint((array - low) / scale).astype(np.uint8).tobytes()
        else:
            self.data += array.astype("<i4" if array.dtype.kind == "i" else "<f4").tobytes()
        self.table.append(row)
        self.nodes.append({"name": name, "op": "Const", "attr": {}})
        return name

    def node(self, name, op, *inputs, **attributes):
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def files(self, output, shape):
        def spec(name, sides):
            return {"name": f"{name}:0", "tensorShape": {"dim": [{"size": str(side)} for side in sides]}}

        graph = {
            "modelTopology": {"node": self.nodes},
            "signature": {"inputs": {"x:0": spec("x", self.shape)}, "outputs": {"y:0": spec(output, shape)}},
            "weightsManifest": [{"paths": ["w.bin"], "weights": self.table}],
        }
        return json.dumps(graph).encode(), self.data

    def run(self, output, shape, x):
        import onnxruntime

        session = onnxruntime.InferenceSession(convert(*self.files(output, shape)), providers=["CPUExecutionProvider"])
        found = np.asarray(session.run(["y"], {"x": x.astype(np.float32)})[0])
        assert list(found.shape) == list(shape)
        return found


def first(x):
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def last(y):
    return y.numpy().transpose(0, 2, 3, 1)


def conv_attributes(stride, padding, *fused):
    found = {
        "strides": ints(1, stride, stride, 1), "dilations": ints(1, 1, 1, 1), "padding": text(padding),
        "data_format": text("NHWC"),
    }  # fmt: skip
    return {**found, "fused_ops": {"list": {"s": [text(word)["s"] for word in fused]}}} if fused else found


@pytest.mark.parametrize("packing", [None, "float16", "uint8"])
@pytest.mark.parametrize("side", [8, 9])
def test_a_strided_convolution_pads_the_odd_row_at_the_end(packing, side):
    x, kernel = RNG.random((1, side, side, 3)), RNG.standard_normal((3, 3, 3, 5))
    graph = Graph(x.shape)
    graph.const("k", kernel, packing)
    graph.node("c", "Conv2D", "x", "k", **conv_attributes(2, "SAME"))
    out = -(-side // 2)
    found = graph.run("c", (1, out, out, 5), x)
    total = max((out - 1) * 2 + 3 - side, 0)
    padded = F.pad(first(x), (total // 2, total - total // 2) * 2)
    truth = last(F.conv2d(padded, torch.from_numpy(kernel.transpose(3, 2, 0, 1)), stride=2))
    step = {None: 1e-5, "float16": 2e-2, "uint8": 0.15}[packing]
    assert np.abs(found - truth).max() < step


def test_a_depthwise_convolution_with_bias_and_relu6():
    x, kernel, bias = 4 * RNG.random((1, 7, 6, 4)), RNG.standard_normal((3, 3, 4, 1)), RNG.standard_normal(4)
    graph = Graph(x.shape)
    graph.const("k", kernel)
    graph.const("b", bias)
    graph.node("c", "FusedDepthwiseConv2dNative", "x", "k", "b", **conv_attributes(1, "SAME", "BiasAdd", "Relu6"))
    found = graph.run("c", (1, 7, 6, 4), x)
    weight = torch.from_numpy(kernel.transpose(2, 3, 0, 1))
    truth = last(F.conv2d(first(x), weight, torch.from_numpy(bias), padding=1, groups=4).clip(0, 6))
    assert found == pytest.approx(truth, abs=1e-4)
    assert found.max() == 6


def test_a_convolution_with_bias_and_relu_without_padding():
    x, kernel, bias = RNG.random((1, 6, 6, 2)), RNG.standard_normal((3, 3, 2, 3)), RNG.standard_normal(3)
    graph = Graph(x.shape)
    graph.const("k", kernel)
    graph.const("b", bias)
    graph.node("c", "_FusedConv2D", "x", "k", "b", **conv_attributes(1, "VALID", "BiasAdd", "Relu"))
    truth = F.conv2d(first(x), torch.from_numpy(kernel.transpose(3, 2, 0, 1)), torch.from_numpy(bias)).relu()
    assert graph.run("c", (1, 4, 4, 3), x) == pytest.approx(last(truth), abs=1e-4)


def test_the_gradient_of_a_convolution_is_a_transposed_one():
    x, kernel = RNG.random((1, 4, 5, 6)), RNG.standard_normal((2, 2, 1, 6))
    graph = Graph(x.shape)
    graph.const("s", np.array([1, 8, 10, 1]))
    graph.const("k", kernel)
    graph.node("c", "Conv2DBackpropInput", "s", "k", "x", **conv_attributes(2, "SAME"))
    truth = F.conv_transpose2d(first(x), torch.from_numpy(kernel.transpose(3, 2, 0, 1)), stride=2)
    assert graph.run("c", (1, 8, 10, 1), x) == pytest.approx(last(truth), abs=1e-4)


def test_an_inner_node_can_be_read_at_any_size_where_the_graph_doubles_what_it_gets():
    """The size is the shape's own sides times two, and the graph's own end is an operation that is not known."""
    import onnxruntime

    graph = Graph((1, 4, 5, 2))
    for name, number in (("first", [1]), ("end", [3]), ("step", [1]), ("two", [2, 2])):
        graph.const(name, np.array(number))
    graph.node("shape", "Shape", "x")
    graph.node("sides", "StridedSlice", "shape", "first", "end", "step")
    graph.node("size", "Mul", "sides", "two")
    graph.node("r", "ResizeBilinear", "x", "size", half_pixel_centers={"b": True})
    graph.node("best", "TopKV2", "r")
    model = convert(*graph.files("best", (1, 1)), inner={"heat": "r"})
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for high, wide in ((4, 5), (6, 3)):
        x = RNG.random((1, high, wide, 2)).astype(np.float32)
        truth = last(F.interpolate(first(x), scale_factor=2, mode="bilinear", align_corners=False))
        assert session.run(["heat"], {"x": x})[0] == pytest.approx(truth, abs=1e-5)
    with pytest.raises(WeightsError, match="TopKV2"):
        convert(*graph.files("best", (1, 1)))


@pytest.mark.parametrize("how", ["half_pixel_centers", "align_corners"])
def test_bilinear_resizing_counts_from_where_the_graph_says(how):
    x = RNG.random((1, 4, 5, 2))
    graph = Graph(x.shape)
    graph.const("s", np.array([8, 11]))
    graph.node("r", "ResizeBilinear", "x", "s", **{how: {"b": True}})
    truth = F.interpolate(first(x), (8, 11), mode="bilinear", align_corners=how == "align_corners")
    assert graph.run("r", (1, 8, 11, 2), x) == pytest.approx(last(truth), abs=1e-5)


@pytest.mark.parametrize("op", ["MaxPool", "AvgPool"])
def test_pooling(op):
    x = RNG.random((1, 6, 8, 3))
    graph = Graph(x.shape)
    graph.node("p", op, "x", ksize=ints(1, 2, 2, 1), strides=ints(1, 2, 2, 1), padding=text("VALID"))
    pool = F.max_pool2d if op == "MaxPool" else F.avg_pool2d
    assert graph.run("p", (1, 3, 4, 3), x) == pytest.approx(last(pool(first(x), 2)), abs=1e-6)


def test_padding_splitting_joining_turning_and_folding():
    x = RNG.standard_normal((1, 3, 4, 6)).astype(np.float32)
    graph = Graph(x.shape)
    graph.const("rows", np.array([[0, 0], [1, 2], [0, 1], [0, 0]]))
    graph.const("border", np.array(-5.0))
    graph.node("padded", "PadV2", "x", "rows", "border")
    graph.const("sizes", np.array([2, 4]))
    graph.const("axis", np.array(3))
    graph.node("parts", "SplitV", "padded", "sizes", "axis")
    graph.node("joined", "ConcatV2", "parts:1", "parts", "axis")
    graph.const("order", np.array([0, 3, 1, 2]))
    graph.node("turned", "Transpose", "joined", "order")
    # a shape that a converter writes as the sum of a constant and an empty sparse one
    graph.const("where", np.zeros((0, 1), int))
    graph.const("shape_of_it", np.array([2]))
    graph.const("what", np.zeros(0, int))
    graph.const("rest", np.array(0))
    graph.node("dense", "SparseToDense", "where", "shape_of_it", "what", "rest")
    graph.const("base", np.array([6, 30]))
    graph.node("shape", "AddV2", "base", "dense")
    graph.node("flat", "Reshape", "turned", "shape")
    padded = np.pad(x, [(0, 0), (1, 2), (0, 1), (0, 0)], constant_values=-5)
    truth = np.concatenate([padded[..., 2:], padded[..., :2]], axis=3).transpose(0, 3, 1, 2).reshape(6, 30)
    assert np.array_equal(graph.run("flat", (6, 30), x), truth)


@pytest.mark.parametrize(
    ("op", "attributes", "truth"),
    [
        ("Relu", {}, lambda x: np.maximum(x, 0)),
        ("Relu6", {}, lambda x: np.clip(x, 0, 6)),
        ("LeakyRelu", {"alpha": {"f": 0.1}}, lambda x: np.where(x > 0, x, 0.1 * x)),
        ("Sigmoid", {}, lambda x: 1 / (1 + np.exp(-x))),
        ("Tanh", {}, np.tanh),
        ("Identity", {}, lambda x: x),
    ],
)
def test_curves(op, attributes, truth):
    x = 5 * RNG.standard_normal((1, 3, 3, 2))
    graph = Graph(x.shape)
    graph.node("c", op, "x", **attributes)
    assert graph.run("c", x.shape, x) == pytest.approx(truth(x.astype(np.float32)), abs=1e-5)


@pytest.mark.parametrize(
    ("op", "truth"), [("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("RealDiv", np.divide)]
)
def test_arithmetic_with_a_constant(op, truth):
    x, y = RNG.random((1, 3, 3, 2)), RNG.random(2) + 1
    graph = Graph(x.shape)
    graph.const("k", y)
    graph.node("c", op, "x", "k")
    assert graph.run("c", x.shape, x) == pytest.approx(truth(x, y), abs=1e-6)


def test_a_graph_of_five_thousand_nodes_is_no_trouble():
    graph = Graph((1, 2, 2, 1))
    name = "x"
    for number in range(5000):
        name = graph.node(f"n{number}", "Relu", name)
    convert(*graph.files(name, (1, 2, 2, 1)))


def test_the_same_files_give_the_same_model():
    graph = Graph((1, 4, 4, 1))
    graph.const("k", RNG.random((3, 3, 1, 2)))
    graph.node("c", "Conv2D", "x", "k", **conv_attributes(1, "SAME"))
    files = graph.files("c", (1, 4, 4, 2))
    assert convert(*files) == convert(*files)


def test_an_operation_that_is_not_known_is_named():
    graph = Graph((1, 4, 4, 1))
    graph.node("c", "Einsum", "x")
    with pytest.raises(WeightsError, match=r"operation 'Einsum' \(node 'c'\) is not known"):
        convert(*graph.files("c", (1, 4, 4, 1)))


def test_a_node_that_is_missing_is_named():
    graph = Graph((1, 4, 4, 1))
    graph.node("c", "Relu", "gone")
    with pytest.raises(WeightsError, match="names a node 'gone'"):
        convert(*graph.files("c", (1, 4, 4, 1)))


def test_a_file_of_numbers_that_is_cut_or_too_long_is_refused():
    graph = Graph((1, 4, 4, 1))
    graph.const("k", RNG.random((3, 3, 1, 2)))
    graph.node("c", "Conv2D", "x", "k", **conv_attributes(1, "SAME"))
    model, numbers = graph.files("c", (1, 4, 4, 2))
    with pytest.raises(WeightsError, match="ends in 'k'"):
        convert(model, numbers[:-1])
    with pytest.raises(WeightsError, match="1 bytes are left over"):
        convert(model, numbers + b"!")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"modelTopology": {"node": [{}]}}'])
def test_a_file_of_another_kind_is_refused(content):
    with pytest.raises(WeightsError, match=r"not a TensorFlow\.js graph"):
        convert(content, b"")


def test_numbers_of_8_bits_are_scaled_back():
    manifest = [{"weights": [{"name": "w", "shape": [3], "dtype": "float32",
                              "quantization": {"dtype": "uint8", "min": -1.0, "scale": 0.5}}]}]  # fmt: skip
    assert read_numbers(manifest, bytes([0, 2, 255]), "m")["w"].tolist() == [-1.0, 0.0, 126.5]
