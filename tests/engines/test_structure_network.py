"""The small networks as a part of `texture`."""

import numpy as np
import pytest

from freefill.engines import painting, pointing, structure
from freefill.engines.pointing import PointingNetwork
from freefill.engines.texture import Texture
from freefill.errors import WeightsError
from freefill.values import Crop, EngineSettings, Pointing
from freefill.weights.packaged import packaged


class Known:
    """A network that is sure of one half of the picture."""

    def __init__(self, right: bool) -> None:
        self.right = right

    def point(self, crop: Crop) -> Pointing | None:
        asking = crop.hole.reshape(16, 4, 16, 4).any((1, 3))
        if not asking.any():
            return None
        cells = np.full((16, 16), -1, np.int32)
        cells[asking] = np.arange(asking.sum())
        costs = np.zeros((16, 16), np.float32)
        costs[:, :8] = 1.0 if self.right else 0.0
        costs[:, 8:] = 0.0 if self.right else 1.0
        count = int(asking.sum())
        return Pointing(cells, np.tile(costs.ravel(), (count, 1)), np.zeros(count, np.float32), (4.0, 4.0))


def crop(asked):
    image = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32) * 0.2 + 0.4
    hole = np.zeros((64, 64), bool)
    hole[24:40, 24:40] = True
    return Crop(image, hole, structure=asked)


def share_from_the_right(fill):
    copied = fill.copied_from[28:36, 28:36]
    return float((copied[..., 1] >= 32).mean())


def test_texture_copies_what_the_network_expects(monkeypatch):
    engine = Texture(EngineSettings())
    shares = []
    for right in (True, False):
        monkeypatch.setattr(pointing, "network", lambda right=right: Known(right))
        fill = engine.fill(crop("network"), 0)
        shares.append(share_from_the_right(fill))
        assert any("network" in note for note in fill.notes)
    assert shares[0] > shares[1] + 0.5


@pytest.mark.parametrize("asked", ["never", "auto", "layout"])
def test_the_network_is_asked_only_where_it_is_wanted(monkeypatch, asked):
    def refuse():
        raise AssertionError("the network was asked")

    monkeypatch.setattr(pointing, "network", refuse)
    fill = Texture(EngineSettings()).fill(crop(asked), 0)
    assert not any("network" in note for note in fill.notes)


def test_a_network_that_knows_nothing_is_said_so_and_changes_nothing(monkeypatch):
    class Silent:
        def point(self, crop: Crop) -> None:
            return None

    monkeypatch.setattr(structure, "painted_for", lambda crop: None)
    monkeypatch.setattr(pointing, "network", Silent)
    engine = Texture(EngineSettings())
    without, silent = engine.fill(crop("auto"), 0), engine.fill(crop("network"), 0)
    assert np.array_equal(without.pixels, silent.pixels)
    assert any("too little is known" in note for note in silent.notes)


def test_without_a_network_of_ones_own_nothing_points(monkeypatch, tmp_path):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path))
    assert pointing.network() is None
    assert pointing.expectation_for(crop("network"), []) is None


def test_a_file_that_is_no_network_is_said_so_in_one_line(tmp_path):
    (tmp_path / "structure.onnx").write_bytes(b"none")
    with pytest.raises(WeightsError, match=r"structure\.onnx: cannot be read as a network"):
        PointingNetwork(tmp_path / "structure.onnx")


def test_the_painter_of_the_package_is_small_and_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path))
    painter, path = painting.network(), packaged("painter")
    assert painter is not None
    assert path is not None
    assert path.stat().st_size < 10_000_000
    found = painter.paint(crop("network"))
    assert found is not None
    assert np.isfinite(found.values).all()
