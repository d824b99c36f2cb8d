"""The compiled gate against plain tensors."""

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402

from freefill.networks import gate_compiled  # noqa: E402


def layer(dtype, seed):
    values = 4 * torch.randn(2, 24, 5, 7, generator=torch.Generator().manual_seed(seed))
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
    value, gate = layer(dtype, 1), layer(dtype, 2)
    room = torch.full((2, 9, 11, channels), 7.0, dtype=out_dtype).permute(0, 3, 1, 2)
    target = room[:, channels - 24 :, 2:7, 3:10]
    gate_compiled.gate(value, gate, target, relu=relu)
    active = F.relu(value.double()) if relu else F.elu(value.double())
    expected = active * torch.sigmoid(gate.double())
    assert torch.allclose(target.double(), expected, rtol=tolerance, atol=2e-6)
    untouched = torch.ones_like(room, dtype=torch.bool)
    untouched[:, channels - 24 :, 2:7, 3:10] = False
    assert (room[untouched] == 7).all()


def test_it_may_write_onto_the_value_itself():
    value, gate = layer(torch.float32, 3), layer(torch.float32, 4)
    expected = F.elu(value) * torch.sigmoid(gate)
    gate_compiled.gate(value, gate, value, relu=False)
    assert torch.allclose(value, expected, atol=2e-6)


def test_extreme_numbers_stay_numbers():
    extreme = torch.tensor([-1e4, -100.0, -0.0, 0.0, 100.0, 1e4]).reshape(1, 1, 1, 6)
    value = extreme.contiguous(memory_format=torch.channels_last)
    out = torch.empty_like(value)
    gate_compiled.gate(value, value.flip(3).contiguous(memory_format=torch.channels_last), out, relu=False)
    assert torch.isfinite(out).all()
