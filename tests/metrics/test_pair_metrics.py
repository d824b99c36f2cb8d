"""Metrics of two pictures: against scikit-image where it has them, and cases that can be worked out by hand."""

import numpy as np
import pytest

from freefill.errors import InputError
from freefill.metrics.edge_error import edge_error
from freefill.metrics.l1 import l1
from freefill.metrics.psnr import psnr_db
from freefill.metrics.ssim import ssim


def two(seed: int = 0, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a = rng.random((size, size, 3)).astype(np.float32)
    return a, np.clip(a + rng.normal(0, 0.1, a.shape), 0, 1).astype(np.float32)


def square(size: int = 32) -> np.ndarray:
    hole = np.zeros((size, size), bool)
    hole[10:20, 12:22] = True
    return hole


def test_equal_pictures_are_at_each_metrics_ideal():
    a, _ = two()
    assert (l1(a, a), psnr_db(a, a), ssim(a, a), edge_error(a, a, square())) == (0, np.inf, 1, 0)


@pytest.mark.parametrize("metric", [l1, psnr_db, ssim])
def test_the_two_pictures_may_change_places(metric):
    a, b = two()
    assert metric(a, b) == pytest.approx(metric(b, a), rel=1e-12)


@pytest.mark.parametrize("metric", [l1, psnr_db])
def test_over_the_hole_nothing_outside_counts(metric):
    a, b = two()
    hole = square()
    other = np.where(hole[..., None], b, 0)
    assert metric(a, b, hole) == metric(a, other.astype(np.float32), hole)


def test_psnr_and_ssim_are_those_of_scikit_image():
    skimage = pytest.importorskip("skimage.metrics")
    a, b = two()
    assert psnr_db(a, b) == pytest.approx(skimage.peak_signal_noise_ratio(a, b, data_range=1), rel=1e-6)
    theirs = skimage.structural_similarity(
        a.astype(np.float64), b.astype(np.float64), data_range=1, channel_axis=2, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    assert ssim(a, b) == pytest.approx(theirs, abs=1e-9)


def test_ssim_of_a_hole_is_the_map_averaged_over_it():
    skimage = pytest.importorskip("skimage.metrics")
    a, b = two()
    _, every = skimage.structural_similarity(
        a.astype(np.float64), b.astype(np.float64), data_range=1, channel_axis=2, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    assert ssim(a, b, square()) == pytest.approx(every[square()].mean(), abs=1e-9)


def test_ssim_of_two_planes_is_the_light_term_alone():
    a, b = np.full((16, 16, 3), 0.2, np.float32), np.full((16, 16, 3), 0.6, np.float32)
    assert ssim(a, b) == pytest.approx((2 * 0.2 * 0.6 + 1e-4) / (0.04 + 0.36 + 1e-4), rel=1e-5)


def test_a_hole_shifted_by_a_tenth_has_gradients_wrong_at_its_border_alone():
    truth = np.full((32, 32, 3), 0.5, np.float32)
    fill = truth.copy()
    fill[square()] += np.float32(0.1)
    rows = np.abs(np.diff(fill, axis=0))[..., 0] > 0.01
    assert rows.sum() == 20
    assert edge_error(truth, fill, square()) > 0
    inner = truth.copy()
    inner[13:17, 15:19] += np.float32(0.1)
    assert edge_error(truth, inner, square()) == 0


@pytest.mark.parametrize("metric", [l1, psnr_db, ssim, edge_error])
def test_an_empty_hole_is_an_error(metric):
    a, b = two()
    with pytest.raises(InputError, match="empty"):
        metric(a, b, np.zeros(a.shape[:2], bool))


@pytest.mark.parametrize("metric", [l1, psnr_db, ssim])
def test_pictures_of_two_sizes_are_an_error(metric):
    a, _ = two()
    with pytest.raises(InputError, match="size"):
        metric(a, a[1:])


def test_ssim_refuses_a_picture_smaller_than_its_window():
    a = np.zeros((10, 40, 3), np.float32)
    with pytest.raises(InputError, match="11 px"):
        ssim(a, a)
