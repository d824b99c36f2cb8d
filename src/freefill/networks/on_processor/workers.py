"""Threads that share out the parts of a layer, on processors."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import torch

MOST = 4  # more workers would wait for Python's lock; each uses several of PyTorch's threads instead

WorkerJob = TypeVar("WorkerJob")
Answer = TypeVar("Answer")


class Workers:
    """As many threads as PyTorch may use, each computing its own part from convolution to gate.

    PyTorch itself would share out every single operation. Its threads wait for each other after each, and actively: for
    some milliseconds nothing else can use their cores, and what is not an operation of PyTorch's has one core only.

    Parameters
    ----------
    count : how many; 1 = everything is done by the thread that asks
    """

    def __init__(self, count: int | None = None) -> None:
        threads = torch.get_num_threads()
        self.count = min(threads, MOST) if count is None else count
        if self.count == 1:
            return
        self._board = _Board()
        all_here = threading.Barrier(self.count + 1)
        share = max(threads // self.count, 1)
        members = [
            threading.Thread(target=_serve, args=(self._board, share, all_here), daemon=True) for _ in range(self.count)
        ]
        for member in members:
            member.start()
        all_here.wait()
        torch.set_num_threads(threads)  # it holds for the calling thread, and the last call for threads to come
        weakref.finalize(self, _dismiss, self._board, members)  # also when Python ends

    def alone(self, work: Callable[[], Answer]) -> Answer:
        """Let one worker do it, without gradients, and return the answer: PyTorch's own threads are not woken.

        What it does may call `each` and `together`, and then takes part: nobody has to be woken for the first job.
        """
        if self.count == 1 or self._board.is_member():
            return work()
        answers: list[Answer] = []
        self._board.ask(_Share(lambda _: answers.append(work()), (None,)))
        return answers[0]

    def together(self, *works: Callable[[], Any]) -> list[Any]:
        """Do different things at the same time, without gradients; return their answers, in order.

        Each may call `each`: whoever is done with his own takes part in what is left of the others'.
        """
        answers: dict[int, Any] = {}
        self.each(lambda number: answers.update({number: works[number]()}), range(len(works)))
        return [answers[number] for number in range(len(works))]

    def each(self, work: Callable[[WorkerJob], object], jobs: Iterable[WorkerJob]) -> None:
        """Do the work for each job, without gradients, in any order; return when all are done."""
        if self.count == 1:
            for job in jobs:
                work(job)
        elif self._board.is_member():
            self._board.share_out(_Share(work, jobs))
        else:
            self.alone(lambda: self.each(work, jobs))


class _Share:
    """Jobs of one kind: those that nobody has begun, and how many are not done.

    After an error those not begun are left out.
    """

    def __init__(self, work: Callable[[Any], object], jobs: Iterable[Any]) -> None:
        self.work = work
        self.jobs = deque(enumerate(jobs))
        self.left = len(self.jobs)
        self.errors: dict[int, BaseException] = {}

    def do(self, number: int, job: Any) -> None:
        """Do one job; an error is kept for whoever asked."""
        try:
            self.work(job)
        except BaseException as error:
            self.errors[number] = error

    def count_one(self) -> bool:
        """Note that one more is done; return whether that was the last."""
        if self.errors:
            self.left -= len(self.jobs)
            self.jobs.clear()
        self.left -= 1
        return not self.left

    def check(self) -> None:
        """Raise the error of the first job that failed."""
        if self.errors:
            raise self.errors[min(self.errors)]


class _Board:
    """What there is to do, for all workers to see. It does not know `Workers`, so that it does not keep it alive."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._asked: deque[_Share] = deque()  # one job each, which leads to others: only for those who have nothing
        self._shared: deque[_Share] = deque()  # whoever waits takes part in these, the oldest first
        self._closed = False
        self._here = threading.local()

    def join(self) -> None:
        """Count the calling thread among the workers."""
        self._here.is_member = True

    def is_member(self) -> bool:
        """Tell whether the calling thread is a worker."""
        return getattr(self._here, "is_member", False)

    def ask(self, share: _Share) -> None:
        """Have a share done by workers; for threads that are none."""
        with self._news:
            self._asked.append(share)
            self._tell()
            self._news.wait_for(lambda: not share.left)
        share.check()

    def share_out(self, share: _Share) -> None:
        """Do a share together with those who have nothing to do."""
        if share.left > 1:
            with self._news:
                self._shared.append(share)
                self._tell()
        self.work(share)
        share.check()

    def close(self) -> None:
        """Let all workers end who have nothing to do."""
        with self._news:
            self._closed = True
            self._tell()

    def work(self, until: _Share | None = None) -> None:
        """Do jobs until a share is done; without one, until the board is closed."""
        while (found := self._next(until)) is not None:
            share, number, job = found
            share.do(number, job)
            with self._news:
                if share.count_one() and share is not until:
                    self._news.notify_all()  # another waits for it
            del found, share, job  # a worker without work keeps nothing alive

    def _next(self, until: _Share | None) -> tuple[_Share, int, Any] | None:
        """Wait for a job and take it; None if the share is done, or the board closed."""
        with self._news:
            while True:
                found, over = self._take(until), self._closed if until is None else not until.left
                if found is not None or over:
                    return found
                self._news.wait()

    def _take(self, until: _Share | None) -> tuple[_Share, int, Any] | None:
        """Return a job that nobody has begun: of the share waited for, or asked for, or of the oldest share."""
        while self._shared and not self._shared[0].jobs:
            self._shared.popleft()
        if until is None and self._asked:
            share = self._asked.popleft()
            return share, *share.jobs.popleft()
        if until is not None and not until.left:
            return None
        for share in self._shared if until is None else (until, *self._shared):
            if share.jobs:
                return share, *share.jobs.popleft()
        return None

    def _tell(self) -> None:
        """Tell all who wait to look again."""
        self._news.notify_all()


def _serve(board: _Board, threads: int, all_here: threading.Barrier) -> None:
    """Be a worker that uses so many of PyTorch's threads."""
    torch.get_num_threads()  # a thread's first question sets its number: ask before telling
    torch.set_num_threads(threads)
    board.join()
    all_here.wait()
    with torch.inference_mode():
        board.work()


def _dismiss(board: _Board, members: list[threading.Thread]) -> None:
    """Let the workers finish what they are at, and end."""
    board.close()
    # The garbage collector runs anywhere: also in one of them, while the others wait for a lock that this one holds.
    if threading.current_thread() not in members:
        for member in members:
            member.join()
