"""LPIPS over both trunks, held against plain layers in torchvision's order with the same random weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from freefill.errors import InputError  # noqa: E402
from freefill.metrics.lpips import Lpips, Trunk  # noqa: E402

ALEX_TAPS, VGG_TAPS = (1, 4, 7, 9, 11), (3, 8, 15, 22, 29)


def trunk(kind: str) -> tuple[nn.Sequential, tuple[int, ...], list[int]]:
    """Return the layers as torchvision numbers them, narrower; which of them are compared, and their widths."""
    if kind == "alex":
        conv, pool = nn.Conv2d, nn.MaxPool2d
        return nn.Sequential(
            conv(3, 6, 11, 4, 2), nn.ReLU(), pool(3, 2), conv(6, 9, 5, padding=2), nn.ReLU(), pool(3, 2),
            conv(9, 8, 3, padding=1), nn.ReLU(), conv(8, 7, 3, padding=1), nn.ReLU(), conv(7, 5, 3, padding=1),
            nn.ReLU(),
        ), ALEX_TAPS, [6, 9, 8, 7, 5]  # fmt: skip
    layers, came, widths = [], 3, [4, 5, 6, 7, 8]
    for level, times in enumerate((2, 2, 3, 3, 3)):
        for _ in range(times):
            layers += [nn.Conv2d(came, widths[level], 3, padding=1), nn.ReLU()]
            came = widths[level]
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers), VGG_TAPS, widths


def made(kind: Trunk):
    torch.manual_seed(3)
    layers, taps, widths = trunk(kind)
    state = {f"features.{name}": value.detach() for name, value in layers.state_dict().items()}
    heads = {f"lin{level}.model.1.weight": torch.rand(1, width, 1, 1) for level, width in enumerate(widths)}
    return Lpips(kind, state | heads), layers, taps, heads


def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((70, 90, 3)).astype(np.float32), rng.random((70, 90, 3)).astype(np.float32)


def by_hand(layers, taps, heads, a: np.ndarray, b: np.ndarray) -> float:
    levels = []
    for image in (a, b):
        x = torch.from_numpy((image * 2 - 1 - [-0.030, -0.088, -0.188]) / [0.458, 0.448, 0.450]).float()
        x, found = x.permute(2, 0, 1)[None], []
        for number, layer in enumerate(layers):
            x = layer(x)
            if number in taps:
                found.append(x.detach().numpy()[0])
        levels.append(found)
    total = 0.0
    for level, (x, y) in enumerate(zip(*levels, strict=True)):
        unit = [each / np.maximum(np.sqrt((each**2).sum(0)), 1e-9) for each in (x, y)]
        total += (heads[f"lin{level}.model.1.weight"].numpy()[0] * (unit[0] - unit[1]) ** 2).sum(0).mean()
    return float(total)


@pytest.mark.parametrize("kind", ["alex", "vgg"])
def test_the_distance_is_that_of_the_layers_by_hand_symmetric_and_0_for_equal_images(kind):
    lpips, layers, taps, heads = made(kind)
    a, b = pair()
    assert lpips(a, b) == pytest.approx(by_hand(layers, taps, heads, a, b), rel=1e-4)
    assert lpips(a, b) == pytest.approx(lpips(b, a), rel=1e-6)
    assert lpips(a, a) == 0


def test_images_of_two_sizes_or_too_small_are_errors():
    lpips = made("alex")[0]
    a, b = pair()
    with pytest.raises(InputError, match="must both be"):
        lpips(a, b[1:])
    with pytest.raises(InputError, match="least side is 32 px"):
        lpips(a[:31], b[:31])
