"""Networks behind metrics: opened from the files of their cards, refused where they are something else."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from freefill.errors import WeightsError  # noqa: E402
from freefill.networks import efficientnet_lite0  # noqa: E402
from freefill.networks.dinov2 import VisionTransformer, from_onnx_names  # noqa: E402
from freefill.weights.opening import features  # noqa: E402


def test_a_missing_file_names_the_command_that_brings_it(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEFILL_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="freefill weights fetch stlpips-alex"):
        features.open_stlpips()


def test_a_file_that_can_run_code_is_not_loaded(tmp_path):
    path = tmp_path / "code.pth"
    torch.save({"net": print}, path)
    with pytest.raises(WeightsError):
        features.open_stlpips(str(path))


def test_another_network_is_refused_by_its_first_missing_tensor(tmp_path):
    state = {name: torch.zeros(1) for name in features.STLPIPS_NAMES - {"lin3.model.1.weight"}}
    path = tmp_path / "other.pth"
    torch.save(state, path)
    with pytest.raises(WeightsError, match=r"lin3\.model\.1\.weight"):
        features.open_stlpips(str(path))


def test_a_text_file_is_no_graph(tmp_path):
    pytest.importorskip("onnx")
    path = tmp_path / "text.onnx"
    path.write_text("no graph")
    with pytest.raises(WeightsError):
        features.open_dinov2(str(path))


def test_the_names_of_an_exported_graph_become_those_of_the_network():
    network = VisionTransformer(width=12, depth=2, heads=3, grid=3)
    state = network.state_dict()
    names = {"query": "attention.attention.query", "out": "attention.output.dense", "key": "attention.attention.key",
             "value": "attention.attention.value", "fc1": "mlp.fc1", "fc2": "mlp.fc2"}  # fmt: skip
    tensors = {"backbone.embeddings.cls_token": state["cls"], "onnx::Concat_7": state["position_cls"],
               "onnx::Reshape_8": state["position"],
               "backbone.embeddings.patch_embeddings.projection.weight": state["patch.weight"],
               "backbone.embeddings.patch_embeddings.projection.bias": state["patch.bias"],
               "backbone.layernorm.weight": state["norm.weight"],
               "backbone.layernorm.bias": state["norm.bias"]}  # fmt: skip
    products = {}
    for n in (0, 1):
        theirs, ours = f"backbone.encoder.layer.{n}.", f"blocks.{n}."
        for own, name in names.items():
            tensors[f"onnx::MatMul_{n}{own}"] = state[f"{ours}{own}.weight"].T
            tensors[f"{theirs}{name}.bias"] = state[f"{ours}{own}.bias"]
            products[f"/backbone/encoder/layer.{n}/{name.replace('.', '/')}/MatMul"] = f"onnx::MatMul_{n}{own}"
        for own, name in (("norm1", "norm1"), ("norm2", "norm2")):
            for part in ("weight", "bias"):
                tensors[f"{theirs}{name}.{part}"] = state[f"{ours}{own}.{part}"]
        for own, name in (("scale1", "layer_scale1"), ("scale2", "layer_scale2")):
            tensors[f"{theirs}{name}.lambda1"] = state[f"{ours}{own}"]
    found = from_onnx_names(tensors, products)
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_a_square_of_another_size_has_as_many_tokens_as_squares():
    network = VisionTransformer(width=12, depth=1, heads=3, grid=3).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 28, 56)).shape == (1, 2, 4, 12)


def test_a_picture_has_the_same_tokens_alone_and_in_a_batch():
    torch.manual_seed(4)
    network, pictures = VisionTransformer(width=12, depth=2, heads=3, grid=3).eval(), torch.rand(3, 3, 42, 56)
    with torch.inference_mode():
        together, alone = network(pictures), torch.cat([network(each[None]) for each in pictures])
    assert torch.allclose(together, alone, atol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


def test_efficientnet_reads_every_tensor_it_names_and_no_other(monkeypatch):
    read: set[str] = set()

    class Reading(dict):
        def __getitem__(self, name):
            read.add(name)
            return super().__getitem__(name)

    widths = (16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320)
    five = (3, 4, 8, 9, 10, 11, 12, 13, 14)
    state, before = Reading(), 32
    shapes = {"_conv_stem": (32, 3, 3, 3), "_conv_head": (1280, 320, 1, 1)}
    sizes = {"_bn0": 32, "_bn1": 1280}
    for n, after in enumerate(widths):
        wide, name = before * (6 if n else 1), f"_blocks.{n}."
        if n:
            shapes[f"{name}_expand_conv"], sizes[f"{name}_bn0"] = (wide, before, 1, 1), wide
        side = 5 if n in five else 3
        shapes[f"{name}_depthwise_conv"], sizes[f"{name}_bn1"] = (wide, 1, side, side), wide
        shapes[f"{name}_project_conv"], sizes[f"{name}_bn2"] = (after, wide, 1, 1), after
        before = after
    state.update({f"{name}.weight": torch.zeros(shape) for name, shape in shapes.items()})
    for name, size in sizes.items():
        state.update({f"{name}.{part}": torch.ones(size) for part in ("weight", "bias", "running_mean", "running_var")})
    network = efficientnet_lite0.EfficientNetLite0(state)
    assert network(torch.zeros(1, 3, 224, 224)).shape == (1, 1280)
    assert read == efficientnet_lite0.names()


@pytest.mark.weights
def test_dinov2_tells_a_chequerboard_from_a_plane():
    network = features.open_dinov2()
    board = torch.from_numpy(np.indices((56, 56)).sum(0) // 7 % 2).float().expand(1, 3, -1, -1)
    with torch.inference_mode():
        a, b = network(board).flatten(0, 2).mean(0), network(torch.zeros(1, 3, 56, 56)).flatten(0, 2).mean(0)
    assert float(torch.cosine_similarity(a, b, dim=0)) < 0.9
