"""Runners: what is answered, what dies, what is drawn when, and that nothing is left running."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psutil
import pytest

from freefill.errors import EngineError
from freefill.running.here import Here
from freefill.running.processes import Processes
from freefill.running.task import Runner, Task
from freefill.threads import cores

UPPER = Task("operator:methodcaller", "upper")
CALL = Task("operator:methodcaller", "__call__")  # each item is a function to call
RUNNERS: tuple[Callable[[Task], Runner], ...] = (Processes, Here, partial(Processes, jobs=2))


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_item_is_answered_once(runner: Callable[[Task], Runner]):
    with runner(UPPER) as crew:
        answers = {done.item: done.answer for done in crew.run(["a", "b", "c", "d", "e"])}
    assert answers == {"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}


@pytest.mark.parametrize("runner", RUNNERS)
def test_nothing_to_do_starts_nothing(runner: Callable[[Task], Runner]):
    with runner(Task("freefill.engines.registry:find", "telea")) as crew:
        assert list(crew.run([])) == []


@pytest.mark.parametrize("runner", RUNNERS)
def test_a_task_that_cannot_begin_ends_the_run(runner: Callable[[Task], Runner]):
    with (
        runner(Task("freefill.engines.registry:find", "tela")) as crew,
        pytest.raises(EngineError, match="did you mean 'telea'"),
    ):
        list(crew.run([1, 2]))


def test_none_is_an_item_as_any_other():
    with Processes(Task("operator:methodcaller", "__repr__")) as crew:
        assert [done.answer for done in crew.run([None, 1, None])] == ["None", "1", "None"]


def test_a_death_takes_one_item_and_the_next_worker_does_the_rest():
    items = [partial(int, 1), partial(os._exit, 3), partial(int, 2)]
    with Processes(CALL) as crew:
        dones = list(crew.run(items))
    assert [done.answer for done in dones] == [1, None, 2]
    assert dones[1].item is items[1]
    assert dones[1].death == "the worker process died (exit code 3)"


def test_a_bug_in_the_task_is_told_by_its_last_line():
    with Processes(CALL) as crew:
        (done,) = crew.run([partial(int, "x")])
    assert "exit code 1" in (done.death or "")
    assert "invalid literal for int()" in (done.death or "")


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_worker_says_so():
    with Processes(CALL) as crew:
        (done,) = crew.run([partial(signal.raise_signal, signal.SIGKILL)])
    assert "killed (signal 9), perhaps for too little memory" in (done.death or "")


def test_workers_share_the_cores_and_all_end_with_the_block():
    with Processes(CALL, jobs=2) as crew:
        answers = crew.run(partial(os.getenv, name) for name in ["NUMBA_NUM_THREADS", "OMP_NUM_THREADS"] * 4)
        told = {next(answers).answer for _ in range(3)}
        workers = [psutil.Process(worker.pid) for worker in crew.workers]
    assert told == {str(max(1, cores() // 2))}
    assert 1 <= len(workers) <= 2
    assert not any(worker.is_running() for worker in workers)


def test_items_are_drawn_when_a_worker_is_free():
    drawn: list[int] = []

    def found() -> Iterator[Callable[[], Any]]:
        for n in range(100):
            drawn.append(n)
            yield partial(int, n)

    with Processes(CALL) as crew:
        next(crew.run(found()))
        several = len(drawn)
    assert several < 100


def test_a_run_can_be_left_while_items_are_waiting():
    begun = threading.Event()
    with Processes(Task("operator:methodcaller", "__call__")) as crew:
        for _ in crew.run(partial(int, n) for n in range(1000)):
            begun.set()
            break
        workers = [psutil.Process(worker.pid) for worker in crew.workers]
    assert begun.is_set()
    assert not any(worker.is_running() for worker in workers)
