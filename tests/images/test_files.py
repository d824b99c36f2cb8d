"""A file is written whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import picture_files as files
import pytest

from freefill.errors import InputError
from freefill.files import replacing
from freefill.images.arrays import from_array
from freefill.images.read import read_picture
from freefill.images.write import write_picture

PICTURE = from_array(files.pixels(3))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_input_itself_can_be_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(files.file("png-RGB"))
    path.chmod(0o640)
    picture = read_picture(path)
    write_picture(picture, path)
    assert np.array_equal(read_picture(path).pixels, picture.pixels)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names_in(tmp_path) == ["a.png"]


def test_a_new_file_gets_the_permissions_that_the_umask_leaves(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_picture(PICTURE, tmp_path / "a.png")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.png").write_bytes(b"old")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    write_picture(PICTURE, tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert read_picture(tmp_path / "real.png").size == PICTURE.size


def test_a_failure_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")

    def interrupted() -> None:
        with replacing(tmp_path / "a.bin") as stream:
            stream.write(b"new, but not all")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert names_in(tmp_path) == ["a.bin"]


def test_a_killed_process_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    code = (
        "import sys, time\n"
        "from freefill.files import replacing\n"
        "with replacing(sys.argv[1]) as stream:\n"
        "    stream.write(b'half'); stream.flush(); print('now', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a.bin")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    rest = [name for name in names_in(tmp_path) if name != "a.bin"]
    assert all(name.startswith(".freefill-") and name.endswith(".part") for name in rest)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; make it first"):
        write_picture(PICTURE, tmp_path / "no" / "a.png")


def test_a_folder_as_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        write_picture(PICTURE, tmp_path, "png")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_write_protected_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    (tmp_path / "a.png").chmod(0o444)
    with pytest.raises(InputError, match="write-protected"):
        write_picture(PICTURE, tmp_path / "a.png")


def test_a_full_disk_is_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small disk here")
    try:
        (disk / "a.tif").write_bytes(b"old")
        noise = from_array(np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8))
        for ending in ("tif", "png", "jpg", "bmp", "webp"):
            with pytest.raises(InputError, match="the disk is full"):
                write_picture(noise, disk / f"a.{ending}", quality=100 if ending == "jpg" else None)
        assert names_in(disk) == ["a.tif"]
        assert (disk / "a.tif").read_bytes() == b"old"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("format", ["png", "tiff", "jpeg", "bmp", "webp", "avif"])
def test_a_stream_that_takes_nothing_more_is_one_line(format: str) -> None:
    noise = from_array(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8))
    with pytest.raises(InputError, match="disk is full"):
        write_picture(noise, "/dev/full", format)


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np\n"
        "from freefill.images.arrays import from_array\n"
        "from freefill.images.write import write_picture\n"
        "for i in range(20):\n"
        "    write_picture(from_array(np.full((40, 40, 3), int(sys.argv[2]), np.uint8)), sys.argv[1])\n"
    )
    path = tmp_path / "a.png"
    write_picture(PICTURE, path)
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path), str(n)]) for n in (10, 200)]
    while any(process.poll() is None for process in processes):
        read_picture(path)
        time.sleep(0.005)
    assert {process.returncode for process in processes} == {0}
    assert len(np.unique(read_picture(path).pixels)) == 1
    assert names_in(tmp_path) == ["a.png"]
