"""freefill inpaint: what a person types, and what comes of it."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from freefill.cli.main import main


def call(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    out = capsys.readouterr()
    code = ended.value.code
    return code if isinstance(code, int) else 1, out.out, out.err


def listing() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def refused(capsys, *words: object) -> str:
    """The one line of an error: exit code 1, nothing on standard output, nothing half-written."""
    before = listing()
    code, out, err = call(capsys, "inpaint", *words)
    assert code == 1
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("freefill: ")
    assert listing() == before
    return err


def test_the_result_lies_beside_the_picture(files, capsys):
    code, out, _ = call(capsys, "inpaint", "photo.png", "mask.png")
    assert code == 0
    assert out == "photo.filled.png\n"
    assert Path("photo.filled.png").exists()


def test_names_of_the_field_work(files, capsys):
    code, out, _ = call(capsys, "inpaint", "-i", "photo.png", "-m", "mask.png", "-o", "out.jpg", "--model", "ns")
    assert code == 0
    assert out == "out.jpg\n"
    with Image.open("out.jpg") as image:
        assert image.format == "JPEG"


def test_standard_streams(files):
    done = subprocess.run(
        [sys.executable, "-m", "freefill", "inpaint", "-", "mask.png"],
        input=Path("photo.png").read_bytes(), capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Image.open(io.BytesIO(done.stdout)).size == (60, 40)


def test_json_says_what_was_lost_in_writing(files, capsys):
    with Image.open("photo.png") as picture:
        picture.convert("RGB").save("photo.png", icc_profile=b"no profile")
    _, out, _ = call(capsys, "inpaint", "photo.png", "mask.png", "-o", "out.jpg", "--json", "-q")
    notes = json.loads(out)["notes"]
    assert "the colour profile is damaged and was left out" in notes
    assert any("loses nothing" in note for note in notes)


def test_json_says_what_was_done(files, capsys):
    code, out, err = call(capsys, "inpaint", "photo.png", "mask.png", "-o", "out.png", "--json", "-q")
    told = json.loads(out)
    assert code == 0
    assert err == ""
    assert told["output"] == "out.png"
    assert told["hole_share"] == pytest.approx(30 / 2400)
    assert told["plan"]["windows"][0]["core"] == {"top": 15, "left": 20, "height": 5, "width": 6}
    assert set(told["seconds"]) == {"plan", "cut", "fill", "detail", "paste"}


def test_a_dry_run_prints_the_plan_and_writes_nothing(files, capsys):
    code, out, _ = call(capsys, "inpaint", "photo.png", "mask.png", "--dry-run", "--engine", "texture")
    assert code == 0
    assert json.loads(out)["engine"] == "texture"
    assert listing() == ["mask.png", "photo.png"]


def test_the_final_mask_can_be_saved(files, capsys):
    code, _, _ = call(
        capsys, "inpaint", "photo.png", "mask.png", "--grow", "3px", "--feather", "2px", "--save-mask", "final.png",
        "-o", "out.png",
    )  # fmt: skip
    assert code == 0
    with Image.open("final.png") as final, Image.open("photo.png") as photo, Image.open("out.png") as out:
        assert final.mode == "1"
        hole = np.asarray(final)
        assert hole.sum() > 30
        assert np.array_equal(np.asarray(out)[~hole], np.asarray(photo)[~hole])
        assert not np.array_equal(np.asarray(out)[hole], np.asarray(photo)[hole])


def test_invert_takes_black_as_hole(files, capsys):
    mask = Image.new("L", (60, 40), 255)
    mask.paste(0, (20, 15, 26, 20))
    mask.save("black.png")
    code, out, _ = call(capsys, "inpaint", "photo.png", "black.png", "--invert", "--json", "-q")
    assert code == 0
    assert json.loads(out)["plan"]["hole_px"] == 30


def test_a_mask_that_looks_inverted_is_taken_and_said(files, capsys):
    mask = Image.new("L", (60, 40), 255)
    mask.paste(0, (20, 15, 30, 25))
    mask.save("black.png")
    code, _, err = call(capsys, "inpaint", "photo.png", "black.png", "--engine", "telea")
    assert code == 0
    assert "--invert" in err


def test_a_source_mask_keeps_the_rest_out(files, capsys):
    image = np.full((40, 60, 3), 100, np.uint8)
    image[:, 30:] = 250
    Image.fromarray(image).save("two.png")
    Image.fromarray(np.where(np.arange(60)[None] < 30, 255, 0).astype(np.uint8).repeat(40, 0)).save("left.png")
    mask = Image.new("L", (60, 40))
    mask.paste(255, (22, 10, 42, 30))
    mask.save("across.png")
    code, _, err = call(
        capsys, "inpaint", "two.png", "across.png", "--engine", "patchmatch", "--source", "left.png", "-o", "out.png"
    )
    assert code == 0, err
    with Image.open("out.png") as out:
        assert np.asarray(out)[10:30, 22:42].max() < 110


def test_an_empty_mask_gives_the_picture_back_with_a_warning(files, capsys):
    Image.new("L", (60, 40)).save("empty.png")
    code, _, err = call(capsys, "inpaint", "photo.png", "empty.png", "-o", "out.png")
    assert code == 0
    assert "empty" in err
    with Image.open("out.png") as out, Image.open("photo.png") as photo:
        assert np.array_equal(np.asarray(out), np.asarray(photo))


def test_a_full_mask_is_refused(files, capsys):
    Image.new("L", (60, 40), 255).save("full.png")
    assert "nothing to copy from" in refused(capsys, "photo.png", "full.png")


def test_a_missing_file_is_named(files, capsys):
    assert "nowhere.png" in refused(capsys, "nowhere.png", "mask.png")
    assert "nowhere.png" in refused(capsys, "photo.png", "nowhere.png")


def test_a_folder_is_refused(files, capsys):
    Path("folder.png").mkdir()
    assert "folder" in refused(capsys, "folder.png", "mask.png")


@pytest.mark.parametrize(
    "content", [b"", b"just some text, renamed", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF"]
)
def test_what_is_no_picture_is_refused(files, capsys, content):
    Path("bad.png").write_bytes(content)
    assert "bad.png" in refused(capsys, "bad.png", "mask.png")
    assert "bad.png" in refused(capsys, "photo.png", "bad.png")


@pytest.mark.parametrize("form", ["png", "jpg", "tif", "webp", "bmp"])
def test_a_truncated_picture_is_refused(files, capsys, form):
    with Image.open("photo.png") as photo:
        photo.save(f"whole.{form}")
    whole = Path(f"whole.{form}").read_bytes()
    Path(f"cut.{form}").write_bytes(whole[: len(whole) // 2])
    assert f"cut.{form}" in refused(capsys, f"cut.{form}", "mask.png")


def test_a_mask_of_another_size_names_the_way_out(files, capsys):
    Image.new("L", (30, 20), 0).save("small.png")
    assert "--mask-fit scale" in refused(capsys, "photo.png", "small.png")


def test_a_mask_of_another_size_can_be_scaled(files, capsys):
    mask = Image.new("L", (30, 20))
    mask.paste(255, (10, 8, 13, 10))
    mask.save("small.png")
    code, out, _ = call(capsys, "inpaint", "photo.png", "small.png", "--mask-fit", "scale", "--json", "-q")
    assert code == 0
    assert json.loads(out)["plan"]["hole_px"] == 24


def test_pictures_over_the_limit_are_refused_before_decoding(files, capsys):
    err = refused(capsys, "photo.png", "mask.png", "--max-megapixels", "0.001")
    assert "--max-megapixels" in err


def test_an_output_folder_that_does_not_exist_is_refused_before_filling(files, capsys):
    assert "nowhere" in refused(capsys, "photo.png", "mask.png", "-o", "nowhere/out.png")


def test_an_unknown_engine_names_the_nearest(files, capsys):
    assert "did you mean 'telea'?" in refused(capsys, "photo.png", "mask.png", "--engine", "tela")


def test_an_unknown_ending_is_refused(files, capsys):
    assert "xyz" in refused(capsys, "photo.png", "mask.png", "--format", "xyz", "-o", "out.xyz")


def test_animated_pictures_are_refused(files, capsys):
    frames = [Image.new("RGB", (60, 40), (i, 0, 0)) for i in (10, 200)]
    frames[0].save("moving.webp", save_all=True, append_images=frames[1:])
    assert "moving.webp" in refused(capsys, "moving.webp", "mask.png")


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2)])
def test_the_smallest_pictures(files, capsys, size):
    Image.new("RGB", size, (50, 60, 70)).save("tiny.png")
    mask = Image.new("L", size)
    mask.putpixel((0, 0), 255)
    mask.save("tiny-mask.png")
    code, _, err = call(capsys, "inpaint", "tiny.png", "tiny-mask.png", "-o", "out.png")
    if size == (1, 1):
        assert code == 1
        assert err.count("\n") == 1
    else:
        assert code == 0, err
        with Image.open("out.png") as out:
            assert np.asarray(out).reshape(-1, 3).tolist() == [[50, 60, 70]] * (size[0] * size[1])


def test_wrong_use_is_exit_code_2(files, capsys):
    for words in (
        ["photo.png"],
        ["photo.png", "mask.png", "--grow", "thick"],
        ["photo.png", "mask.png", "-i", "photo.png"],
    ):
        code, out, _ = call(capsys, "inpaint", *words)
        assert code == 2
        assert out == ""


def test_an_unknown_command_names_the_nearest(capsys):
    code, _, err = call(capsys, "inpant")
    assert code == 2
    assert "did you mean 'inpaint'?" in err


def test_too_little_memory_is_refused(files, capsys):
    assert "64MB" in refused(capsys, "photo.png", "mask.png", "--max-memory", "1MB")


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(files, how: signal.Signals):
    """A real process, stopped by Ctrl-C or by a scheduler while it fills."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (2500, 2500, 3), dtype=np.uint8)).save("large.png")
    mask = Image.new("L", (2500, 2500))
    mask.paste(255, (100, 100, 2400, 2400))
    mask.save("large-mask.png")
    before = listing()
    process = subprocess.Popen(
        [sys.executable, "-m", "freefill", "inpaint", "large.png", "large-mask.png", "-o", "out.png"],
        # These tests may run under nohup or cron, where Ctrl-C is ignored, and children inherit that.
        stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while sum(psutil.Process(process.pid).cpu_times()[:2]) < 1.2:  # well begun, however busy the machine is
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert err.strip().splitlines()[-1] == "freefill: interrupted"
    assert listing() == before


def test_an_interrupt_within_code_given_as_text_ends_with_130(files):
    """Modules make classes from text while they are imported; Ctrl-C there once ended by the signal, not with 130."""
    Path("interrupted_import.py").write_text(
        "import freefill.cli.main as program\n"
        "program.cli.main = lambda **_: exec('raise KeyboardInterrupt')\n"
        "program.main()\n"
    )
    process = subprocess.run([sys.executable, "-m", "interrupted_import"], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (130, "freefill: interrupted\n")


def test_every_command_has_help(capsys):
    from freefill.cli.main import COMMANDS

    for name, _, _ in COMMANDS:
        code, out, _ = call(capsys, name, "--help")
        assert code == 0
        assert re.search(r"Usage: freefill " + name, out)


def test_engines_are_listed_as_json(capsys):
    code, out, _ = call(capsys, "engines", "--json")
    assert code == 0
    assert {"texture", "telea", "ns"} <= {row["engine"] for row in json.loads(out)}


def test_the_list_of_engines_shows_the_command_that_brings_a_missing_one(capsys, monkeypatch):
    from freefill.engines import registry

    monkeypatch.setattr(registry, "missing", lambda spec: "biharmonic" if spec.name == "biharmonic" else None)
    code, out, _ = call(capsys, "engines")
    assert code == 0
    assert "freefill[biharmonic]" in out
