"""The compiled gate against plain tensors."""

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402

from freefill.networks.on_processor import gate_compiled  # noqa: E402


def layer(dtype, channels=24):
    values = 4 * torch.randn(2, 2 * channels, 5, 7, generator=torch.Generator().manual_seed(1))
    return values.to(dtype).contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize(
    ("dtype", "out_dtype", "tolerance"),
    [
        (torch.float32, torch.float32, 2e-6),
        (torch.bfloat16, torch.bfloat16, 4e-3),
        (torch.float32, torch.bfloat16, 4e-3),
    ],
)
@pytest.mark.parametrize("channels", [24, 40], ids=["adjacent", "part of a wider map"])
def test_it_writes_activation_times_sigmoid_to_the_target_and_nowhere_else(relu, dtype, out_dtype, tolerance, channels):
    both = layer(dtype)
    value, gate = both.chunk(2, dim=1)
    room = torch.full((2, 9, 11, channels), 7.0, dtype=out_dtype).permute(0, 3, 1, 2)
    target = room[:, channels - 24 :, 2:7, 3:10]
    gate_compiled.gate(both, target, relu=relu)
    active = F.relu(value.double()) if relu else F.elu(value.double())
    expected = active * torch.sigmoid(gate.double())
    assert torch.allclose(target.double(), expected, rtol=tolerance, atol=2e-6)
    untouched = torch.ones_like(room, dtype=torch.bool)
    untouched[:, channels - 24 :, 2:7, 3:10] = False
    assert (room[untouched] == 7).all()


def test_it_reads_and_writes_every_other_place_of_a_part():
    wide, room = layer(torch.float32, 48), torch.full((2, 10, 14, 24), 7.0).permute(0, 3, 1, 2)
    both = wide[:, 48:, 1:4, 2:6]
    gate_compiled.gate(both, room[:, :, 1:7:2, 0:8:2], relu=False)
    value, gate = both.chunk(2, dim=1)
    assert torch.allclose(room[:, :, 1:7:2, 0:8:2], F.elu(value) * torch.sigmoid(gate), atol=2e-6)
    assert int((room == 7).sum()) == room.numel() - 2 * 24 * 3 * 4


def test_extreme_numbers_stay_numbers():
    extreme = torch.tensor([-1e4, -100.0, -0.0, 0.0, 100.0, 1e4]).reshape(1, 1, 1, 6)
    both = torch.cat([extreme, extreme.flip(3)], dim=1).contiguous(memory_format=torch.channels_last)
    out = torch.empty_like(extreme)
    gate_compiled.gate(both, out, relu=False)
    assert torch.isfinite(out).all()
