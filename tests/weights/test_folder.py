"""The records of weights: what is trusted, what is found to have changed, and what stands where a step fails."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from loopback import PLAIN_CARD, card

from freefill.errors import WeightsError
from freefill.weights import folder as store
from freefill.weights.cards.card import NOT_PUBLISHED
from freefill.weights.folder import (
    WeightsRecord,
    check_name,
    check_whole,
    hash_problem,
    hashes,
    keep,
    put,
    read_record,
    record_for,
    records,
    sha256_of_file,
    trusted_file,
    write_record,
)

DATA = b"numbers" * 200_000  # more than one reading of a megabyte
SHA256, MD5 = hashlib.sha256(DATA).hexdigest(), hashlib.md5(DATA).hexdigest()
CARD = card(data=DATA)


def part(data: bytes = DATA) -> Path:
    path = store.work_folder() / "part"
    path.write_bytes(data)
    return path


def kept(name: str = "thing", data: bytes = DATA, **fields: object) -> WeightsRecord:
    record = replace(record_for(CARD, "a test", "0" * 64), name=name, file=f"{name}.bin", **fields)  # type: ignore[arg-type]
    put(part(data), record, hashlib.sha256(data).hexdigest())
    read = read_record(name)
    assert read is not None
    return read


def test_the_folder_is_the_one_that_was_named_or_the_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert store.folder() == tmp_path / "weights"
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", "~/here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store.folder() == tmp_path / "here"
    monkeypatch.delenv("FREEFILL_WEIGHTS_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert store.folder().name == "weights"
    assert "freefill" in store.folder().parts


def test_a_folder_that_cannot_be_made_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match=r"cannot make the weights folder .*; set FREEFILL_WEIGHTS_DIR"):
        store.work_folder()


@pytest.mark.parametrize("name", ["a", "9", "deepfill-places_2.0", "A" * 100])
def test_names_of_letters_and_digits_are_taken(name: str):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "a/b", "..", "a b", "ä", "a\n", "A" * 101])
def test_names_that_could_lead_elsewhere_are_refused(name: str):
    with pytest.raises(WeightsError, match="cannot name weights"):
        check_name(name)


def test_both_hashes_are_of_the_whole_file(tmp_path: Path):
    assert hashes(part()) == (SHA256, MD5)
    assert sha256_of_file(part()) == SHA256


def test_a_record_says_of_the_file_what_it_is_and_comes_back_as_it_was_written():
    record = kept(about={"steps": 3})
    status = record.path.stat()
    assert (record.sha256, record.bytes, record.mtime_ns) == (SHA256, len(DATA), status.st_mtime_ns)
    assert record.path.read_bytes() == DATA
    assert (record.origin, record.licence, record.forbids) == ("a test", "CC0-1.0", "nothing")
    assert record.about == {"steps": 3}
    assert not (store.work_folder() / "part").exists()


def test_where_the_record_cannot_be_written_the_file_is_not_moved(monkeypatch: pytest.MonkeyPatch):
    def full(record: WeightsRecord) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_record", full)
    with pytest.raises(OSError, match="No space"):
        put(part(), record_for(CARD, "a test", SHA256), SHA256)
    assert not (store.folder() / "thing.bin").exists()  # it would pass for one that was put there by hand


def test_an_older_file_of_another_ending_goes_and_one_of_the_same_is_replaced():
    first = kept()
    put(part(b"new"), replace(first, file="thing.safetensors"), hashlib.sha256(b"new").hexdigest())
    assert sorted(path.name for path in store.folder().iterdir() if path.is_file()) == [
        "thing.record.json",
        "thing.safetensors",
    ]
    put(part(b"newer"), replace(first, file="thing.safetensors"), hashlib.sha256(b"newer").hexdigest())
    assert (store.folder() / "thing.safetensors").read_bytes() == b"newer"


def test_an_older_file_that_somebody_deleted_is_not_missed():
    first = kept()
    first.path.unlink()
    assert put(part(b"new"), replace(first, file="thing.safetensors"), "0" * 64).read_bytes() == b"new"


def test_only_files_that_are_here_are_listed_by_name_and_broken_records_are_left_out():
    kept("b")
    kept("a")
    kept("gone").path.unlink()
    (store.folder() / "broken.record.json").write_text("{")
    assert [record.name for record in records()] == ["a", "b"]


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "thing"}', '{"sede": 1}', "\xff"])
def test_a_record_that_is_none_is_told_with_the_way_out(text: str):
    store.work_folder()
    (store.folder() / "thing.record.json").write_text(text, "latin-1")
    with pytest.raises(WeightsError, match="cannot be read; run: freefill weights remove thing --forget"):
        read_record("thing")


def test_where_there_is_no_folder_there_is_no_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert read_record("thing") is None
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "file"))
    assert read_record("thing") is None
    assert records() == []


# --- what a published file must be -------------------------------------------------------------------------------

OTHER = "1" * 64


def test_a_published_hash_decides_alone():
    assert hash_problem(CARD, SHA256, "any") is None
    kept()  # recorded with an origin of another hash
    assert hash_problem(CARD, SHA256, "any") is None
    said = hash_problem(CARD, OTHER, "any")
    assert said == f"its SHA-256 is {OTHER}, the card of 'thing' says {SHA256}"


def test_where_only_md5_is_published_it_is_held_against_it():
    by_md5 = replace(CARD, sha256=NOT_PUBLISHED, md5=MD5)
    assert hash_problem(by_md5, SHA256, MD5) is None
    assert hash_problem(by_md5, SHA256, "2" * 32) == f"its MD5 is {'2' * 32}, the card of 'thing' says {MD5}"


@pytest.mark.parametrize("md5", [None, MD5])
def test_what_no_sha256_is_published_of_is_held_against_the_first_fetch(md5: str | None):
    unpublished = replace(CARD, sha256=NOT_PUBLISHED, md5=md5)
    kept(origin_sha256=SHA256, when="2026-01-02T03:04:05Z")
    assert hash_problem(unpublished, SHA256, MD5) is None
    said = hash_problem(unpublished, OTHER, MD5)
    assert said is not None
    assert said.startswith(f"its SHA-256 is {OTHER}, not the {SHA256} recorded on 2026-01-02; ")
    assert "freefill weights remove thing --forget" in said


def test_a_wrong_file_is_deleted_and_what_was_there_before_stays():
    before = kept()
    wrong = part(b"wrong")
    with pytest.raises(WeightsError, match=r"^https://there: its SHA-256 is .*; nothing was kept$"):
        keep(wrong, CARD, "https://there")
    assert not wrong.exists()
    assert read_record("thing") == before
    assert before.path.read_bytes() == DATA


def test_a_right_file_is_kept_with_where_it_came_from():
    path = keep(part(), CARD, "https://there")
    record = read_record("thing")
    assert record is not None
    assert (record.path, record.origin, record.origin_sha256) == (path, "https://there", SHA256)


# --- what is trusted ---------------------------------------------------------------------------------------------


def read_whole(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list that tells which files are hashed from now on."""
    seen: list[Path] = []

    def counted(path: Path) -> str:
        seen.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(store, "sha256_of_file", counted)
    return seen


def test_a_file_with_its_size_and_time_is_trusted_unread(monkeypatch: pytest.MonkeyPatch):
    record, seen = kept(), read_whole(monkeypatch)
    assert trusted_file("thing", CARD) == trusted_file("thing", None) == record.path
    assert seen == []


def test_a_file_with_another_time_is_hashed_once(monkeypatch: pytest.MonkeyPatch):
    record, seen = kept(), read_whole(monkeypatch)
    os.utime(record.path, ns=(1, 1))
    assert trusted_file("thing", CARD) == trusted_file("thing", CARD) == record.path
    assert seen == [record.path]
    renewed = read_record("thing")
    assert renewed == replace(record, mtime_ns=1)


def test_where_nothing_can_be_recorded_it_is_hashed_each_time(monkeypatch: pytest.MonkeyPatch):
    record, seen = kept(), read_whole(monkeypatch)
    os.utime(record.path, ns=(1, 1))
    monkeypatch.setattr(store.os, "access", lambda *_: False)
    assert trusted_file("thing", CARD) == trusted_file("thing", CARD) == record.path
    assert len(seen) == 2
    assert read_record("thing") == record


@pytest.mark.parametrize("change", [b"other" + DATA[5:], DATA + b"more", b""])
def test_a_file_that_has_changed_is_refused_with_both_hashes(change: bytes):
    record = kept()
    record.path.write_bytes(change)
    os.utime(record.path, ns=(1, 1))
    found = hashlib.sha256(change).hexdigest()
    with pytest.raises(WeightsError, match=f"have changed since .*SHA-256 {found}, recorded {SHA256}"):
        trusted_file("thing", CARD)
    with pytest.raises(WeightsError, match="run: freefill weights remove thing, then get them again"):
        check_whole(record)


def test_a_file_that_is_gone_is_not_here():
    kept().path.unlink()
    assert trusted_file("thing", CARD) is None
    assert trusted_file("never", None) is None
    assert trusted_file("thing2", replace(CARD, name="thing2")) is None


def test_a_file_put_there_by_hand_needs_a_published_hash_and_is_then_recorded():
    store.work_folder()
    path = store.folder() / PLAIN_CARD.file
    path.write_bytes(DATA)
    with pytest.raises(WeightsError, match=r"no hash of 'thing' is published; .* freefill weights import FILE --name"):
        trusted_file("thing", PLAIN_CARD)
    with pytest.raises(WeightsError, match="delete it and run: freefill weights fetch thing"):
        trusted_file("thing", card(data=b"other"))
    assert trusted_file("thing", None) is None
    assert read_record("thing") is None
    assert trusted_file("thing", CARD) == path
    record = read_record("thing")
    assert record is not None
    assert record.origin == "put into the folder by hand"


def test_a_file_put_into_a_folder_that_is_read_only_is_used_unrecorded(monkeypatch: pytest.MonkeyPatch):
    store.work_folder()
    path = store.folder() / PLAIN_CARD.file
    path.write_bytes(DATA)
    monkeypatch.setattr(store.os, "access", lambda *_: False)
    assert trusted_file("thing", CARD) == path
    assert read_record("thing") is None


def test_a_record_is_json_that_people_can_read():
    record = kept()
    text = (store.folder() / "thing.record.json").read_text("utf-8")
    assert json.loads(text) == asdict(record)
    assert text.endswith("}\n")
    assert len(text.splitlines()) > 10
    write_record(record)
    assert (store.folder() / "thing.record.json").read_text("utf-8") == text
