"""The recipe of a batch: what is left to do, filled by worker processes, noted in the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from freefill.batch import journal
from freefill.batch.journal import Journal
from freefill.batch.pairs import Pairing
from freefill.batch.pool import Pool
from freefill.batch.records import Record, Work


@dataclass(frozen=True)
class Summary:
    """How a batch ended."""

    done: int
    failed: int
    skipped: int
    journal: str
    failures: tuple[Record, ...] = ()


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

    Raises
    ------
    InputError
        If the output folder cannot be written.
    FreefillError
        If the engine cannot be loaded. A picture that fails raises nothing: it is counted in the summary.
    """
    pairs = pairing.shard(*shard).pairs
    records = journal.read(output) if resume else {}
    kept = [records[pair.output] for pair in pairs if journal.is_done(pair, records.get(pair.output), work, output)]
    finished = {record.output for record in kept}
    left = [pair for pair in pairs if pair.output not in finished]
    if on_start is not None:
        on_start(len(left), len(kept))
    done, failures = 0, []
    with Journal(output, journal.name_of(shard), kept) as book, Pool(work, output, jobs) as pool:
        for record in pool.fill_all(left):
            book.add(record)
            if record.status == "failed":
                failures.append(record)
            else:
                done += 1
            if on_record is not None:
                on_record(record)
    return Summary(done, len(failures), len(kept), book.place, tuple(failures))


def plan_all(pairing: Pairing, work: Work, output: str, *, jobs: int = 1) -> list[Record]:
    """Make every pair's plan, fill and write nothing; in the order of the pairs."""
    with Pool(work, output, jobs) as pool:
        records = {record.output: record for record in pool.fill_all(pairing.pairs)}
    return [records[pair.output] for pair in pairing.pairs]
