"""The exported file gives what torch gives, at any size, attention included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("onnxruntime")

from freefill.engines.deepfill import DeepFill
from freefill.errors import InputError
from freefill.networks.contextual_attention import attend
from freefill.networks.deepfill_weights import GeneratorOptions
from freefill.networks.exportable import attended
from freefill.networks.gated_conv import WeightLayout
from freefill.values import EngineSettings
from freefill.weights.exporting import export_onnx

from .deepfill_cases import seeded_picture, seeded_state


def weights_file(folder: Path, layout: WeightLayout, in_channels: int = 5) -> Path:
    path = folder / f"{layout}.pth"
    torch.save({"G": seeded_state(GeneratorOptions(layout, 8, in_channels), seed=11)}, path)
    return path


@pytest.mark.parametrize(("layout", "in_channels"), [("pt", 5), ("tf", 5), ("pt", 8)])
def test_an_exported_network_equals_torch_at_three_sizes(
    tmp_path: Path, layout: WeightLayout, in_channels: int
) -> None:
    import onnxruntime

    weights = weights_file(tmp_path, layout, in_channels)
    path = export_onnx(str(weights), tmp_path / "model.onnx").path
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    engine = DeepFill(EngineSettings(weights=str(weights), device="cpu"))
    for height, width in ((64, 64), (96, 136), (75, 110)):
        image = seeded_picture(height, width) / 2 + 0.5
        mask = torch.zeros(1, 1, height, width)
        mask[:, :, 10 : height // 2, 20 : width - 30] = 1
        ours = np.asarray(session.run(None, {"image": image.numpy(), "mask": mask.numpy()})[0])
        assert np.abs(ours - engine.fill_batch(image, mask).numpy()).max() < 1e-3
        assert np.array_equal(ours[:, :, :10], image[:, :, :10].numpy())
        blind = np.asarray(session.run(None, {"image": image.numpy(), "mask": np.ones_like(mask.numpy())})[0])
        assert ours[mask.numpy().repeat(3, 1) > 0].std() > 0.05  # something is filled in
        assert np.abs(blind - ours)[mask.numpy().repeat(3, 1) > 0].max() > 1e-2  # and it depends on what is known


@pytest.mark.parametrize("layout", ["pt", "tf"])
@pytest.mark.parametrize("fuse", [True, False])
def test_the_written_out_attention_equals_the_one_in_chunks(layout: WeightLayout, fuse: bool) -> None:
    torch.manual_seed(1)
    features, mask = torch.rand(1, 6, 16, 24), torch.zeros(1, 1, 64, 96)
    mask[:, :, 8:40, 30:70] = 1
    chunked = attend(features, mask, layout=layout, fuse=fuse).features
    assert (attended(features, mask, layout, fuse) - chunked).abs().max() < 1e-5
    assert (attended(features, torch.zeros_like(mask), layout, fuse) - chunked).abs().max() > 1e-2


def test_a_network_with_a_sketch_exports_with_a_third_input(tmp_path: Path) -> None:
    import onnxruntime

    path = export_onnx(str(weights_file(tmp_path, "pt", 6)), tmp_path / "model.onnx").path
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    image, mask = np.random.default_rng(0).random((1, 3, 64, 80), np.float32), np.zeros((1, 1, 64, 80), np.float32)
    mask[:, :, 20:50, 20:60] = 1
    lines = np.zeros_like(mask)
    lines[:, :, 35] = 1
    fills = [np.asarray(session.run(None, {"image": image, "mask": mask, "sketch": s})[0]) for s in (lines, 0 * lines)]
    assert np.abs(fills[0] - fills[1]).max() > 1e-3


def test_a_name_that_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.onnx"):
        export_onnx(str(weights_file(tmp_path, "pt")), tmp_path / "model.pt")
