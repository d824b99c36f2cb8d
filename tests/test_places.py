"""Folders behind an address, by fsspec's own memory and local file systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from freefill import places
from freefill.batch.pairs import find_pairs
from freefill.batch.records import Record, from_line
from freefill.errors import InputError
from freefill.running import journal
from freefill.running.journal import Journal

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def bucket() -> str:
    """A folder in memory, empty before and after."""
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    for name in ("photos/x/a.jpg", "photos/b.png", "photos/readme.txt", "masks/x/a.png", "masks/b.png"):
        fs.pipe_file(f"/bucket/{name}", name.encode())
    return "memory://bucket"


def test_pairs_are_found_behind_an_address(bucket: str):
    pairing = find_pairs(f"{bucket}/photos", f"{bucket}/masks", f"{bucket}/out")
    assert [(pair.image, pair.mask, pair.output) for pair in pairing.pairs] == [
        (f"{bucket}/photos/b.png", f"{bucket}/masks/b.png", "b.png"),
        (f"{bucket}/photos/x/a.jpg", f"{bucket}/masks/x/a.png", "x/a.jpg"),
    ]
    assert find_pairs(f"{bucket}/photos/**/*.jpg", f"{bucket}/masks", "out").pairs[0].output == "x/a.jpg"
    assert [pair.mask for pair in find_pairs(f"{bucket}/photos", f"{bucket}/masks/b.png", "out").pairs] == [
        f"{bucket}/masks/b.png"
    ] * 2


def test_a_remote_file_is_written_whole_and_known_by_its_tag(bucket: str):
    place = f"{bucket}/out/deep/a.jpg"
    places.write_bytes(place, b"one")
    stamp = places.stamp(place)
    assert places.read_bytes(place) == b"one"
    assert stamp is not None
    assert places.is_same(stamp, place)
    places.write_bytes(place, b"two")
    assert not places.is_same(stamp, place)
    assert places.stamp(f"{bucket}/gone.jpg") is None
    assert not [name for name in fsspec.filesystem("memory").find("/bucket/out") if name.endswith(".part")]


def test_the_journal_lies_in_the_remote_folder(bucket: str):
    with Journal(f"{bucket}/out", journal.NAME) as book:
        book.add(Record("done", "a", "m", "a.jpg"))
    assert list(journal.read(f"{bucket}/out", from_line)) == ["a.jpg"]


def test_an_unknown_address_is_refused_in_one_line():
    with pytest.raises(InputError, match="cannot be opened"):
        places.find("nowhere://bucket/photos")


def test_nothing_remote_is_opened_offline(monkeypatch: pytest.MonkeyPatch, bucket: str):
    monkeypatch.setenv("FREEFILL_OFFLINE", "1")
    assert places.find(f"{bucket}/photos").names == ("b.png", "x/a.jpg")  # memory is no network
    with pytest.raises(InputError, match="FREEFILL_OFFLINE"):
        places.find("https://example.invalid/photos")


def test_a_file_that_is_not_there_is_told_by_name(tmp_path: Path, bucket: str):
    with pytest.raises(InputError, match=r"gone\.csv: cannot be read"):
        places.read_bytes(str(tmp_path / "gone.csv"))
    with pytest.raises(InputError, match=r"gone\.csv: cannot be read"):
        places.read_bytes(f"{bucket}/gone.csv")


def test_a_journal_behind_an_address_keeps_what_was_done_and_is_sent_now_and_then(
    bucket: str, monkeypatch: pytest.MonkeyPatch
):
    first, second = Record("done", "a", "m", "a.jpg"), Record("done", "b", "m", "b.jpg")
    with Journal(f"{bucket}/out", journal.NAME, [first]) as book:
        book.add(second)
        assert journal.read(f"{bucket}/out", from_line) == {}  # a store cannot append: not every line is sent
        monkeypatch.setattr(journal, "UPLOAD_EVERY_S", 0.0)
        book.add(Record("done", "c", "m", "c.jpg"))
        assert list(journal.read(f"{bucket}/out", from_line)) == ["a.jpg", "b.jpg", "c.jpg"]
        monkeypatch.setattr(journal, "UPLOAD_EVERY_S", 30.0)
        book.add(Record("done", "d", "m", "d.jpg"))
    assert list(journal.read(f"{bucket}/out", from_line)) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
