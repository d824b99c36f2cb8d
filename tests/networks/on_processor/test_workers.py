"""Workers do every job once, say what failed, and leave PyTorch's own threads as they were."""

import gc
import threading

import pytest

torch = pytest.importorskip("torch")

from freefill.networks.on_processor.workers import Workers, _Share  # noqa: E402


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_job_is_done_once(count):
    done = []
    Workers(count).each(done.append, range(20))
    assert sorted(done) == list(range(20))


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_in_a_job_reaches_the_caller(count):
    def fail(job):
        raise ValueError(f"job {job}")

    with pytest.raises(ValueError, match="job 0"):
        Workers(count).each(fail, range(4))
    with pytest.raises(ValueError, match="job 7"):
        Workers(count).alone(lambda: fail(7))


@pytest.mark.parametrize("count", [1, 2])
def test_different_things_give_their_answers_in_order(count):
    assert Workers(count).together(lambda: "one", lambda: "two", lambda: "three") == ["one", "two", "three"]


def test_different_things_are_done_at_the_same_time():
    both = threading.Barrier(2)
    workers = Workers(2)
    assert sorted(workers.together(lambda: both.wait(10), lambda: both.wait(10))) == [0, 1]


def test_a_worker_that_is_done_takes_part_in_what_another_is_at():
    both = threading.Barrier(2)
    workers = Workers(2)
    workers.together(lambda: None, lambda: workers.each(lambda job: both.wait(10), range(2)))
    assert not both.broken


def test_an_error_inside_one_of_several_things_reaches_the_caller():
    workers = Workers(2)
    with pytest.raises(ZeroDivisionError):
        workers.together(lambda: workers.each(lambda job: 1 // job, range(3)), lambda: None)
    assert workers.together(lambda: "still there") == ["still there"]


def test_callers_in_several_threads_each_get_their_own(two_threads):
    workers, answers = Workers(), {}

    def call(number):
        parts = []
        workers.alone(lambda: workers.each(parts.append, range(number)))
        answers[number] = sorted(parts)

    callers = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert answers == {number: list(range(number)) for number in range(8)}


def test_workers_end_when_nobody_holds_them():
    before = set(threading.enumerate())
    workers = Workers(2)
    members = set(threading.enumerate()) - before
    workers.each(lambda job: None, range(4))
    assert len(members) == 2
    del workers
    gc.collect()
    for member in members:
        member.join(10)
    assert not any(member.is_alive() for member in members)


def test_workers_may_be_collected_by_one_of_their_own():
    # The collector runs wherever memory is asked for: here in a worker that holds what the other one waits for.
    workers = Workers(2)
    board, done = workers._board, threading.Event()
    cycle: list[object] = [workers]
    cycle.append(cycle)

    def collect(_):
        with board._news:
            gc.collect()
        done.set()

    del workers, cycle
    gc.disable()
    try:
        threading.Thread(target=lambda: board.ask(_Share(collect, (None,))), daemon=True).start()
        assert done.wait(10)
    finally:
        gc.enable()


def test_each_worker_computes_with_its_share_of_threads_and_without_gradients(two_threads):
    seen = []
    workers = Workers()
    workers.each(lambda job: seen.append((torch.get_num_threads(), torch.is_inference_mode_enabled())), range(8))
    assert workers.count == 2
    assert set(seen) == {(1, True)}


def test_other_threads_keep_all_threads_of_pytorch(two_threads):
    Workers()
    seen = []
    later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert [torch.get_num_threads(), *seen] == [2, 2]
