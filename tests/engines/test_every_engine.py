"""What every engine without downloads holds; a new row in the registry is tested by being there."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.engines import registry
from freefill.errors import EngineError
from freefill.values import Crop, EngineSettings, Guide

SPECS = [spec for spec in registry.ENGINES if not spec.weights]


@pytest.fixture(scope="module", params=SPECS, ids=lambda spec: spec.name)
def ready(request):
    if registry.missing(request.param):
        pytest.skip(f"needs the extra {registry.missing(request.param)}")
    return registry.load(request.param, EngineSettings())


def assert_one_line(error: Exception) -> None:
    assert "\n" not in str(error)


def picture(height=64, width=80, seed=0):
    """Smooth ground with some texture, as photographs are."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:height, :width]
    ground = 0.5 + 0.3 * np.sin(rows / 9 + seed) * np.cos(cols / 13)
    return np.clip(ground[..., None] + rng.normal(0, 0.02, (height, width, 3)), 0, 1).astype(np.float32)


def crop(height=64, width=80, hole=(24, 30, 8, 10), **more):
    mask = np.zeros((height, width), bool)
    top, left, rows, cols = hole
    mask[top : top + rows, left : left + cols] = True
    return Crop(picture(height, width), mask, **more)


def test_the_fill_is_numbers_in_range(ready):
    one = crop()
    fill = ready.engine.fill(one, 0)
    assert fill.pixels.shape == one.image.shape
    assert fill.pixels.dtype == np.float32
    hole = fill.pixels[one.hole]
    assert np.isfinite(hole).all()
    assert hole.min() >= 0
    assert hole.max() <= 1


def test_the_fill_looks_like_its_surroundings(ready):
    one = crop()
    fill = ready.engine.fill(one, 0)
    assert abs(fill.pixels[one.hole].mean() - one.image[one.hole].mean()) < 0.1


def test_the_same_seed_gives_the_same_fill(ready):
    one = crop(hole=(16, 20, 24, 30))
    assert ready.spec.deterministic
    first, second = ready.engine.fill(one, 7), ready.engine.fill(one, 7)
    assert np.array_equal(first.pixels[one.hole], second.pixels[one.hole])


def test_the_fill_does_not_depend_on_what_lies_under_the_mask(ready):
    one = crop()
    other = Crop(np.where(one.hole[..., None], np.float32(0.99), one.image), one.hole)
    assert np.array_equal(ready.engine.fill(one, 0).pixels[one.hole], ready.engine.fill(other, 0).pixels[one.hole])


def test_the_crop_is_not_written(ready):
    one = crop()
    image, hole = one.image.copy(), one.hole.copy()
    ready.engine.fill(one, 0)
    assert np.array_equal(one.image, image)
    assert np.array_equal(one.hole, hole)


@settings(deadline=None, max_examples=15)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    share=st.sampled_from([0.02, 0.3, 0.9]),
    seed=st.integers(0, 99),
)
def test_any_size_is_filled_or_refused_in_one_line(ready, height, width, share, seed):
    rule = ready.spec.size
    height, width = max(height, rule.min_px), max(width, rule.min_px)
    mask = np.random.default_rng(seed).random((height, width)) < share
    if mask.all() or not mask.any():
        return
    try:
        fill = ready.engine.fill(Crop(picture(height, width, seed), mask), 0)
    except EngineError as error:
        assert_one_line(error)
    else:
        assert np.isfinite(fill.pixels[mask]).all()


@pytest.mark.parametrize(
    "hole", [(0, 0, 9, 9), (55, 71, 9, 9), (0, 30, 64, 6), (28, 0, 6, 80)], ids=["corner", "end", "column", "row"]
)
def test_holes_at_borders_are_filled(ready, hole):
    one = crop(hole=hole)
    fill = ready.engine.fill(one, 0)
    assert np.isfinite(fill.pixels[one.hole]).all()
    assert abs(fill.pixels[one.hole].mean() - one.image[one.hole].mean()) < 0.2


def test_what_may_not_be_copied_from_has_no_influence(ready):
    base = crop()
    source = np.ones(base.hole.shape, bool)
    source[:, 45:] = False  # and the hole ends at column 40
    one = Crop(base.image, base.hole, source)
    painted = base.image.copy()
    painted[:, 52:] = (1, 0, 0)  # red, where nothing may be taken
    other = Crop(painted, base.hole, source)
    reds = ready.engine.fill(other, 0).pixels[base.hole]
    assert (reds[:, 0] - reds[:, 1] < 0.3).all()
    assert np.isfinite(ready.engine.fill(one, 0).pixels[base.hole]).all()


def test_nothing_to_copy_from_is_said_or_filled_smoothly(ready):
    base = crop()
    one = Crop(base.image, base.hole, np.zeros(base.hole.shape, bool))
    try:
        fill = ready.engine.fill(one, 0)
    except EngineError as error:
        assert_one_line(error)
    else:
        assert np.isfinite(fill.pixels[one.hole]).all()


def test_threads_get_what_a_single_caller_gets(ready):
    crops = [crop(hole=(10 + 3 * i, 12, 9, 11)) for i in range(4)]
    alone = [ready.engine.fill(one, 3).pixels for one in crops]
    together = [np.empty(0)] * len(crops)

    def work(i):
        together[i] = ready.engine.fill(crops[i], 3).pixels

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(crops))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, first, second in zip(crops, alone, together, strict=True):
        assert np.array_equal(first[one.hole], second[one.hole])


def test_a_guide_of_an_unknown_size_does_no_harm(ready):
    one = crop(guide=Guide("image", np.full((8, 10, 3), 0.5, np.float32)))
    assert np.isfinite(ready.engine.fill(one, 0).pixels[one.hole]).all()


@pytest.mark.parametrize("name", ["telea", "ns", "biharmonic", "texture"])
def test_more_than_8_bits_survive(name):
    """A ramp of 16-bit steps comes back with more than 8-bit steps."""
    if registry.missing(registry.find(name)):
        pytest.skip("not installed")
    ramp = np.repeat(np.linspace(0.500, 0.510, 128, dtype=np.float32)[None, :, None], 48, axis=0)
    mask = np.zeros((48, 128), bool)
    mask[20:24, 20:108] = True
    one = Crop(np.repeat(ramp, 3, axis=2), mask)
    fill = registry.load(registry.find(name), EngineSettings()).engine.fill(one, 0)
    assert len(np.unique(np.rint(fill.pixels[mask][:, 0] * 65535))) > 20
