"""Jobs that wait, run and are over: a bounded queue before the desks that serve it."""

from __future__ import annotations

import asyncio
import math
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from freefill.running.processes import GRACE_S, Worker
from freefill.running.task import Task
from freefill.web.desk import Desk
from freefill.web.job import Full, Job, What, wake

KEPT = 200  # jobs that are over and can still be asked about
KEPT_S = 3600.0  # and how long
REMEMBERED = 50  # durations from which waiting times are estimated


class Office:
    """Workers of one kind and the jobs that wait for them; lives in the event loop that started it."""

    def __init__(self, task: Task, workers: int, places: int, threads: int) -> None:
        self.places = places
        self._waiting: deque[Job] = deque()
        self._jobs: dict[str, Job] = {}
        self._desks = [Desk(lambda: Worker(task, threads), self._draw, self._post) for _ in range(workers)]
        self._took: deque[float] = deque(maxlen=REMEMBERED)
        self._news = threading.Condition()  # of threading: each desk waits in a thread of its own
        self._closed = False
        self.heard: Callable[[Job], None] | None = None  # told of each job that is over

    @property
    def warm(self) -> bool:
        """Whether a worker is ready."""
        return any(desk.ready for desk in self._desks)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def busy(self) -> int:
        """How many workers are at work."""
        return sum(desk.job is not None for desk in self._desks)

    @property
    def trouble(self) -> str | None:
        """Why no worker can be started, or None."""
        return next((desk.trouble for desk in self._desks if desk.trouble), None)

    def start(self) -> None:
        """Start the workers; returns at once."""
        self.loop = asyncio.get_running_loop()
        for desk in self._desks:
            desk.start()

    def close(self) -> None:
        """End all workers."""
        with self._news:
            self._closed = True
            self._waiting.clear()
            self._news.notify_all()
        for desk in self._desks:
            desk.end()
        for desk in self._desks:
            desk.join(2 * GRACE_S)

    def submit(self, order: Any, deadline_s: float) -> Job:
        """Take a job.

        Raises
        ------
        Full
            If as many as there are places wait already.
        """
        if len(self._waiting) >= self.places:
            raise Full(self.wait_estimate_s(len(self._waiting)))
        job = Job(order, deadline_s)
        self._jobs[job.id] = job
        self.sweep()
        with self._news:
            self._waiting.append(job)
            self._news.notify()
        job.timer = self.loop.call_later(deadline_s, self.end, job, "late")
        return job

    def sweep(self) -> None:
        """Forget jobs that are over: the oldest where there are many, and all that are old."""
        over = [each for each in self._jobs.values() if each.over]
        now = time.monotonic()
        for number, old in enumerate(over):
            # By when it was asked for: its end can be no later than its deadline.
            if number < len(over) - KEPT or now - old.asked_at > old.deadline_s + KEPT_S:
                del self._jobs[old.id]
                if old.forget is not None:
                    old.forget()

    def find(self, name: str) -> Job | None:
        """Return the job of that name."""
        return self._jobs.get(name)

    def ahead(self, job: Job) -> int:
        """How many jobs are served before this one."""
        return self._waiting.index(job) if job in self._waiting else 0

    def wait_estimate_s(self, ahead: int) -> int:
        """How long so many jobs take, by what jobs took so far; whole seconds, at least one."""
        usual = statistics.median(self._took) if self._took else 2.0  # nothing was done yet
        return max(1, math.ceil((ahead + 1) * usual / len(self._desks)))

    def end(self, job: Job, what: What = "cancelled") -> None:
        """Give a job up: drop it from the queue, or end the process that is at it."""
        if job.over:
            return
        with self._news:
            if job in self._waiting:
                self._waiting.remove(job)
        # Before the worker is ended: what it says then is no news.
        self._settle(job, what)
        for desk in self._desks:
            desk.abandon(job)

    def _draw(self) -> Job | None:
        """Wait for a job; None once the office is closed. Called by the desks' threads."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closed)
            return None if self._closed else self._waiting.popleft()

    def _post(self, job: Job, what: What, **said: Any) -> None:
        """Note from a desk's thread how a job stands."""
        # A desk's thread may outlive the event loop by a moment.
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(lambda: self._settle(job, what, **said))

    def _settle(self, job: Job, what: What, **said: Any) -> None:
        if job.over:
            return
        if what == "running" and job.started_at is None:
            job.started_at = time.monotonic()
        job.what = what
        for name, value in said.items():
            setattr(job, name, value)
        if job.over:
            if what == "done" and job.finish is not None:
                job.answer = job.finish(job.answer)
            if job.clean_up is not None:
                job.clean_up()
            if job.timer is not None:
                job.timer.cancel()
            job.finish = job.clean_up = job.timer = None  # they keep pictures alive
            job.seconds = time.monotonic() - job.asked_at
            if what == "done" and job.started_at is not None:
                self._took.append(time.monotonic() - job.started_at)
            if self.heard is not None:
                self.heard(job)
        job.version += 1
        self.loop.create_task(wake(job))
