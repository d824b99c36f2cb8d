"""The study over a small COCO folder with real files: what is made, resumed, said, and shown."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from freefill.cli.main import main as run
from freefill.errors import InputError
from freefill.images.read import read_picture
from freefill.masks.coco import read_coco
from freefill.running.task import Done
from freefill.study import masks as study_masks
from freefill.study import run as study_run
from freefill.study.masks import fixed_disc
from freefill.study.numbers import numbers_of
from freefill.values import Mask


@pytest.fixture
def coco(tmp_path, monkeypatch) -> Path:
    """Two pictures of 96 x 72 with a person, and masks as the old study saved them: 224 x 224, two colours."""
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "no-weights"))
    folder, predicted = tmp_path / "coco", tmp_path / "predicted"
    (folder / "images").mkdir(parents=True)
    predicted.mkdir()
    rng = np.random.default_rng(0)
    outline = [40, 20, 56, 20, 56, 60, 40, 60]
    pictures, things = [], []
    for number in (1, 2):
        cols = np.mgrid[:72, :96][1]
        wave = 120 + 40 * np.sin(cols / 5 + number) + rng.normal(0, 4, (72, 96))
        image = Image.fromarray(np.clip(np.stack([wave, wave, wave * 0.8], 2), 0, 255).astype(np.uint8))
        ImageDraw.Draw(image).polygon(outline, fill=(200, 40, 40))
        image.save(folder / "images" / f"{number:012}.jpg")
        mask = Image.new("RGB", (224, 224), (68, 1, 84))
        ImageDraw.Draw(mask).rectangle((93, 62, 131, 187), fill=(253, 231, 37))
        mask.save(predicted / f"{number:012}.png")
        pictures.append({"id": number, "file_name": f"{number:012}.jpg", "width": 96, "height": 72})
        things.append({"id": number, "image_id": number, "category_id": 1, "iscrowd": 0, "area": 640,
                       "bbox": [40, 20, 16, 40], "segmentation": [outline]})  # fmt: skip
    data = {"images": pictures, "annotations": things, "categories": [{"id": 1, "name": "person"}]}
    (folder / "instances.json").write_text(json.dumps(data))
    return folder


def call(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        run([str(word) for word in words])
    code = ended.value.code
    return code if isinstance(code, int) else 1


def test_the_study_makes_a_page_that_needs_nothing_from_outside(coco, tmp_path, capsys):
    out = tmp_path / "out"
    assert call("study", coco, "-o", out, "--engine", "telea", "--predicted", tmp_path / "predicted") == 0
    assert capsys.readouterr().out.strip() == str(out / "index.html")
    page = (out / "index.html").read_text()
    assert not re.findall(r"""(?:src|href)=["']https?:""", page)
    assert page.count("<svg") == 2
    assert "annotated, refined" in page
    assert 'aria-label="How much of 000000000001 is shown as it was"' in page
    numbers = json.loads((out / "study.json").read_text())
    assert numbers["pictures"] == 2
    assert [way["masks"] for way in numbers["ways"]] == [
        "annotated", "annotated, refined", "predicted", "predicted, refined", "fixed disc",
    ]  # fmt: skip
    assert sum(numbers["ways"][0]["verdicts"].values()) == 2
    embedded = re.search(r'id="numbers">(.*?)</script>', page, re.S)
    assert embedded is not None
    assert json.loads(embedded.group(1)) == numbers
    before = (out / "index.html").read_bytes()
    done = (out / "cases.jsonl").read_text()
    assert call("study", coco, "-o", out, "--engine", "telea", "--predicted", tmp_path / "predicted") == 0
    assert (out / "cases.jsonl").read_text() == done
    assert (out / "index.html").read_bytes() == before


def test_a_picture_of_which_a_worker_died_is_named_and_tried_again(coco, tmp_path, monkeypatch):
    class Dies:
        def __init__(self, task): ...
        def __enter__(self):
            return self

        def __exit__(self, *exception): ...
        def run(self, items):
            yield from (Done(item, death="the worker was killed") for item in items)

    monkeypatch.setattr(study_run, "Here", Dies)
    study_run.study(coco, tmp_path / "out", engines=("telea",), predicted=tmp_path / "predicted")
    numbers = json.loads((tmp_path / "out" / "study.json").read_text())
    assert numbers["errors"] == [f"{number:012}, : the worker was killed" for number in (1, 2)]
    monkeypatch.undo()
    study_run.study(coco, tmp_path / "out", engines=("telea",), predicted=tmp_path / "predicted")
    numbers = json.loads((tmp_path / "out" / "study.json").read_text())
    assert numbers["pictures"] == 2
    assert not numbers["errors"]


@pytest.mark.parametrize("other", ["annotations", "predicted"])
def test_a_study_does_not_go_on_with_other_masks(other, coco, tmp_path):
    given = {"annotations": coco / "instances.json", "predicted": tmp_path / "predicted"}
    study_run.study(coco, tmp_path / "out", engines=("telea",), limit=1, **given)
    done = (tmp_path / "out" / "cases.jsonl").read_bytes()
    copied = tmp_path / "another"
    (shutil.copytree if given[other].is_dir() else shutil.copy)(given[other], copied)
    with pytest.raises(InputError, match=f"holds a run with other {other}"):
        study_run.study(coco, tmp_path / "out", engines=("telea",), limit=1, **given | {other: copied})
    assert (tmp_path / "out" / "cases.jsonl").read_bytes() == done


def test_persons_are_looked_for_once_though_two_kinds_of_masks_need_them(coco, monkeypatch):
    asked = []
    make = study_masks.mask_for

    def mask_for(mask, picture, options, max_mpx):
        if mask == "people":
            asked.append(options)
            hole = np.zeros(picture.size, bool)
            hole[20:60, 40:56] = True
            return Mask(hole)
        return make(mask, picture, options, max_mpx)

    monkeypatch.setattr(study_masks, "mask_for", mask_for)
    data = read_coco(coco / "instances.json")
    entry = data.pictures[0]
    made = study_masks.masks_of(read_picture(coco / "images" / entry.file), data, entry, None)
    assert len(asked) == 1
    plain, refined = made["predicted"], made["predicted, refined"]
    assert isinstance(plain, Mask)
    assert isinstance(refined, Mask)
    assert refined.hole[plain.hole].all()


def test_a_folder_without_annotations_is_one_line(tmp_path, capsys):
    assert call("study", tmp_path, "-o", tmp_path / "out") == 1
    said = capsys.readouterr().err.strip()
    assert "instances*.json" in said
    assert "\n" not in said


def test_the_fixed_disc_is_ten_pixels_of_224_wide():
    hole = np.zeros((448, 448), bool)
    hole[200:248, 200:248] = True
    grown = fixed_disc(hole)
    rows = np.flatnonzero(grown.any(axis=1))
    assert (rows[0], rows[-1]) == (180, 267)
    assert grown[hole].all()


def line(picture: int, masks: str, score: float) -> dict:
    return {
        "picture": str(picture),
        "masks": masks,
        "engine": "e",
        "score": score,
        "verdict": "good",
        "hole_share": 0.1,
        "seconds": 1.0,
        "findings": {"seam": score},
        "ground": "simple ground" if picture % 2 else "complex ground",
        "size": "small holes",
        "things": "people alone",
    }


def test_sentences_follow_the_numbers_both_ways():
    for sign, word in ((1, "worse"), (-1, "better")):
        lines = [line(n, "annotated", 0.5) for n in range(20)]
        lines += [line(n, "predicted", 0.5 + sign * (0.2 + n / 500)) for n in range(20)]
        said = numbers_of(lines)["sentences"][1]
        assert re.fullmatch(
            rf"Fills by 'predicted' masks score 0\.22 {word} \(95 % interval 0\.21 to 0\.22\) than those by "
            r"'annotated' masks \(20 pictures\)\.",
            said,
        )
    same = [line(n, masks, 0.5 + 0.01 * (n % 3)) for masks in ("annotated", "predicted") for n in range(20)]
    assert "No difference is seen" in numbers_of(same)["sentences"][1]


def test_the_first_sentence_says_by_which_masks_most_fills_are_good():
    lines = [line(n, "annotated", 0.1) for n in range(4)]
    lines += [line(n, "predicted", 0.1) | {"verdict": "good" if n else "bad"} for n in range(4)]
    expected = "Called good: 4 of 4 fills by 'annotated' masks, the most; 3 of 4 by 'predicted' masks, the fewest."
    assert numbers_of(lines)["sentences"][0] == expected
    assert numbers_of(lines[:4])["sentences"][0] == "Called good: 4 of 4 fills by 'annotated' masks."
    none = [each | {"verdict": "bad"} for each in lines]
    assert numbers_of(none)["sentences"][0] == "No fill is called good."


def test_masks_that_do_not_differ_share_a_sentence_and_engines_are_held_against_each_other():
    lines = [line(n, m, 0.3 + 0.01 * (n % 3)) for m in ("annotated", "predicted", "fixed disc") for n in range(20)]
    lines += [each | {"engine": "f", "score": each["score"] + 0.2 + int(each["picture"]) / 500} for each in lines]
    said = numbers_of(lines)["sentences"]
    assert "With e: no difference is seen between fills by 'predicted' and 'fixed disc' masks" in said[1]
    assert "With every kind of mask, f scores worse than e: +0.22 in the score (less is better)." in said


def test_a_picture_that_stands_in_many_cards_lies_in_the_page_once(coco, tmp_path):
    out = tmp_path / "out"
    assert call("study", coco, "-o", out, "--engine", "telea", "--predicted", tmp_path / "predicted", "-q") == 0
    page = (out / "index.html").read_text()
    held = json.loads(page.split('id="pictures">')[1].split("</script>")[0])
    assert page.count('data-name="000000000001.jpg"') == 5
    assert set(held) == {f"{path.name}" for path in (out / "pictures").iterdir()}


def test_few_pictures_are_called_few_and_one_engine_is_not_named_in_every_row(coco, tmp_path):
    out = tmp_path / "out"
    assert call("study", coco, "-o", out, "--engine", "telea", "--predicted", tmp_path / "predicted", "-q") == 0
    page = (out / "index.html").read_text()
    assert "Only 2 pictures:" in page
    assert "<summary>All, worst first: fixed disc</summary>" in page
    assert "Worst:" not in page
    assert '<th scope="row">fixed disc</th>' in page
    assert call("study", coco, "-o", out, "--engine", "telea", "--engine", "ns", "--predicted", tmp_path / "predicted",
                "-q") == 0  # fmt: skip
    assert '<th scope="row">fixed disc\N{NO-BREAK SPACE}· ns</th>' in (out / "index.html").read_text()


def test_nothing_is_said_of_groups_with_few_pictures():
    few = " ".join(numbers_of([line(n, "annotated", 0.1 * n) for n in range(9)])["sentences"])
    many = " ".join(numbers_of([line(n, "annotated", 0.01 * n) for n in range(40)])["sentences"])
    assert "simple ground" not in few
    assert "simple ground (20); no difference is seen" in many


def test_kinds_of_pictures_that_differ_are_said_to_differ():
    lines = [line(n, "annotated", 0.3 + 0.4 * (n % 2) + n / 1000) for n in range(40)]
    said = numbers_of(lines)["sentences"][-1]
    assert "simple ground (20); that is a difference (95 % interval of the difference: " in said


def test_a_page_explains_its_masks_and_failures_and_has_colours_for_the_night(coco, tmp_path):
    out = tmp_path / "out"
    assert call("study", coco, "-o", out, "--engine", "telea", "--predicted", tmp_path / "predicted", "-q") == 0
    page = (out / "index.html").read_text()
    for kind, what in study_masks.KINDS.items():
        assert f"<dt>{kind}</dt><dd>{what.replace(chr(39), '&#39;')}</dd>" in page
    assert "<dt>broken</dt><dd>lines break off at the hole</dd>" in page
    assert "prefers-color-scheme: dark" in page
    assert "#0102" not in page  # stand-ins of the plots
