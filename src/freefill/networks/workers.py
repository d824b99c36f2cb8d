"""Threads that share out the parts of a layer, on processors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
        all_here = threading.Barrier(self.count)

        def begin(_: int) -> None:
            torch.get_num_threads()  # a thread's first question sets its number: ask before telling
            torch.set_num_threads(max(threads // self.count, 1))
            all_here.wait()

        list(self._pool.map(begin, range(self.count)))
        torch.set_num_threads(threads)  # it holds for the calling thread, and the last call for threads to come

    def each(self, work: Callable[[Job], None], jobs: Iterable[Job]) -> None:
        """Do the work for each job, without gradients, in any order; return when all are done."""
        if self.count == 1:
            for job in jobs:
                work(job)
        else:
            list(self._pool.map(torch.inference_mode()(work), jobs))

    def alone(self, work: Callable[[], Answer]) -> Answer:
        """Let one worker do it, and return the answer: PyTorch's own threads are not woken by short operations."""
        return work() if self.count == 1 else self._pool.submit(torch.inference_mode()(work)).result()
