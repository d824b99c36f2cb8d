"""freefill diagnose, inpaint --diagnose and --tries, through the command line on real files."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from faulty import with_fault

from freefill import inpaint
from freefill.cli.main import main as run
from freefill.diagnosis.diagnose import Diagnosis
from freefill.engines import registry
from freefill.images.read import read_picture
from freefill.inpainter import Inpainter
from freefill.tries import Try, _ranked, best_of, kept
from freefill.values import Mask, Options, Picture


def main(words: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        run(words)
    return ended.value.code  # type: ignore[return-value]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before, hole, after = with_fault("smudge")
    for name, image in (("photo", before), ("filled", after)):
        cv2.imwrite(f"{name}.png", np.rint(image[..., ::-1] * 255).astype(np.uint8))
    cv2.imwrite("mask.png", hole.astype(np.uint8) * 255)
    return tmp_path


def test_diagnose_names_the_failure_and_what_to_try(files, capsys):
    assert main(["diagnose", "photo.png", "mask.png", "filled.png"]) == 0
    said = capsys.readouterr().out
    assert "smudge" in said
    assert "--texture always" in said


def test_diagnose_prints_json_and_writes_a_map_of_the_pictures_size(files, capsys):
    assert main(["diagnose", "photo.png", "mask.png", "filled.png", "--json", "--map", "where.png"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {each["name"] for each in said["findings"]} >= {"smudge", "seam"}
    drawn = cv2.imread("where.png")
    assert drawn is not None
    where = drawn.astype(int)
    assert where.shape == (240, 320, 3)
    red = where[..., 2] - where[..., 0]
    assert red[100:140, 140:180].max() > red[:20].max() + 20


def test_a_result_of_another_size_is_one_line_and_exit_code_1(files, capsys):
    cv2.imwrite("small.png", np.zeros((20, 20, 3), np.uint8))
    assert main(["diagnose", "photo.png", "mask.png", "small.png"]) == 1
    said = capsys.readouterr().err.strip()
    assert "small.png" in said
    assert "\n" not in said


def test_inpaint_can_say_what_it_thinks_of_its_own_fill(files, capsys):
    assert main(["inpaint", "photo.png", "mask.png", "-o", "out.png", "--engine", "telea", "--diagnose", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["diagnosis"]["verdict"] in ("good", "doubtful", "bad")
    assert "0 = nothing to see" in said.err


def test_tries_keep_one_fill_and_write_all(files, capsys):
    command = [
        "inpaint",
        "photo.png",
        "mask.png",
        "-o",
        "out.png",
        "--engine",
        "telea",
        "--tries",
        "2",
        "--save-tries",
        "all",
    ]
    assert main(command) == 0
    assert "2 tries" in capsys.readouterr().err
    written = sorted(path.name for path in (files / "all").iterdir())
    assert len(written) == 2
    assert (cv2.imread("out.png") == cv2.imread(f"all/{written[0]}")).all()


def test_the_library_keeps_what_the_command_keeps_and_says_how_far_it_is(files):
    assert main(["inpaint", "photo.png", "mask.png", "-o", "out.png", "--engine", "telea", "--tries", "2"]) == 0
    shares = []
    result = inpaint("photo.png", "mask.png", engine="telea", tries=2, progress=lambda step: shares.append(step.share))
    assert (result.image == read_picture("out.png").pixels).all()
    assert result.notes[0].startswith("2 tries")
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert not any("tries" in note for note in inpaint("photo.png", "mask.png", engine="telea").notes)


def test_a_batch_takes_tries_from_the_command_line(files):
    assert main(["batch", "photo.png", "mask.png", "-o", "filled", "--engine", "telea", "--tries", "2", "-q"]) == 0
    assert "2 tries" in (files / "filled" / "freefill.jsonl").read_text()


def test_tries_differ_in_kind_and_are_the_same_twice():
    before, hole, _ = with_fault(None)
    picture, mask = Picture(np.rint(before * 255).astype(np.uint8)), Mask(hole)
    made = [best_of(picture, mask, Options(), Inpainter("telea"), 2) for _ in range(2)]
    assert [t.kind for t in made[0]] == [t.kind for t in made[1]]
    assert len({t.kind for t in made[0]}) == 2
    assert all((a.result.picture.pixels == b.result.picture.pixels).all() for a, b in zip(*made, strict=True))


def tried(kind: str, score: float) -> Try:
    return Try(kind, None, Diagnosis((), score, (4, 4), (0, 0, 4, 4)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "less", "kept"),
    [
        ("texture, structure never", 0.025, False),
        ("texture, structure never", 0.04, True),
        ("texture, structure layout", 0.05, False),
        ("texture, structure layout", 0.07, True),
        ("patchmatch", 0.05, False),
        ("patchmatch", 0.07, True),
    ],
)
def test_the_users_own_fill_stays_first_unless_another_is_clearly_better(kind, less, kept):
    made = [tried("own", 0.5), tried("worse", 0.9), tried(kind, 0.5 - less)]
    ranked = [each.kind for each in _ranked(made)]
    assert ranked[0] == (kind if kept else "own")
    assert ranked[-1] == "worse"


def test_without_the_network_that_judges_the_first_fill_is_kept_and_the_way_to_it_is_said(files, capsys, monkeypatch):
    monkeypatch.setattr("freefill.tries.half_tokens", lambda: None)
    assert main(["inpaint", "photo.png", "mask.png", "-o", "out.png", "--engine", "telea", "--tries", "2",
                 "--save-tries", "all"]) == 0  # fmt: skip
    assert "freefill weights fetch dinov2-focus" in capsys.readouterr().err
    assert (cv2.imread("out.png") == cv2.imread("all/1-telea.png")).all()


@pytest.mark.parametrize(("rows", "kept_first"), [(18, False), (25, True)])
def test_under_a_hole_of_more_than_a_fifth_the_first_fill_is_kept_and_why_is_said(rows, kept_first, monkeypatch):
    monkeypatch.setattr("freefill.tries.half_tokens", lambda: object())
    scores = iter((0.9, 0.1))
    judged = Diagnosis((), 0.0, (4, 4), (0, 0, 4, 4))
    monkeypatch.setattr("freefill.tries.diagnose_result", lambda *_: replace(judged, score=next(scores)))
    hole = np.zeros((100, 60), bool)
    hole[20 : 20 + rows] = True
    picture = Picture(np.random.default_rng(0).integers(0, 255, (100, 60, 3), np.uint8))
    ways = [("", Inpainter("telea"), Options()), ("ns", Inpainter("ns"), Options())]
    monkeypatch.setattr("freefill.tries._kinds", lambda *_: iter(ways))
    made = best_of(picture, Mask(hole), Options(), Inpainter("telea"), 2)
    assert (made[0].kind == "telea") == kept_first
    note = kept(made).notes[0]
    assert ("the first kept, since under so large a hole" in note) == kept_first
    assert ("the best kept" in note) != kept_first


def test_no_try_is_begun_after_the_time_is_up():
    before, hole, _ = with_fault(None)
    picture, mask = Picture(np.rint(before * 255).astype(np.uint8)), Mask(hole)
    assert len(best_of(picture, mask, Options(), Inpainter("telea"), 4, bound_s=0)) == 1


def test_the_kinds_that_are_tried_are_engines_that_exist():
    from freefill.tries import _kinds

    kinds = [
        engine.engine_for(Mask(np.ones((4, 4), bool)))
        for _, engine, _ in _kinds(Inpainter("telea"), Options(), Mask(np.ones((4, 4), bool)))
    ]
    assert set(kinds) <= set(registry.names())
