"""Outputs never overwrite inputs or each other, whatever command writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from freefill.cli.main import main
from freefill.cli.mask.files import MaskJob, overlays_of, plan_jobs
from freefill.errors import InputError

# Each would lose a file of the user's; what is in braces is the file.
OVERWRITING = [
    "mask grow {mask.png} 6px -o mask.png",
    "mask grow {mask.png} 6px -o ./mask.png",
    "mask invert {mask.png} -o mask.png",
    "mask refine {mask.png} -o mask.png",
    "mask refine mask.png -i {photo.png} -o photo.png",
    "mask refine mask.png -i {photo.png} --overlay photo.png -o new.png",
    "mask refine {mask.png} -i photo.png --overlay mask.png -o new.png",
    "mask refine mask.png -i photo.png --overlay new.png -o new.png",
    "mask draw {photo.png} --box 1,1,9,9 -o photo.png",
    "mask draw photo.png --and {mask.png} -o mask.png",
    "mask draw photo.png --box 1,1,9,9 --without {mask.png} -o mask.png",
    "mask grabcut {photo.png} --box 1,1,9,9 -o photo.png",
    "mask show {photo.png} mask.png -o photo.png",
    "mask show photo.png {mask.png} -o mask.png",
    "mask show photo.png {mask.png} -o link.png",
    "diagnose photo.png mask.png {photo.png} --map photo.png",
    "inpaint {photo.png} mask.png -o photo.png",
    "inpaint photo.png {mask.png} -o new.png --save-mask mask.png",
    "extend {photo.png} --left 5 -o photo.png",
]


@pytest.mark.parametrize("words", OVERWRITING)
def test_a_command_that_would_overwrite_a_file_writes_nothing(
    files: Path, capsys: pytest.CaptureFixture[str], words: str
):
    (files / "link.png").symlink_to("mask.png")
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    with pytest.raises(SystemExit) as ended:
        main(words.replace("{", "").replace("}", "").split())
    assert ended.value.code == 1
    assert "this file is an input or another output; choose another name" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in files.iterdir()} == before


def test_an_own_output_of_an_earlier_run_is_written_anew(files: Path):
    for grow in ("2px", "4px"):
        with pytest.raises(SystemExit) as ended:
            main(["mask", "grow", "mask.png", grow, "-o", "grown.png", "--quiet"])
        assert ended.value.code in (0, None)
    from PIL import Image

    with Image.open("grown.png") as grown, Image.open("mask.png") as mask:
        assert np.asarray(grown).sum() > 2 * (np.asarray(mask) > 0).sum()


def test_masks_in_their_own_output_folder_are_said_to_lie_there(files: Path):
    with pytest.raises(InputError, match=r"^\.: there are no pictures, but for those in \.$"):
        plan_jobs(["."], ".")


def test_each_mask_has_an_overlay_of_its_own():
    jobs = [MaskJob("a.jpg", "out/a.png"), MaskJob("b.jpg", "out/b.png")]
    assert overlays_of(jobs, "seen") == {"out/a.png": "seen/a.png", "out/b.png": "seen/b.png"}
    assert overlays_of(jobs, None) == {}
    assert overlays_of(jobs[:1], "seen.png") == {"out/a.png": "seen.png"}
    assert overlays_of(jobs[:1], "seen") == {"out/a.png": "seen/a.png"}
    with pytest.raises(InputError, match=r"^out/a\.png: this file is an input or another output"):
        overlays_of(jobs, "out")


def test_two_overlays_are_not_written_to_one_file(files: Path):
    jobs = [MaskJob("a.jpg", "out/a.png"), MaskJob("b.jpg", "out/b.png")]
    with pytest.raises(InputError, match="this is a file, and there are 2 overlays to write; name a folder"):
        overlays_of(jobs, "photo.png")
