"""Workers do every job once, say what failed, and leave PyTorch's own threads as they were."""

import threading

import pytest

torch = pytest.importorskip("torch")

from freefill.networks.workers import Workers  # noqa: E402


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
