"""Files and folders as the system has them: what is told when something is refused, named pipes, listings, stamps."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from freefill import files, places
from freefill.errors import InputError
from freefill.files import explain, is_file, is_folder, make_folder, read_pipe, replacing


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOENT, "x: no such file; check the path"),
        (errno.ENOTDIR, "x: a part of the path is a file, not a folder; check the path"),
        (errno.EISDIR, "x: this is a folder; name a file in it"),
        (errno.EACCES, "x: may not be read; check the permissions of the file and its folder"),
        (errno.EPERM, "x: may not be read; check the permissions of the file and its folder"),
        (errno.EROFS, "x: the disk is read-only; write to another folder"),
        (errno.ENOSPC, "x: the disk is full; make room or write to another disk"),
        (errno.EDQUOT, "x: your quota is used up; make room or write to another disk"),
        (errno.ENAMETOOLONG, "x: the name is too long; give a shorter one"),
        (errno.EFBIG, "x: the file would be larger than this disk allows; write to another disk"),
        (errno.EIO, "x: could not be read (Input/output error)"),
    ],
)
def test_what_the_system_refuses_is_told_with_a_way_out(code: int, said: str):
    assert str(explain("x", OSError(code, os.strerror(code)), "read")) == said


def test_an_error_without_a_number_is_told_in_its_own_words():
    assert str(explain("x", OSError("encoder error"), "written")) == "x: could not be written (encoder error)"


@pytest.mark.parametrize("name", ["gone", "a" * 5000, "nul\0", "file/below"])
def test_what_is_not_there_is_neither_file_nor_folder_whatever_its_name(tmp_path: Path, name: str):
    (tmp_path / "file").write_bytes(b"")
    assert not is_file(f"{tmp_path}/{name}")
    assert not is_folder(f"{tmp_path}/{name}")


def test_a_file_is_no_folder_and_a_folder_no_file(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    assert (is_file(tmp_path / "file"), is_folder(tmp_path / "file")) == (True, False)
    assert (is_file(tmp_path), is_folder(tmp_path)) == (False, True)


def test_a_folder_is_made_with_all_above_it_and_may_be_there(tmp_path: Path):
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="the folder cannot be made"):
        make_folder(tmp_path / "file" / "below")


def test_a_pipe_is_read_to_its_end_also_where_its_writer_comes_late(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb") as stream:
            for _ in range(3):
                stream.write(b"a" * 100_000)  # more than a pipe holds

    writer = threading.Timer(0.05, write)
    writer.start()
    assert read_pipe(str(pipe)) == b"a" * 300_000
    writer.join()


def test_a_pipe_that_nobody_writes_to_or_reads_from_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "_PIPE_WAIT_S", 0.05)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="nobody writes to it; name a file"):
        read_pipe(str(pipe))
    with pytest.raises(InputError, match="nobody reads from it; name a file"), replacing(pipe):
        pass


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with replacing(pipe) as stream:
        stream.write(b"content")
    reader.join()
    assert read == [b"content"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("ended", [KeyboardInterrupt, SystemExit, ValueError])
def test_whatever_ends_a_block_leaves_neither_a_part_nor_a_changed_file(tmp_path: Path, ended: type[BaseException]):
    target = tmp_path / "a"
    target.write_bytes(b"old")

    def write() -> None:
        with replacing(target) as stream:
            stream.write(b"new")
            raise ended

    with pytest.raises(ended):
        write()
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


# --- places on this machine --------------------------------------------------------------------------------------


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def test_a_folder_lists_its_pictures_and_those_below_it_sorted(tmp_path: Path):
    made(tmp_path, "b.JPG", "a/c.tif", "a.txt", "._b.jpg", ".hidden/d.png", "e")
    assert places.find(str(tmp_path)) == places.Listing(str(tmp_path), ("a/c.tif", "b.JPG"))


def test_one_file_is_listed_whatever_it_is_called(tmp_path: Path):
    made(tmp_path, "e", "x.jpg")
    assert places.find(str(tmp_path / "e")) == places.Listing(str(tmp_path), ("e",))


def test_a_glob_starts_at_its_last_folder_without_a_wildcard(tmp_path: Path):
    made(tmp_path, "one/x/a.jpg", "one/y/b.jpg", "one/y/c.txt", "two/x/d.jpg")
    assert places.find(f"{tmp_path}/one/*/*") == places.Listing(f"{tmp_path}/one", ("x/a.jpg", "y/b.jpg"))
    assert places.find(f"{tmp_path}/**/*.jpg").names == ("one/x/a.jpg", "one/y/b.jpg", "two/x/d.jpg")
    with pytest.raises(InputError, match="no picture matches"):
        places.find(f"{tmp_path}/one/*/*.tif")
    with pytest.raises(InputError, match="there is no such file or folder"):
        places.find(f"{tmp_path}/three")


def test_a_glob_without_a_folder_starts_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made(tmp_path, "a.jpg", "x/b.jpg")
    monkeypatch.chdir(tmp_path)
    assert places.find("*.jpg") == places.Listing(".", ("a.jpg",))


def test_a_file_is_the_same_by_size_and_time_or_by_its_hash(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    os.utime(path, ns=(1, 1))
    plain, hashed = places.stamp(str(path)), places.stamp(str(path), with_hash=True)
    assert plain is not None
    assert hashed is not None
    os.utime(path, ns=(2, 2))  # copied: same content, another time
    assert not places.is_same(plain, str(path))
    assert places.is_same(hashed, str(path))
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))  # nobody looks into a file of the same size and time
    assert places.is_same(plain, str(path))
    os.utime(path, ns=(3, 3))
    assert not places.is_same(hashed, str(path))
    path.write_bytes(b"longer")
    os.utime(path, ns=(1, 1))
    assert not places.is_same(hashed, str(path))
    path.unlink()
    assert not places.is_same(hashed, str(path))
    assert places.stamp(str(path)) is None
