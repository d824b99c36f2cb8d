"""freefill mask people, salient, text, grabcut, with tiny networks; inpaint by word."""

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from freefill.cli.main import main
from freefill.detectors import at_mask, nanodet
from freefill.detectors.people_mask import ROUGHER
from freefill.masks.refining.settings import DEFAULT


def call(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    out = capsys.readouterr()
    code = ended.value.code
    return code if isinstance(code, int) else 0 if code is None else 1, out.out, out.err


def copy(path, target) -> None:
    with Image.open(path) as image:
        image.save(target)


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


@pytest.fixture(autouse=True)
def _nobody_is_taken_for_text(monkeypatch):
    """To the tiny networks a bright thing is a person and a row of text at once."""
    monkeypatch.setattr("freefill.detectors.living.SAME", 2.0)


def hole(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("L")) > 127


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """photo.png: a bright square on a dark noisy ground."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    pixels = np.random.default_rng(0).integers(20, 40, (240, 300, 3), dtype=np.uint8)
    pixels[90:150, 120:180] = 245
    Image.fromarray(pixels).save("photo.png")
    return folder


@pytest.mark.parametrize("word", ["people", "salient", "text"])
def test_the_thing_is_masked(models, photo, capsys, word):
    code, out, err = call(capsys, "mask", word, "photo.png", "-o", "m.png")
    assert (code, out) == (0, "m.png\n")
    assert re.match(r"freefill: (people: \d+ persons, |salient thing: |text: 1 row, )\d\.\d % of the picture\n", err)
    inside = hole("m.png")[92:148, 122:178]
    assert inside.mean() > (0.9 if word != "text" else 0)  # a square has no strokes
    assert hole("m.png").mean() < 0.25


def test_json_tells_who_was_found_and_how_sure(models, photo, capsys):
    code, out, _ = call(capsys, "mask", "people", "photo.png", "-o", "m.png", "--json")
    told = json.loads(out)
    assert code == 0
    assert 0.03 < told["share"] < 0.2
    (person, *_) = told["persons"]
    left, top, width, height = person["box"]  # as --box takes it
    assert abs(left - 120) + abs(top - 90) + abs(width - 60) + abs(height - 60) < 40
    assert 0.5 < told["persons"][-1]["score"] <= person["score"] <= 1
    assert person["masked"] > 0.95
    assert (person["may_lack"], told["stay"], told["held"], told["added"]) == ([], [], [], {})


def test_a_folder_of_pictures(models, photo, capsys):
    Path("in/deep").mkdir(parents=True)
    copy("photo.png", "in/a.jpg")
    copy("photo.png", "in/deep/b.png")
    code, out, _ = call(capsys, "mask", "people", "in", "-o", "out")
    assert code == 0
    assert out.split() == [str(Path("out/a.png")), str(Path("out/deep/b.png"))]


def test_masks_can_be_grown_and_refined_at_once(models, photo, capsys):
    call(capsys, "mask", "people", "photo.png", "-o", "a.png")
    call(capsys, "mask", "people", "photo.png", "-o", "b.png", "--grow", "4px")
    call(capsys, "mask", "people", "photo.png", "-o", "c.png", "--refine")
    assert hole("b.png").sum() > hole("a.png").sum()
    assert hole("c.png").sum() > hole("a.png").sum()


@pytest.mark.parametrize("words", [(), ("--refine",), ("--attached",), ("--attached", "--refine", "--score", "0.4")])
def test_the_boxes_of_a_picture_are_looked_for_once(models, photo, capsys, monkeypatch, words):
    looks = []
    once = nanodet.find_kinds
    for module in (nanodet, at_mask):
        monkeypatch.setattr(module, "find_kinds", lambda *given, **named: looks.append(1) or once(*given, **named))
    assert call(capsys, "mask", "people", "photo.png", "-o", "a.png", *words)[0] == 0
    assert len(looks) == 1


def test_what_is_seen_once_for_all_makes_the_same_mask(models, photo, capsys):
    call(capsys, "mask", "people", "photo.png", "-o", "a.png")
    call(capsys, "mask", "people", "photo.png", "-o", "b.png", "--refine")
    rougher = f"thicken={ROUGHER * DEFAULT.thicken}"  # what networks draw is thickened more than what people draw
    call(capsys, "mask", "refine", "a.png", "-i", "photo.png", "-o", "c.png", "--set", rougher)
    assert np.array_equal(hole("b.png"), hole("c.png"))


def test_refining_says_what_it_asked_and_can_be_told_not_to(models, photo, capsys):
    mask = np.zeros((240, 300), np.uint8)
    mask[90:150, 120:165] = 255
    Image.fromarray(mask).save("m.png")
    code, _, err = call(capsys, "mask", "refine", "m.png", "-i", "photo.png", "-o", "a.png")
    assert (code, err.count("\n")) == (0, 1)
    assert "seen at the mask by nanodet, pose, selfie, u2netp" in err
    assert call(capsys, "mask", "refine", "m.png", "-i", "photo.png", "-o", "b.png", "--prior", "none")[2] == ""
    assert call(capsys, "inpaint", "photo.png", "m.png", "--refine", "--engine", "telea", "-o", "f.png")[2].count(
        "seen"
    )
    code = call(
        capsys, "inpaint", "photo.png", "m.png", "--refine", "--prior", "none", "--engine", "telea", "-o", "g.png"
    )
    assert "seen" not in code[2]


def test_refining_without_networks_goes_on_and_names_the_command(no_weights, photo, capsys):
    mask = np.zeros((240, 300), np.uint8)
    mask[90:150, 120:165] = 255
    Image.fromarray(mask).save("m.png")
    code, _, err = call(capsys, "mask", "refine", "m.png", "-i", "photo.png", "-o", "a.png")
    assert code == 0
    assert "run: freefill weights fetch people\n" in err
    code, _, err = call(capsys, "mask", "refine", "m.png", "-i", "photo.png", "-o", "b.png", "--prior", "people")
    assert (code, err.count("\n")) == (1, 1)


def test_people_take_along_what_they_hold(models, photo, capsys, monkeypatch):
    from freefill.detectors import at_mask, nanodet

    known = nanodet.find_kinds

    def with_a_ball(image, categories, **options):
        ball = nanodet.Found(np.array([[100.0, 175, 140, 215]]), np.array([0.8]))
        return known(image, categories, **options) | {"sports ball": ball}

    monkeypatch.setattr(at_mask, "find_kinds", with_a_ball)
    call(capsys, "mask", "people", "photo.png", "-o", "a.png")
    code, _, err = call(capsys, "mask", "people", "photo.png", "-o", "b.png", "--attached")
    assert code == 0
    assert err.endswith("freefill: taken along: sports ball\n")
    assert hole("b.png").sum() > hole("a.png").sum()


def test_nobody_in_the_only_picture_is_an_error_with_a_way_out(models, photo, capsys):
    Image.new("RGB", (64, 64)).save("night.png")
    code, _, err = call(capsys, "mask", "people", "night.png", "-o", "m.png")
    assert code == 1
    assert err.count("\n") == 1
    assert err.startswith("freefill: no people found in night.png; no mask is written: a lower --score")
    assert not Path("m.png").exists()


def test_pictures_without_people_are_counted_and_get_empty_masks(models, photo, capsys):
    Image.new("RGB", (64, 64)).save("night.png")
    code, _, err = call(capsys, "mask", "people", "night.png", "photo.png", "-o", "out")
    assert code == 0
    assert "1 of 2 pictures without people: their masks are empty" in err
    assert not hole("out/night.png").any()
    assert hole("out/photo.png").any()


def test_another_network_by_name_or_file(models, photo, capsys):
    assert call(capsys, "mask", "people", "photo.png", "-o", "a.png", "--weights", "u2net-human")[0] == 0
    assert call(capsys, "mask", "salient", "photo.png", "-o", "b.png", "--weights", models / "u2netp.onnx")[0] == 0
    assert np.array_equal(hole("a.png"), hole("b.png"))


def test_text_as_boxes_and_by_the_sensitive_network(models, photo, capsys):
    assert call(capsys, "mask", "text", "photo.png", "-o", "a.png", "--boxes")[0] == 0
    assert call(capsys, "mask", "text", "photo.png", "-o", "b.png", "--sensitive")[0] == 0


def test_clicks_by_mobile_sam(models, photo, capsys):
    code, _, _ = call(
        capsys, "mask", "grabcut", "photo.png", "--model", "mobile-sam", "--point", "250,100", "-o", "m.png"
    )
    assert code == 0
    assert hole("m.png").all()  # so the stand-in answers for a point in the right half


def test_grabcut_starts_from_what_stands_out(models, photo, capsys):
    code, _, _ = call(capsys, "mask", "grabcut", "photo.png", "--box", "90,60,120,120", "-o", "m.png")
    assert code == 0
    assert hole("m.png").sum() == pytest.approx(3600, rel=0.05)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("people",), "people"),
        (("salient",), "u2netp"),
        (("text",), "text"),
        (("text", "--sensitive"), "text-sensitive"),
        (("people", "--weights", "u2net-human"), "u2net-human"),
    ],
)
def test_missing_networks_are_one_line_with_the_command(no_weights, photo, capsys, words, names):
    code, out, err = call(capsys, "mask", words[0], "photo.png", *words[1:])
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert err.endswith(f"run: freefill weights fetch {names}\n") or "--weights" in words
    assert [path.name for path in Path().iterdir()] == ["photo.png"]


def test_inpaint_takes_the_word_for_a_mask(models, photo, capsys):
    code, _, _ = call(capsys, "inpaint", "-i", "photo.png", "-m", "people", "--engine", "telea", "-o", "filled.png")
    assert code == 0
    filled, before = pixels("filled.png"), pixels("photo.png")
    assert filled[120, 150].max() < 100
    assert np.array_equal(filled[:60], before[:60])


def test_batch_takes_the_word_and_names_what_is_missing(no_weights, photo, capsys):
    """Its workers are processes of their own, in which there are no stand-ins."""
    Path("in").mkdir()
    copy("photo.png", "in/a.png")
    code, _, err = call(capsys, "batch", "in", "people", "-o", "out", "--engine", "telea")
    assert code == 3
    assert "run: freefill weights fetch people" in err


def test_extra_and_weights_that_are_missing_are_one_message_with_one_command(no_weights, photo, capsys, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "onnxruntime" else found(name))
    code, _, err = call(capsys, "inpaint", "photo.png", "people")
    assert (code, err.count("\n")) == (1, 1)
    assert "needs the extra 'detect' and weights" in err
    assert err.endswith("run: pip install 'freefill[detect]' && freefill weights fetch people\n")


def test_grabcut_goes_on_without_its_network_and_says_so(no_weights, photo, capsys):
    code, _, err = call(capsys, "mask", "grabcut", "photo.png", "--box", "90,60,120,120", "-o", "m.png")
    assert code == 0
    assert "cut out by colours alone" in err
    assert "run: freefill weights fetch u2netp" in err
    assert hole("m.png").sum() == pytest.approx(3600, rel=0.1)


def test_grabcut_goes_on_where_its_network_is_damaged(models, photo, capsys, monkeypatch):
    from freefill.detectors import salient
    from freefill.errors import WeightsError

    def damaged(*given: object, **named: object) -> None:
        raise WeightsError("u2netp.onnx: not an ONNX model")

    monkeypatch.setattr(salient, "probabilities", damaged)
    code, _, err = call(capsys, "mask", "grabcut", "photo.png", "--box", "90,60,120,120", "-o", "m.png")
    assert code == 0
    assert "cut out by colours alone: u2netp.onnx: not an ONNX model" in err
    assert call(capsys, "mask", "grabcut", "photo.png", "--box", "90,60,120,120", "--prior", "salient")[0] == 1
