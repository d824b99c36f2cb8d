"""Gated convolution and the small networks' blocks, number by number: NumPy computes the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from freefill.networks import losses, small_unet
from freefill.networks.gated_conv import GatedConv, LayerRow, WeightLayout


def row(**changes: object) -> LayerRow:
    return LayerRow(**{"pt": "a", "tf": "a", "inputs": 2, "outputs": 3} | changes)  # type: ignore[arg-type]


def by_hand(layer: GatedConv, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """One picture (c, h, w): each output place by its own sum; zeros outside."""
    it = layer.row
    if it.upsample:
        x = x.repeat(2, axis=1).repeat(2, axis=2)
    weight = layer.conv.weight.detach().double().numpy()
    assert layer.conv.bias is not None
    bias = layer.conv.bias.detach().double().numpy()
    before = [it.padding(layer.layout, size)[0] for size in x.shape[1:]]
    height, width = (-(-size // it.stride) for size in x.shape[1:])
    out = np.zeros((len(weight), height, width))
    for r in range(height):
        for c in range(width):
            for i in range(it.kernel):
                for j in range(it.kernel):
                    at = r * it.stride - before[0] + i * it.dilation, c * it.stride - before[1] + j * it.dilation
                    if 0 <= at[0] < x.shape[1] and 0 <= at[1] < x.shape[2]:
                        out[:, r, c] += weight[:, :, i, j] @ x[:, at[0], at[1]]
    out += bias[:, None, None]
    if it.activation is None:
        return out
    value, gate = out[: it.outputs], out[it.outputs :]
    value = np.maximum(value, 0) if it.activation == "relu" else np.where(value > 0, value, np.expm1(value))
    return value / (1 + np.exp(-gate))


@pytest.mark.parametrize("layout", ["pt", "tf"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kernel": 5},
        {"stride": 2},
        {"stride": 2, "kernel": 5},
        {"dilation": 2},
        {"dilation": 4},
        {"upsample": True},
        {"activation": "relu"},
        {"activation": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [(6, 8), (5, 7)])
def test_a_layer_computes_what_its_row_says(changes: dict[str, object], layout: WeightLayout, size: tuple[int, int]):
    torch.manual_seed(0)
    layer = GatedConv(row(**changes), layout)
    torch.nn.init.normal_(layer.conv.bias)  # type: ignore[arg-type]
    x = torch.randn(1, 2, *size)
    expected = by_hand(layer, x[0].double().numpy())
    for given in (x, x.contiguous(memory_format=torch.channels_last)):
        with torch.inference_mode():
            made = layer(given)[0].numpy()
        assert made.shape == expected.shape
        assert np.abs(made - expected).max() < 1e-5


@pytest.mark.parametrize(
    ("layout", "changes", "size", "padding"),
    [
        ("pt", {"stride": 2}, 8, (1, 1)),
        ("tf", {"stride": 2}, 8, (0, 1)),
        ("tf", {"stride": 2}, 7, (1, 1)),
        ("tf", {"stride": 2, "kernel": 5}, 8, (1, 2)),
        ("tf", {"stride": 2, "kernel": 1}, 8, (0, 0)),
        ("tf", {"dilation": 16}, 8, (16, 16)),
        ("pt", {"kernel": 5}, 8, (2, 2)),
    ],
)
def test_zeros_stand_where_each_layout_has_them(layout: WeightLayout, changes: dict, size: int, padding: tuple):
    assert row(**changes).padding(layout, size) == padding


def test_a_new_layer_has_weights_for_value_and_gate_and_no_bias():
    layer = GatedConv(row(outputs=3))
    assert layer.conv.weight.shape == (6, 2, 3, 3)
    assert layer.conv.bias is not None
    assert not layer.conv.bias.any()
    bound = np.sqrt(6 / (6 * 9))  # He et al., by outputs
    assert 0.8 * bound < layer.conv.weight.abs().max() <= bound
    assert GatedConv(row(activation=None)).conv.weight.shape == (3, 2, 3, 3)


def test_losses_on_numbers_that_are_computed_by_hand():
    real, fake = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, 0.0, 1.0])
    assert losses.hinge_discriminator(real, fake).item() == pytest.approx(
        0.5 * (0 + 0.5 + 2) / 3 + 0.5 * (0 + 1 + 2) / 3
    )
    assert losses.hinge_generator(fake).item() == pytest.approx(2 / 3)
    assert losses.squares_discriminator(real, fake).item() == pytest.approx(0.5 * (1 + 0.25 + 4) / 3 + 0.5 * 10 / 3)
    assert losses.squares_generator(fake).item() == pytest.approx((16 + 1 + 0) / 3)
    truth, stage = torch.zeros(1, 3, 1, 2), torch.tensor([1.0, -3.0]).expand(1, 3, 1, 2)
    assert losses.reconstruction(truth, stage).item() == 2
    assert losses.reconstruction(truth, stage, torch.tensor([[[[1.0, 0.5]]]])).item() == pytest.approx((1 + 1.5) / 2)


def test_a_new_block_changes_nothing_and_a_trained_one_adds_to_what_comes_in():
    torch.manual_seed(0)
    blocks, x = small_unet.blocks_of(3, 2), torch.randn(1, 3, 5, 6)
    assert len(blocks) == 2
    assert torch.equal(blocks(x), x)
    block = small_unet.Block(3)
    torch.nn.init.normal_(block.second.weight)
    inner = torch.relu(block.first(torch.relu(x)))
    assert torch.allclose(block(x), x + block.second(inner))


def test_a_small_network_reads_picture_hole_and_place():
    smooth, hole = torch.rand(2, 3, 3, 5) * 2 - 1, (torch.rand(2, 1, 3, 5) < 0.5).float()
    planes = small_unet.planes_of(smooth, hole)
    assert planes.shape == (2, small_unet.PLANES, 3, 5)
    assert torch.equal(planes[:, :3], smooth)
    assert torch.equal(planes[:, 3:4], hole)
    assert planes[1, 4].tolist() == [[-1] * 5, [0] * 5, [1] * 5]
    assert planes[1, 5].tolist() == [[-1, -0.5, 0, 0.5, 1]] * 3


def test_sizes_are_told_from_a_state():
    state = {f"down.{n}.first.weight": torch.zeros(4, 4) for n in range(3)} | {"head.weight": torch.zeros(7, 2)}
    assert small_unet.counts_of(state, "down", "up") == (3, 0)
    assert small_unet.outputs_of(state, "head") == (7,)
    with pytest.raises(KeyError):
        small_unet.outputs_of(state, "tail")
