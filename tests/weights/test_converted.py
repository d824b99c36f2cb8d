"""Weights that are converted once and kept: made of this very original, or made anew."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from freefill.errors import WeightsError
from freefill.weights import store
from freefill.weights.cards import catalogue
from freefill.weights.tfjs import converted
from freefill.weights.tfjs.converted import convert_fetched, locate_onnx


def original(alpha):
    """A graph of one node."""
    shape = {"dim": [{"size": "1"}, {"size": "2"}]}
    return json.dumps(
        {
            "modelTopology": {
                "node": [
                    {"name": "x", "op": "Placeholder"},
                    {"name": "y", "op": "LeakyRelu", "input": ["x"], "attr": {"alpha": {"f": alpha}}},
                ]
            },
            "signature": {
                "inputs": {"x": {"name": "x", "tensorShape": shape}},
                "outputs": {"y": {"name": "y", "tensorShape": shape}},
            },
            "weightsManifest": [{"weights": []}],
        }
    ).encode()


def put(folder, monkeypatch, content):
    """A store that holds the graph under the name nanodet."""
    files = {"nanodet": content, "nanodet-bin": b""}
    cards = []
    for card in catalogue.CARDS:
        if card.name in files:
            (folder / card.file).write_bytes(files[card.name])
            card = replace(card, bytes=len(files[card.name]), sha256=hashlib.sha256(files[card.name]).hexdigest())
        cards.append(card)
    monkeypatch.setattr(catalogue, "CARDS", tuple(cards))
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(folder))


def answer(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": np.array([[-1.0, 2.0]], np.float32)})[0]).tolist()[0]


def test_the_graph_is_kept_as_onnx_beside_it(tmp_path, monkeypatch):
    put(tmp_path, monkeypatch, original(0.5))
    path = locate_onnx("nanodet")
    assert path == tmp_path / "nanodet.onnx"
    assert answer(path) == [-0.5, 2.0]
    assert (tmp_path / "nanodet.json").is_file()


def test_it_is_converted_once(tmp_path, monkeypatch):
    put(tmp_path, monkeypatch, original(0.5))
    first = locate_onnx("nanodet").stat().st_mtime_ns

    def refuse(*_args, **_more):
        raise AssertionError("converted again")

    monkeypatch.setattr(converted, "_convert", refuse)
    assert locate_onnx("nanodet").stat().st_mtime_ns == first


def test_another_original_is_converted_anew(tmp_path, monkeypatch):
    put(tmp_path, monkeypatch, original(0.5))
    locate_onnx("nanodet")
    for record in tmp_path.glob("nanodet*.record.json"):
        if "as-onnx" not in record.name:
            record.unlink()
    put(tmp_path, monkeypatch, original(0.25))
    assert answer(locate_onnx("nanodet")) == [-0.25, 2.0]


def test_a_kept_file_that_was_changed_is_refused(tmp_path, monkeypatch):
    put(tmp_path, monkeypatch, original(0.5))
    path = locate_onnx("nanodet")
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(WeightsError, match="have changed"):
        locate_onnx("nanodet")


def test_fetching_converts(tmp_path, monkeypatch):
    put(tmp_path, monkeypatch, original(0.5))
    store.fetch(["nanodet"])[0]
    assert (tmp_path / "nanodet.onnx").is_file()


def test_what_cannot_be_converted_is_fetched_all_the_same(tmp_path, monkeypatch):
    put(tmp_path, monkeypatch, original(0.5).replace(b"LeakyRelu", b"Einsum"))
    convert_fetched([catalogue.find("nanodet")])
    with pytest.raises(WeightsError, match="Einsum"):
        locate_onnx("nanodet")


def test_an_onnx_file_is_taken_as_it_is(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"anything")
    assert locate_onnx(str(path)) == path


def test_missing_weights_are_named_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))
    with pytest.raises(WeightsError, match="freefill weights fetch nanodet"):
        locate_onnx("nanodet")
