"""The network of the package as a part of `texture`."""

import numpy as np
import pytest

from freefill.engines import pointing, structure
from freefill.engines.pointing import PointingNetwork, packaged
from freefill.engines.texture import Texture
from freefill.errors import WeightsError
from freefill.values import Crop, EngineSettings, Pointing
from freefill.weights import packaged as files


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
        monkeypatch.setattr(pointing, "packaged", lambda right=right: Known(right))
        fill = engine.fill(crop("network"), 0)
        shares.append(share_from_the_right(fill))
        assert any("network" in note for note in fill.notes)
    assert shares[0] > shares[1] + 0.5


@pytest.mark.parametrize("asked", ["never", "auto", "layout"])
def test_the_network_is_asked_only_where_it_is_wanted(monkeypatch, asked):
    def refuse():
        raise AssertionError("the network was asked")

    monkeypatch.setattr(pointing, "packaged", refuse)
    fill = Texture(EngineSettings()).fill(crop(asked), 0)
    assert not any("network" in note for note in fill.notes)


def test_a_network_that_knows_nothing_is_said_so_and_changes_nothing(monkeypatch):
    class Silent:
        def point(self, crop: Crop) -> None:
            return None

    monkeypatch.setattr(structure, "painted_for", lambda crop: None)
    monkeypatch.setattr(pointing, "packaged", Silent)
    engine = Texture(EngineSettings())
    without, silent = engine.fill(crop("auto"), 0), engine.fill(crop("network"), 0)
    assert np.array_equal(without.pixels, silent.pixels)
    assert any("too little is known" in note for note in silent.notes)


def test_an_installation_without_the_file_says_so_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "STRUCTURE", tmp_path / "structure.onnx")
    packaged.cache_clear()
    with pytest.raises(WeightsError, match="cannot be read as a network"):
        packaged()
    packaged.cache_clear()


@pytest.mark.skipif(not files.STRUCTURE.exists(), reason="the package carries no structure network")
def test_the_packaged_network_is_small_and_runs():
    assert files.STRUCTURE.stat().st_size < 10_000_000
    found = PointingNetwork(files.STRUCTURE).point(crop("network"))
    assert found is not None
    assert np.isfinite(found.costs).all()
