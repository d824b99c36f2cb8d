"""Every command and every Python block of the README is run as it stands."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


COMMANDS = [line.split("   #")[0].strip() for block in blocks("bash") for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that the README names."""
    folder = tmp_path_factory.mktemp("readme")
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(60, 200, (180, 240, 3), dtype=np.uint8))
    mask = Image.new("L", (240, 180))
    mask.paste(255, (30, 20, 40, 30))
    for where in (folder, folder / "photos", folder / "masks"):
        where.mkdir(exist_ok=True)
    photo.save(folder / "photo.jpg")
    photo.save(folder / "out.jpg")
    mask.save(folder / "mask.png")
    mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "dog.png")
    Image.new("L", mask.size).save(folder / "keep.png")
    for name in ("one", "two"):
        photo.save(folder / "photos" / f"{name}.jpg")
        mask.save(folder / "masks" / f"{name}.png")
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path})


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.startswith("freefill") and c.split()[1] not in ("demo", "serve")]
)
def test_a_command_of_the_readme_works(command, folder):
    done = run(shlex.split(command), folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_a_make_target_of_the_readme_exists(command):
    assert run([*shlex.split(command), "--dry-run"], ROOT).returncode == 0


def test_the_readme_has_no_other_commands():
    assert all(c.startswith(("freefill ", "make ", "pip install ")) for c in COMMANDS)


@pytest.mark.parametrize("block", blocks("python"))
def test_a_python_block_of_the_readme_works(block, folder):
    done = run([sys.executable, "-W", "error", "-c", block], folder)
    assert done.returncode == 0, done.stderr


def test_every_link_of_the_readme_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert target.startswith("http") or (ROOT / target).exists(), target
