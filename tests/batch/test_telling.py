"""What is shared out: a task by its name, done here, and what it says while it is at work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from freefill.running import telling
from freefill.running.here import Here
from freefill.running.task import Done, Task
from freefill.threads import VARIABLES, bounded, cores


def multiplier(factor: int) -> Callable[[int], int]:
    def multiply(item: int) -> int:
        telling.tell({"at": item})
        return factor * item

    return multiply


TASK = Task(f"{__name__}:multiplier", 3)


def test_a_task_is_found_by_its_name_and_made_with_what_is_shared():
    assert TASK.make()(14) == 42


def test_what_is_done_here_comes_in_the_order_of_the_items_and_is_drawn_one_by_one():
    drawn: list[int] = []

    def items():
        for item in (5, 4):
            drawn.append(item)
            yield item

    with Here(TASK) as runner:
        done = runner.run(items())
        first = next(done)
        assert (first.item, first.answer, first.death, drawn) == (5, 15, None, [5])
        assert [each.answer for each in done] == [12]


def test_an_error_of_a_task_ends_the_run_here():
    with Here(Task("builtins:abs", 1)) as runner, pytest.raises(TypeError):
        list(runner.run([1]))


def test_whoever_listens_hears_what_is_told_and_else_nothing_happens(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(telling, "_hearers", [])
    TASK.make()(1)
    heard, again = [], []
    telling.listen(heard.append)
    telling.listen(again.append)
    TASK.make()(2)
    assert heard == again == [{"at": 2}]


def test_two_answers_that_look_alike_are_two():
    assert Done(1, 2) != Done(1, 2)


@pytest.mark.parametrize(("asked", "given"), [("", 4), ("2", 2), ("9", 4), ("0", 4), ("many", 4)])
def test_a_process_gets_its_threads_and_fewer_where_the_user_said_so(
    monkeypatch: pytest.MonkeyPatch, asked: str, given: int
):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert bounded(4) == dict.fromkeys(VARIABLES, "4") | {"OMP_NUM_THREADS": str(given)}


@pytest.mark.parametrize(("asked", "fewer"), [("1", True), ("0", False), ("no", False)])
def test_cores_are_those_of_the_machine_or_fewer(monkeypatch: pytest.MonkeyPatch, asked: str, fewer: bool):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    here = cores()
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert cores() == (1 if fewer else here)
    monkeypatch.setenv("OMP_NUM_THREADS", str(here + 5))
    assert cores() == here
