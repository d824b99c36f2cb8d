"""The queue before the workers: who is served next, who is turned away, and how a job ends. No process is started."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from freefill.running.processes import GRACE_S
from freefill.web.job import Full, Job, reached
from freefill.web.jobs import Office

IDLE: Any = None  # the task of workers that are never started


def with_office(
    what: Callable[[Office], Awaitable[None]], places: int = 3, workers: int = 2, deadline_s: float = 60.0
) -> None:
    """Run something with an office whose desks stay empty."""

    async def run() -> None:
        office = Office(IDLE, workers, places, 1)
        office.loop = asyncio.get_running_loop()
        await what(office)
        for job in list(office._jobs.values()):
            office.end(job)  # takes the timers with it

    asyncio.run(run())


def test_jobs_are_drawn_in_the_order_in_which_they_came():
    async def run(office: Office) -> None:
        jobs = [office.submit(n, 60.0) for n in range(3)]
        assert [office.ahead(job) for job in jobs] == [0, 1, 2]
        assert office.waiting == 3
        assert [office._draw() for _ in range(3)] == jobs
        assert office.waiting == 0
        assert office.ahead(jobs[2]) == 0

    with_office(run)


def test_when_all_places_are_taken_the_next_is_turned_away_with_a_time_to_come_back():
    async def run(office: Office) -> None:
        for n in range(3):
            office.submit(n, 60.0)
        with pytest.raises(Full) as full:
            office.submit("one too many", 60.0)
        assert full.value.retry_after_s == 4  # four jobs of two seconds at two desks
        assert office.waiting == 3

    with_office(run)


@pytest.mark.parametrize(
    ("took", "ahead", "wait_s"), [([], 0, 1), ([], 3, 4), ([10.0], 0, 5), ([1.0, 9.0, 5.0], 1, 5), ([0.01], 0, 1)]
)
def test_the_wait_is_told_by_what_jobs_usually_took(took: list[float], ahead: int, wait_s: int):
    async def run(office: Office) -> None:
        office._took.extend(took)
        assert office.wait_estimate_s(ahead) == wait_s

    with_office(run)


def test_a_job_that_is_done_is_finished_cleaned_up_after_and_counted_once():
    async def run(office: Office) -> None:
        heard: list[Job] = []
        cleaned: list[str] = []
        office.heard = heard.append
        job = office.submit("order", 60.0)
        job.finish = lambda answer: answer | {"more": 1}
        job.clean_up = lambda: cleaned.append(job.what)
        office._draw()
        office._settle(job, "running", progress={"share": 0.5})
        assert (job.what, job.progress, job.over) == ("running", {"share": 0.5}, False)
        started, timer = job.started_at, job.timer
        assert started is not None
        assert timer is not None
        office._settle(job, "running", progress={"share": 0.7})
        assert job.started_at == started
        office._settle(job, "done", answer={"it": "is"})
        assert job.answer == {"it": "is", "more": 1}
        office._settle(job, "failed", error="too late")  # what comes after the end is no news
        assert (job.what, job.error) == ("done", None)
        assert cleaned == ["done"]
        assert timer.cancelled()
        assert heard == [job]
        assert len(office._took) == 1
        assert job.timer is job.finish is job.clean_up is None
        assert job.seconds is not None
        assert job.version == 3

    with_office(run)


def test_what_failed_says_nothing_of_how_long_jobs_take_and_its_answer_is_not_finished():
    async def run(office: Office) -> None:
        job = office.submit("order", 60.0)
        job.finish = lambda answer: {"finished": True}
        office._settle(job, "running")
        office._settle(job, "failed", error="no", answer={"error": "no"})
        assert (job.answer, job.error) == ({"error": "no"}, "no")
        assert not office._took

    with_office(run)


def test_what_a_desk_notes_from_its_thread_reaches_the_job():
    async def run(office: Office) -> None:
        job = office.submit("order", 60.0)
        await asyncio.to_thread(office._post, job, "running", progress={"share": 0.5})
        await asyncio.wait_for(reached(job, lambda each: each.what == "running"), 5)
        assert job.progress == {"share": 0.5}

    with_office(run)


def test_a_job_that_is_given_up_leaves_the_queue():
    async def run(office: Office) -> None:
        first, second = office.submit(1, 60.0), office.submit(2, 60.0)
        office.end(first)
        assert first.what == "cancelled"
        assert office.waiting == 1
        assert office._draw() is second
        office.end(first, "late")  # it is over already
        assert first.what == "cancelled"

    with_office(run)


def test_a_job_is_late_when_its_time_is_up():
    async def run(office: Office) -> None:
        job = office.submit("order", 0.01)
        await asyncio.wait_for(reached(job, lambda each: each.over), 5)
        assert job.what == "late"
        assert office.waiting == 0

    with_office(run)


def test_whoever_follows_a_job_wakes_when_it_changes():
    async def run(office: Office) -> None:
        job = office.submit("order", 60.0)
        following = asyncio.create_task(reached(job, lambda each: each.version >= 2))
        office._settle(job, "running")
        await asyncio.sleep(0)
        assert not following.done()
        office._settle(job, "running", progress={"share": 1.0})
        await asyncio.wait_for(following, 5)

    with_office(run)


def test_a_closed_office_sends_its_desks_home():
    async def run(office: Office) -> None:
        job = office.submit("order", 60.0)
        with office._news:
            office._closed = True
        assert office._draw() is None
        assert job.what == "waiting"

    with_office(run)


def test_jobs_are_found_by_their_names_alone():
    async def run(office: Office) -> None:
        one, other = office.submit(1, 60.0), office.submit(2, 60.0)
        assert one.id != other.id
        assert len(one.id) >= 16
        assert office.find(one.id) is one
        assert office.find("nothing") is None

    with_office(run)


class StandIn:
    """A desk that is seen from outside only."""

    def __init__(self, ready: bool = False, job: Job | None = None) -> None:
        self.ready, self.job, self.trouble = ready, job, None
        self.heard: list[Any] = []

    def end(self) -> None:
        self.heard.append("end")

    def join(self, wait_s: float) -> None:
        self.heard.append(wait_s)

    def abandon(self, job: Job) -> None:
        pass


def seated(office: Office, *desks: StandIn) -> None:
    office._desks = list(desks)  # type: ignore[assignment]


def test_an_office_is_warm_when_one_desk_is_ready_and_counts_those_that_are_at_work():
    async def run(office: Office) -> None:
        seated(office, StandIn(), StandIn())
        assert (office.warm, office.busy) == (False, 0)
        seated(office, StandIn(), StandIn(ready=True, job=Job("order", 60.0)), StandIn(ready=True))
        assert (office.warm, office.busy) == (True, 1)

    with_office(run)


def test_an_office_that_closes_drops_what_waits_and_sends_every_desk_home_before_it_waits_for_any():
    async def run(office: Office) -> None:
        office.submit("order", 60.0)
        order: list[tuple[int, Any]] = []
        desks = [StandIn(), StandIn()]
        for n, desk in enumerate(desks):
            desk.heard = Heard(order, n)
        seated(office, *desks)
        office.close()
        assert office.waiting == 0
        assert office._draw() is None
        # Twice: a desk may be in the middle of ending a worker when it is told to end.
        assert order == [(0, "end"), (1, "end"), (0, 2 * GRACE_S), (1, 2 * GRACE_S)]

    with_office(run)


class Heard(list[Any]):
    """What a desk heard, in one order with the others."""

    def __init__(self, order: list[tuple[int, Any]], desk: int) -> None:
        super().__init__()
        self._order, self._desk = order, desk

    def append(self, what: Any) -> None:
        self._order.append((self._desk, what))
