"""The pointing network asked about a crop."""

import numpy as np
import pytest

from freefill.engines import pointing, small_network
from freefill.engines.pointing import PointingNetwork
from freefill.errors import WeightsError
from freefill.values import Crop

torch = pytest.importorskip("torch")

from freefill.networks import painter, pointer, small_unet  # noqa: E402


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A small network that has learned nothing."""
    from freefill.weights.small_onnx import save

    torch.manual_seed(3)
    network = pointer.Pointer((4, 4, 8, 8), (1, 1, 1), 4)
    with torch.no_grad():
        network.offsets.copy_(torch.randn(63, 63) * 0.1)
    path = tmp_path_factory.mktemp("weights") / "pointer.onnx"
    save(network.state_dict(), path)
    state = {name: weights.half().float() for name, weights in network.state_dict().items()}
    return path, pointer.Pointer.from_state(state)


def halves(height=128, width=128):
    """Blue above, sand below, grain on both; a box across the border is the hole."""
    image = np.zeros((height, width, 3), np.float32)
    image[: height // 2] = 0.3, 0.5, 0.8
    image[height // 2 :] = 0.8, 0.7, 0.5
    image += np.random.default_rng(0).normal(0, 0.02, image.shape).astype(np.float32)
    hole = np.zeros((height, width), bool)
    hole[height // 4 : 3 * height // 4, width // 3 : width // 3 + width // 4] = True
    return Crop(np.clip(image, 0, 1), hole)


def test_shares_are_those_of_torch(file):
    path, network = file
    crop = halves()
    view, hole, source = small_network.reduced(crop.image, crop.hole, crop.known, pointing.LONG_SIDE_PX)
    smooth = pointing.harmonic_fill(view * 2 - 1, hole)
    asking, known = pointing.any_of_cell(hole), ~pointing.any_around_cell(~source)
    found = PointingNetwork(path).shares(smooth, hole, asking, known)

    def shares(picture, mask):
        planes = small_unet.planes_of(picture, mask)
        mine, theirs = pointer.hole_and_known_cells(mask)
        assert torch.equal(mine[0].reshape(asking.shape), torch.from_numpy(asking)) or picture is not truth
        queries, keys = network(planes)
        cells = torch.arange(mine.shape[1])[None]
        return pointer.log_shares(queries, keys, network.offsets, theirs, cells)[0].reshape(
            *asking.shape, *asking.shape
        )

    truth = torch.from_numpy(smooth).permute(2, 0, 1)[None]
    mask = torch.from_numpy(hole)[None, None].float()
    there, mirrored = shares(truth, mask), shares(truth.flip(-1), mask.flip(-1)).flip(1, 3)
    both = torch.log_softmax((there + mirrored).flatten(2) / 2, -1).exp()
    assert np.abs(found - both[torch.from_numpy(asking)].numpy()).max() < 1e-3


def test_its_sizes_are_those_that_the_networks_were_trained_with():
    assert pointing.CELL_PX == pointer.CELL_PX
    assert pointing.WINDOW_PX == pointer.WINDOW_PX
    assert small_network.MULTIPLE_PX == pointer.MULTIPLE_PX
    assert small_network.MULTIPLE_PX % painter.MULTIPLE_PX == 0


def test_cells_and_windows_are_those_of_torch():
    crop = halves()
    picture = torch.from_numpy(crop.image.copy()).permute(2, 0, 1)[None]
    windows = pointer.windows_of(picture)[0].T.reshape(-1, 3, 8, 8)
    mine = pointing.windows_of(crop.image).reshape(-1, 3, 8, 8)
    assert np.array_equal(windows.numpy(), mine)
    asking, known = pointer.hole_and_known_cells(torch.from_numpy(crop.hole.copy())[None, None].float())
    assert np.array_equal(asking[0].numpy(), pointing.any_of_cell(crop.hole).ravel())
    assert np.array_equal(known[0].numpy(), ~pointing.any_around_cell(crop.hole).ravel())
    planes = small_unet.planes_of(picture, torch.from_numpy(crop.hole.copy())[None, None].float())
    assert np.allclose(planes.numpy(), small_network.planes_of(crop.image, crop.hole), atol=1e-6)


class Matching(PointingNetwork):
    """A network that points at what looks like the smooth fill."""

    def __init__(self) -> None:
        pass

    def shares(self, smooth, hole, asking, known):
        alike = np.exp(-pointing.apart(pointing.windows_of(smooth))[asking.ravel()] / 0.01) * known.ravel()
        return (alike / alike.sum(1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("size", [(128, 128), (300, 200), (70, 90)])
def test_what_belongs_in_the_sky_costs_less_to_copy_from_the_sky(size):
    crop = halves(*size)
    found = Matching().point(crop)
    assert found is not None
    rows = np.nonzero(found.cells >= 0)[0]
    grid = found.cells.shape
    costs = found.costs.reshape(-1, *grid)
    top = costs[rows == rows.min()]
    assert top[:, 0].mean() < 0.5 * top[:, -2].mean()
    bottom = costs[rows == rows.max()]
    assert bottom[:, -2].mean() < 0.5 * bottom[:, 0].mean()
    assert found.costs.min() >= 0
    assert grid == tuple(-(-side // found.cell_px[0]) for side in size)


def test_the_best_source_costs_nothing_and_may_be_copied_from(file):
    crop = halves()
    source = ~crop.hole
    source[:, 64:] = False
    found = PointingNetwork(file[0]).point(Crop(crop.image, crop.hole, source))
    assert found is not None
    left = np.broadcast_to(np.arange(32) < 15, (32, 32)).ravel()
    assert np.allclose(found.costs[:, left].min(1), 0, atol=1e-7)


def test_no_hole_and_no_surroundings_give_nothing(file):
    crop = halves()
    network = PointingNetwork(file[0])
    assert network.point(Crop(crop.image, np.zeros_like(crop.hole))) is None
    assert network.point(Crop(crop.image, np.ones_like(crop.hole))) is None


def test_it_is_unsure_where_the_surroundings_differ(file):
    plain = halves()
    flat = Crop(np.full_like(plain.image, 0.5), plain.hole)
    network = PointingNetwork(file[0])
    one, other = network.point(plain), network.point(flat)
    assert one is not None
    assert other is not None
    assert other.disagreement.max() < 1e-4 < one.disagreement.mean()


def test_threads_get_their_own_answers(file):
    from concurrent.futures import ThreadPoolExecutor

    network = PointingNetwork(file[0])
    crops = [halves(96 + 16 * n, 128) for n in range(4)]
    alone = [network.point(crop) for crop in crops]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(network.point, crops))
    for one, other in zip(alone, together, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one.costs, other.costs)


def test_another_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "pointer.onnx").write_bytes(b"no network")
    with pytest.raises(WeightsError, match="cannot be read as a network"):
        PointingNetwork(tmp_path / "pointer.onnx")
