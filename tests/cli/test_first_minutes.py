"""The shortest ways to a filled picture: without a command, without a mask file, looked at first, drawn, completed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.cli.test_inpaint import call, refused


def pixels(name: str) -> np.ndarray:
    with Image.open(name) as image:
        return np.asarray(image)


# --- without a command, by places --------------------------------------------------------------------------------


def test_three_names_without_a_command_fill_a_picture(files, capsys):
    code, out, _ = call(capsys, "photo.png", "mask.png", "out.png")
    assert (code, out) == (0, "out.png\n")
    assert not np.array_equal(pixels("out.png"), pixels("photo.png"))


def test_shapes_need_no_mask_and_no_command(files, capsys):
    assert call(capsys, "photo.png", "--box", "20,15,6,5")[:2] == (0, "photo.filled.png\n")


def test_a_picture_that_is_not_there_is_named_and_no_command_is_guessed(files, capsys):
    code, _, err = call(capsys, "phot.png", "mask.png")
    assert code == 1
    assert err.startswith("freefill: phot.png: ")


@pytest.mark.parametrize("words", [(), ("mask",), ("weights",)])
def test_a_name_without_a_command_shows_what_there_is(capsys, words):
    code, out, err = call(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: freefill")
    assert "(help:" not in err


def test_a_mistyped_command_is_still_told(files, capsys):
    code, _, err = call(capsys, "inpant", "photo.png")
    assert code == 2
    assert "did you mean 'inpaint'?" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("photo.png",), "what should go? name a mask file, a word (people) or a place (--box X,Y,W,H)"),
        (("photo.png", "mask.png", "out.png", "-o", "other.png"), "OUT was given twice"),
        (("photo.png", "mask.png", "-m", "mask.png"), "MASK was given twice"),
        (("photo.png", "mask.png", "out.png", "more.png"), "unexpected extra argument"),
        (("-", "-"), "cannot both be read from standard input"),
    ],
)
def test_wrong_calls_are_one_line(files, capsys, words, said):
    code, out, err = call(capsys, "inpaint", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("inpaint", "a\nb.png", "mask.png"), r"a\nb.png: no such file"),
        (("inpaint", "a\x1b[2Jb.png", "mask.png"), r"a\x1b[2Jb.png: no such file"),
        (("inpaint", "photo.png", "mask.png", "-o", "no\nfolder/out.png"), r"the folder no\nfolder does not exist"),
        (("inp\naint", "photo.png"), r"no command 'inp\naint'"),
        (("completion",), "Choose from: bash, zsh, fish"),
    ],
)
def test_line_ends_and_terminal_codes_in_names_do_not_break_a_line(files, capsys, words, said):
    code, out, err = call(capsys, *words)
    assert code in (1, 2)
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert "\x1b" not in err


def test_what_fails_among_several_is_one_line_too(files, capsys):
    Path("a\nb.png").write_bytes(b"no picture")
    Path("good.png").write_bytes(Path("photo.png").read_bytes())
    code, _, err = call(capsys, "mask", "draw", "a\nb.png", "good.png", "--box", "1,1,5,5", "-o", "masks")
    assert code == 3
    assert [line for line in err.splitlines() if line.startswith(r"freefill: a\nb.png: ")]


def test_behind_a_bare_double_dash_a_picture_may_be_named_like_an_option(files, capsys):
    Path("-dash.png").write_bytes(Path("photo.png").read_bytes())
    assert call(capsys, "--", "-dash.png", "mask.png", "out.png", "--engine", "telea")[0] == 0
    assert Path("out.png").is_file()
    assert call(capsys, "--", "-dash.png", "mask.png", "--engine", "telea")[0] == 0
    assert Path("-dash.filled.png").is_file()


def test_a_file_is_no_folder_to_write_into(files, capsys):
    said = refused(capsys, "photo.png", "mask.png", "photo.png/out.png")
    assert "photo.png/out.png: photo.png is a file and no folder; name another place" in said


def test_a_folder_for_a_picture_is_one_clear_line(files, capsys):
    assert "this is a folder, not a picture file; for folders use: freefill batch" in refused(capsys, ".", "mask.png")


def test_why_an_engine_was_chosen_is_told_only_when_asked(files, capsys):
    assert "copies from the picture itself" not in call(capsys, "inpaint", "photo.png", "mask.png")[2]
    assert "copies from the picture itself" in call(capsys, "inpaint", "photo.png", "mask.png", "--verbose")[2]


# --- looked at first ---------------------------------------------------------------------------------------------


def test_a_preview_shows_the_final_mask_over_the_picture_and_fills_nothing(files, capsys):
    code, out, err = call(capsys, "inpaint", "photo.png", "mask.png", "--grow", "2px", "--preview", "look.png")
    assert (code, out) == (0, "look.png\n")
    assert err == "freefill: 3.2 % of the picture would be filled\n"  # 6 x 5 px, grown
    changed = (pixels("look.png") != pixels("photo.png")).any(axis=2)
    rows, cols = np.nonzero(changed)
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (13, 21, 18, 27)
    assert sorted(path.name for path in Path().iterdir()) == ["look.png", "mask.png", "photo.png"]


def test_a_preview_that_cannot_be_written_is_refused_first(files, capsys):
    assert "not a format that freefill writes" in refused(capsys, "photo.png", "mask.png", "--preview", "look.xyz")


# --- lengths below 0 ---------------------------------------------------------------------------------------------


def test_a_negative_length_shrinks_the_hole(files, capsys):
    call(capsys, "inpaint", "photo.png", "mask.png", "--grow", "-1px", "--save-mask", "final.png")
    assert pixels("final.png").sum() == 4 * 3


def test_a_negative_length_shrinks_a_mask_file(files, capsys):
    assert call(capsys, "mask", "grow", "mask.png", "-1px", "-o", "small.png")[0] == 0
    assert pixels("small.png").sum() == 4 * 3


def test_a_mask_that_shrinks_to_nothing_is_refused(files, capsys):
    assert "nothing is left of the mask when it shrinks by 9 px" in refused(
        capsys, "photo.png", "mask.png", "--grow=-9"
    )


def test_a_negative_feather_is_refused(files, capsys):
    assert "feather must not be negative" in refused(capsys, "photo.png", "mask.png", "--feather=-2px")


# --- drawn -------------------------------------------------------------------------------------------------------


def test_a_mask_is_drawn_on_a_picture_and_put_together(files, capsys):
    words = "--box", "10,10,4,3", "--and", "mask.png", "--without", "hide.png"
    hide = np.zeros((40, 60), np.uint8)
    hide[:, 22:] = 255
    Image.fromarray(hide).save("hide.png")
    assert call(capsys, "mask", "draw", "photo.png", *words, "-o", "drawn.png")[:2] == (0, "drawn.png\n")
    wanted = np.zeros((40, 60), bool)
    wanted[10:13, 10:14] = True
    wanted[15:20, 20:22] = True
    assert np.array_equal(pixels("drawn.png"), wanted)


def test_a_mask_is_drawn_by_size_alone(files, capsys):
    call(capsys, "mask", "draw", "--size", "50x30", "--box", "50%,0,50%,100%", "-o", "half.png")
    assert pixels("half.png").shape == (30, 50)
    assert pixels("half.png").sum() == 25 * 30


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("photo.png", "-o", "d.png"), "what is to be masked?"),
        (("--box", "1,2,3,4", "-o", "d.png"), "give IMAGES, or --size"),
        (("--size", "9x9", "--box", "1,2,3,4"), "name the output with -o"),
    ],
)
def test_drawing_called_wrongly_is_one_line(files, capsys, words, said):
    code, _, err = call(capsys, "mask", "draw", *words)
    assert (code, err.count("\n")) == (2, 1)
    assert said in err


# --- completed ---------------------------------------------------------------------------------------------------


def offered(*words: str) -> list[str]:
    """What the shell is told when Tab is pressed behind the words."""
    line = ["freefill", *words]
    asked = {"_FREEFILL_COMPLETE": "bash_complete", "COMP_WORDS": "\n".join(line), "COMP_CWORD": str(len(line) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", "from freefill.cli.main import main; main()"],
        env={**os.environ, **asked}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    return [line.split(",", 1)[1] for line in done.stdout.splitlines() if line.startswith("plain,")]


@pytest.mark.parametrize(
    ("words", "among"),
    [
        (("",), {"inpaint", "extend", "mask"}), (("inpaint", "a", "m", "--engine", "t"), {"texture", "telea"}),
        (("inpaint", "a", "p"), {"people"}), (("weights", "fetch", "nano"), {"nanodet"}), (("mask", "dr"), {"draw"}),
        (("inpaint", "--stru"), {"--structure"}), (("inpaint", "--structure", "l"), {"layout"}),
    ],
)  # fmt: skip
def test_tab_offers_commands_engines_weights_words_and_choices(words, among):
    assert among <= set(offered(*words))


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_script_for_bash_can_be_sourced_and_completes(tmp_path):
    (tmp_path / "freefill").write_text(f"#!{sys.executable}\nfrom freefill.cli.main import main\nmain()\n")
    (tmp_path / "freefill").chmod(0o755)
    script = subprocess.run(
        [sys.executable, "-m", "freefill", "completion", "bash"], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"complete .*freefill", script)
    asked = (
        script
        + """
COMP_WORDS=(freefill inpaint a.png --engine pat); COMP_CWORD=4
_freefill_completion freefill; echo "${COMPREPLY[@]}"
"""
    )
    done = subprocess.run(
        ["bash", "-c", asked], capture_output=True, text=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.stdout.split() == ["patchmatch"]


# --- what is there stays -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("photo.png", "mask.png", "photo.png"),
        ("photo.png", "mask.png", "./mask.png"),
        ("photo.png", "mask.png", "out.png", "--save-mask", "photo.png"),
        ("photo.png", "mask.png", "out.png", "--save-mask", "out.png"),
        ("photo.png", "mask.png", "--preview", "photo.png"),
        ("photo.png", "mask.png", "out.png", "--not-from", "mask.png", "--save-mask", "mask.png"),
    ],
)
def test_no_output_is_written_over_an_input_or_another_output(files, capsys, words):
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert "this file is an input or another output; choose another name" in refused(capsys, *words)
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_an_older_output_is_replaced(files, capsys):
    Path("out.png").write_bytes(b"of another day")
    assert call(capsys, "photo.png", "mask.png", "out.png")[0] == 0
    assert pixels("out.png").shape == pixels("photo.png").shape


def test_a_folder_in_place_of_a_command_leads_to_batch(files, capsys):
    Path("photos").mkdir()
    code, _, err = call(capsys, "photos", "masks")
    assert (code, err.count("\n")) == (2, 1)
    assert "'photos' is a folder; for many pictures use: freefill batch photos" in err


def test_a_mask_to_grow_without_a_length_asks_for_it(files, capsys):
    code, _, err = call(capsys, "mask", "grow", "mask.png")
    assert (code, err.count("\n")) == (2, 1)
    assert "freefill mask grow MASK 6px" in err


def test_what_nobody_expected_of_the_system_is_one_line_too(files, capsys, monkeypatch):
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device", "a\nb.png")

    monkeypatch.setattr("freefill.cli.main.cli.main", full)
    code, _, err = call(capsys, "engines")
    assert (code, err) == (1, "freefill: a\\nb.png: the disk is full; make room or write to another disk\n")
