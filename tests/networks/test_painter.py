"""The network that paints: what it begins with, what it learns, and the same through OpenCV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from freefill.errors import WeightsError
from freefill.networks.painter import LEAST_LOG, MOST_LOG, Painter
from freefill.networks.small_unet import planes_of


def small(seed: int = 0) -> Painter:
    """A network whose head and blocks no longer start at zero."""
    torch.manual_seed(seed)
    painter = Painter((8, 8, 16), (1, 1, 2))
    for parameter in painter.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return painter.eval().requires_grad_(False)


def planes(height: int = 48, width: int = 64) -> torch.Tensor:
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1
    hole = torch.zeros(1, 1, height, width)
    hole[..., 16:40, 12:44] = 1
    return planes_of(image, hole)


def test_a_new_network_adds_nothing() -> None:
    added, log_scale = Painter()(planes())
    assert not added.any()
    assert not log_scale.any()


def test_what_is_added_depends_on_all_of_the_view() -> None:
    painter, read = small(), planes(64, 64)
    before = painter(read)[0]
    read[..., 2, 2] += 1
    assert (painter(read)[0] - before)[..., 60, 60].abs().max() > 0


def test_the_expected_error_stays_within_what_can_be() -> None:
    painter = small()
    painter.head.bias.fill_(100)  # type: ignore[union-attr]
    assert painter(planes())[1].max() == MOST_LOG
    painter.head.bias.fill_(-100)  # type: ignore[union-attr]
    assert painter(planes())[1].min() == LEAST_LOG


def test_a_state_says_how_large_its_network_is() -> None:
    again = Painter.from_state(small().state_dict())
    assert torch.equal(again(planes())[0], small()(planes())[0])
    with pytest.raises(KeyError):
        Painter.from_state({"conv.weight": torch.zeros(3)})


def test_opencv_paints_what_torch_paints_and_the_file_trains_on(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from freefill.engines.painting import PaintingNetwork
    from freefill.weights.small_onnx import save, state_of

    painter, path = small(), tmp_path / "painter.onnx"
    save(painter.state_dict(), path)
    halves = {
        key: value.half().float() if value.numel() >= 16 else value for key, value in painter.state_dict().items()
    }
    again = Painter.from_state(state_of(path))
    assert all(torch.equal(value, halves[key]) for key, value in again.state_dict().items())
    for size in ((48, 64), (64, 128)):
        read = planes(*size)
        added, log_scale = again(read)
        smooth, hole = read[0, :3].permute(1, 2, 0).numpy(), read[0, 3].numpy() > 0
        found = PaintingNetwork(path).added(smooth, hole)
        assert np.abs(found[0] - added[0].permute(1, 2, 0).numpy()).max() < 1e-4
        assert np.abs(np.log(found[1]) - log_scale[0, 0].numpy()).max() < 1e-4


def test_weights_of_another_network_are_not_written(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from freefill.weights.small_onnx import save

    with pytest.raises(WeightsError, match="not those of a painting network"):
        save({"head.weight": torch.zeros(3)}, tmp_path / "painter.onnx")
    with pytest.raises(WeightsError, match="of no small network"):
        save({"conv.weight": torch.zeros(3)}, tmp_path / "painter.onnx")
