"""What is said while the program works: a bar on a terminal, lines elsewhere, compiling beforehand."""

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from freefill.cli import progress
from freefill.cli.progress import working

PLACE = ("--box", "200,100,240,200")
FREEFILL = [sys.executable, "-m", "freefill"]


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """photo.png (640 x 480), whose fill takes a second or two."""
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(90, 120, (480, 640, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png")
    return tmp_path


def on_a_terminal(*words: str) -> tuple[int, str, str]:
    """Run with standard error on a terminal; return the exit code, standard output, and what the terminal got."""
    mine, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen([*FREEFILL, *words], stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        while process.poll() is None or select.select([mine], [], [], 0)[0]:
            if select.select([mine], [], [], 0.1)[0]:
                try:
                    shown += os.read(mine, 4096)
                except OSError:  # the other end is closed
                    break
        os.close(mine)
        assert process.stdout is not None
        out = process.stdout.read().decode()
    return process.wait(), out, shown.decode()


def test_a_terminal_gets_a_bar_with_an_estimate_and_standard_output_only_the_name(photo):
    code, out, shown = on_a_terminal("inpaint", "photo.png", *PLACE)
    assert code == 0
    assert out == "photo.filled.png\n"
    assert re.search(r"filling .*\d+%, about \d+ s left", shown)


def test_quiet_shows_nothing_on_a_terminal(photo):
    code, out, shown = on_a_terminal("inpaint", "photo.png", *PLACE, "--quiet")
    assert (code, out, shown) == (0, "", "")


def test_without_a_terminal_a_line_comes_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.2)
    with working("filling", quiet=False) as report:
        report.share(0.0)
        time.sleep(0.3)
        report.share(0.25, "window 1 of 4")  # by which 0.9 s are left
        time.sleep(0.5)
    lines = [line for line in capsys.readouterr().err.splitlines() if "window" in line]
    assert len(lines) in (2, 3)
    assert all(re.fullmatch(r"freefill: filling: 25%, window 1 of 4, about \d s left", line) for line in lines)


def test_an_estimate_counts_down_and_turns_back_only_for_news(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    report = progress.Report("training", quiet=True)

    def left() -> str:
        return report._figures()[-1]

    report.share(0.0)
    now[0] = 10.0
    report.share(0.5)
    assert left() == "about 10 s left"
    now[0] = 14.0  # nothing was told in between
    assert left() == "about 6 s left"
    now[0] = 15.0
    report.share(0.72)  # by this it is 5.8 s, and was 5: no news
    assert left() == "about 5 s left"
    now[0] = 30.0  # longer than was thought
    assert left() == "72%"
    report.share(0.75)
    assert left() == "about 10 s left"


def test_while_loops_are_compiled_the_lines_say_so(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.2)
    with working("filling", quiet=False) as report:
        report.share(0.0)
        report.compiling()
        time.sleep(0.5)
        report.share(0.5)
        time.sleep(0.3)
    first, *middle, last = capsys.readouterr().err.splitlines()
    assert first == f"freefill: {progress.COMPILING}"
    assert "freefill: filling: compiling, 0 s so far" in middle
    assert last.startswith("freefill: filling: 50%")


def test_quiet_says_no_line(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.05)
    with working("filling", quiet=True) as report:
        report.line("freefill: something")
        time.sleep(0.2)
    assert capsys.readouterr().err == ""


def test_nothing_is_said_of_what_is_done_at_once(capsys):
    with working("filling", quiet=False) as report:
        report.share(0.5)
    assert capsys.readouterr().err == ""


def test_what_goes_wrong_ends_the_report_too(capsys):
    with pytest.raises(ValueError, match="wrong"), working("filling", quiet=False) as report:
        raise ValueError("wrong")
    assert report._thread is not None
    assert not report._thread.is_alive()


def test_compiling_is_said_before_it_is_done_and_only_once(tmp_path):
    """In a process whose compiled code is kept nowhere yet; again in one that finds it."""
    code = """
import sys
from freefill.compiling import kept
from freefill.cli.progress import working

@kept(nogil=True)
def twice(number):
    return 2 * number

@kept(nogil=True)
def thrice(number):
    return 3 * number

with working("filling", quiet=False) as report:
    twice(1), thrice(1)
"""
    script = tmp_path / "kernels.py"
    script.write_text(code)
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, check=True,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kept")},
        )  # fmt: skip
        said.append(done.stderr.splitlines())
    assert said[0].count(f"freefill: {progress.COMPILING}") == 1
    assert said[1] == []


def test_a_batch_tells_of_pictures_that_are_at_work(photo):
    """Its pictures are filled by another process, which says how far each is."""
    Path("in").mkdir()
    for name in ("a", "b"):
        Image.open("photo.png").save(f"in/{name}.png")
    code, out, shown = on_a_terminal("batch", "in", *PLACE, "-o", "out")
    assert code == 0
    assert out.startswith("2 filled in ")
    shares = [int(each) for each in re.findall(r"(\d+)%, [01] of 2", shown)]
    assert any(0 < share < 50 for share in shares)


def test_names_go_to_standard_output_while_the_bar_is_shown(photo):
    code, out, _ = on_a_terminal("mask", "draw", "photo.png", "photo.png", "--box", "1,2,3,4", "-o", "masks")
    assert code == 0
    assert out == str(Path("masks/photo.png")) + "\n"


def test_standard_output_stays_a_picture(photo):
    code = subprocess.run([*FREEFILL, "inpaint", "photo.png", "--box", "1,2,3,4", "-o", "-"], capture_output=True)
    assert code.returncode == 0
    assert Image.open(io.BytesIO(code.stdout)).size == (640, 480)
