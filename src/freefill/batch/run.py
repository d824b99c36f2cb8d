"""The recipe of a batch: what is left to do, filled by worker processes, noted in the journal."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from freefill import __version__
from freefill.batch.pairs import Pair, Pairing
from freefill.batch.records import Record, Work
from freefill.batch.resume import finished
from freefill.running import journal
from freefill.running.journal import Journal
from freefill.running.processes import Processes
from freefill.running.task import Done, Runner, Task


@dataclass(frozen=True)
class Summary:
    """How a batch ended."""

    done: int
    failed: int
    skipped: int
    journal: str
    failures: tuple[Record, ...] = ()
    empty: int = 0  # of those done: nothing was there to remove, the picture is as it was


def run(
    pairing: Pairing,
    work: Work,
    output: str,
    *,
    jobs: int = 1,
    resume: bool = False,
    shard: tuple[int, int] = (1, 1),
    on_start: Callable[[int, int], None] | None = None,
    on_record: Callable[[Record], None] | None = None,
    on_told: Callable[[Pair, Any], None] | None = None,
    runner: Runner | None = None,
) -> Summary:
    """Fill all pairs of a shard.

    Parameters
    ----------
    pairing : from `find_pairs` or `read_manifest`, before sharding
    work : what is the same for all
    output : folder for the fills and the journal
    jobs : worker processes
    resume : leave out what the journals in `output` say is done, where it still is
    shard : (number, of), as in --shard 3/8
    on_start : called with (pictures to fill, pictures left out)
    on_record : called for each picture when it is ready
    on_told : called, from threads, with a picture that is at work and the share of it that is done, or
        `fill.COMPILING`
    runner : who does `task_of(work, output)`; None = `jobs` worker processes

    Raises
    ------
    InputError
        If the output folder cannot be written.
    FreefillError
        If the engine cannot be loaded. A picture that fails raises nothing: it is counted in the summary.
    """
    # Before it is looked at what is done: each machine answers for its own part only.
    pairs = pairing.shard(*shard).pairs
    kept = finished(pairs, work, output) if resume else []
    names = {record.output for record in kept}
    left = [pair for pair in pairs if pair.output not in names]
    if on_start is not None:
        on_start(len(left), len(kept))
    done, empty, failures = 0, 0, []
    task = task_of(work, output)
    # The journal first: where it cannot be written no worker is started in vain.
    with Journal(output, journal.name_of(shard), kept) as book, runner or Processes(task, jobs, on_told) as crew:
        for each in crew.run(left):
            record = replace(_record(each), folder=os.getcwd())  # noqa: PTH109
            book.add(record)
            if record.status == "failed":
                failures.append(record)
            else:
                done += 1
                empty += record.hole_share == 0
            if on_record is not None:
                on_record(record)
    return Summary(done, len(failures), len(kept), book.place, tuple(failures), empty)


def plan_all(pairing: Pairing, work: Work, output: str, *, jobs: int = 1) -> list[Record]:
    """Make every pair's plan, fill and write nothing; in the order of the pairs."""
    with Processes(task_of(work, output), jobs) as crew:
        records = {done.item.output: _record(done) for done in crew.run(pairing.pairs)}
    # They come as workers get ready; whoever reads a plan wants the same order each time.
    return [records[pair.output] for pair in pairing.pairs]


def task_of(work: Work, output: str) -> Task:
    """Return the filling of pairs, as a task for any runner."""
    return Task("freefill.batch.fill:filler", (work, output))


def _record(done: Done) -> Record:
    """Return the record of one picture, also where its worker died of it."""
    if done.death is None:
        return done.answer
    pair: Pair = done.item
    error = f"{pair.image}: {done.death}"
    return Record("failed", pair.image, pair.mask, pair.output, error=error, version=__version__)
