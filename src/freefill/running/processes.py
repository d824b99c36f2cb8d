"""Worker processes: started, fed, replaced when one dies, ended without orphans.

Each worker is a fresh interpreter (nothing is forked: threads of OpenCV, numba and torch do not survive a fork) with a
thread here that talks to it. A worker that dies takes one item with it, never the whole run.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import IO, Any

from freefill.errors import EngineError, FreefillError
from freefill.running.task import Done, Task
from freefill.running.telling import Told
from freefill.threads import bounded, cores

GRACE_S = 5.0  # for a worker that is told to stop; native code cannot be interrupted
DEATHS_IN_A_ROW = 5  # workers that die before they are ready mean a broken environment, not a bad item


class Worker:
    """One worker process and the pipes to it."""

    def __init__(self, task: Task, threads: int) -> None:
        # A file, for a pipe that nobody reads fills up and stops the writer.
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        self._process = subprocess.Popen(
            # With faulthandler a crash of native code leaves a line, see `obituary`.
            [sys.executable, "-X", "faulthandler", "-m", "freefill.running.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=os.environ | bounded(threads),
            process_group=0 if os.name == "posix" else None,  # a terminal's Ctrl-C reaches the parent only
        )
        self._send((task, threads))

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait until the task can begin.

        Raises
        ------
        FreefillError
            If it cannot.
        EOFError
            If the worker died.
        """
        answer = self._receive()
        if isinstance(answer, FreefillError):
            raise answer

    def work(self, item: Any, hear: Callable[[Any], None] | None = None) -> Any:
        """Return the answer to one item; EOFError if the worker died of it.

        hear : called with what the task says while it is at work (`telling.tell`)
        """
        self._send((item,))  # in a tuple: None means good-bye
        while isinstance(answer := self._receive(), Told):
            if hear is not None:
                hear(answer.message)
        return answer

    def obituary(self) -> str:
        """Say how a dead worker died."""
        code = self._process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        if code == -9:
            return "the worker process was killed (signal 9), perhaps for too little memory; try fewer --jobs"
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        # That line stands above the trace, whose last line says little.
        fatal = next((line for line in lines if line.startswith("Fatal Python error")), lines[-1] if lines else "")
        return f"the worker process died ({how}){': ' + fatal if fatal else ''}"

    def dismiss(self) -> None:
        """End a worker that has nothing to do."""
        try:
            self._send(None)
            self._close_input()
        except EOFError:
            pass
        self.stop(GRACE_S, ask=False)

    def ask_to_stop(self) -> None:
        """Let it end at once, in the middle of an item: it cleans up what it was writing."""
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it now, whatever it is writing."""
        if self._process.poll() is None:
            self._process.kill()

    def stop(self, grace_s: float, ask: bool = True) -> None:
        """Wait for its end, which is made sure of after a while."""
        if ask:
            self.ask_to_stop()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close_input()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._complaints.close()

    def _send(self, message: object) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
        except (OSError, ValueError):  # a broken pipe, or one closed by stop()
            raise EOFError from None

    def _receive(self) -> object:
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except (OSError, ValueError, pickle.UnpicklingError):
            raise EOFError from None

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it died with something unread in the pipe
            self._process.stdin.close()


class Processes:
    """Does a task by `jobs` worker processes, which share the cores; a context manager that leaves none behind.

    Parameters
    ----------
    hear : called, from threads, with an item and what the task says while it is at work on it (`telling.tell`)
    """

    def __init__(self, task: Task, jobs: int = 1, hear: Callable[[Any, Any], None] | None = None) -> None:
        self._task, self._hear = task, hear
        self._jobs = max(1, jobs)
        self._threads = max(1, cores() // self._jobs)
        self._workers: set[Worker] = set()
        self._talkers: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._stopping = False

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._stopping = True
            workers = list(self._workers)
        # All are asked before one is waited for: the time of grace runs for all of them at once.
        for worker in workers:
            worker.ask_to_stop()
        for worker in workers:
            worker.stop(GRACE_S)
        for talker in self._talkers:
            talker.join()

    @property
    def workers(self) -> list[Worker]:
        """Those at work now."""
        with self._lock:
            return list(self._workers)

    def run(self, items: Iterable[Any]) -> Iterator[Done]:
        """Yield what came of each item, in the order in which they are ready; see `task.Runner`."""
        waiting = _Waiting(items)
        answers: queue.SimpleQueue[Done | BaseException | None] = queue.SimpleQueue()
        for _ in range(self._jobs):
            talker = threading.Thread(target=self._talk, args=(waiting, answers), daemon=True)
            self._talkers.append(talker)
            talker.start()
        at_work = self._jobs
        while at_work:
            answer = answers.get()
            if isinstance(answer, BaseException):
                raise answer
            if answer is None:
                at_work -= 1
            else:
                yield answer

    def _hire(self) -> Worker:
        """Start a worker; EOFError once the run is stopping."""
        # Started under the lock: one that starts while `__exit__` looks at its list would be left behind.
        with self._lock:
            if self._stopping:
                raise EOFError
            worker = Worker(self._task, self._threads)
            self._workers.add(worker)
        return worker

    def _dismiss(self, worker: Worker) -> None:
        with self._lock:
            self._workers.discard(worker)
            if self._stopping:  # `__exit__` has it on its list, and ends it
                return
        worker.dismiss()

    def _talk(self, waiting: _Waiting, answers: queue.SimpleQueue[Done | BaseException | None]) -> None:
        """Feed workers, one at a time, until nothing is waiting; runs in a thread."""
        worker: Worker | None = None
        try:
            while not self._stopping and (order := waiting.draw()) is not None:
                (item,) = order
                worker = worker or self._ready_worker()
                try:
                    hear = None if self._hear is None else partial(self._hear, item)
                    answers.put(Done(item, worker.work(item, hear)))
                except EOFError:
                    if self._stopping:
                        return
                    answers.put(Done(item, death=worker.obituary()))
                    self._dismiss(worker)
                    worker = None
            if worker is not None:
                self._dismiss(worker)
            answers.put(None)
        except EOFError:  # the run is stopping
            return
        except BaseException as error:  # handed to the thread that waits for it
            answers.put(error)

    def _ready_worker(self) -> Worker:
        """Start workers until one is ready."""
        text = ""
        for _ in range(DEATHS_IN_A_ROW):
            worker = self._hire()
            try:
                worker.wait_until_ready()
                return worker
            except EOFError:
                if self._stopping:
                    raise
                text = worker.obituary()
                self._dismiss(worker)
        raise EngineError(f"no worker process can be started: {text}")


class _Waiting:
    """Items that nobody has begun, drawn by several threads."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self._lock = threading.Lock()

    def draw(self) -> tuple[Any] | None:
        """Return the next item, in a tuple; None where there is none left."""
        with self._lock:
            for item in self._items:
                return (item,)
        return None
