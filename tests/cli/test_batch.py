"""freefill batch, as it is typed: what it prints where, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from freefill.cli.main import main

Ran = tuple[int, str, str]
FAST = ("--engine", "telea", "--texture", "never")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pictures with masks, one picture and one mask without a partner; the current folder."""
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.jpg", "b.png", "lone.png"):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(tmp_path / "photos" / name)
    hole = np.zeros((40, 40), bool)
    hole[10:20, 10:20] = True
    for name in ("a.png", "b.png", "left.png"):
        Image.fromarray(hole).save(tmp_path / "masks" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def freefill(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the program; return (exit code, standard output, standard error)."""

    def run(*words: str) -> Ran:
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        told = capsys.readouterr()
        return int(stopped.value.code or 0), told.out, told.err

    return run


def format_of(path: Path) -> str | None:
    with Image.open(path) as picture:
        return picture.format


def test_it_fills_and_tells_what_had_no_partner(folder: Path, freefill: Callable[..., Ran]):
    code, out, err = freefill("batch", "photos", "masks", "-o", "out", *FAST)
    assert code == 0
    assert out.startswith("2 filled in ")
    assert out.strip().endswith(str(Path("out/freefill.jsonl")))
    said = [line for line in err.splitlines() if "filling: " not in line]  # a busy machine also hears how far it is
    assert said == [
        "freefill: photos/lone.png: no mask 'lone' for it",
        "freefill: masks/left.png: no picture for it",
    ]
    assert format_of(folder / "out/a.jpg") == "JPEG"
    assert format_of(folder / "out/b.png") == "PNG"


def test_what_was_lost_is_said_once_for_all_pictures(folder: Path, freefill: Callable[..., Ran]):
    for name in ("a.jpg", "b.png"):
        picture = Image.open(folder / "photos" / name).convert("RGB")
        picture.save(folder / "photos" / name, icc_profile=b"no profile")
    said = "the colour profile is damaged and was left out"
    _, _, err = freefill("batch", "photos", "masks", "-o", "out", *FAST)
    assert err.count(said) == 1
    assert f" and 1 more: {said}" in err
    assert said not in freefill("batch", "photos", "masks", "-o", "again", *FAST, "-q")[2]


def test_a_failing_picture_gives_exit_code_3_and_one_line(folder: Path, freefill: Callable[..., Ran]):
    (folder / "photos/a.jpg").write_bytes(b"no picture")
    code, out, err = freefill("batch", "photos", "masks", "-o", "out", *FAST, "--json")
    told = json.loads(out)
    assert code == 3
    assert (told["done"], told["failed"], told["skipped"]) == (1, 1, 0)
    assert told["failures"][0]["image"] == "photos/a.jpg"
    assert [each["reason"] for each in told["alone"]] == ["no mask 'lone' for it", "no picture for it"]
    assert "freefill: photos/a.jpg: " in err
    assert "Traceback" not in err


def test_quiet_says_nothing_at_all(folder: Path, freefill: Callable[..., Ran]):
    assert freefill("batch", "photos", "masks", "-o", "out", *FAST, "-q") == (0, "", "")


def test_one_format_for_all_and_names_that_do_not_meet(folder: Path, freefill: Callable[..., Ran]):
    with Image.open(folder / "photos/a.jpg") as photo:
        photo.save(folder / "photos/a.png")
    assert freefill("batch", "photos", "masks", "-o", "out", *FAST, "--format", "png", "-q")[0] == 0
    assert sorted(path.name for path in (folder / "out").glob("*.png")) == ["a.jpg.png", "a.png", "b.png"]
    assert {format_of(path) for path in (folder / "out").glob("*.png")} == {"PNG"}


def test_a_dry_run_prints_pairs_and_plans_and_writes_nothing(folder: Path, freefill: Callable[..., Ran]):
    code, out, _ = freefill("batch", "photos", "masks", "-o", "out", *FAST, "--dry-run", "-q")
    told = json.loads(out)
    assert code == 0
    assert [(pair["image"], pair["output"]) for pair in told["pairs"]] == [
        ("photos/a.jpg", "a.jpg"),
        ("photos/b.png", "b.png"),
    ]
    assert all(pair["plan"]["hole_px"] == 100 for pair in told["pairs"])
    assert len(told["alone"]) == 2
    assert not (folder / "out").exists()


def test_shards_have_a_journal_each_and_resume_knows_both(folder: Path, freefill: Callable[..., Ran]):
    for shard in ("1/2", "2/2"):
        code, out, _ = freefill("batch", "photos", "masks", "-o", "out", *FAST, "--shard", shard)
        assert (code, out[:8]) == (0, "1 filled")
    code, out, _ = freefill("batch", "photos", "masks", "-o", "out", *FAST, "--resume", "--json")
    assert json.loads(out)["skipped"] == 2


def test_a_manifest_names_the_pairs(folder: Path, freefill: Callable[..., Ran]):
    (folder / "pairs.csv").write_text("image,mask,output\nphotos/a.jpg,masks/left.png,deep/x.png\n")
    assert freefill("batch", "pairs.csv", "-o", "out", *FAST, "-q")[0] == 0
    assert format_of(folder / "out/deep/x.png") == "PNG"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("photos", "masks"), 2, "Missing option '-o'"),
        (("photos", "masks", "-o", "out", "--shard", "3/2"), 2, "'3/2' is not a shard"),
        (("photos", "masks", "-o", "out", "--jobs", "0"), 2, "--jobs"),
        (("pairs.csv", "masks", "-o", "out"), 2, "leave MASKS"),
        (("nothing", "masks", "-o", "out"), 1, "nothing: there is no such file or folder"),
        (("photos", "-o", "out"), 1, "where are the masks?"),
        (("photos", "photos", "-o", "out"), 1, "--mask-suffix _mask"),
        (("photos", "masks", "-o", "photos"), 1, "choose another output folder"),
        (("photos", "masks", "-o", "out", "--mask-suffix", "_no"), 1, "no picture has a mask"),
        (("photos", "masks", "-o", "out", "--format", "pgn"), 1, "did you mean 'png'"),
        (("photos", "masks", "-o", "out", "--engine", "tela"), 1, "did you mean 'telea'"),
        (("photos", "masks", "-o", "masks/left.png/out", *FAST), 1, "masks/left.png/out"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(
    folder: Path, freefill: Callable[..., Ran], words: tuple[str, ...], code: int, message: str
):
    ended, out, err = freefill("batch", *words)
    assert (ended, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_a_journal_is_read_again_as_a_manifest(folder: Path, freefill: Callable[..., Ran]):
    assert freefill("batch", "photos", "masks", "-o", "out", *FAST, "-q")[0] == 0
    code, out, _ = freefill("batch", "out/freefill.jsonl", "-o", "again", *FAST)
    assert (code, out[:8]) == (0, "2 filled")


def test_a_bad_row_gives_exit_code_3_and_the_rest_is_filled(folder: Path, freefill: Callable[..., Ran]):
    (folder / "pairs.jsonl").write_text('{\n{"image": "photos/a.jpg", "mask": "masks/a.png"}\n')
    code, out, err = freefill("batch", "pairs.jsonl", "-o", "out", *FAST)
    assert (code, out[:8]) == (3, "1 filled")
    assert err.startswith("freefill: pairs.jsonl, line 1: this is no JSON")


def test_shapes_need_no_masks(folder: Path, freefill: Callable[..., Ran]):
    code, out, _ = freefill("batch", "photos", "-o", "out", "--box", "75%,75%,25%,25%", *FAST)
    assert (code, out[:8]) == (0, "3 filled")
    with Image.open(folder / "out/b.png") as filled, Image.open(folder / "photos/b.png") as photo:
        unlike = (np.asarray(filled) != np.asarray(photo)).any(axis=2)
    assert unlike[30:, 30:].any()
    assert not unlike[:30].any()
    assert not unlike[:, :30].any()


def test_pictures_without_anything_to_remove_are_counted_apart(folder: Path, freefill: Callable[..., Ran]):
    for name in ("a.jpg", "lone.png"):
        (folder / "photos" / name).unlink()
    Image.new("1", (40, 40)).save(folder / "masks" / "b.png")
    code, out, _ = freefill("batch", "photos", "masks", "-o", "out", *FAST)
    assert code == 0
    assert out.startswith("0 filled, 1 without anything to remove in ")


def test_what_may_not_be_copied_from_is_watched_by_resume(folder: Path, freefill: Callable[..., Ran]):
    words = ("batch", "photos", "masks", "-o", "out", *FAST, "--not-from", "masks/left.png", "--json", "-q")
    assert json.loads(freefill(*words)[1])["done"] == 2
    assert json.loads(freefill(*words, "--resume")[1])["skipped"] == 2
    Image.new("1", (40, 40)).save(folder / "masks/left.png")
    assert json.loads(freefill(*words, "--resume")[1])["done"] == 2
