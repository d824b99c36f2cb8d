"""What stands out, with a network for which it is what is bright."""

import numpy as np
import pytest
from onnx import helper
from tiny_networks import brightness, save

from freefill.detectors.salient import detect, probabilities
from freefill.errors import InputError, WeightsError
from freefill.values import Box


def scene(size=(200, 300)):
    image = np.full((*size, 3), 0.2, np.float32)
    image[60:140, 100:180] = 0.8
    return image


@pytest.mark.parametrize("weights", ["u2netp", "u2net-human"])
def test_the_mask_is_what_stands_out(models, weights):
    image = scene()
    hole = detect(image, weights=weights)
    truth = image[..., 0] > 0.5
    assert (hole & truth).sum() / (hole | truth).sum() > 0.95


def test_the_answer_spans_0_to_1(models):
    likely = probabilities(scene())
    assert likely.dtype == np.float32
    assert likely.min() == pytest.approx(0, abs=1e-6)
    assert likely.max() == pytest.approx(1, abs=1e-6)


def test_only_the_box_is_looked_at(models):
    likely = probabilities(scene(), box=Box(40, 90, 120, 110))
    outside = np.ones((200, 300), bool)
    outside[40:160, 90:200] = False
    assert (likely[outside] == 0).all()
    assert likely[100, 140] > 0.9


def test_a_flat_picture_has_nothing_that_stands_out(models):
    assert not detect(np.full((50, 60, 3), 0.5, np.float32)).any()


def test_a_file_of_ones_own_is_taken_with_its_own_size(tmp_path):
    path = tmp_path / "mine.onnx"
    node = helper.make_node("ReduceMean", ["p"], ["m"], axes=[1], keepdims=1)
    save(path, [node], {"p": [1, 3, 64, 96]}, {"m": [1, 1, 64, 96]})
    assert detect(scene(), weights=str(path)).any()


def test_an_answer_before_the_sigmoid_is_understood(tmp_path):
    """The stand-in answers with normalised brightness, from -2 to 2: its sigmoid is taken."""
    path = tmp_path / "logits.onnx"
    brightness(path, "m", channels_last=False)
    likely = probabilities(scene(), weights=str(path))
    assert likely[100, 140] > 0.95
    assert likely[5, 5] < 0.05


def test_a_network_of_another_kind_is_refused(models):
    with pytest.raises(WeightsError, match="no network for 'salient'"):
        detect(scene(), weights="pose")


def test_a_file_that_is_no_network_is_refused(tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(WeightsError, match="not an ONNX model"):
        detect(scene(), weights=str(path))


def test_a_missing_network_is_named_with_the_command(no_weights):
    with pytest.raises(WeightsError, match="freefill weights fetch u2netp"):
        detect(scene())


def test_a_cut_of_nothing_is_refused(models):
    with pytest.raises(InputError, match="cut"):
        detect(scene(), cut=0)
