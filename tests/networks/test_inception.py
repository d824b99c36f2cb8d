"""Inception v3 as FID has it, held against torch-fidelity 0.3's network with the same random weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from freefill.networks.inception import Inception, from_image, layers, names  # noqa: E402

# (out, in, height, width) of each kernel, from the paper's table and the blocks' widths
_WIDTHS = {"Mixed_5b": (192, 32, None), "Mixed_5c": (256, 64, None), "Mixed_5d": (288, 64, None),
           "Mixed_6b": (768, 192, 128), "Mixed_6c": (768, 192, 160), "Mixed_6d": (768, 192, 160),
           "Mixed_6e": (768, 192, 192), "Mixed_7b": (1280, 192, None), "Mixed_7c": (2048, 192, None)}  # fmt: skip
_FIXED = {
    "Conv2d_1a_3x3": (32, 3, 3, 3), "Conv2d_2a_3x3": (32, 32, 3, 3), "Conv2d_2b_3x3": (64, 32, 3, 3),
    "Conv2d_3b_1x1": (80, 64, 1, 1), "Conv2d_4a_3x3": (192, 80, 3, 3),
    "Mixed_6a.branch3x3": (384, 288, 3, 3), "Mixed_6a.branch3x3dbl_1": (64, 288, 1, 1),
    "Mixed_6a.branch3x3dbl_2": (96, 64, 3, 3), "Mixed_6a.branch3x3dbl_3": (96, 96, 3, 3),
    "Mixed_7a.branch3x3_1": (192, 768, 1, 1), "Mixed_7a.branch3x3_2": (320, 192, 3, 3),
    "Mixed_7a.branch7x7x3_1": (192, 768, 1, 1), "Mixed_7a.branch7x7x3_2": (192, 192, 1, 7),
    "Mixed_7a.branch7x7x3_3": (192, 192, 7, 1), "Mixed_7a.branch7x7x3_4": (192, 192, 3, 3),
}  # fmt: skip


def shape(name: str) -> tuple[int, int, int, int]:
    if name in _FIXED:
        return _FIXED[name]
    block, part = name.split(".")
    came, pool, seven = _WIDTHS[block]
    if part == "branch_pool":
        return pool, came, 1, 1
    if block.startswith("Mixed_5"):
        return {"branch1x1": (64, came, 1, 1), "branch5x5_1": (48, came, 1, 1), "branch5x5_2": (64, 48, 5, 5),
                "branch3x3dbl_1": (64, came, 1, 1), "branch3x3dbl_2": (96, 64, 3, 3),
                "branch3x3dbl_3": (96, 96, 3, 3)}[part]  # fmt: skip
    if block.startswith("Mixed_6"):
        s = seven or 0
        return {"branch1x1": (192, came, 1, 1), "branch7x7_1": (s, came, 1, 1), "branch7x7_2": (s, s, 1, 7),
                "branch7x7_3": (192, s, 7, 1), "branch7x7dbl_1": (s, came, 1, 1), "branch7x7dbl_2": (s, s, 7, 1),
                "branch7x7dbl_3": (s, s, 1, 7), "branch7x7dbl_4": (s, s, 7, 1),
                "branch7x7dbl_5": (192, s, 1, 7)}[part]  # fmt: skip
    return {"branch1x1": (320, came, 1, 1), "branch3x3_1": (384, came, 1, 1), "branch3x3_2a": (384, 384, 1, 3),
            "branch3x3_2b": (384, 384, 3, 1), "branch3x3dbl_1": (448, came, 1, 1),
            "branch3x3dbl_2": (384, 448, 3, 3), "branch3x3dbl_3a": (384, 384, 1, 3),
            "branch3x3dbl_3b": (384, 384, 3, 1)}[part]  # fmt: skip


@pytest.fixture(scope="module")
def random_state() -> dict:
    rng, state = np.random.default_rng(5), {}
    for name in sorted(names()):
        layer, part = name.rsplit(".", 2)[0], name.rsplit(".", 1)[1]
        of = shape(layer) if name.endswith("conv.weight") else (shape(layer)[0],)
        if name.endswith("conv.weight"):
            value = rng.normal(0, (2 / np.prod(of[1:])) ** 0.5, of)
        elif part == "running_var":
            value = rng.uniform(0.5, 2, of)
        elif name.endswith("bn.weight"):
            value = rng.uniform(0.7, 1.3, of)
        else:
            value = rng.normal(0, 0.1, of)
        state[name] = torch.from_numpy(value.astype(np.float32))
    return state


def test_features_are_those_of_the_reference_with_the_same_weights(random_state):
    rows, cols = np.mgrid[:90, :120]
    image = np.stack([128 + 100 * np.sin(cols / 9), 128 + 100 * np.cos(rows / 7), (rows + cols) % 256]).astype(np.uint8)
    with torch.inference_mode():
        found = Inception(random_state)(from_image(torch.from_numpy(image)[None].float() / 255))[0].numpy()
    assert found.shape == (2048,)
    assert found[:6] == pytest.approx([0.18155889, 0.03483957, 0.6723999, 0.27264097, 0.1879772, 0.0], abs=1e-5)
    assert found.sum() == pytest.approx(560.2385, abs=1e-2)


def test_the_published_file_has_94_convolutions_with_five_tensors_each():
    assert len(list(layers())) == 94
    assert len(names()) == 470


def test_a_picture_is_enlarged_from_its_corner_and_not_its_centre():
    ramp = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 3, 4, 4) / 3
    row = from_image(ramp)[0, 0, 0]
    assert row[0] == 0
    assert row[1] == pytest.approx(4 / 299 / 3, abs=1e-6)
    assert row[-1] == 1


def test_a_picture_has_the_same_features_alone_and_in_a_batch(random_state):
    network, pictures = Inception(random_state), torch.rand(3, 3, 40, 60, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        together = network(from_image(pictures))
        alone = torch.cat([network(from_image(each[None])) for each in pictures])
    assert torch.allclose(together, alone, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(together[0], together[1], rtol=1e-2)
