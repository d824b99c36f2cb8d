"""What all routes share: the pictures, the workers, and how a request waits for a job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from fastapi import Request

from freefill.running.task import Task
from freefill.threads import cores
from freefill.web import problems
from freefill.web.job import Job, reached
from freefill.web.jobs import Office
from freefill.web.metrics import Metrics
from freefill.web.orders import Open, State
from freefill.web.pictures import Pictures, Upload
from freefill.web.settings import Settings

SWEEP_S = 60.0  # how often old pictures and jobs are looked for
READERS = 1  # processes that read uploads and write files, so that a long fill never keeps a page from opening


class Service:
    """Made once; lives in the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pictures = Pictures(settings.keep_bytes, settings.keep_s)
        # Each worker gets its part of the cores: with all of them for each, they would only wait for one another.
        share = max(1, cores() // settings.fillers)
        self.fillers = Office(Task("freefill.web.work:maker", "fill"), settings.fillers, settings.places, share)
        # To read a picture takes a moment, to fill one seconds: more of them may wait.
        self.readers = Office(Task("freefill.web.work:maker", "read"), READERS, 4 * settings.places, 1)
        self.metrics = Metrics(self.fillers, settings.fillers)

    def start(self) -> None:
        """Start the workers."""
        self.fillers.start()
        self.readers.start()
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for each in (self.pictures, self.fillers, self.readers):
                each.sweep()

    def close(self) -> None:
        """End the workers and remove all pictures."""
        self._sweeping.cancel()
        self.fillers.close()
        self.readers.close()
        self.pictures.close()

    def picture(self, name: str) -> tuple[Upload, State]:
        """Return a visitor's picture.

        Raises
        ------
        Problem
            404 if there is none of that name (any more).
        """
        found = self.pictures.find(name)
        if found is None:
            raise problems.Problem(404, "this picture is not here any more; send it again")
        return found

    def job(self, name: str) -> Job:
        """Return a job."""
        job = self.fillers.find(name) or self.readers.find(name)
        if job is None:
            raise problems.Problem(404, "there is no such job")
        return job

    def office_of(self, job: Job) -> Office:
        """Return who does a job."""
        return self.fillers if self.fillers.find(job.id) else self.readers

    async def open(self, upload: Upload, request: Request) -> None:
        """Have an upload read, and return as soon as it can be shown.

        Raises
        ------
        Full, Problem
            If there is no place, or it is no picture.
        """
        # The same picture, sent again while it is still being read, waits for the same job.
        job = upload.opening
        if job is None:
            order = Open(str(upload.folder), self.settings.max_mpx)
            job = upload.opening = self.readers.submit(order, self.settings.deadline_s)
        await wait_or_leave(job, self.readers, request, lambda job: bool(job.over or job.progress))
        # A worker tells the size before it is through: enough to lay out the page.
        upload.about = result_of(job) if job.over else job.progress

    async def whole(self, name: str) -> tuple[Upload, State]:
        """Return a visitor's picture once all of it is there.

        Raises
        ------
        Problem
            404 if there is none of that name (any more).
        """
        upload, state = self.picture(name)
        if upload.opening is not None:
            await reached(upload.opening, lambda job: job.over)
            result_of(upload.opening)
        return upload, state

    async def answer(self, office: Office, order: Any, request: Request) -> dict[str, Any]:
        """Have an order done and return its answer; where the client leaves, the work ends.

        Raises
        ------
        Full, Problem
            If there is no place, or it came to nothing.
        """
        job = office.submit(order, self.settings.deadline_s)
        await wait_or_leave(job, office, request)
        return result_of(job)


async def wait_or_leave(
    job: Job, office: Office, request: Request, enough: Callable[[Job], bool] = lambda job: job.over
) -> None:
    """Wait until a job is over, or far enough; end it where the client disconnects before."""
    done = asyncio.ensure_future(reached(job, enough))
    left = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((done, left), return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not enough(job):
            office.end(job)
        # Awaited after they are cancelled, or asyncio would speak of tasks that nobody waited for.
        for task in (done, left):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _left(request: Request) -> None:
    """Return once the client is gone. The body has been read: nothing else can come."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def result_of(job: Job) -> dict[str, Any]:
    """Return what a job that is over answered.

    Raises
    ------
    Problem
        If it came to nothing.
    """
    if job.what == "done":
        return job.answer
    if job.what == "failed" and not job.died:
        raise problems.of_worker(job.answer)
    if job.what == "late":
        # What never began may be tried again as it is; what took too long has to become smaller.
        status, text = (503, "it waited too long") if job.started_at is None else (504, "it took too long")
        raise problems.Problem(status, f"{text}; try a smaller hole, or a service with more time (--deadline)")
    if job.what == "cancelled":
        raise problems.Problem(409, "it was cancelled")
    raise problems.Problem(500, f"{job.error}; the next request gets another worker")
