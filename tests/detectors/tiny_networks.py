"""Networks of a few nodes with the signatures of the real ones: a person, a thing and a text are what is bright."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def save(path, nodes, inputs, outputs, numbers=None):
    """Write a model; `inputs` and `outputs` are name to shape, `numbers` name to array."""
    given, answers = (
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in table.items()]
        for table in (inputs, outputs)
    )
    kept = [numpy_helper.from_array(np.asarray(array), name) for name, array in (numbers or {}).items()]
    graph = helper.make_graph(nodes, "tiny", given, answers, kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def boxes(path):
    """NanoDet's signature: in cells of 16 px whose middle is bright a person, 40 px to each side; nothing elsewhere.

    Scores are the brightness of the input (mean and deviation undone, roughly), less a little towards the right, so
    that no two are equal.
    """
    node = helper.make_node
    logits = np.full((1, 676, 44), -9, np.float32)
    logits[:, :, [2, 13, 24, 35]] = np.log(0.5)  # 2.5 cells of 16 px: half of 2, half of 3
    logits[:, :, [3, 14, 25, 36]] = np.log(0.5)
    numbers = {
        "offset": np.float32(2.0),
        "divisor": np.float32(5.0),
        "tilt": np.linspace(0, 0.01, 676, dtype=np.float32).reshape(1, 676, 1),
        "wide": np.array([0, 0, 0, 0, 0, 79], np.int64),
        "flat": np.array([1, 676, 1], np.int64),
        "near": np.zeros((1, 2704, 80), np.float32),
        "far": np.zeros((1, 169, 80), np.float32),
        "near_sides": np.zeros((1, 2704, 44), np.float32),
        "middle_sides": logits,
        "far_sides": np.zeros((1, 169, 44), np.float32),
    }
    nodes = [
        node("ReduceMean", ["picture"], ["grey"], axes=[1], keepdims=1),
        node("AveragePool", ["grey"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]),
        node("Add", ["cells", "offset"], ["raised"]),
        node("Div", ["raised", "divisor"], ["share"]),
        node("Reshape", ["share", "flat"], ["column"]),
        node("Sub", ["column", "tilt"], ["tilted"]),
        node("Pad", ["tilted", "wide"], ["Identity_1"]),
        node("Identity", ["near"], ["Identity"]),
        node("Identity", ["far"], ["Identity_2"]),
        node("Identity", ["near_sides"], ["Identity_3"]),
        node("Identity", ["middle_sides"], ["Identity_4"]),
        node("Identity", ["far_sides"], ["Identity_5"]),
    ]
    cells = {0: 2704, 1: 676, 2: 169}
    outputs = {f"Identity_{n}" if n else "Identity": [1, cells[n % 3], 80 if n < 3 else 44] for n in range(6)}
    save(path, nodes, {"picture": [1, 3, 416, 416]}, outputs, numbers)


def brightness(path, output, *, channels_last):
    """A mask network: the answer is the brightness."""
    if channels_last:
        node = helper.make_node("ReduceMean", ["picture"], [output], axes=[3], keepdims=1)
        save(path, [node], {"picture": [1, 256, 256, 3]}, {output: [1, 256, 256, 1]})
    else:
        node = helper.make_node("ReduceMean", ["picture"], [output], axes=[1], keepdims=1)
        save(path, [node], {"picture": [1, 3, 320, 320]}, {output: [1, 1, 320, 320]})


def body(path):
    """The pose network's signature: the mask is the brightness, somebody is there, and no joint is seen."""
    node = helper.make_node
    unseen = np.full((1, 195), -9, np.float32)
    nodes = [
        node("ReduceMean", ["picture"], ["activation_segmentation"], axes=[3], keepdims=1),
        node("Identity", ["unseen"], ["ld_3d"]),
        node("GlobalMaxPool", ["activation_segmentation"], ["brightest"]),
        node("ReduceMax", ["brightest"], ["output_poseflag"], axes=[1, 2, 3], keepdims=0),
    ]
    outputs = {"activation_segmentation": [1, 256, 256, 1], "ld_3d": [1, 195], "output_poseflag": [1]}
    save(path, nodes, {"picture": [1, 256, 256, 3]}, outputs, {"unseen": unseen})


def joints(path):
    """MoveNet's signature: middles and joints are where it is bright, and every joint is said to be at the middle."""
    node = helper.make_node
    nodes = [
        node("Mul", ["picture", "share"], ["lit"]),
        node("ReduceMean", ["lit"], ["grey"], axes=[3], keepdims=1),
        node("Transpose", ["grey"], ["first"], perm=[0, 3, 1, 2]),
        node("AveragePool", ["first"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]),
        node("Transpose", ["pooled"], ["centres"], perm=[0, 2, 3, 1]),
        node("Tile", ["centres", "seventeen"], ["joints"]),
        node("Tile", ["centres", "two each"], ["many"]),
        node("Mul", ["many", "nothing"], ["places"]),
    ]
    numbers = {
        "share": np.float32(1 / 255),
        "seventeen": np.array([1, 1, 1, 17], np.int64),
        "two each": np.array([1, 1, 1, 34], np.int64),
        "nothing": np.float32(0),
    }
    outputs = {"centres": [1, "h", "w", 1], "joints": [1, "h", "w", 17], "places": [1, "h", "w", 34]}
    save(path, nodes, {"picture": [1, "height", "width", 3]}, outputs, numbers)


def rows_of_text(path):
    """PP-OCR's signature: what lies within 12 px of something very bright is the core of a row."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("MaxPool", ["grey"], ["near"], kernel_shape=[25, 25], pads=[12, 12, 12, 12], strides=[1, 1]),
        helper.make_node("Sub", ["near", "level"], ["above"]),
        helper.make_node("Mul", ["above", "steep"], ["steeper"]),
        helper.make_node("Sigmoid", ["steeper"], ["likely"]),
    ]
    numbers = {"level": np.float32(1.8), "steep": np.float32(20)}
    save(path, nodes, {"x": [1, 3, "h", "w"]}, {"likely": [1, 1, "h", "w"]}, numbers)


def clicks(encoder, decoder):
    """MobileSAM's signatures: the mask is the first point's x less 512, everywhere."""
    pooled = [
        helper.make_node("Transpose", ["input_image"], ["first"], perm=[2, 0, 1]),
        helper.make_node("ReduceMean", ["first"], ["grey"], axes=[0], keepdims=1),
        helper.make_node("Unsqueeze", ["grey", "zero"], ["batch"]),
        helper.make_node("AveragePool", ["batch"], ["small"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Expand", ["small", "shape"], ["image_embeddings"]),
    ]
    numbers = {"zero": np.array([0], np.int64), "shape": np.array([1, 256, 64, 64], np.int64)}
    save(encoder, pooled, {"input_image": ["h", "w", 3]}, {"image_embeddings": [1, 256, 64, 64]}, numbers)
    nodes = [
        helper.make_node("Slice", ["point_coords", "start", "end", "axes"], ["first_x"]),
        helper.make_node("Sub", ["first_x", "half"], ["signed"]),
        helper.make_node("Unsqueeze", ["signed", "zero"], ["four"]),
        helper.make_node("Cast", ["orig_im_size"], ["size"], to=TensorProto.INT64),
        helper.make_node("Concat", ["ones", "size"], ["shape"], axis=0),
        helper.make_node("Expand", ["four", "shape"], ["masks"]),
        helper.make_node("Identity", ["has_mask_input"], ["iou_predictions"]),
        helper.make_node("Identity", ["mask_input"], ["low_res_masks"]),
    ]
    numbers = {
        "start": np.array([0, 0], np.int64), "end": np.array([1, 1], np.int64), "axes": np.array([1, 2], np.int64),
        "half": np.float32(512), "zero": np.array([0], np.int64), "ones": np.array([1, 1], np.int64),
    }  # fmt: skip
    inputs = {
        "image_embeddings": [1, 256, 64, 64], "point_coords": [1, "n", 2], "point_labels": [1, "n"],
        "mask_input": [1, 1, 256, 256], "has_mask_input": [1], "orig_im_size": [2],
    }  # fmt: skip
    outputs = {"masks": [1, 1, "h", "w"], "iou_predictions": [1], "low_res_masks": [1, 1, 256, 256]}
    save(decoder, nodes, inputs, outputs, numbers)
