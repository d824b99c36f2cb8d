"""Who serves jobs: a thread for each worker process.

A job that is cancelled while it runs ends its process, since native code cannot be interrupted; another is started. So
does a job whose time is up, or whose process dies: each takes nothing with it but itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from freefill.errors import FreefillError
from freefill.running.processes import GRACE_S, Worker
from freefill.web.job import Job

RESTART_PAUSE_S = 1.0  # after a worker that died before it was ready


class Desk(threading.Thread):
    """A thread that feeds one worker process, and starts another where it ends.

    Parameters
    ----------
    hire : starts a worker process
    draw : waits for a job; None once there will be no more
    post : notes how a job stands
    """

    def __init__(self, hire: Callable[[], Worker], draw: Callable[[], Job | None], post: Callable[..., None]) -> None:
        super().__init__(daemon=True)
        self._hire, self._draw, self._post = hire, draw, post
        self._worker: Worker | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._killed = False
        self.ready = False
        self.job: Job | None = None
        self.trouble: str | None = None

    def run(self) -> None:
        while not self._closed and self._staffed():
            job = self._draw()
            if job is None:
                break
            self._serve(job)
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop(GRACE_S)

    def _serve(self, job: Job) -> None:
        worker = self._worker
        assert worker is not None
        with self._lock:
            if job.over:  # given up on its way from the queue
                return
            self.job = job
        self._post(job, "running")
        died = False
        try:
            answer = worker.work(job.order, lambda said: self._post(job, "running", progress=said))
        except EOFError:
            died = True
            self._post(job, "failed", error=worker.obituary(), died=True)
        else:
            if "error" in answer:
                self._post(job, "failed", error=answer["error"], answer=answer)
            else:
                self._post(job, "done", answer=answer)
        with self._lock:  # whoever gives a job up from now on leaves the worker to the next one
            died, self.job, self._killed = died or self._killed, None, False
            if died:
                self._worker, self.ready = None, False
        if died:
            worker.stop(GRACE_S, ask=False)

    def _staffed(self) -> bool:
        """Have a worker that is ready; False once the office is closed."""
        while self._worker is None and not self._closed:
            with self._lock:
                # Asked again under the lock: one that was hired after `end` would never be told to stop.
                if self._closed:
                    return False
                worker = self._hire()
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
