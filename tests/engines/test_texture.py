"""The engine `texture`: what it copies, what it says, and that it works wherever Python does."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from freefill.engines.texture import Texture
from freefill.values import Crop, EngineSettings, Guide


def crop(height: int = 72, width: int = 88, **more) -> Crop:
    rng = np.random.default_rng(0)
    rows, cols = np.mgrid[:height, :width]
    ground = 0.5 + 0.3 * np.sin(rows / 6) * np.cos(cols / 9)
    image = np.clip(ground[..., None] + rng.normal(0, 0.03, (height, width, 3)), 0, 1).astype(np.float32)
    hole = np.zeros((height, width), bool)
    hole[height // 3 : height // 2, width // 4 : width // 2] = True
    return Crop(image, hole, **more)


def filled(one: Crop, seed: int = 0) -> np.ndarray:
    return Texture(EngineSettings()).fill(one, seed).pixels


def in_a_worker(how: str) -> np.ndarray:
    with multiprocessing.get_context(how).Pool(1) as pool:
        return pool.apply(filled, (crop(),))


def test_it_says_where_each_pixel_came_from():
    one = crop()
    fill = Texture(EngineSettings()).fill(one, 0)
    assert fill.copied_from is not None
    rows, cols = fill.copied_from[one.hole].T
    assert one.known[rows, cols].all()
    assert (fill.copied_from[~one.hole] == -1).all()


def test_only_the_source_is_copied():
    allowed = np.zeros((72, 88), bool)
    allowed[:, 50:] = True
    one = crop(source=allowed)
    fill = Texture(EngineSettings()).fill(one, 0)
    assert fill.copied_from is not None
    rows, cols = fill.copied_from[one.hole].T
    assert allowed[rows, cols].all()


def test_an_empty_hole_gives_the_picture_back():
    one = crop()
    empty = Crop(one.image, np.zeros_like(one.hole))
    assert np.array_equal(filled(empty), one.image)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (6, 6), (8, 50), (16, 16)])
def test_pictures_too_small_for_patches_are_filled_smoothly_and_say_so(size):
    hole = np.zeros(size, bool)
    hole[0, 0] = True
    image = np.full((*size, 3), 0.25, np.float32)
    fill = Texture(EngineSettings()).fill(Crop(image, hole), 0)
    assert np.isfinite(fill.pixels).all()
    if min(size) < 7 and size != (1, 1):
        assert fill.pixels[0, 0] == pytest.approx(0.25, abs=1e-4)
        assert "smoothly" in fill.notes[0]


def test_a_few_known_pixels_give_a_smooth_fill_with_a_note():
    hole = np.ones((48, 48), bool)
    hole[20:24, 20:24] = False
    image = np.where(hole[..., None], np.float32(0), np.float32(0.6)).repeat(1, axis=2) * np.ones(3, np.float32)
    fill = Texture(EngineSettings()).fill(Crop(image, hole), 0)
    assert fill.pixels == pytest.approx(0.6, abs=1e-3)
    assert fill.notes == ("little to copy from: the hole was filled smoothly",)


def test_a_guide_changes_the_fill_and_one_without_weight_does_not():
    small = np.random.default_rng(1).random((9, 11, 3)).astype(np.float32)
    plain = filled(crop())
    assert np.array_equal(filled(crop(guide=Guide("image", small, weight=0.0))), plain)
    assert not np.array_equal(filled(crop(guide=Guide("image", small))), plain)
    unsure = Guide("image", small, confidence=np.zeros((9, 11), np.float32))
    assert np.isfinite(filled(crop(guide=unsure))).all()


def test_a_guide_that_shows_nothing_changes_nothing():
    blur = np.full((9, 11, 3), 0.4, np.float32)
    assert np.array_equal(filled(crop(guide=Guide("image", blur))), filled(crop()))


@pytest.mark.parametrize("how", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_worker_process_gives_the_same_fill(how):
    if how not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {how} here")
    assert np.array_equal(in_a_worker(how), filled(crop()))


def test_threads_give_the_same_fill_at_once():
    engine = Texture(EngineSettings())
    with ThreadPoolExecutor(4) as pool:
        fills = list(pool.map(lambda _: engine.fill(crop(), 0).pixels, range(8)))
    assert all(np.array_equal(fill, fills[0]) for fill in fills)


def test_the_list_of_engines_and_the_help_load_no_compiler():
    code = "import freefill.engines.registry, freefill.cli.main, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_where_no_cache_can_be_written_it_still_works(tmp_path):
    # numba looks for a folder beside the package, then for one of the user's; here there is neither.
    code = (
        "import numba.core.caching as c\n"
        "c.CacheImpl._locator_classes = []\n"
        "from freefill.synthesis.warm import warm\n"
        "print(warm() > 1)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert answer.stdout.strip() == "True"
