"""The tutorial, typed from top to bottom into an empty folder, gives the files that it names."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
TEXT = (DOCS / "tutorial.md").read_text("utf-8")
BLOCK = re.compile(r"(?:^<!-- parsed only: .+ -->\n)?^```(bash|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"[\w.-]+\.png")


def typed() -> list[list[str]]:
    """Return what a reader types, in its order; blocks that fetch something are left out."""
    words = []
    for block in BLOCK.finditer(TEXT):
        if block[0].startswith("<!--"):
            continue
        if block[1] == "python":
            words.append([sys.executable, "-W", "error", "-c", block[2]])
        else:
            lines = [line for line in block[2].splitlines() if not line.startswith("pip install")]
            words += [[sys.executable, "-m", *shlex.split(line)] for line in lines]
    return words


def test_a_reader_types_commands_and_python():
    assert len(typed()) > 12


def test_every_picture_of_the_tutorial_is_there():
    assert [name for name in re.findall(r"\]\((pictures/.+?)\)", TEXT) if not (DOCS / name).exists()] == []


@pytest.mark.slow
def test_typed_into_an_empty_folder_it_gives_the_files_that_it_names(tmp_path: Path):
    for words in typed():
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ))
        assert done.returncode == 0, (words, done.stderr)
    written = {path.name for path in tmp_path.rglob("*.png")}
    shell = [block[2] for block in BLOCK.finditer(TEXT) if block[1] == "bash" and not block[0].startswith("<!--")]
    mentioned = {name for text in shell for name in NAMED.findall(text)}
    assert mentioned - written == set()
    before, after = (np.asarray(Image.open(tmp_path / name)) for name in ("demo/mast.image.png", "no-mast.png"))
    mask = np.asarray(Image.open(tmp_path / "demo" / "mast.mask.png"))
    assert np.array_equal(before[~mask], after[~mask])  # "the same, bit for bit"
    assert not np.array_equal(before[mask], after[mask])
