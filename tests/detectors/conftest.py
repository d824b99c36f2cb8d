"""A store of weights that holds tiny networks, and one that holds nothing."""

import hashlib
from dataclasses import replace

import pytest
from tiny_networks import body, boxes, brightness, clicks, joints, rows_of_text

from freefill.weights.cards import catalogue


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory):
    """A folder with all of them."""
    folder = tmp_path_factory.mktemp("tiny")
    boxes(folder / "nanodet.onnx")
    body(folder / "pose.onnx")
    brightness(folder / "selfie.onnx", "activation_10", channels_last=True)
    brightness(folder / "u2netp.onnx", "d0", channels_last=False)
    brightness(folder / "u2net-human.onnx", "d0", channels_last=False)
    rows_of_text(folder / "text.onnx")
    rows_of_text(folder / "text-sensitive.onnx")
    clicks(folder / "mobile-sam.onnx", folder / "mobile-sam-decoder.onnx")
    return folder


@pytest.fixture
def with_joints(models, tmp_path, monkeypatch):
    """The same store with MoveNet in it."""
    joints(models / "movenet.onnx")
    content = (models / "movenet.onnx").read_bytes()
    cards = [
        replace(c, file="movenet.onnx", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), companions=())
        if c.name == "movenet"
        else c
        for c in catalogue.CARDS
    ]
    monkeypatch.setattr(catalogue, "CARDS", tuple(cards))
    return models


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    """A store that is empty, and no way out."""
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("FREEFILL_OFFLINE", "1")


@pytest.fixture
def models(tiny_files, tmp_path, monkeypatch):
    """A store that holds them under the names of the real ones."""
    store = tmp_path / "store"
    store.mkdir()
    cards = []
    for card in catalogue.CARDS:
        path = tiny_files / f"{card.name}.onnx"
        if path.is_file():
            content = path.read_bytes()
            (store / path.name).write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            card = replace(card, file=path.name, sha256=sha256, md5=None, bytes=len(content), companions=())
        cards.append(card)
    monkeypatch.setattr(catalogue, "CARDS", tuple(cards))
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(store))
    monkeypatch.setenv("FREEFILL_OFFLINE", "1")
    return store
