"""The pointing network: what its numbers mean, and the file that OpenCV runs."""

import numpy as np
import pytest
import torch

from freefill.networks.pointer import (
    Pointer,
    differences_of,
    hole_and_known_cells,
    log_shares,
    mixture_loss,
    offset_places,
    windows_of,
)
from freefill.networks.small_unet import planes_of

TINY = Pointer((4, 4, 8, 8), (1, 1, 1), 4)


def views(side=(64, 64)):
    image = torch.rand(2, 3, *side, generator=torch.Generator().manual_seed(1)) * 2 - 1
    hole = torch.zeros(2, 1, *side)
    hole[:, :, 20:36, 24:44] = 1
    return image, hole


def test_shares_are_a_distribution_over_known_cells():
    image, hole = views()
    asking, known = hole_and_known_cells(hole)
    assert asking.sum(1).tolist() == [4 * 5, 4 * 5]
    assert not (asking & known).any()
    queries, keys = TINY(planes_of(image, hole))
    shares = log_shares(queries, keys, TINY.offsets, known, torch.tensor([[88, 89], [90, 91]])).exp()
    assert torch.allclose(shares.sum(-1), torch.ones(2, 2))
    assert shares.masked_select(~known[:, None].expand_as(shares)).max() < 1e-6


def test_a_cell_with_hole_beside_it_is_no_source():
    hole = torch.zeros(1, 1, 16, 16)
    hole[..., 4:8, 4:8] = 1
    asking, known = hole_and_known_cells(hole)
    assert asking.nonzero()[:, 1].tolist() == [5]
    assert (~known).nonzero()[:, 1].tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]


def test_the_table_moves_shares_towards_an_offset():
    image, hole = views()
    queries, keys = TINY(planes_of(image, hole))
    _, known = hole_and_known_cells(hole)
    cells = torch.full((2, 1), 6 * 16 + 8)
    table = torch.zeros_like(TINY.offsets)
    table[31 + 5, 31] = 60.0  # five cells up from the asking cell: asking row - source row = 5
    picked = log_shares(queries, keys, table, known, cells).argmax(-1)
    assert picked.tolist() == [[1 * 16 + 8]] * 2


def test_offsets_beyond_the_table_share_its_last_entry():
    places = offset_places(40, 1)
    assert places[39, 0] == places[39, 8]
    assert places[39, 0] != places[39, 9]


def test_differences_are_mean_squares_between_windows():
    image, _ = views()
    windows = windows_of(image)
    cells = torch.tensor([[17], [200]])
    found = differences_of(windows, cells)
    expected = (windows[0, :, 17] - windows[0, :, 30]).square().mean()
    assert found[0, 0, 30] == pytest.approx(expected.item(), rel=1e-4)
    assert found[1, 0, 200] == pytest.approx(0, abs=1e-5)
    assert torch.equal(windows[0, :, 17].reshape(3, 8, 8), image[0, :, 2:10, 2:10])


def test_the_loss_asks_for_any_right_answer_not_for_the_mean():
    differences = torch.tensor([[[0.0, 0.0, 1.0]]])
    one, both, wrong = (torch.tensor([[x]]).log() for x in ([0.98, 0.01, 0.01], [0.49, 0.5, 0.01], [0.01, 0.01, 0.98]))
    assert mixture_loss(one, differences) == pytest.approx(mixture_loss(both, differences).item(), abs=1e-6)
    assert mixture_loss(wrong, differences) > mixture_loss(one, differences) + 3


def test_a_state_dict_says_how_large_its_network_is():
    other = Pointer.from_state(TINY.state_dict())
    planes = planes_of(*views())
    for mine, theirs in zip(TINY(planes), other(planes), strict=True):
        assert torch.equal(mine, theirs)
    with pytest.raises(KeyError):
        Pointer.from_state({"conv.weight": torch.zeros(3)})


def test_training_finds_where_stripes_go_on():
    """A hole in vertical stripes: the right sources are in the same columns, and a few steps are enough to see it."""
    torch.manual_seed(0)
    stripes = torch.sign(torch.sin(torch.arange(64) * 0.9)).expand(1, 3, 64, 64).contiguous()
    hole = torch.zeros(1, 1, 64, 64)
    hole[..., 24:40, 24:40] = 1
    planes = planes_of(stripes * (1 - hole), hole)
    asking, known = hole_and_known_cells(hole)
    cells = asking.nonzero()[:, 1][None]
    differences = differences_of(windows_of(stripes), cells)
    network = Pointer((4, 8, 8, 8), (1, 1, 1), 8)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2)
    losses = []
    for _ in range(40):
        queries, keys = network(planes)
        loss = mixture_loss(log_shares(queries, keys, network.offsets, known, cells), differences).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("side", [(64, 64), (48, 128)])
def test_opencv_gives_what_torch_gives(tmp_path, side):
    import cv2

    from freefill.weights.small_onnx import save

    torch.manual_seed(0)
    network = Pointer((4, 4, 8, 8), (1, 1, 1), 4)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(torch.randn_like(weights) * 0.1).copy_(weights.half().float())
    save(network.state_dict(), tmp_path / "pointer.onnx")
    opened = cv2.dnn.readNetFromONNX(str(tmp_path / "pointer.onnx"))
    planes = planes_of(*(x[:1] for x in views(side)))
    opened.setInput(planes.numpy(), "planes")
    queries, keys, offsets = opened.forward(["queries", "keys", "offsets"])
    with torch.no_grad():
        wanted = network(planes)
    assert np.abs(queries - wanted[0].numpy()).max() < 1e-3
    assert np.abs(keys - wanted[1].numpy()).max() < 1e-3
    assert np.abs(offsets[0, 0] - network.offsets.detach().numpy()).max() < 1e-3


def test_weights_are_stored_in_half_precision(tmp_path):
    from freefill.weights.small_onnx import save

    save(Pointer((8, 8, 32, 32), (1, 1, 1), 4).state_dict(), tmp_path / "pointer.onnx")
    numbers = sum(weights.numel() for weights in Pointer((8, 8, 32, 32), (1, 1, 1), 4).parameters())
    assert (tmp_path / "pointer.onnx").stat().st_size < 2 * numbers + 30_000


def test_the_file_gives_back_the_weights_to_train_on_from(tmp_path):
    from freefill.weights.small_onnx import save, state_of

    torch.manual_seed(0)
    network = Pointer((4, 4, 8, 8), (1, 1, 1), 4)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(torch.randn_like(weights) * 0.1).copy_(weights.half().float())
    save(network.state_dict(), tmp_path / "pointer.onnx")
    again = Pointer.from_state(state_of(tmp_path / "pointer.onnx"))
    for name, weights in network.named_parameters():
        assert torch.equal(weights, again.get_parameter(name)), name


def test_a_file_that_is_none_is_refused(tmp_path):
    from freefill.errors import WeightsError
    from freefill.weights.small_onnx import state_of

    (tmp_path / "pointer.onnx").write_bytes(b"\x08nothing of the kind")
    with pytest.raises(WeightsError, match="not an ONNX file"):
        state_of(tmp_path / "pointer.onnx")
