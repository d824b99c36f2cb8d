"""Each failure is found where it was put, said with an option that exists, and not in an untouched picture."""

import re
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from faulty import disc, photo, with_fault

import freefill
from freefill.diagnosis.calibration import WHOLE_BAD, by_knots, overall, settled
from freefill.diagnosis.ciede2000 import difference
from freefill.diagnosis.diagnose import diagnose, verdict_of
from freefill.diagnosis.findings import FAILURES, UNLIKE
from freefill.errors import InputError
from freefill.inpainter import Inpainter
from freefill.judging import diagnose_result
from freefill.values import Mask, Options, Picture

NAMES = [failure.name for failure in FAILURES]


def scores(name: str | None) -> dict[str, float]:
    return {each.name: each.score for each in diagnose(*with_fault(name)).findings}


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_put_into_a_fill_is_found(name):
    clean, faulty = scores(None), scores(name)
    assert faulty[name] >= 0.5
    assert faulty[name] > clean[name] + 0.2


def test_an_untouched_picture_has_no_bad_finding():
    assert max(scores(None).values()) < 0.8


@pytest.mark.parametrize("name", [name for name in NAMES if name != "residue"])
def test_the_map_shows_the_failure_at_the_hole_and_nothing_far_from_it(name):
    before, hole, after = with_fault(name)
    where = diagnose(before, hole, after).map()
    assert where.shape == hole.shape
    assert where[hole].max() > 0.1
    far = cv2.dilate(hole.astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
    assert where[far].max() < 0.05


def test_the_number_of_levels_of_a_picture_does_not_change_the_finding():
    before, hole, after = with_fault("seam")
    eight = diagnose(np.rint(before * 255).astype(np.uint8), hole, np.rint(after * 255).astype(np.uint8))
    sixteen = diagnose(np.rint(before * 65535).astype(np.uint16), hole, np.rint(after * 65535).astype(np.uint16))
    assert [e.score for e in eight.findings] == pytest.approx([s.score for s in sixteen.findings], abs=0.15)


def test_a_grey_picture_is_judged_too():
    before, hole, after = (x.mean(axis=2, keepdims=True) if x.ndim == 3 else x for x in with_fault("smudge"))
    found = {each.name: each.score for each in diagnose(before, hole, after).findings}
    assert found["smudge"] >= 0.5


def test_the_same_fill_is_judged_the_same_twice():
    case = with_fault("foreign")
    assert diagnose(*case).to_json() == diagnose(*case).to_json()


@pytest.mark.parametrize("hole", [
    np.pad(np.ones((1, 1), bool), ((60, 59), (60, 59))),
    np.pad(np.ones((2, 100), bool), ((50, 68), (10, 10))),
    np.pad(np.ones((120, 20), bool), ((0, 0), (0, 100))),
    ~np.pad(np.ones((3, 3), bool), ((60, 57), (60, 57))),
], ids=["one pixel", "a thread", "a side of the picture", "all but a few pixels"])  # fmt: skip
def test_holes_of_any_shape_are_judged(hole):
    image = photo(size=(120, 120))
    assert 0 <= diagnose(image, hole, image).score <= 1


@pytest.mark.parametrize("size", [(3, 3), (5, 40), (9, 9)])
def test_the_smallest_pictures_are_judged(size):
    image = photo(size=(40, 40))[: size[0], : size[1]]
    hole = np.zeros(size, bool)
    hole[1, 1] = True
    assert diagnose(image, hole, image).verdict in ("good", "doubtful", "bad")


def test_an_empty_mask_is_an_error():
    image = photo()
    with pytest.raises(InputError, match="empty"):
        diagnose(image, np.zeros(image.shape[:2], bool), image)


def test_a_result_of_another_size_is_an_error():
    image = photo()
    with pytest.raises(InputError, match="the result is 320x239, the picture 320x240"):
        freefill.diagnose(image, disc(), image[1:])


def test_every_option_that_advice_names_exists():
    help_text = subprocess.run(
        [sys.executable, "-m", "freefill", "inpaint", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for failure in (*FAILURES, UNLIKE):
        options = re.findall(r"--[a-z-]+", failure.advice)
        assert options, failure.name
        for option in options:
            assert re.search(rf"{option}(?![a-z-])", help_text), f"{failure.name}: {option}"


def colours(image: np.ndarray) -> np.ndarray:
    """Stand in for the network: the mean colour of each square, as seen from grey."""
    rows, cols = image.shape[0] // 14, image.shape[1] // 14
    return image.reshape(rows, 14, cols, 14, 3).mean(axis=(1, 3)) - 0.45


def test_with_tokens_a_thing_like_nothing_known_is_said_to_be_unlike():
    clean, strange = (diagnose(*with_fault(name), tokens=colours) for name in (None, "foreign"))
    assert strange.findings[-1].name == "unlike"
    assert strange.findings[-1].raw > clean.findings[-1].raw + 0.2
    assert strange.score > clean.score
    where, (top, left, height, width) = strange.findings[-1].where, strange.box
    hole = disc()[top : top + height, left : left + width]  # the map lies over the part that was looked at
    assert where[hole].max() > 0.3


def test_what_a_thin_hole_crosses_and_leaves_standing_is_not_held_against_the_fill():
    image = photo()
    strange, thin = np.zeros((240, 320), bool), np.zeros((240, 320), bool)
    strange[118:130, 160:172] = True
    image[strange] = (0.9, 0.2, 0.8)  # the only thing of its colour
    thin[119:121, 60:260] = True  # the fill is the truth
    crossed, filled = (diagnose(image, hole, image, tokens=colours).findings[-1].raw for hole in (thin, strange))
    assert crossed < 0.05
    assert filled > 0.5


def test_with_tokens_the_size_of_the_hole_does_not_make_a_fill_worse_and_what_is_unlike_does():
    small, large = (overall(dict.fromkeys(NAMES, 0.0), 0.2, thickness) for thickness in (0.05, 0.6))
    assert small == large
    found = [overall(dict.fromkeys(NAMES, 0.0), unlike, 0.1) for unlike in (0.05, 0.2, 0.4)]
    assert [verdict_of(score, WHOLE_BAD) for score in found] == ["good", "doubtful", "bad"]


def test_a_slanting_edge_that_goes_on_is_not_broken_and_the_same_edge_beside_its_end_is():
    rows, cols = np.mgrid[:160, :160].astype(np.float32)
    hole = np.hypot(rows - 80, cols - 80) < 30

    def edge(moved_px: float) -> np.ndarray:
        light = 0.5 + 0.5 * np.tanh((rows - 0.6 * cols - 32 - moved_px) / 2)
        return np.repeat((0.2 + 0.6 * light)[..., None], 3, axis=2).astype(np.float32)

    whole, moved = edge(0), edge(8)
    raw = [
        next(each for each in diagnose(whole, hole, after).findings if each.name == "broken").raw
        for after in (whole, np.where(hole[..., None], moved, whole))
    ]
    assert raw[0] < 0.05
    assert raw[1] > 0.3


def repeated(image: np.ndarray, hole: np.ndarray, copied_from: np.ndarray | None = None) -> float:
    """Return what `repeat` measures of a result."""
    found = diagnose(image, hole, image, copied_from=copied_from).findings
    return next(each for each in found if each.name == "repeat").raw


def chequered(noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a grey picture of noise, a hole of six squares of one source, and the sources of the hole's pixels."""
    rng = np.random.default_rng(5)
    image = rng.uniform(0.2, 0.8, (160, 160)).astype(np.float32)
    image = cv2.GaussianBlur(image, (0, 0), 1) * 3 - 1
    hole, source = np.zeros((160, 160), bool), np.full((160, 160, 2), -1, np.int32)
    for row in (60, 78):
        for col in (50, 68, 86):
            spot = np.s_[row : row + 18, col : col + 18]
            hole[spot], source[spot] = True, np.moveaxis(np.mgrid[10:28, 10:28], 0, 2)
            image[spot] = image[10:28, 10:28] + rng.normal(0, noise, (18, 18))
    return np.repeat(np.clip(image, 0, 1)[..., None], 3, axis=2), hole, source[hole]


def test_copies_of_one_source_are_counted_only_where_they_look_alike():
    image, hole, source = chequered(0.0)
    assert repeated(image, hole, source) > 2
    image, hole, source = chequered(0.15)
    assert repeated(image, hole, source) < 0.3


def test_what_looks_alike_and_was_copied_from_places_of_its_own_is_not_repeated():
    image, hole, _ = chequered(0.0)
    own = np.argwhere(hole) - (55, 45)  # each pixel has a source of its own
    assert repeated(image, hole) > 2
    assert repeated(image, hole, own.astype(np.int32)) == 0


def test_pixels_whose_source_nobody_knows_are_judged_by_what_looks_alike():
    image, hole, _ = chequered(0.0)
    assert repeated(image, hole, np.full((hole.sum(), 2), -1, np.int32)) == repeated(image, hole)


def test_ground_that_repeats_itself_may_go_on_in_the_hole():
    tile = np.random.default_rng(3).random((20, 20)).astype(np.float32)
    image = np.repeat(np.tile(tile, (8, 8))[..., None], 3, axis=2)
    assert repeated(image, disc(image.shape[:2], 30)) == 0


def test_a_fill_brings_its_sources_to_its_diagnosis(monkeypatch):
    monkeypatch.setattr("freefill.judging.half_tokens", lambda: None)  # the network has no say in this
    picture, mask = Picture(np.rint(photo() * 255).astype(np.uint8)), Mask(disc())
    outcome = Inpainter("texture").run(picture, mask, Options())
    source = outcome.copied_from
    assert source is not None
    assert source.shape == (disc().sum(), 2)
    row, col = source[source[:, 0] >= 0].T
    assert not disc()[row, col].any()
    copied = outcome.picture.pixels[disc()][source[:, 0] >= 0].astype(int)
    assert np.median(np.abs(copied - picture.pixels[row, col])) < 8
    judged = [each.raw for each in diagnose_result(picture, outcome).findings if each.name == "repeat"]
    assert judged == [
        each.raw
        for each in diagnose(picture.pixels, disc(), outcome.picture.pixels, copied_from=source).findings
        if each.name == "repeat"
    ]


def left_beside(radius: float, margin_px: float) -> float:
    """Return what `residue` measures where a disc was removed with a mask that reaches so far beyond it."""
    truth, hole = photo(), disc(radius=radius + margin_px)
    before = np.where(disc(radius=radius)[..., None], np.array([0.1, 0.7, 0.2], np.float32), truth)
    after = np.where(hole[..., None], cv2.GaussianBlur(before, (0, 0), 6), before)  # the fill carries on what it meets
    return next(each for each in diagnose(before, hole, after).findings if each.name == "residue").score


@pytest.mark.parametrize("left_px", [2, 4, 8, 14])
def test_a_mask_that_ends_within_the_thing_leaves_residue_though_the_fill_looks_like_it(left_px):
    assert left_beside(45, -left_px) >= 0.5


@pytest.mark.parametrize("margin_px", [1, 4, 10])
def test_a_mask_that_ends_in_the_ground_leaves_none(margin_px):
    assert left_beside(45, margin_px) < 0.3


def residue_of(before: np.ndarray, hole: np.ndarray) -> float:
    after = np.where(hole[..., None], np.float32(0.5), before)  # the fill is not read
    return next(each for each in diagnose(before, hole, after).findings if each.name == "residue").score


def patchwork(seed: int) -> np.ndarray:
    """Return (240, 320, 3), ground of many colours in patches of 8 px: whatever lies beside a line there differs."""
    cells = np.random.default_rng(seed).uniform(0.2, 0.8, (30, 40, 3)).astype(np.float32)
    return cv2.GaussianBlur(np.kron(cells, np.ones((8, 8, 1), np.float32)), (0, 0), 1.5)


@pytest.mark.parametrize("seed", range(4))
def test_a_mask_with_much_room_in_busy_ground_leaves_nothing(seed):
    before = np.where(disc(radius=20)[..., None], np.float32(0.02), patchwork(seed))
    assert residue_of(before, disc(radius=60)) < 0.5


def test_a_limb_that_was_left_as_a_whole_counts_though_the_rest_of_the_border_is_ground():
    truth, body, limb = photo(), disc(radius=40), np.zeros((240, 320), bool)
    limb[112:128, 185:270] = True
    thing, hole = np.array([0.1, 0.7, 0.2], np.float32), disc(radius=46)
    alone = np.where(body[..., None], thing, truth)
    with_limb = np.where((body | limb)[..., None], thing, truth)
    assert residue_of(with_limb, hole) > residue_of(alone, hole) + 0.15


def test_nothing_is_left_where_nothing_was_removed():
    image = photo()
    assert next(each for each in diagnose(image, disc(), image).findings if each.name == "residue").score == 0


def test_a_mask_grown_over_what_was_left_leaves_nothing():
    truth, hole = photo(), disc(radius=45)
    before = np.where(disc(radius=50)[..., None], np.array([0.1, 0.7, 0.2], np.float32), truth)
    found = [
        diagnose(before, hole, after).findings[0].score for after in (np.where(hole[..., None], 0.5, before), truth)
    ]
    assert found[0] > 0.5
    assert found[1] < 0.3


def test_a_failure_explains_the_weaker_ones_that_follow_from_it_and_no_stronger_one():
    found = dict.fromkeys(NAMES, 0.0) | {"smudge": 0.9, "grain": 0.7, "seam": 0.6}
    after = settled(found)
    assert after["grain"] < 0.1
    assert after["smudge"] == 0.9
    assert after["seam"] == 0.6
    assert settled(found | {"grain": 0.95})["grain"] == 0.95


# Sharma, Wu and Dalal, table 1: pairs chosen to catch mistakes in the hue's turning points
SHARMA = (
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
)


@pytest.mark.parametrize(("a", "b", "apart"), SHARMA)
def test_ciede2000_gives_the_published_differences(a, b, apart):
    assert float(difference(np.array(a), np.array(b))) == pytest.approx(apart, abs=1e-4)


def test_a_score_rises_with_what_was_measured_and_stays_within_0_and_1():
    found = [by_knots(x, (1.0, 2.0, 4.0)) for x in np.linspace(-9, 19, 99)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0.0, 1.0)


@pytest.mark.slow
def test_twelve_megapixels_take_little_more_than_the_reduced_view():
    image = np.tile(photo(size=(300, 400)), (10, 10, 1))
    hole = disc((3000, 4000), 800)
    start = time.process_time()
    diagnose(image, hole, image)
    assert time.process_time() - start < 20
