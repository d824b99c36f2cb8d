"""What README.md and docs/web.md tell programs to do, done as it stands."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md").read_text(), (ROOT / "docs" / "web.md").read_text()
SHELL = [
    line for page in PAGES for block in re.findall(r"```(?:sh|bash)\n(.*?)```", page, re.DOTALL)
    for line in block.splitlines() if line.startswith("curl ")
]  # fmt: skip
CODE = [*re.findall(r"```py\n(.*?)```", PAGES[0], re.DOTALL), *re.findall(r"```python\n(.*?)```", PAGES[1], re.DOTALL)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(60, 200, (180, 240, 3), dtype=np.uint8)).save(tmp_path / "photo.jpg")
    mask = Image.new("L", (240, 180))
    mask.paste(255, (30, 20, 40, 30))
    mask.save(tmp_path / "mask.png")
    return tmp_path


def test_both_pages_show_both_ways() -> None:
    assert len(SHELL) >= 3
    assert len(CODE) >= 2


@pytest.mark.parametrize("line", SHELL)
def test_a_command_of_the_pages_gives_a_picture(address: str, folder: Path, line: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    words = shlex.split(line.replace("http://127.0.0.1:8765", address))
    ran = subprocess.run([*words, "-s", "-w", "%{http_code}"], cwd=folder, capture_output=True, text=True)
    if "word=people" in line:  # noise shows nobody, and the networks may not be here
        assert ran.stdout in ("422", "409"), (folder / "filled.jpg").read_text()
    else:
        assert ran.stdout == "200", (folder / "filled.jpg").read_bytes()[:300]
        with Image.open(folder / "filled.jpg") as filled:
            assert filled.size == (240, 180)


@pytest.mark.parametrize("code", CODE)
def test_python_of_the_pages_gives_a_picture(address: str, folder: Path, code: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", code.replace("http://127.0.0.1:8765", address)], cwd=folder, capture_output=True
    )
    assert ran.returncode == 0, ran.stderr.decode()
    with Image.open(folder / "filled.jpg") as filled:
        assert filled.size == (240, 180)
