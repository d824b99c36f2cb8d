"""What is kept for visitors, and for how long."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from freefill.web.job import Job
from freefill.web.jobs import KEPT, Office
from freefill.web.pictures import Pictures


@pytest.fixture
def pictures():
    made = Pictures(keep_bytes=1000, keep_s=60.0)
    yield made
    made.close()


def scratch(pictures: Pictures, content: bytes) -> Path:
    path = pictures.scratch()
    path.write_bytes(content)
    return path


def test_a_file_that_nobody_fetches_goes_when_there_is_too_much(pictures: Pictures) -> None:
    old, new = scratch(pictures, b"a" * 600), scratch(pictures, b"b" * 600)
    pictures.hold(old)
    assert old.exists()
    pictures.hold(new)
    assert not old.exists()
    assert new.exists()


def test_a_file_that_nobody_fetches_goes_when_it_is_old() -> None:
    pictures = Pictures(keep_bytes=1000, keep_s=0.0)
    path = scratch(pictures, b"a")
    pictures.hold(path)
    pictures.sweep()
    assert not path.exists()
    pictures.close()


def test_an_old_upload_goes_also_when_no_other_comes() -> None:
    pictures = Pictures(keep_bytes=1000, keep_s=0.0)
    name, upload = pictures.take(scratch(pictures, b"a"))
    assert pictures.find(name)
    pictures.sweep()
    assert pictures.find(name) is None
    assert not upload.folder.exists()
    pictures.close()


def test_the_upload_at_hand_stays_whatever_its_size(pictures: Pictures) -> None:
    pictures.hold(scratch(pictures, b"a" * 500))
    name, upload = pictures.take(scratch(pictures, b"b" * 5000))
    assert pictures.find(name)
    assert [path.name for path in upload.folder.parent.iterdir()] == [upload.folder.name]


def test_a_fill_of_a_picture_that_was_dropped_is_no_picture(pictures: Pictures) -> None:
    name, upload = pictures.take(scratch(pictures, b"a"))
    state = upload.states[name]
    pictures.drop(name)
    assert pictures.find(pictures.add_fill(upload, state, upload.folder / "fill-1.npz")) is None


def test_jobs_that_are_over_are_forgotten_the_oldest_first_with_their_files() -> None:
    async def run() -> None:
        office = Office.__new__(Office)
        forgotten: list[int] = []
        office._jobs = {}
        for number in range(KEPT + 3):
            job = Job(None, 1.0, what="done", forget=lambda number=number: forgotten.append(number))
            office._jobs[job.id] = job
        office._jobs["at work"] = Job(None, 1.0, what="running")
        office.sweep()
        assert forgotten == [0, 1, 2]
        assert office.find("at work")
        old = office._jobs[next(iter(office._jobs))]
        old.asked_at = -1e6
        office.sweep()
        assert forgotten == [0, 1, 2, 3]

    asyncio.run(run())
