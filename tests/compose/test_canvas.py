import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.compose.canvas import Canvas, guide_for
from freefill.compose.fit import make_plan
from freefill.errors import EngineError
from freefill.values import Box, Crop, EngineSpec, Fill, Guide, Options, SizeRule, Window


class Scaled:
    """uint8 to [0, 1] and back."""

    def decode(self, pixels, /):
        return np.divide(np.repeat(pixels, 3 // pixels.shape[2], axis=2), 255, dtype=np.float32)

    def encode(self, values, /):
        return np.rint(values * 255).astype(np.uint8)


def canvas(pixels, hole, core=None, fade_px=0, source=None):
    return Canvas(pixels, hole, hole if core is None else core, fade_px, Scaled(), source)


def random_pixels(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def run(board, plan, value=0.5):
    """Fill every window with one grey."""
    for window in plan.windows:
        crop = board.cut(window)
        fill = Fill(np.full_like(crop.image, np.nan))
        fill.pixels[crop.hole] = value
        for tile in window.detail:
            tile_crop = board.cut(tile, guide_for(fill, crop, window, tile))
            board.paste(Fill(np.full_like(tile_crop.image, value)), tile_crop, tile)
        if not window.detail:
            board.paste(fill, crop, window)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**16),
    height=st.integers(2, 130),
    width=st.integers(2, 130),
    hole_px=st.sampled_from([None, 16]),
    multiple=st.sampled_from([1, 8]),
    texture=st.sampled_from(["never", "always"]),
)
def test_known_pixels_stay_and_every_hole_pixel_is_filled(seed, height, width, hole_px, multiple, texture):
    pixels = random_pixels(height, width, seed)
    rng = np.random.default_rng(seed)
    hole = np.zeros((height, width), bool)
    for _ in range(3):
        row, col = rng.integers(0, height), rng.integers(0, width)
        hole[row : row + rng.integers(1, 50), col : col + rng.integers(1, 50)] = True
    if hole.all():
        return
    spec = EngineSpec("e", "x:y", "", SizeRule(32, multiple, hole_px=hole_px), min_context_px=8)
    other = EngineSpec("t", "x:y", "", SizeRule(16))
    before = pixels.copy()
    board = canvas(pixels, hole)
    run(board, make_plan(hole, spec, Options(texture=texture), other))
    assert np.array_equal(pixels, before)
    assert np.array_equal(board.pixels[~hole], pixels[~hole])
    # At a smaller scale the known averages are mixed in along the rim; deep inside the fill stands alone.
    if hole_px is None or texture == "always":
        assert (board.pixels[hole] == 128).all()


def test_an_engine_never_sees_what_lay_under_the_mask():
    hole = np.zeros((40, 40), bool)
    hole[10:20, 10:20] = True
    window = Window(Box(0, 0, 40, 40), Box(10, 10, 10, 10))
    one, two = random_pixels(40, 40, 1), random_pixels(40, 40, 2)
    two[~hole] = one[~hole]
    small = Window(window.box, window.core, 0.3)
    for where in (window, small):
        assert np.array_equal(canvas(one, hole).cut(where).image, canvas(two, hole).cut(where).image)


def test_a_smaller_crop_averages_known_pixels_only():
    pixels = np.full((8, 8, 3), 200, np.uint8)
    hole = np.zeros((8, 8), bool)
    hole[0, 0] = hole[4:8, 4:8] = True
    pixels[hole] = 0
    crop = canvas(pixels, hole).cut(Window(Box(0, 0, 8, 8), Box(0, 0, 8, 8), 0.25))
    assert crop.hole.tolist() == [[False, False], [False, True]]
    assert np.allclose(crop.image[~crop.hole], 200 / 255)


def test_a_hole_thinner_than_a_small_pixel_is_still_a_hole():
    hole = np.zeros((64, 64), bool)
    hole[30] = True
    assert canvas(random_pixels(64, 64), hole).cut(Window(Box(0, 0, 64, 64), Box(30, 0, 1, 64), 0.1)).hole.any()


def test_padding_mirrors_picture_and_hole_alike():
    pixels = random_pixels(5, 6)
    hole = np.zeros((5, 6), bool)
    hole[4, 5] = True
    crop = canvas(pixels, hole).cut(Window(Box(0, 0, 5, 6), Box(4, 5, 1, 1), 1.0, (11, 10)))
    assert crop.image.shape == (16, 16, 3)
    assert np.array_equal(crop.image[5:10, :6], crop.image[4::-1, :6])
    assert crop.hole[4:6, 5:7].all()


@pytest.mark.parametrize(("scale", "pad_px"), [(1.0, (0, 0)), (1.0, (3, 2)), (0.5, (0, 0)), (0.5, (4, 6))])
def test_where_may_be_copied_from_is_cut_shrunk_and_mirrored_as_the_picture_is(scale, pad_px):
    hole = np.zeros((40, 60), bool)
    hole[10:20, 10:20] = True
    source = np.zeros((40, 60), bool)
    source[30:, 40:] = True
    board = canvas(random_pixels(40, 60), hole, source=source)
    crop = board.cut(Window(Box(0, 0, 40, 60), Box(10, 10, 10, 10), scale, pad_px))
    rows, cols = int(40 * scale) + pad_px[0], int(60 * scale) + pad_px[1]
    allowed = np.zeros((rows, cols), bool)
    allowed[int(30 * scale) :, int(40 * scale) :] = True
    assert crop.known.shape == (rows, cols)
    assert np.array_equal(crop.known, allowed)


def test_transparent_pixels_are_no_source():
    hole = np.zeros((10, 10), bool)
    hole[5, 5] = True
    opaque = np.ones((10, 10), bool)
    opaque[:, :4] = False
    crop = canvas(random_pixels(10, 10), hole, source=opaque).cut(Window(Box(0, 0, 10, 10), Box(5, 5, 1, 1)))
    assert np.array_equal(crop.known, opaque & ~hole)


def test_a_feathered_fill_fades_from_core_to_rim_also_across_tiles():
    pixels = np.zeros((60, 60, 3), np.uint8)
    core, hole = np.zeros((60, 60), bool), np.zeros((60, 60), bool)
    core[20:40, 20:40] = hole[10:50, 10:50] = True
    whole = canvas(pixels, hole, core, 10)
    window = Window(Box(0, 0, 60, 60), Box(10, 10, 40, 40))
    whole.paste(Fill(np.ones((60, 60, 3), np.float32)), whole.cut(window), window)
    assert (whole.pixels[20:40, 20:40] == 255).all()
    row = whole.pixels[30, :21, 0].astype(int)
    assert (np.diff(row[9:21]) > 0).all()
    assert (row[:10] == 0).all()
    tiled = canvas(pixels, hole, core, 10)
    for left, width in ((10, 15), (25, 25)):
        tile = Window(Box(0, 0, 60, 60), Box(10, left, 40, width))
        tiled.paste(Fill(np.ones((60, 60, 3), np.float32)), tiled.cut(tile), tile)
    assert np.array_equal(tiled.pixels, whole.pixels)


def test_a_guide_lies_over_its_tile():
    ramp = np.repeat(np.repeat(np.linspace(0, 1, 100, dtype=np.float32)[None, :, None], 80, axis=0), 3, axis=2)
    window = Window(Box(0, 0, 320, 400), Box(0, 0, 320, 400), 0.25)
    crop = Crop(ramp, np.ones((80, 100), bool))
    tile = Window(Box(100, 130, 90, 110), Box(100, 130, 90, 110), 1.0, (6, 2))
    guide = guide_for(Fill(ramp), crop, window, tile)
    columns = (np.arange(guide.values.shape[1]) + 0.5) / guide.values.shape[1] * 112 + 130
    expected = np.interp(columns / 4 - 0.5, np.arange(100), np.linspace(0, 1, 100))
    # OpenCV interpolates with 5 bits between two pixels.
    assert np.allclose(guide.values[5, :, 0], expected, atol=1 / 32 * 0.02)


def test_a_fill_without_numbers_is_refused():
    hole = np.zeros((9, 9), bool)
    hole[4, 4] = True
    board = canvas(random_pixels(9, 9), hole)
    window = Window(Box(0, 0, 9, 9), Box(4, 4, 1, 1))
    with pytest.raises(EngineError, match="no numbers"):
        board.paste(Fill(np.full((9, 9, 3), np.nan, np.float32)), board.cut(window), window)


def test_a_fill_of_another_size_is_refused():
    hole = np.zeros((9, 9), bool)
    hole[4, 4] = True
    board = canvas(random_pixels(9, 9), hole)
    window = Window(Box(0, 0, 9, 9), Box(4, 4, 1, 1))
    with pytest.raises(EngineError, match="for a crop of"):
        board.paste(Fill(np.zeros((8, 9, 3), np.float32)), board.cut(window), window)


def half_known(known_px: int) -> np.ndarray:
    """A hole in which the first square of 4 x 4 px has so many known pixels, and the second none."""
    hole = np.zeros((4, 12), bool)
    hole.reshape(4, 12)[:, :4] = np.arange(16).reshape(4, 4) >= known_px
    hole[:, 4:8] = True
    return hole


@pytest.mark.parametrize(("known_px", "is_hole"), [(7, True), (8, False), (10, False), (16, False)])
def test_a_small_pixel_is_hole_where_fewer_than_half_of_it_are_known(known_px, is_hole):
    crop = canvas(random_pixels(4, 12), half_known(known_px)).cut(Window(Box(0, 0, 4, 12), Box(0, 0, 4, 8), 0.25))
    assert crop.hole.tolist() == [[is_hole, True, False]]
    assert (crop.image[crop.hole] == 0).all()


@pytest.mark.parametrize(("allowed_px", "is_source"), [(8, False), (10, True), (16, True)])
def test_a_small_pixel_is_a_source_where_more_than_half_of_it_may_be_copied(allowed_px, is_source):
    hole, source = np.zeros((4, 12), bool), np.ones((4, 12), bool)
    hole[:, 8:] = True
    source[:, :4] = np.arange(16).reshape(4, 4) < allowed_px
    crop = canvas(random_pixels(4, 12), hole, source=source).cut(Window(Box(0, 0, 4, 12), Box(0, 8, 4, 4), 0.25))
    assert crop.known.tolist() == [[is_source, True, False]]


def test_a_thin_hole_makes_hole_only_of_the_small_pixels_it_crosses():
    hole = np.zeros((12, 12), bool)
    hole[5] = True
    crop = canvas(random_pixels(12, 12), hole).cut(Window(Box(0, 0, 12, 12), Box(5, 0, 1, 12), 0.25))
    assert crop.hole.tolist() == [[False] * 3, [True] * 3, [False] * 3]


def test_a_small_picture_stays_within_its_range():
    hole = np.random.default_rng(0).random((90, 90)) < 0.3
    crop = canvas(np.full((90, 90, 3), 255, np.uint8), hole).cut(Window(Box(0, 0, 90, 90), Box(0, 0, 90, 90), 0.31))
    assert crop.image.max() <= 1


@pytest.mark.parametrize("pad_px", [(1, 0), (0, 1)])
def test_a_crop_is_padded_by_one_row_or_one_column(pad_px):
    hole = np.zeros((5, 6), bool)
    hole[2, 2] = True
    crop = canvas(random_pixels(5, 6), hole).cut(Window(Box(0, 0, 5, 6), Box(2, 2, 1, 1), 1.0, pad_px))
    assert crop.hole.shape == (5 + pad_px[0], 6 + pad_px[1])


def test_a_small_fill_is_enlarged_smoothly_and_pasted_in_its_place():
    hole = np.zeros((80, 80), bool)
    hole[20:60, 20:60] = True
    board = canvas(np.zeros((80, 80, 3), np.uint8), hole)
    window = Window(Box(0, 0, 80, 80), Box(20, 20, 40, 40), 0.25)
    crop = board.cut(window)
    ramp = np.repeat(np.linspace(0, 1, 20, dtype=np.float32)[None, :, None], 20, axis=0).repeat(3, axis=2)
    board.paste(Fill(ramp), crop, window)
    row = board.pixels[40, 28:52, 0].astype(float)  # away from the rim, where known zeros are mixed in
    centres = (np.arange(28, 52) + 0.5) / 4 - 0.5
    assert np.abs(row - 255 * centres / 19).max() < 1
    assert (board.pixels[~hole] == 0).all()


def test_a_small_fill_is_enlarged_by_cubic_curves():
    hole = np.ones((40, 40), bool)
    hole[0] = False
    board = canvas(np.zeros((40, 40, 3), np.uint8), hole)
    window = Window(Box(0, 0, 40, 40), Box(1, 0, 39, 40), 0.25)
    dot = np.zeros((10, 10, 3), np.float32)
    dot[5, 5] = 1
    board.paste(Fill(dot), board.cut(window), window)
    large = cv2.resize(dot, (40, 40), interpolation=cv2.INTER_CUBIC)
    assert np.array_equal(board.pixels[1:], np.rint(np.clip(large[1:], 0, 1) * 255).astype(np.uint8))


def test_a_fill_beyond_its_range_is_cut():
    hole = np.zeros((9, 9), bool)
    hole[4, 4:6] = True
    board = canvas(random_pixels(9, 9), hole)
    window = Window(Box(0, 0, 9, 9), Box(4, 4, 1, 2))
    fill = np.full((9, 9, 3), 1.4, np.float32)
    fill[4, 5] = -0.4
    board.paste(Fill(fill), board.cut(window), window)
    assert board.pixels[4, 4:6].tolist() == [[255] * 3, [0] * 3]


def test_the_next_window_sees_what_the_last_one_filled():
    hole = np.zeros((10, 20), bool)
    hole[3:6, 3:17] = True
    board = canvas(random_pixels(10, 20), hole)
    left, right = (Window(Box(0, 0, 10, 20), Box(3, col, 3, 7)) for col in (3, 10))
    board.paste(Fill(np.full((10, 20, 3), 0.2, np.float32)), board.cut(left), left)
    crop = board.cut(right)
    assert not crop.hole[3:6, 3:10].any()
    assert crop.image[3:6, 3:10] == pytest.approx(0.2, abs=1e-6)
    assert crop.hole[3:6, 10:17].all()


def test_what_was_filled_may_be_copied_from_with_a_source_as_without():
    hole = np.zeros((10, 20), bool)
    hole[3:6, 3:17] = True
    source = np.zeros((10, 20), bool)
    source[:, 12:] = True
    board = canvas(random_pixels(10, 20), hole, source=source)
    left, right = (Window(Box(0, 0, 10, 20), Box(3, col, 3, 7)) for col in (3, 10))
    assert np.array_equal(board.cut(left).known, source & ~hole)
    board.paste(Fill(np.full((10, 20, 3), 0.2, np.float32)), board.cut(left), left)
    filled = np.zeros((10, 20), bool)
    filled[3:6, 3:10] = True
    assert np.array_equal(board.cut(right).known, source & ~hole | filled)


def test_a_tile_of_the_ring_alone_fades_towards_a_core_that_it_does_not_hold():
    core, hole = np.zeros((60, 60), bool), np.zeros((60, 60), bool)
    core[20:40, 20:40] = hole[10:50, 10:50] = True
    boards = [canvas(np.zeros((60, 60, 3), np.uint8), hole, core, 10) for _ in range(2)]
    for board, width in zip(boards, (40, 2), strict=True):
        tile = Window(Box(0, 0, 60, 60), Box(10, 10, 40, width))
        board.paste(Fill(np.ones((60, 60, 3), np.float32)), board.cut(tile), tile)
    assert boards[1].pixels[30, 10:12, 0].tolist() == boards[0].pixels[30, 10:12, 0].tolist() > [0, 0]


def laid(small: np.ndarray, window: Window, tile: Window) -> np.ndarray:
    """What a small picture says about a tile, place by place; the picture goes on as its own mirror image."""
    across = [n / whole for n, whole in zip(small.shape, (window.box.height, window.box.width), strict=True)]
    sides = (tile.box.height + tile.pad_px[0], tile.box.width + tile.pad_px[1])
    first = (tile.box.top - window.box.top, tile.box.left - window.box.left)
    axes = []
    for side, start, scale in zip(sides, first, across, strict=True):
        cells = max(round(side * scale), 1)
        axes.append(start * scale + (np.arange(cells) + 0.5) * side * scale / cells - 0.5)
    mirrored = np.pad(small, 8, mode="symmetric")
    rows, cols = np.meshgrid(axes[0] + 8, axes[1] + 8, indexing="ij")
    top, left = np.floor(rows).astype(int), np.floor(cols).astype(int)
    v, u = rows - top, cols - left
    upper = mirrored[top, left] * (1 - u) + mirrored[top, left + 1] * u
    lower = mirrored[top + 1, left] * (1 - u) + mirrored[top + 1, left + 1] * u
    return upper * (1 - v) + lower * v


@pytest.mark.parametrize(
    ("box", "pad_px"),
    [
        ((0, 0, 60, 70), (0, 0)), ((30, 60, 20, 24), (5, 0)), ((30, 60, 20, 24), (0, 11)), ((40, 50, 20, 20), (16, 9)),
        ((13, 29, 1, 1), (0, 0)), ((4, 3, 9, 31), (1, 1)),
    ],
)  # fmt: skip
def test_a_guide_and_its_confidence_are_the_small_fill_seen_at_the_tile(box, pad_px):
    rng = np.random.default_rng(1)
    small = cv2.GaussianBlur(rng.random((15, 20), np.float32), (0, 0), 1.0)
    trust = cv2.GaussianBlur(rng.random((15, 20), np.float32), (0, 0), 1.0)
    hole = np.ones((15, 20), bool)
    hole[:4] = False
    window = Window(Box(3, 5, 60, 80), Box(20, 20, 30, 30), 0.25)
    tile = Window(Box(*box).moved(3, 5), Box(*box).moved(3, 5), 1.0, pad_px)
    crop = Crop(np.zeros((16, 24, 3), np.float32), np.pad(hole, ((0, 1), (0, 4)), constant_values=True))
    pixels = np.pad(np.dstack([small] * 3), ((0, 1), (0, 4), (0, 0)), constant_values=9)  # padding is never looked at
    believed = np.pad(trust, ((0, 1), (0, 4)), constant_values=9)
    guide = guide_for(Fill(pixels.astype(np.float32), confidence=believed.astype(np.float32)), crop, window, tile)
    expected = laid(np.where(hole, small, 0), window, tile)
    assert guide.values.shape == (*expected.shape, 3)
    assert np.abs(guide.values - expected[..., None]).max() < 0.03  # OpenCV has 5 bits between two pixels
    assert guide.confidence is not None
    assert np.abs(guide.confidence - laid(np.where(hole, trust, 1), window, tile)).max() < 0.03


def test_a_small_pixel_is_no_source_for_its_middle_alone():
    hole, source = np.zeros((4, 12), bool), np.zeros((4, 12), bool)
    hole[:, 8:] = True
    source[1:3, 1:3] = True
    crop = canvas(random_pixels(4, 12), hole, source=source).cut(Window(Box(0, 0, 4, 12), Box(0, 8, 4, 4), 0.25))
    assert not crop.known.any()


def test_a_guide_keeps_within_its_range_and_known_pixels_are_believed_fully():
    hole = np.zeros((8, 8), bool)
    hole[:, 4:] = True
    crop = Crop(np.zeros((8, 8, 3), np.float32), hole)
    fill = Fill(np.full((8, 8, 3), 1.5, np.float32), confidence=np.zeros((8, 8), np.float32))
    window = Window(Box(0, 0, 32, 32), Box(0, 16, 32, 16), 0.25)
    tile = Window(Box(0, 2, 32, 30), Box(0, 16, 32, 16))  # its cells lie half between the small pixels
    guide = guide_for(fill, crop, window, tile)
    assert guide.values.max() == 1
    assert guide.confidence is not None
    assert (np.diff(guide.confidence[4]) <= 0).all()
    middle = guide.confidence[4, 3]
    assert middle == pytest.approx(laid(np.where(hole, 0.0, 1.0), window, tile)[4, 3], abs=0.03)
    assert 0.05 < middle < 0.95


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25])
def test_a_thin_line_of_a_sketch_survives_at_every_scale(scale):
    hole, lines = np.zeros((64, 80), bool), np.zeros((64, 80), bool)
    hole[20:40, 20:60] = True
    lines[29], lines[:, 44] = True, True
    board = Canvas(random_pixels(64, 80), hole, hole, 0, Scaled(), sketch=lines)
    window = Window(Box(8, 8, 48, 64), Box(20, 20, 20, 40), scale, pad_px=(4, 0))
    guide = board.cut(window).guide
    assert guide is not None
    assert guide.kind == "sketch"
    drawn = guide.values[: round(48 * scale), :, 0] > 0
    assert guide.values.shape == (round(48 * scale) + 4, round(64 * scale), 1)
    assert drawn.any(0).all()  # across from side to side
    assert drawn.any(1).all()  # and from top to bottom
    assert drawn[int(21 * scale)].all()  # where it was drawn
    assert drawn.mean() < 0.3


def test_a_guide_of_its_own_goes_before_the_sketch():
    hole = np.zeros((32, 32), bool)
    hole[8:16, 8:16] = True
    board = Canvas(random_pixels(32, 32), hole, hole, 0, Scaled(), sketch=hole)
    own = Guide("image", np.zeros((4, 4, 3), np.float32))
    assert board.cut(Window(Box(0, 0, 32, 32), Box(8, 8, 8, 8), 1.0), own).guide is own
