"""The recipe: what it hands to the engines, what it pastes, what it says; seen by an engine that writes all down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import ImageCms
from tests.recording import Recording, ready

from freefill.errors import InputError
from freefill.inpainting import inpaint, prepare
from freefill.progress import Progress
from freefill.values import Extras, Length, Mask, Options, Picture, SizeRule

SIZE = (120, 160)
SMALL = SizeRule(hole_px=16)  # the hole of 40 px is filled at a smaller scale, then made sharp


def picture(dtype: type = np.uint8, size: tuple[int, int] = SIZE, **more: Any) -> Picture:
    full = np.iinfo(dtype).max
    return Picture(np.random.default_rng(0).integers(0, full, (*size, 3), dtype, endpoint=True), **more)


def mask(*boxes: tuple[int, int, int, int], size: tuple[int, int] = SIZE, **more: Any) -> Mask:
    hole = np.zeros(size, bool)
    for top, left, height, width in boxes or [(40, 60, 40, 40)]:
        hole[top : top + height, left : left + width] = True
    return Mask(hole, **more)


def first(engine: Any) -> Recording:
    return engine.engine


# --- what the engine is given ------------------------------------------------------------------------------------


def test_the_fill_goes_into_the_hole_and_nowhere_else():
    photo, hole = picture(), mask()
    filled = inpaint(photo, hole, ready(), Options()).picture.pixels
    assert (filled[hole.hole] == 128).all()
    assert np.array_equal(filled[~hole.hole], photo.pixels[~hole.hole])


def test_every_window_is_filled_once_with_the_seed():
    engine = ready()
    result = inpaint(picture(), mask((5, 5, 4, 4), (100, 140, 4, 4)), engine, Options(seed=7))
    assert len(result.plan.windows) == 2
    assert first(engine).seeds == [7, 7]


def test_the_memory_bound_reaches_every_crop_also_those_of_the_detail():
    engine, sharp = ready(size=SMALL), ready(guides=("image",), name="sharp")
    inpaint(picture(), mask(), engine, Options(max_memory_bytes=99 << 20), sharp)
    assert [crop.max_memory_bytes for crop in first(engine).crops + first(sharp).crops] == [99 << 20] * 2


def test_what_may_not_be_copied_from_is_told_to_the_engine():
    source = np.ones(SIZE, bool)
    source[:, :50] = False
    engine = ready(context=9.0)  # the window is the whole picture
    inpaint(picture(), mask(), engine, Options(), source=source)
    (crop,) = first(engine).crops
    assert np.array_equal(crop.known, source & ~mask().hole)


def test_transparent_pixels_are_no_source():
    alpha = np.full(SIZE, 255, np.uint8)
    alpha[:, 50:55] = 0
    engine = ready(context=9.0)
    inpaint(picture(alpha=alpha), mask(), engine, Options())
    (crop,) = first(engine).crops
    assert np.array_equal(crop.known, (alpha > 0) & ~mask().hole)


def test_transparent_pixels_are_no_source_even_where_the_user_allows_them():
    alpha = np.full(SIZE, 255, np.uint8)
    alpha[:30] = 0
    engine = ready(context=9.0)
    inpaint(picture(alpha=alpha), mask(), engine, Options(), source=np.ones(SIZE, bool))
    (crop,) = first(engine).crops
    assert crop.hole.shape == SIZE
    assert crop.source is not None
    assert not crop.source[:30].any()
    assert crop.source[30:40].all()


def test_an_opaque_picture_bars_nothing():
    engine = ready()
    inpaint(picture(alpha=np.full(SIZE, 255, np.uint8)), mask(), engine, Options())
    assert first(engine).crops[0].source is None


# --- detail ------------------------------------------------------------------------------------------------------


def test_a_small_fill_guides_the_detail_with_its_own_pixels():
    engine, sharp = ready(Recording(grey=0.25), size=SMALL), ready(Recording(grey=0.75), guides=("image",), name="s")
    filled = inpaint(picture(), mask(), engine, Options(seed=3), sharp).picture.pixels
    (crop,) = first(sharp).crops
    assert crop.guide is not None
    assert crop.guide.kind == "image"
    middle = crop.guide.values[tuple(n // 2 for n in crop.guide.values.shape[:2])]
    assert middle == pytest.approx(0.25, abs=0.01)
    assert (filled[mask().hole] == round(0.75 * 255)).all()
    assert first(sharp).seeds == [3]


def test_the_guide_says_how_far_it_is_to_be_believed():
    engine, sharp = ready(Recording(confidence=0.25), size=SMALL), ready(guides=("image",), name="s")
    inpaint(picture(), mask(), engine, Options(), sharp)
    guide = first(sharp).crops[0].guide
    assert guide is not None
    assert guide.confidence is not None
    assert guide.confidence.shape == guide.values.shape[:2]
    assert guide.confidence[tuple(n // 2 for n in guide.confidence.shape)] == pytest.approx(0.25, abs=0.01)
    assert guide.confidence[0, 0] == pytest.approx(1)  # known


def test_a_fill_without_confidence_makes_a_guide_without():
    sharp = ready(guides=("image",), name="s")
    inpaint(picture(), mask(), ready(size=SMALL), Options(), sharp)
    guide = first(sharp).crops[0].guide
    assert guide is not None
    assert guide.confidence is None


def test_an_engine_that_takes_a_fill_as_its_guide_sharpens_its_own():
    engine = ready(guides=("image",), bytes_per_px=20000)
    result = inpaint(picture(), mask(), engine, Options(max_memory_bytes=64 << 20))
    assert result.plan.windows[0].scale < 1
    assert [crop.guide is None for crop in first(engine).crops] == [True] + [False] * (len(first(engine).crops) - 1)
    assert len(first(engine).crops) > 1


def test_never_means_never():
    engine, sharp = ready(size=SMALL), ready(guides=("image",), name="s")
    inpaint(picture(), mask(), engine, Options(texture="never"), sharp)
    assert first(sharp).crops == []


# --- colours -----------------------------------------------------------------------------------------------------


def wide_gamut() -> bytes:
    """A profile that is not sRGB: L*a*b* is none for RGB, so a display profile with another white is made."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB", 5000)).tobytes()


def test_a_network_that_knows_srgb_gets_srgb(monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[Any, str]] = []

    def codec(photo: Picture, colour: str) -> Any:
        from freefill.images.profile import OwnColours

        asked.append((photo.extras.icc, colour))
        return OwnColours(photo)

    monkeypatch.setattr("freefill.inpainting.colour_codec", codec)
    photo = picture(extras=Extras(icc=wide_gamut()))
    inpaint(photo, mask(), ready(colour="srgb"), Options())
    inpaint(photo, mask(), ready(colour="own"), Options())
    assert asked == [(photo.extras.icc, "srgb"), (photo.extras.icc, "own")]


# --- what is said ------------------------------------------------------------------------------------------------


def test_notes_of_mask_plan_engine_and_detail_come_in_order_and_once():
    engine = ready(Recording(notes=("fill", "both")), size=SMALL)
    sharp = ready(Recording(notes=("detail", "both")), guides=("image",), name="s")
    notes = inpaint(picture(), mask(notes=("mask",)), engine, Options(), sharp).notes
    assert notes[0] == "mask"
    assert "smaller scale" in notes[1]
    assert notes[2:] == ("detail", "both", "fill")


@pytest.mark.parametrize(
    ("bits", "dtype", "said"), [(8, np.uint16, True), (8, np.uint8, False), (16, np.uint16, False)]
)
def test_a_fill_of_fewer_bits_than_the_picture_is_said(bits: int, dtype: type, said: bool):
    notes = inpaint(picture(dtype), mask(), ready(bits=bits), Options()).notes
    assert notes == (("engine 'recording' works in 8 bits: the fill has 256 levels",) if said else ())


def test_an_empty_mask_changes_nothing_and_asks_nobody():
    engine, photo = ready(), picture()
    result = inpaint(photo, Mask(np.zeros(SIZE, bool), notes=("from the mask",)), engine, Options())
    assert result.picture is photo
    assert first(engine).crops == []
    assert result.notes == ("from the mask", "the mask is empty, so the picture is unchanged; white is what should go")


def test_stages_are_named_by_their_window_where_there_are_several():
    stage = np.zeros((2, 2, 3), np.float32)
    one = inpaint(picture(), mask(), ready(Recording(stages={"coarse": stage})), Options())
    two = inpaint(
        picture(), mask((5, 5, 4, 4), (100, 140, 4, 4)), ready(Recording(stages={"coarse": stage})), Options()
    )
    assert set(one.stages) == {"coarse"}
    assert set(two.stages) == {"window1-coarse", "window2-coarse"}


def test_the_weights_are_named():
    assert inpaint(picture(), mask(), ready(Recording(weights_sha256="ab")), Options()).weights_sha256 == "ab"


def test_what_was_transparent_and_filled_is_opaque_and_else_alpha_stays():
    alpha = np.full(SIZE, 200, np.uint8)
    alpha[40:80, 60:100] = 0
    photo = picture(alpha=alpha)
    own = inpaint(photo, mask(own_alpha=True), ready(), Options()).picture.alpha
    other = inpaint(photo, mask(), ready(), Options()).picture.alpha
    assert own is not None
    assert (own[40:80, 60:100] == 255).all()
    assert (own[~mask().hole] == 200).all()
    assert other is not None
    assert np.array_equal(other, alpha)


# --- progress ----------------------------------------------------------------------------------------------------


def test_progress_tells_every_part_of_every_window_and_ends_at_one():
    told: list[Progress] = []
    inpaint(picture(), mask((5, 5, 4, 4), (100, 140, 4, 12)), ready(), Options(), progress=told.append)
    assert [(step.part, step.window) for step in told] == [
        ("plan", 0), ("cut", 1), ("fill", 1), ("paste", 1), ("cut", 2), ("fill", 2), ("paste", 2),
    ]  # fmt: skip
    assert [step.share for step in told] == [0, 0, 0.25, 0.25, 0.25, 1, 1]
    assert {step.windows for step in told} == {2}


def test_progress_tells_the_detail_too():
    told: list[Progress] = []
    sharp = ready(guides=("image",), name="s")
    inpaint(picture(), mask(), ready(size=SMALL), Options(), sharp, progress=told.append)
    assert [step.part for step in told] == ["plan", "cut", "fill", "detail", "paste"]
    assert told[-1].share == 1


def test_what_progress_raises_ends_the_fill():
    class Enough(Exception):
        pass

    def stop(step: Progress) -> None:
        if step.part == "cut":
            raise Enough

    engine = ready()
    with pytest.raises(Enough):
        inpaint(picture(), mask(), engine, Options(), progress=stop)
    assert first(engine).crops == []


def test_every_part_is_timed():
    seconds = inpaint(picture(), mask(), ready(), Options()).seconds
    assert set(seconds) == {"plan", "cut", "fill", "detail", "paste"}
    assert 0 < seconds["fill"] < 60
    assert seconds["detail"] == 0


def test_a_hole_of_one_pixel_is_wholly_done_in_the_end():
    told: list[Progress] = []
    inpaint(picture(), mask((50, 50, 1, 1)), ready(), Options(), progress=told.append)
    assert told[-1].share == 1


# --- pixels without a number -------------------------------------------------------------------------------------


def unknown(*box: int) -> np.ndarray:
    out = np.zeros(SIZE, bool)
    out[box[0] : box[0] + box[2], box[1] : box[1] + box[3]] = True
    return out


def test_pixels_without_a_number_are_no_source_and_outside_the_hole_they_are_counted():
    engine = ready(context=9.0)
    gaps = unknown(30, 60, 20, 40)  # the lower half lies in the hole
    result = inpaint(picture(extras=Extras(unknown=gaps)), mask(), engine, Options())
    assert result.notes == (
        "400 px outside the hole hold no number (NaN): they stay so, and nothing is copied from them",
    )
    assert np.array_equal(first(engine).crops[0].known, ~gaps & ~mask().hole)
    assert np.array_equal(result.picture.extras.unknown, gaps & ~mask().hole)  # type: ignore[arg-type]


def test_nothing_is_said_of_pixels_without_a_number_that_are_filled():
    assert inpaint(picture(extras=Extras(unknown=unknown(45, 65, 5, 5))), mask(), ready(), Options()).notes == ()


# --- growing -----------------------------------------------------------------------------------------------------


def grown(grow: Length, feather: Length = Length()) -> Any:  # noqa: B008 (frozen)
    return prepare(picture(), mask(), ready(), Options(grow=grow, feather=feather))


def test_the_hole_grows_and_the_core_stays_behind_by_the_feather():
    final, core, plan = grown(Length(6), Length(4))
    assert final.hole[40 - 6, 80]
    assert not final.hole[40 - 7, 80]
    assert core[40 - 2, 80]
    assert not core[40 - 3, 80]
    assert (plan.grow_px, plan.feather_px) == (6, 4)
    assert plan.hole_px == final.hole.sum()


def test_a_feather_of_one_pixel_leaves_a_ring_of_one():
    final, core, plan = grown(Length(3), Length(1))
    assert plan.feather_px == 1
    assert final.hole[40 - 3, 80]
    assert not core[40 - 3, 80]
    assert core[40 - 2, 80]


def test_percent_are_of_the_object():
    assert grown(Length(10, "%"))[2].grow_px == 4  # the root of its area is 40 px


def test_a_feather_wider_than_the_ring_is_cut_and_said():
    _, core, plan = grown(Length(2), Length(5))
    assert plan.feather_px == 2
    assert np.array_equal(core, mask().hole)
    assert "5 px cut to 2 px" in plan.notes[0]


def test_nothing_grows_by_itself():
    final, core, plan = grown(Length())
    assert np.array_equal(final.hole, mask().hole)
    assert core is final.hole or np.array_equal(core, final.hole)
    assert (plan.grow_px, plan.feather_px, plan.notes) == (0, 0, ())


def test_a_mask_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(InputError, match="picture is 160x120, mask 9x7; pass --mask-fit scale"):
        inpaint(picture(), Mask(np.ones((7, 9), bool)), ready(), Options())


def test_the_mask_that_comes_out_is_the_one_that_was_filled():
    result = inpaint(picture(), mask(source="m.png"), ready(), Options(grow=Length(3)))
    assert result.mask.hole.sum() == result.plan.hole_px > mask().hole.sum()
    assert result.mask.source == "m.png"
    assert replace(result.mask, hole=mask().hole).notes == ()


def test_a_feather_without_a_grown_ring_is_cut_to_nothing():
    _, core, plan = grown(Length(0.0), Length(1.0))
    assert plan.feather_px == 0
    assert np.array_equal(core, mask().hole)


def test_a_feather_as_wide_as_the_ring_is_no_news():
    assert grown(Length(3.0), Length(3.0))[2].notes == ()


def test_what_is_almost_transparent_may_be_copied_from():
    alpha = np.full(SIZE, 255, np.uint8)
    alpha[:20], alpha[100:] = 0, 1
    engine = ready(context=9.0)
    inpaint(picture(alpha=alpha), mask(), engine, Options())
    known = first(engine).crops[0].known
    assert known[100:].all()
    assert not known[:20].any()
