"""A worker does not grow: 500 pictures take what 20 took."""

from __future__ import annotations

import psutil
import pytest

from freefill.batch.pairs import Pair
from freefill.batch.records import Work
from freefill.batch.run import task_of
from freefill.request import Request
from freefill.running.processes import Processes


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["telea", "texture"])
def test_500_pictures_take_less_than_5_percent_more_memory_than_20(folder, engine: str):
    names = [f"{n:02}.png" for n in range(20)]
    root = folder(*names, size=128)
    pairs = [
        Pair(str(root / "photos" / names[n % 20]), str(root / "masks" / names[n % 20]), f"{n:03}.png")
        for n in range(500)
    ]
    sizes_mb = []
    with Processes(task_of(Work(Request(engine=engine)), str(root / "out"))) as pool:
        for done in pool.run(pairs):
            assert done.answer.status == "done", done.answer.error
            for worker in pool.workers:  # none after the last picture
                sizes_mb.append(psutil.Process(worker.pid).memory_info().rss / 2**20)
    assert max(sizes_mb[480:]) < 1.05 * max(sizes_mb[:20]), sizes_mb[::50]
