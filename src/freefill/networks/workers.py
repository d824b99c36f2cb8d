"""Threads that share out the parts of a layer, on processors."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import torch

MOST = 4  # more workers would wait for Python's lock; each uses several of PyTorch's threads instead

Job = TypeVar("Job")
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
        self._pool = ThreadPoolExecutor(self.count)
        self._here = threading.local()
        all_here = threading.Barrier(self.count)

        def begin(_: int) -> None:
            torch.get_num_threads()  # a thread's first question sets its number: ask before telling
            torch.set_num_threads(max(threads // self.count, 1))
            self._here.is_worker = True
            all_here.wait()

        list(self._pool.map(begin, range(self.count)))
        torch.set_num_threads(threads)  # it holds for the calling thread, and the last call for threads to come

    def alone(self, work: Callable[[], Answer]) -> Answer:
        """Let one worker do it, without gradients, and return the answer: PyTorch's own threads are not woken.

        What it does may call `each`, and then takes part: nobody has to be woken for the first job.
        """
        if self.count == 1 or self._is_worker():
            return work()
        return self._pool.submit(torch.inference_mode()(work)).result()

    def each(self, work: Callable[[Job], None], jobs: Iterable[Job]) -> None:
        """Do the work for each job, without gradients, in any order; return when all are done."""
        if self.count == 1:
            for job in jobs:
                work(job)
            return
        if not self._is_worker():
            self.alone(lambda: self.each(work, jobs))
            return
        left = deque(jobs)

        def share() -> None:
            while True:
                try:
                    job = left.popleft()
                except IndexError:
                    return
                work(job)

        helpers = [self._pool.submit(torch.inference_mode()(share)) for _ in range(min(self.count, len(left)) - 1)]
        try:
            share()
        finally:
            # One that has not begun is not waited for: the others may all be at work for other callers.
            begun = [helper for helper in helpers if not helper.cancel()]
            wait(begun)
        for helper in begun:
            helper.result()

    def _is_worker(self) -> bool:
        return getattr(self._here, "is_worker", False)
