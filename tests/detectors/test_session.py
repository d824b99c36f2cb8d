"""A network is opened once, and anew where its file is another one."""

import os

import pytest

from freefill.detectors import session
from freefill.detectors.session import open_model
from freefill.errors import WeightsError


def test_an_open_network_is_not_looked_up_again(models, monkeypatch):
    first = open_model("selfie")
    monkeypatch.setattr(session, "locate_onnx", lambda name: pytest.fail(f"{name} was looked up again"))
    assert open_model("selfie") is first


def test_a_network_of_another_time_is_opened_anew(models):
    first = open_model("selfie")
    os.utime(first.path, ns=(1, 1))
    assert open_model("selfie") is not first


def test_a_network_that_was_removed_is_missed(models):
    open_model("selfie").path.unlink()
    with pytest.raises(WeightsError, match="selfie"):
        open_model("selfie")


def test_another_store_has_its_own_networks(models, tmp_path, monkeypatch):
    open_model("selfie")
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))
    with pytest.raises(WeightsError, match="fetch selfie"):
        open_model("selfie")


def test_a_file_by_its_path_is_looked_up_each_time(models, tmp_path):
    inside, outside = models / "selfie.onnx", tmp_path / "other.onnx"
    outside.write_bytes(inside.read_bytes())
    assert open_model(str(outside)) is open_model(str(outside))
    outside.unlink()
    with pytest.raises(WeightsError, match="other"):
        open_model(str(outside))
