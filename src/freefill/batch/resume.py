"""What an earlier run finished: read from its journals, believed only where the files are still as they were."""

from __future__ import annotations

from freefill import places
from freefill.batch.pairs import Pair
from freefill.batch.records import Record, Work, from_line
from freefill.running import journal


def finished(pairs: tuple[Pair, ...], work: Work, output: str) -> list[Record]:
    """Return the records of the pairs that need not be filled again, in the order of the pairs."""
    records = journal.read(output, from_line)
    return [records[pair.output] for pair in pairs if is_done(pair, records.get(pair.output), work, output)]


def is_done(pair: Pair, record: Record | None, work: Work, output: str) -> bool:
    """Tell whether a picture need not be filled again: same options, inputs as they were, output there and intact."""
    if record is None or record.status != "done" or record.asked != work.fingerprint:
        return False
    now = {"image": pair.image, "output": places.join(output, pair.output), **work.request.files()}
    if not pair.made:
        now["mask"] = pair.mask
    # A word has no file that could be stamped.
    elif record.mask != pair.mask:
        return False
    return all(key in record.stamps and places.is_same(record.stamps[key], place) for key, place in now.items())
