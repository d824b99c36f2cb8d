"""What users have becomes a picture, a mask, and where may be copied from; all else is refused in one line."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import freefill
from freefill.errors import InputError, NothingFoundError
from freefill.inputs import as_picture, mask_for, mask_picture, sketch_for, sources
from freefill.request import MaskOptions, Request, Shape, in_python
from freefill.values import Extras, Mask, Picture

torch = pytest.importorskip("torch")

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
PHOTO = Picture(PIXELS, source="photo")


def hole_of(*box: int) -> np.ndarray:
    hole = np.zeros((30, 40), bool)
    top, left, height, width = box
    hole[top : top + height, left : left + width] = True
    return hole


A, B = hole_of(5, 5, 4, 6), hole_of(20, 20, 5, 5)


def png(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


# --- pictures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        PIXELS, png(PIXELS), bytearray(png(PIXELS)), memoryview(png(PIXELS)), io.BytesIO(png(PIXELS)),
        Image.fromarray(PIXELS), torch.from_numpy(PIXELS.copy()).permute(2, 0, 1),
        torch.from_numpy(PIXELS.copy()).permute(2, 0, 1)[None], Picture(PIXELS),
    ],
    ids=["array", "bytes", "bytearray", "memoryview", "stream", "pillow", "tensor", "tensor of one", "picture"],
)  # fmt: skip
def test_whatever_holds_a_picture_is_taken(given: Any):
    assert np.array_equal(as_picture(given).pixels, PIXELS)


def test_a_path_is_taken_as_text_and_as_path(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(png(PIXELS))
    assert np.array_equal(as_picture(path).pixels, PIXELS)
    assert as_picture(str(path)).source == str(path)


@pytest.mark.parametrize(
    ("given", "named"),
    [(None, "None is not"), (3, "a int"), ([[1, 2]], "a list"), ({}, "a dict"), (object(), "a object")],
)
def test_what_holds_no_picture_is_refused_by_name(given: Any, named: str):
    with pytest.raises(InputError, match=f"{named}.*give a path, a file object, bytes"):
        as_picture(given)
    if given is not None:
        with pytest.raises(InputError, match=f"{named}.*is not a mask"):
            mask_for(given, PHOTO)


def test_several_tensors_are_sent_to_fill_batch():
    with pytest.raises(InputError, match="2 pictures: fill them with"):
        as_picture(torch.zeros(2, 3, 4, 4))


@pytest.mark.parametrize("tensor", [torch.zeros(3, 4, 4, device="meta"), torch.zeros(3, 4, 4).to_sparse()])
def test_a_tensor_without_numbers_is_refused(tensor: Any):
    with pytest.raises(InputError, match="holds no picture"):
        as_picture(tensor)


@pytest.mark.parametrize("kind", ["bytes", "stream", "path"])
def test_a_picture_that_is_too_large_is_refused(tmp_path: Path, kind: str):
    (tmp_path / "a.png").write_bytes(png(PIXELS))
    given = {"bytes": png(PIXELS), "stream": io.BytesIO(png(PIXELS)), "path": tmp_path / "a.png"}[kind]
    with pytest.raises(InputError, match="megapixels"):
        as_picture(given, max_mpx=0.001)


def test_a_tensor_says_that_it_was_one():
    assert as_picture(torch.zeros(3, 4, 4)).source == "tensor"


def test_what_is_only_called_a_tensor_is_none():
    with pytest.raises(InputError, match="a Tensor is not a picture"):
        as_picture(type("Tensor", (), {})())


# --- masks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", [A, A.astype(np.uint8) * 255, png(A), Image.fromarray(A), torch.from_numpy(A), torch.from_numpy(A)[None],
              torch.from_numpy(A)[None, None], Mask(A)],
    ids=["bool", "levels", "bytes", "pillow", "tensor", "tensor of one channel", "batch of one", "mask"],
)  # fmt: skip
@pytest.mark.parametrize("invert", [False, True])
def test_a_mask_of_any_kind_is_read_and_may_be_inverted(given: Any, invert: bool):
    assert np.array_equal(mask_for(given, PHOTO, MaskOptions(invert=invert)).hole, A ^ invert)


def test_the_pictures_own_alpha_is_a_word():
    photo = Picture(PIXELS, np.where(A, 0, 255).astype(np.uint8))
    made = mask_for("alpha", photo)
    assert made.own_alpha
    assert np.array_equal(made.hole, A)
    assert np.array_equal(mask_for("alpha", photo, MaskOptions(invert=True)).hole, ~A)


def test_a_file_named_like_a_word_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("people").write_bytes(png(B))
    assert np.array_equal(mask_for("people", PHOTO).hole, B)


@pytest.mark.parametrize(("typed", "meant"), [("peple", "people"), ("txet", "text"), ("Salient", "salient")])
def test_a_word_that_is_nearly_one_of_ours_is_told_so(typed: str, meant: str):
    with pytest.raises(InputError, match=f"neither a file nor a word; did you mean '{meant}'"):
        mask_for(typed, PHOTO)


def test_a_mask_of_another_size_is_scaled_where_that_is_allowed():
    small = np.zeros((15, 20), bool)
    small[5:8, 5:10] = True
    with pytest.raises(InputError, match="picture is 40x30, mask 20x15"):
        mask_for(small, PHOTO)
    assert mask_for(small, PHOTO, MaskOptions(mask_fit="scale")).hole[10:16, 10:20].all()


def test_the_channel_of_the_mask_is_the_one_asked_for():
    grey = np.dstack([np.where(A, 255, 0), np.where(B, 255, 0)]).astype(np.uint8)
    image = Image.merge("LA", [Image.fromarray(grey[..., n]) for n in (0, 1)])
    assert np.array_equal(mask_for(image, PHOTO, MaskOptions(mask_channel="grey")).hole, A)
    assert np.array_equal(mask_for(image, PHOTO, MaskOptions(mask_channel="opaque")).hole, B)


def test_refining_is_asked_only_where_it_is_wished(monkeypatch: pytest.MonkeyPatch):
    asked: list[Any] = []

    def refined(mask: Mask, image: Any, prior: str) -> tuple[Mask, None]:
        asked.append((image.dtype, image.shape, prior))
        return Mask(mask.hole | B), None

    monkeypatch.setattr("freefill.detectors.refining.refined_mask", refined)
    assert np.array_equal(mask_for(A, PHOTO).hole, A)
    assert not asked
    assert np.array_equal(mask_for(A, PHOTO, MaskOptions(refine=True, prior="none")).hole, A | B)
    assert asked == [(np.float32, (30, 40, 3), "none")]
    mask_for(np.zeros_like(A), PHOTO, MaskOptions(refine=True))
    assert len(asked) == 1  # nothing to refine


def test_shapes_and_more_masks_are_added_and_others_taken_out():
    stays = hole_of(5, 5, 4, 2)
    made = mask_for(A, PHOTO, MaskOptions(shapes=("box:20,20,5,5",), also=(hole_of(0, 0, 2, 2),), without=(stays,)))  # type: ignore[arg-type]
    assert np.array_equal(made.hole, (A | B | hole_of(0, 0, 2, 2)) & ~stays)


def test_inverting_is_for_the_mask_alone():
    made = mask_for(~A, PHOTO, MaskOptions(invert=True, also=(B,), without=(hole_of(5, 5, 1, 1),)))
    assert np.array_equal(made.hole, (A | B) & ~hole_of(5, 5, 1, 1))


def test_more_masks_and_those_that_stay_are_scaled_too_and_tell_it():
    half = np.zeros((15, 20), bool)
    half[10:12, 10:12] = True
    scale = MaskOptions(mask_fit="scale", also=(half,), without=(half,))
    made = mask_for(A, PHOTO, scale)
    assert np.array_equal(made.hole, A)
    assert made.notes == ("the mask was scaled from 20x15 to 40x30",) * 2


def test_the_channel_asked_for_is_that_of_all_masks():
    grey = np.dstack([np.where(A, 255, 0), np.where(B, 255, 0)]).astype(np.uint8)
    image = Image.merge("LA", [Image.fromarray(grey[..., n]) for n in (0, 1)])
    made = mask_for(A, PHOTO, MaskOptions(mask_channel="opaque", also=(image,)))
    assert np.array_equal(made.hole, A | B)


def test_a_mask_drawn_on_the_picture_as_its_file_holds_it_is_turned_with_it():
    photo = Picture(PIXELS, extras=Extras(orientation=6))
    made = mask_for(np.rot90(A), photo)
    assert np.array_equal(made.hole, A)
    assert "turned with it" in made.notes[0]


def test_shapes_need_no_mask():
    assert np.array_equal(mask_for(None, PHOTO, MaskOptions(shapes=("box:20,20,5,5",))).hole, B)  # type: ignore[arg-type]


def test_nothing_to_remove_is_told_with_the_ways_to_say_it():
    with pytest.raises(InputError, match=r"photo: what is to be removed\?.*--box"):
        mask_for(None, PHOTO)


def finding(monkeypatch: pytest.MonkeyPatch, hole: np.ndarray) -> None:
    monkeypatch.setattr("freefill.detectors.source.mask_of_word", lambda word, picture, score=None: Mask(hole, word))


def test_nobody_there_is_an_error_with_a_way_out(monkeypatch: pytest.MonkeyPatch):
    finding(monkeypatch, np.zeros_like(A))
    with pytest.raises(
        NothingFoundError, match="photo: no people found; a lower --score finds more, or mark the place with --box"
    ):
        mask_for("people", PHOTO)
    with pytest.raises(NothingFoundError, match="no people and no text found"):
        mask_for("people", PHOTO, MaskOptions(also=("text",)))


def test_nobody_there_is_no_error_where_something_else_is_masked(monkeypatch: pytest.MonkeyPatch):
    finding(monkeypatch, np.zeros_like(A))
    assert np.array_equal(mask_for(B, PHOTO, MaskOptions(also=("people",))).hole, B)
    assert not mask_for(np.zeros_like(A), PHOTO, MaskOptions(also=("people",))).hole.any()


def test_somebody_there_is_masked(monkeypatch: pytest.MonkeyPatch):
    finding(monkeypatch, A)
    assert np.array_equal(mask_for("people", PHOTO).hole, A)


def test_a_mask_is_written_as_one_bit():
    shown = mask_picture(Mask(A))
    assert shown.extras.mode == "1"
    assert np.array_equal(shown.pixels[..., 0], np.where(A, 255, 0))
    assert mask_picture(Mask(A, "m.png")).source == "m.png"


# --- where may be copied from ------------------------------------------------------------------------------------


def test_everything_may_be_copied_from_by_itself():
    assert sources(PHOTO, Request()) is None


@pytest.mark.parametrize(
    ("wishes", "allowed"),
    [({"source": A}, A), ({"not_from": A}, ~A), ({"source": A | B, "not_from": B}, A)],
    ids=["source", "not from", "both"],
)
def test_sources_are_what_is_allowed_without_what_is_barred(wishes: dict[str, Any], allowed: np.ndarray):
    found = sources(PHOTO, Request(**wishes))
    assert found is not None
    assert np.array_equal(found, allowed)


def test_sources_of_another_size_are_scaled_where_that_is_allowed():
    half = np.zeros((15, 20), bool)
    half[:, 10:] = True
    found = sources(PHOTO, Request(source=half, not_from=half[:, ::-1], mask_fit="scale"))
    assert found is not None
    assert found[:, 25:].all()
    assert not found[:, :15].any()
    with pytest.raises(InputError, match="mask 20x15"):
        sources(PHOTO, Request(source=half))


def test_nothing_left_to_copy_is_refused(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(png(A))
    with pytest.raises(InputError, match=r"a\.png: nothing is left to copy from"):
        sources(PHOTO, Request(source=str(path), not_from=A))


# --- sketches ----------------------------------------------------------------------------------------------------


def test_a_sketch_is_read_as_lines_white_on_black(tmp_path: Path):
    lines = np.zeros(A.shape, bool)
    lines[10, 5:30] = True
    (tmp_path / "s.png").write_bytes(png(lines))
    for given in (lines, tmp_path / "s.png"):
        found = sketch_for(PHOTO, Request(sketch=given))
        assert found is not None
        assert np.array_equal(found, lines)
    assert sketch_for(PHOTO, Request()) is None


def test_a_sketch_may_be_white_by_half():
    lines = np.zeros(A.shape, bool)
    lines[: A.shape[0] // 2] = True
    found = sketch_for(PHOTO, Request(sketch=lines))
    assert found is not None
    assert found.mean() == 0.5


@pytest.mark.parametrize(
    ("sketch", "said"),
    [
        (~np.eye(30, 40, dtype=bool), "white lines on black"),
        ("people", "is no file"),
        (np.eye(15, 20, dtype=bool), "mask 20x15"),
    ],
    ids=["inverted", "a word", "another size"],
)
def test_what_is_no_sketch_is_refused(sketch: Any, said: str):
    with pytest.raises(InputError, match=said):
        sketch_for(PHOTO, Request(sketch=sketch))


# --- shapes and wishes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "px"),
    [
        ("box:10,5,4,3", 12), ("box:25%,0,50%,10%", 60), ("circle:20,15,5", 80), ("line:0,10,40,10,2", 80),
        ("polygon:0,0,10,0,10,10,0,10", 100), ("box: -5, -5, 10, 10", 25),
    ],
)  # fmt: skip
def test_a_shape_covers_what_its_numbers_say(text: str, px: int):
    made = mask_for(None, PHOTO, MaskOptions(shapes=(text,)))  # type: ignore[arg-type]
    assert made.hole.sum() == pytest.approx(px, abs=0 if "box" in text or "polygon" in text else 6)


def test_a_box_lies_where_it_was_said():
    made = mask_for(None, PHOTO, MaskOptions(shapes=("box:10,5,4,3",)))  # type: ignore[arg-type]
    assert np.array_equal(made.hole, hole_of(5, 10, 3, 4))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("boks:1,2,3,4", "did you mean 'box'"), ("box:1,2,3", "write X,Y,W,H"), ("box:a,2,3,4", "write X,Y,W,H"),
        ("polygon:1,2,3,4", "X3,Y3"), ("polygon:1,2,3,4,5,6,7", "X3,Y3"), ("box:1,2,0,4", "covers nothing"),
        ("circle:1,2,-3", "covers nothing"), ("line:1,2,3,4,0", "covers nothing"), ("box:nan,2,3,4", "write X,Y,W,H"),
        ("box:inf,2,3,4", "write X,Y,W,H"), ("box:100,100,5,5", "lies outside the picture, which is 40x30"),
    ],
)  # fmt: skip
def test_a_shape_that_is_none_is_refused_with_the_right_form(text: str, said: str):
    with pytest.raises(InputError, match=said):
        mask_for(None, PHOTO, MaskOptions(shapes=(text,)))  # type: ignore[arg-type]


def test_a_shape_reads_alike_with_and_without_its_kind():
    assert Shape.parse("1,2,3,4", "box") == Shape.parse("box:1,2,3,4")


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"grow": None}, "None is not a length"), ({"feather": -1}, "must not be negative"),
        ({"grow": "x"}, "12px or 5%"),
        ({"grow": True}, "True is not a length"), ({"seed": -1}, "seed must be"), ({"seed": 1.5}, "seed must be"),
        ({"seed": None}, "seed must be"), ({"texture": "allways"}, "did you mean 'always'"),
        ({"mask_fit": None}, "mask_fit None is not known"), ({"invert": "yes"}, "invert must be True or False"),
        ({"engine": None}, "engine must be a name"), ({"max_memory_bytes": 1}, "at least 64MB"),
        ({"shapes": (3,)}, "3 is not a shape"), ({"precision": "fp8"}, "precision 'fp8' is not known"),
        ({"device": 3}, "device"), ({"max_mpx": 0}, "max_mpx"),
        ({"score": 1.5}, "score must be a number between 0 and 1"),
        ({"score": True}, "score must be"), ({"weights": 3}, "weights"),
    ],
)  # fmt: skip
def test_a_wish_that_is_none_is_refused_at_once(wishes: dict[str, Any], said: str):
    with pytest.raises(InputError, match=said):
        Request(**wishes)


def test_what_is_refined_or_filled_alone_refuses_what_is_no_choice_as_well():
    with pytest.raises(InputError, match="prior 'persons' is not known"):
        MaskOptions(prior="persons")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="must be a number between 0 and 1, not 0"):
        MaskOptions(score=0)


def test_weights_named_by_a_path_are_their_name():
    assert Request(weights=Path("w.pth")).weights == "w.pth"  # type: ignore[arg-type]


def test_a_small_picture_may_be_the_limit():
    assert Request(max_mpx=0.5).max_mpx == 0.5


def test_a_triangle_is_a_polygon_and_a_thin_box_a_box():
    assert Shape.parse("polygon:1,2,3,4,5,6").kind == "polygon"
    assert Shape.parse("box:0,0,0.5,9").numbers == (0.0, 0.0, 0.5, 9.0)


def test_no_limit_of_size_is_not_said_by_none():
    with pytest.raises(InputError, match="max_mpx"):
        Request(max_mpx=None)  # type: ignore[arg-type]


def test_one_mask_is_as_good_as_a_list_of_one():
    assert Request(also="a.png").also == ("a.png",)  # type: ignore[arg-type]
    assert len(Request(shapes="box:1,2,3,4").shapes) == 1  # type: ignore[arg-type]


def test_a_request_names_the_files_that_are_to_be_watched():
    request = Request(
        source="s.png", not_from=Path("n.png"), sketch="k.png", also=("people", "a.png", A), without=("w.png",)
    )
    assert request.files() == {
        "source": "s.png",
        "not_from": "n.png",
        "sketch": "k.png",
        "also 1": "a.png",
        "without 0": "w.png",
    }


@pytest.mark.parametrize(
    ("said", "python"),
    [
        ("pass --mask-fit scale, or draw", "pass mask_fit='scale', or draw"),
        ("pass --invert if yours", "pass invert=True if yours"),
        ("use --engine texture", "use engine='texture'"),
        ("--grow 2 or more takes", "grow=2 or more takes"),
        ("smaller --max-memory may help", "smaller max_memory_bytes may help"),
        ("run: freefill weights fetch --all", "run: freefill weights fetch --all"),
        ("fewer --jobs", "fewer --jobs"),
    ],
)
def test_errors_of_the_library_speak_python(said: str, python: str):
    assert in_python(said) == python


def test_the_library_translates_errors_and_notes():
    with pytest.raises(InputError, match="pass mask_fit='scale'"):
        freefill.inpaint(PIXELS, np.ones((3, 3), bool))


def test_an_option_without_a_value_is_an_argument_without_one():
    assert (
        in_python("not enough memory; lower --max-memory, or wait")
        == "not enough memory; lower max_memory_bytes, or wait"
    )
