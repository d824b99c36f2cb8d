"""Commands and Python in the pages of docs/: each is run as it stands, or marked with the reason why it is not.

A block is run where nothing stands before it. `<!-- parsed only: WHY -->` before it means that its commands are only
held against the command line (every option must be there), and `<!-- not run: WHY -->` that a person has to try it.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from PIL import Image

from freefill.cli.main import cli

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [page for page in sorted(DOCS.glob("*.md")) if page.name != "design.md"]
BLOCK = re.compile(
    r"(?:^ *<!-- (parsed only|not run): (.+?) -->\n)?^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE
)
ELSEWHERE = ("freefill serve", "pip install", "curl")  # held by the tests of the page, of the service and of packaging


@dataclass(frozen=True)
class Block:
    page: str
    mark: str
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Its lines, without what is said about them."""
        return [line.split("  #")[0].strip() for line in self.text.splitlines() if line.strip()]


BLOCKS = [
    Block(page.name, mark, language, text)
    for page in PAGES
    for mark, _, language, text in BLOCK.findall(page.read_text("utf-8"))
]
COMMANDS = [(block, command) for block in BLOCKS if block.language == "bash" for command in block.commands]
RUN = [
    (block, command)
    for block, command in COMMANDS
    if not (block.mark or block.page in ("index.md", "tutorial.md") or command.startswith(ELSEWHERE))
]


def parse(words: list[str]) -> None:
    """Hold a command against the command line, as far as nothing is done."""
    command: Any = cli
    context = click.Context(cli, info_name="freefill")
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words)
        context = click.Context(command, parent=context)
    command.parse_args(context, list(words))


def test_there_are_blocks_of_every_kind():
    assert {block.mark for block in BLOCKS} == {"", "parsed only", "not run"}
    assert len(RUN) > 5


def test_every_block_says_what_it_is():
    assert [(block.page, block.text) for block in BLOCKS if block.language not in ("bash", "python")] == []


@pytest.mark.parametrize("command", [c for b, c in COMMANDS if c.startswith("freefill ")])
def test_the_command_line_knows_every_word_of_a_command(command: str):
    parse(shlex.split(command)[1:])


def test_a_word_that_is_not_known_is_found():
    with pytest.raises(click.UsageError):
        parse(["mask", "refine", "m.png", "--imagge", "p.png", "-o", "o.png"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the pages name."""
    folder = tmp_path_factory.mktemp("docs")
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(60, 200, (180, 240, 3), dtype=np.uint8))
    mask = Image.new("L", (240, 180))
    mask.paste(255, (30, 20, 70, 50))
    for where in (".", "photos", "masks"):
        (folder / where).mkdir(exist_ok=True)
        photo.save(folder / where / "photo.jpg")
        mask.save(folder / where / ("mask.png" if where == "." else "photo.png"))
    (folder / "photos" / "photo.png").unlink()
    (folder / "masks" / "photo.jpg").unlink()
    photo.save(folder / "filled.jpg")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("block", "command"), RUN, ids=[c for _, c in RUN])
def test_a_command_runs(block: Block, command: str, folder: Path):
    words = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


GIVEN = """
import numpy as np
import freefill
from freefill.inputs import as_picture, mask_for
picture = as_picture("photo.jpg")
image = picture.pixels.astype(np.float32) / 255
mask = mask_for("mask.png", picture)
hole = mask.hole
"""  # what a page speaks of without making it
NOT_HERE = ("index.md", "tutorial.md", "web.md")  # the tutorial has tests of its own
PYTHON = [b for b in BLOCKS if b.language == "python" and not b.mark and b.page not in NOT_HERE]


@pytest.mark.slow
@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.page)
def test_a_python_block_runs(block: Block, folder: Path):
    done = subprocess.run([sys.executable, "-c", GIVEN + block.text], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_what_the_page_of_the_service_says_to_programs_works(folder: Path):
    pytest.importorskip("fastapi")
    from tests.web.serving import serving

    (python,) = [block.text for block in BLOCKS if block.page == "web.md" and block.language == "python"]
    curl = next(command for block, command in COMMANDS if block.page == "web.md" and "mask=@" in command)
    with serving() as served:
        for words in ([sys.executable, "-c", python], shlex.split(curl)):
            told = [word.replace("http://127.0.0.1:8765", served.address) for word in words]
            (folder / "filled.jpg").unlink(missing_ok=True)
            done = subprocess.run(told, cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            with Image.open(folder / "filled.jpg") as filled:
                assert filled.size == (240, 180)
