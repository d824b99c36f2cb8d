"""Jobs: a bounded queue, and the worker processes that serve it.

A job that is cancelled while it runs ends its process, since native code cannot be interrupted; another is started. So
does a job whose time is up, or whose process dies: each takes nothing with it but itself.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from freefill.errors import FreefillError
from freefill.running.processes import GRACE_S, Worker
from freefill.running.task import Task

What = Literal["waiting", "running", "done", "failed", "cancelled", "late"]
KEPT = 200  # jobs that are over and can still be asked about
KEPT_S = 3600.0  # and how long
REMEMBERED = 50  # durations from which waiting times are estimated
RESTART_PAUSE_S = 1.0  # after a worker that died before it was ready


class Full(Exception):
    """No place is free; come back in `retry_after_s`."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"{retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(eq=False)
class Job:
    """One order, and how far it is.

    Attributes
    ----------
    what : where it stands; "late" = its time was up
    answer : of the worker, once it is done
    error : one line, where it failed
    progress : what the worker said last
    finish : what is made of the answer when it is there, in the event loop
    clean_up : called once nothing more will come, whatever came
    forget : called when the job can no longer be asked about
    timer : ends it at its deadline
    listeners : how many follow it at this moment
    """

    order: Any
    deadline_s: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    what: What = "waiting"
    answer: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    died: bool = False
    progress: dict[str, Any] = field(default_factory=dict)
    finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    clean_up: Callable[[], None] | None = None
    forget: Callable[[], None] | None = None
    asked_at: float = field(default_factory=time.monotonic)
    started_at: float | None = None
    seconds: float | None = None
    timer: asyncio.TimerHandle | None = None
    listeners: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    version: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.what not in ("waiting", "running")


class Office:
    """Workers of one kind and the jobs that wait for them; lives in the event loop that started it."""

    def __init__(self, task: Task, workers: int, places: int, threads: int) -> None:
        self._task, self._threads, self.places = task, threads, places
        self._waiting: deque[Job] = deque()
        self._jobs: dict[str, Job] = {}
        self._desks = [_Desk(self) for _ in range(workers)]
        self._took: deque[float] = deque(maxlen=REMEMBERED)
        self._news = threading.Condition()
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
        usual = statistics.median(self._took) if self._took else 2.0
        return max(1, math.ceil((ahead + 1) * usual / len(self._desks)))

    def end(self, job: Job, what: What = "cancelled") -> None:
        """Give a job up: drop it from the queue, or end the process that is at it."""
        if job.over:
            return
        with self._news:
            if job in self._waiting:
                self._waiting.remove(job)
        self._settle(job, what)
        for desk in self._desks:
            desk.abandon(job)

    def draw(self) -> Job | None:
        """Wait for a job; None once the office is closed. Called by the desks' threads."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closed)
            return None if self._closed else self._waiting.popleft()

    def post(self, job: Job, what: What, **said: Any) -> None:
        """Note from a desk's thread how a job stands."""
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
        self.loop.create_task(_wake(job))


async def _wake(job: Job) -> None:
    async with job.changed:
        job.changed.notify_all()


async def reached(job: Job, enough: Callable[[Job], bool]) -> None:
    """Wait until a job is so far."""
    async with job.changed:
        await job.changed.wait_for(lambda: enough(job))


class _Desk(threading.Thread):
    """A thread that feeds one worker process, and starts another where it ends."""

    def __init__(self, office: Office) -> None:
        super().__init__(daemon=True)
        self._office = office
        self._worker: Worker | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._killed = False
        self.ready = False
        self.job: Job | None = None
        self.trouble: str | None = None

    def run(self) -> None:
        while not self._closed and self._hire():
            job = self._office.draw()
            if job is None:
                break
            self._serve(job)
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop(GRACE_S)

    def _serve(self, job: Job) -> None:
        office, worker = self._office, self._worker
        assert worker is not None
        with self._lock:
            if job.over:  # given up on its way from the queue
                return
            self.job = job
        office.post(job, "running")
        died = False
        try:
            answer = worker.work(job.order, lambda said: office.post(job, "running", progress=said))
        except EOFError:
            died = True
            office.post(job, "failed", error=worker.obituary(), died=True)
        else:
            if "error" in answer:
                office.post(job, "failed", error=answer["error"], answer=answer)
            else:
                office.post(job, "done", answer=answer)
        with self._lock:  # whoever gives a job up from now on leaves the worker to the next one
            died, self.job, self._killed = died or self._killed, None, False
            if died:
                self._worker, self.ready = None, False
        if died:
            worker.stop(GRACE_S, ask=False)

    def _hire(self) -> bool:
        """Have a worker that is ready; False once the office is closed."""
        while self._worker is None and not self._closed:
            with self._lock:
                if self._closed:
                    return False
                worker = Worker(self._office._task, self._office._threads)
                self._worker = worker
            try:
                worker.wait_until_ready()
                self.ready, self.trouble = True, None
            except (EOFError, FreefillError) as error:
                self.trouble = worker.obituary() if isinstance(error, EOFError) else str(error)
                worker.stop(GRACE_S, ask=False)
                with self._lock:
                    self._worker = None
                time.sleep(RESTART_PAUSE_S)
        return not self._closed

    def abandon(self, job: Job) -> None:
        """End the process if it is at this job; the thread hears of it and starts another."""
        with self._lock:
            if self.job is job and self._worker is not None:
                self._killed = True
                self._worker.kill()

    def end(self) -> None:
        """End for good."""
        self._closed = True
        with self._lock:
            if self._worker is not None:
                self._worker.ask_to_stop()
