"""Metrics held against torchmetrics, which others report their figures with."""

from typing import Any

import numpy as np
import pytest

from freefill.metrics.frechet import frechet_distance
from freefill.metrics.kernel_distance import kernel_distance
from freefill.metrics.psnr import psnr_db
from freefill.metrics.ssim import ssim

torch = pytest.importorskip("torch")
pytest.importorskip("torchmetrics")


def two() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    a = rng.random((48, 40, 3)).astype(np.float32)
    return a, np.clip(a + rng.normal(0, 0.1, a.shape), 0, 1).astype(np.float32)


def batch(image: np.ndarray) -> Any:
    return torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float64))


def test_psnr_is_theirs():
    from torchmetrics.functional.image import peak_signal_noise_ratio

    a, b = two()
    assert psnr_db(a, b) == pytest.approx(float(peak_signal_noise_ratio(batch(b), batch(a), data_range=1.0)), rel=1e-6)


def test_ssim_is_theirs_where_windows_lie_within_the_picture():
    from torchmetrics.functional.image import structural_similarity_index_measure

    a, b = two()
    _, every = structural_similarity_index_measure(
        batch(b), batch(a), data_range=1.0, sigma=1.5, return_full_image=True
    )
    # Their mean also takes the border, where windows see the picture mirrored; the papers' and scikit-image's does not.
    assert ssim(a, b) == pytest.approx(float(every[..., 5:-5, 5:-5].mean()), abs=1e-6)


def test_the_frechet_distance_is_theirs():
    from torchmetrics.image.fid import _compute_fid

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(60, 8)), rng.normal(0.3, 1.2, size=(70, 8))
    moments = [torch.from_numpy(x) for x in (a.mean(0), np.cov(a.T), b.mean(0), np.cov(b.T))]
    assert frechet_distance(a, b) == pytest.approx(float(_compute_fid(*moments)), rel=1e-5)


def test_the_kernel_distance_is_theirs():
    from torchmetrics.image.kid import poly_mmd

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 8)), rng.normal(0.3, 1.2, size=(50, 8))
    assert kernel_distance(a, b) == pytest.approx(float(poly_mmd(torch.from_numpy(a), torch.from_numpy(b))), rel=1e-6)
