"""Many pictures by real worker processes: what is written, what fails, what is killed, what is done again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from freefill.batch.pairs import Pairing, find_pairs
from freefill.batch.records import Record, Work, from_line
from freefill.batch.run import plan_all, run, task_of
from freefill.errors import EngineError
from freefill.request import Request
from freefill.running import journal
from freefill.running.here import Here
from freefill.running.processes import Processes
from freefill.threads import cores

WORK = Work(Request(engine="telea", texture="never"))


def pairs_of(root: Path) -> tuple[Pairing, str]:
    output = str(root / "out")
    return find_pairs(str(root / "photos"), str(root / "masks"), output), output


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def leftovers(root: Path) -> list[Path]:
    return list(root.rglob("*.part"))


def test_every_picture_is_filled_and_only_in_its_hole(folder):
    root = folder("a.png", "x/b.png", "x/y/c.bmp")
    pairing, output = pairs_of(root)
    told: list[Record] = []
    summary = run(pairing, WORK, output, jobs=2, on_record=told.append)
    assert (summary.done, summary.failed, summary.skipped) == (3, 0, 0)
    for name in ("a.png", "x/b.png", "x/y/c.bmp"):
        before, after = pixels(root / "photos" / name), pixels(root / "out" / name)
        hole = pixels((root / "masks" / name).with_suffix(".png"))
        assert np.array_equal(before[~hole], after[~hole])
        assert not np.array_equal(before[hole], after[hole])
    lines = [json.loads(line) for line in (root / "out" / journal.NAME).read_text().splitlines()]
    assert sorted(line["output"] for line in lines) == ["a.png", "x/b.png", "x/y/c.bmp"]
    assert {line["status"] for line in lines} == {"done"}
    assert {line["engine"] for line in lines} == {"telea"}
    assert all(line["hole_share"] == pytest.approx(8 * 12 / 48**2, abs=1e-6) for line in lines)
    assert all(line["seconds"] > 0 and line["plan"]["hole_px"] == 96 for line in lines)
    assert sorted(record.output for record in told) == ["a.png", "x/b.png", "x/y/c.bmp"]


def test_a_failing_picture_stops_no_other(folder):
    root = folder("a.png", "b.png", "c.png", "d.png")
    (root / "photos/b.png").write_bytes((root / "photos/b.png").read_bytes()[:900])  # torn off
    Image.new("L", (20, 20), 255).save(root / "masks/c.png")  # another size
    pairing, output = pairs_of(root)
    summary = run(pairing, WORK, output)
    assert (summary.done, summary.failed) == (2, 2)
    errors = {record.output: record.error or "" for record in summary.failures}
    assert set(errors) == {"b.png", "c.png"}
    assert all("\n" not in error for error in errors.values())
    assert "--mask-fit scale" in errors["c.png"]
    assert not (root / "out/b.png").exists()


def test_resume_fills_only_what_is_not_done_or_not_intact(folder):
    root = folder("a.png", "b.png", "c.png", "d.png")
    broken = (root / "photos/d.png").read_bytes()
    (root / "photos/d.png").write_bytes(broken[:900])
    pairing, output = pairs_of(root)
    assert run(pairing, WORK, output).failed == 1
    (root / "photos/d.png").write_bytes(broken)
    whole = (root / "out/b.png").read_bytes()
    (root / "out/b.png").write_bytes(whole[: len(whole) // 2])  # half written by another program
    Image.new("1", (48, 48), 0).save(root / "masks/c.png")  # the user drew another mask
    told: list[Record] = []
    summary = run(pairing, WORK, output, resume=True, on_record=told.append)
    assert (summary.done, summary.failed, summary.skipped) == (3, 0, 1)
    assert sorted(record.output for record in told) == ["b.png", "c.png", "d.png"]
    assert (root / "out/b.png").read_bytes() == whole
    assert len((root / "out" / journal.NAME).read_text().splitlines()) == 4
    assert run(pairing, WORK, output, resume=True).skipped == 4
    assert run(pairing, Work(replace(WORK.request, engine="ns")), output, resume=True).skipped == 0


def test_each_picture_may_be_filled_in_several_ways_and_resume_knows_in_how_many(folder):
    root = folder("a.png", "b.png")
    Image.new("1", (48, 48), 0).save(root / "masks/b.png")  # nothing is to be removed there
    pairing, output = pairs_of(root)
    told: list[Record] = []
    twice = replace(WORK, tries=2)
    assert run(pairing, twice, output, on_record=told.append).failed == 0
    notes = {record.output: " ".join(record.notes) for record in told}
    assert "2 tries" in notes["a.png"]
    assert "tries" not in notes["b.png"]
    assert run(pairing, twice, output, resume=True).skipped == 2
    assert run(pairing, WORK, output, resume=True).skipped == 0


def test_a_batch_may_run_in_this_process(folder):
    root = folder("a.png", "b.png")
    pairing, output = pairs_of(root)
    summary = run(pairing, WORK, output, runner=Here(task_of(WORK, output)))
    assert (summary.done, summary.failed) == (2, 0)
    assert sorted(path.name for path in (root / "out").glob("*.png")) == ["a.png", "b.png"]


def test_a_failure_names_the_picture_whatever_failed(folder):
    root = folder("a.png", "b.png")
    Image.new("1", (48, 48), 1).save(root / "masks/b.png")  # all of it is hole
    pairing, output = pairs_of(root)
    (failed,) = run(pairing, WORK, output).failures
    assert (failed.error or "").startswith(f"{root}/photos/b.png: the mask covers the whole picture")


def test_a_worker_that_is_killed_is_noted_for_its_picture(folder):
    root = folder(*(f"{n}.png" for n in range(4)))
    pairing, output = pairs_of(root)
    crew = Processes(task_of(WORK, output))
    killed = []

    def kill_once(record: Record) -> None:
        if not killed:
            (worker,) = crew.workers
            os.kill(worker.pid, signal.SIGKILL)
            killed.append(worker.pid)

    summary = run(pairing, WORK, output, runner=crew, on_record=kill_once)
    assert (summary.done, summary.failed) == (3, 1)
    assert summary.failures[0].image in (summary.failures[0].error or "")
    assert "signal 9" in (summary.failures[0].error or "")


@pytest.mark.parametrize(("asked", "threads"), [("1", 1), ("", None), ("0", None), ("100000", None)])
def test_patch_synthesis_keeps_to_a_workers_share(monkeypatch: pytest.MonkeyPatch, asked: str, threads: int | None):
    from freefill.synthesis.compiled import MOST_THREADS, default_threads

    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    two_a_core = min(MOST_THREADS, 2 * cores()) if cores() > 1 else 1
    assert default_threads() == (threads or two_a_core)


def test_an_engine_that_cannot_be_loaded_ends_the_batch_at_once(folder):
    root = folder("a.png", "b.png")
    pairing, output = pairs_of(root)
    with pytest.raises(EngineError, match="did you mean 'telea'"):
        run(pairing, Work(Request(engine="tela")), output, jobs=2)


def test_plans_come_in_the_order_of_the_pairs_and_nothing_is_written(folder):
    root = folder("a.png", "b.png", "c.png")
    pairing, output = pairs_of(root)
    records = plan_all(pairing, replace(WORK, plan_only=True), output, jobs=2)
    assert [record.output for record in records] == ["a.png", "b.png", "c.png"]
    assert all(record.status == "planned" and record.plan for record in records)
    assert not (root / "out").exists()


def test_addresses_work_as_folders_do(folder):
    pytest.importorskip("fsspec")
    root = folder("x/a.png")
    pairing = find_pairs(f"file://{root}/photos", f"file://{root}/masks", f"file://{root}/out")
    assert run(pairing, WORK, f"file://{root}/out").done == 1
    assert pixels(root / "out/x/a.png").shape == (48, 48, 3)
    assert run(pairing, WORK, f"file://{root}/out", resume=True).skipped == 1
    assert not leftovers(root)


def test_the_pictures_own_alpha_may_be_the_mask(folder):
    root = folder("a.png")
    photo = Image.open(root / "photos/a.png")
    photo.putalpha(Image.fromarray(np.where(pixels(root / "masks/a.png"), 0, 255).astype(np.uint8)))
    photo.save(root / "photos/a.png")
    pairing = find_pairs(str(root / "photos"), "alpha", str(root / "out"))
    assert run(pairing, WORK, str(root / "out")).done == 1
    assert pixels(root / "out/a.png")[..., 3].min() == 255


# --- interrupted -------------------------------------------------------------------------------------------------


def _heeding_interrupts() -> None:
    """These tests may run under nohup or cron, where Ctrl-C is ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(root: Path) -> tuple[subprocess.Popen, list[psutil.Process]]:
    """Start a batch that takes long, and wait until it has filled a picture."""
    command = [sys.executable, "-m", "freefill", "batch", "photos", "masks", "-o", "out", "--engine", "telea"]
    command += ["--texture", "never", "--jobs", "2"]
    process = subprocess.Popen(
        command, cwd=root, stderr=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=_heeding_interrupts
    )
    deadline = time.monotonic() + 30
    while not list((root / "out").glob("*.png")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) == 2
    return process, children


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_an_interrupted_batch_leaves_no_half_and_no_orphan_and_can_go_on(folder, how: signal.Signals):
    root = folder(*(f"{n:03}.png" for n in range(40)), size=256)
    process, children = started(root)
    process.send_signal(how)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 130, told
    assert told.decode().strip().splitlines()[-1] == "freefill: interrupted"
    assert not any(child.is_running() for child in children)
    assert not leftovers(root)
    written = sorted((root / "out").glob("*.png"))
    assert 0 < len(written) < 40
    for path in written:
        Image.open(path).load()
    kept = journal.read(str(root / "out"), from_line)
    assert len(written) - 2 <= len(kept) <= len(written)  # at most one picture of each worker was not yet noted


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_worker_that_is_told_to_end_while_it_writes_cleans_its_half_away(folder):
    root = folder(*(f"{n}.png" for n in range(4)), size=1600)  # noise: a second to compress
    pairing, output = pairs_of(root)
    told: list[int] = []

    def tell(pool: Processes) -> None:
        deadline = time.monotonic() + 30
        while not leftovers(root) and time.monotonic() < deadline:
            time.sleep(0.002)
        for worker in pool.workers if leftovers(root) else ():
            os.kill(worker.pid, signal.SIGTERM)
            told.append(worker.pid)

    with Processes(task_of(WORK, output)) as pool:
        thread = threading.Thread(target=tell, args=(pool,))
        thread.start()
        dones = list(pool.run(pairing.pairs))
        thread.join()
    assert len(told) == 1
    (death,) = (done.death for done in dones if done.death is not None)
    assert "exit code 143" in death
    assert len(list((root / "out").glob("*.png"))) == 3
    assert not leftovers(root)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_workers_end_when_their_parent_is_killed(folder):
    root = folder(*(f"{n:03}.png" for n in range(40)), size=256)
    process, children = started(root)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(children, timeout=15)
    assert not alive
    assert not leftovers(root)
