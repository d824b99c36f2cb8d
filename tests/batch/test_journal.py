"""What --resume leaves out: only what is done, intact, and asked for in the same way."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from freefill import places
from freefill.batch import resume
from freefill.batch.pairs import Pair
from freefill.batch.records import Record, Work, from_line
from freefill.request import Request
from freefill.running import journal
from freefill.running.journal import Journal
from freefill.values import Length


@pytest.fixture
def filled(tmp_path: Path) -> tuple[Pair, Record, Work, str]:
    """A picture that an earlier run filled."""
    for name in ("a.jpg", "mask.png", "out/a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode() * 100)
    pair, work, output = (
        Pair(str(tmp_path / "a.jpg"), str(tmp_path / "mask.png"), "a.jpg"),
        Work(),
        str(tmp_path / "out"),
    )
    stamps = {
        "image": places.stamp(pair.image, with_hash=True),
        "mask": places.stamp(pair.mask, with_hash=True),
        "output": places.stamp(places.join(output, "a.jpg"), with_hash=True),
    }
    record = Record("done", pair.image, pair.mask, "a.jpg", asked=work.fingerprint, stamps=stamps)  # type: ignore[arg-type]
    return pair, record, work, output


def test_what_nobody_changed_is_done(filled: tuple[Pair, Record, Work, str]):
    pair, record, work, output = filled
    assert resume.is_done(pair, record, work, output)


def test_what_was_never_done_or_failed_is_not(filled: tuple[Pair, Record, Work, str]):
    pair, record, work, output = filled
    assert not resume.is_done(pair, None, work, output)
    assert not resume.is_done(pair, replace(record, status="failed"), work, output)
    assert not resume.is_done(pair, replace(record, stamps={}), work, output)


@pytest.mark.parametrize("name", ["a.jpg", "mask.png", "out/a.jpg"])
def test_a_changed_lost_or_half_written_file_is_done_again(
    filled: tuple[Pair, Record, Work, str], tmp_path: Path, name: str
):
    pair, record, work, output = filled
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[:-1])
    assert not resume.is_done(pair, record, work, output)
    (tmp_path / name).write_bytes(bytes(len(whole)))  # same size, other content
    assert not resume.is_done(pair, record, work, output)
    (tmp_path / name).write_bytes(whole)  # a copy: same content, another time
    os.utime(tmp_path / name, (1, 1))
    assert resume.is_done(pair, record, work, output)
    (tmp_path / name).unlink()
    assert not resume.is_done(pair, record, work, output)


@pytest.mark.parametrize(
    "other",
    [
        Work(Request(engine="telea")),
        Work(Request(seed=1)),
        Work(Request(grow=Length(3, "%"))),
        Work(Request(weights="places2")),
        Work(Request(invert=True)),
        Work(Request(mask_channel="opaque")),
        Work(Request(refine=True)),
        Work(format="PNG"),
        Work(quality=80),
    ],
)
def test_other_options_fill_again(filled: tuple[Pair, Record, Work, str], other: Work):
    pair, record, _, output = filled
    assert not resume.is_done(pair, record, other, output)


def test_a_dry_run_has_the_fingerprint_of_the_run_that_it_foretells():
    assert not Work().plan_only
    assert Work(plan_only=True).fingerprint == Work().fingerprint != Work(quality=80).fingerprint


def test_a_journal_from_before_there_were_tries_still_counts_and_another_number_of_them_fills_again():
    asked = {name: value for name, value in asdict(Work()).items() if name != "tries"}
    before = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    assert Work().fingerprint == Work(tries=1).fingerprint == before
    assert len({Work(tries=number).fingerprint for number in (1, 2, 3)}) == 3


def test_what_is_finished_comes_in_the_order_of_the_pairs(filled: tuple[Pair, Record, Work, str], tmp_path: Path):
    pair, record, work, output = filled
    (tmp_path / "out" / "b.jpg").write_bytes(b"b")
    stamps = {**record.stamps, "output": places.stamp(str(tmp_path / "out" / "b.jpg"), with_hash=True)}
    second = replace(record, output="b.jpg", stamps=stamps)  # type: ignore[arg-type]
    with Journal(output, journal.NAME) as book:
        book.add(second)
        book.add(record)
    other, lost = replace(pair, output="b.jpg"), replace(pair, output="c.jpg")
    assert resume.finished((pair, lost, other), work, output) == [record, second]


def test_a_mask_made_from_the_picture_needs_no_file(filled: tuple[Pair, Record, Work, str]):
    pair, record, work, output = filled
    made = replace(pair, mask="people", made=True)
    stamps = {key: record.stamps[key] for key in ("image", "output")}
    assert resume.is_done(made, replace(record, mask="people", stamps=stamps), work, output)
    assert not resume.is_done(made, replace(record, mask="text", stamps=stamps), work, output)


def test_a_record_survives_its_line():
    record = Record(
        "failed",
        "a\udcff.jpg",
        "m.png",
        "x/a.jpg",
        1.5,
        notes=("größer",),
        error="two\nlines",
        stamps={"image": places.Stamp(3, "7", "ab")},
        plan={"windows": [[1, 2]]},
    )
    assert Record("failed", "a", "m", "a").seconds == 0
    line = record.to_line()
    assert line.isascii()
    assert "\n" not in line
    assert from_line(line) == record


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"status": "done"}', '{"status": "done", "colour": 1}', "null"])
def test_a_broken_line_is_no_record(line: str):
    assert from_line(line) is None


def test_the_last_line_of_an_output_counts_and_every_shard_has_a_file(tmp_path: Path):
    output = str(tmp_path / "out")
    first, second = Record("done", "a", "m", "a.jpg"), Record("done", "b", "m", "b.jpg")
    with Journal(output, journal.name_of((1, 2))) as book:
        book.add(replace(first, status="failed"))
        book.add(first)
    with Journal(output, journal.name_of((2, 2))) as book:
        book.add(second)
    with (tmp_path / "out" / "freefill.2-of-2.jsonl").open("a") as file:
        file.write(second.to_line()[:20])  # killed in the middle of a line
    with (tmp_path / "out" / "freefill.1-of-2.jsonl").open("ab") as file:
        file.write(b"\xff\xfe not text\n")
    assert journal.read(output, from_line) == {"a.jpg": first, "b.jpg": second}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "freefill.1-of-2.jsonl",
        "freefill.2-of-2.jsonl",
    ]


def test_kept_lines_come_first_and_old_ones_go(tmp_path: Path):
    output, kept = str(tmp_path), Record("done", "a", "m", "a.jpg")
    with Journal(output, journal.NAME) as book:
        book.add(Record("failed", "z", "m", "z.jpg"))
    with Journal(output, journal.NAME, [kept]) as book:
        book.add(Record("done", "b", "m", "b.jpg"))
        assert len((tmp_path / journal.NAME).read_text().splitlines()) == 2  # written at once, not at the end
    assert list(journal.read(output, from_line)) == ["a.jpg", "b.jpg"]


def test_the_folder_of_a_journal_is_made_with_those_above_it(tmp_path: Path):
    with Journal(str(tmp_path / "a" / "b"), journal.NAME) as book:
        book.add(Record("done", "a", "m", "a.jpg"))
    assert list(journal.read(str(tmp_path / "a" / "b"), from_line)) == ["a.jpg"]
